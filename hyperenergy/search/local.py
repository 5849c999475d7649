"""Descents of many starts at once, and their hops between basins, by whatever code does it fastest."""

from __future__ import annotations

import functools
import itertools
import warnings
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from hyperenergy.errors import ArgumentError
from hyperenergy.objectives.base import Objective, relative_norm
from hyperenergy.objectives.logarithm import logarithmic
from hyperenergy.search.landscape import same_value_tolerance
from hyperenergy.search.minimum import Progress
from hyperenergy.search.options import Options
from hyperenergy.search.solvers import compiled_search, loop, newton, trust_region
from hyperenergy.search.solvers.cusps import snap
from hyperenergy.search.solvers.ends import Ends
from hyperenergy.search.solvers.lbfgs import LBFGS, State
from hyperenergy.search.starts import jump
from hyperenergy.search.ways import Route

# Where Newton's method finishes, L-BFGS may stop here: the value is then within about the square of it.
_COARSE = 1e-7
# Where trust regions go on from every start, it may stop much earlier.
_BEGUN = 1e-5
# Its history is longer, for an evaluation of a loss costs more than a vector.
_MEMORY = 10
# On the way there, on easier objectives, less will do.
_ON_THE_WAY = 1e-4
# In torch, where a landscape proves flat after so many iterations, second-order methods go on; one iteration of L-BFGS is
# worth about so many of their evaluations or products.
_PATIENCE, _PRODUCTS = 500, 2
# Starts that tell how steep the objective is.
_SOME = 4
# Of starts that are at the best value already, one in so many hops from there; and how a start's jumps lengthen where they
# lead back, and shorten where they lead elsewhere in vain.
_FROM_BEST = 8
_LONGER, _SHORTER, _LONGEST, _SHORTEST = 1.3, 0.9, 3.0, 0.25


class Search:
    """Local searches of one objective with common limits.

    ``hops`` counts the jumps made, ``landed`` has the values that they led to.
    """

    def __init__(self, target: Objective, z: Tensor, options: Options) -> None:
        self.target, self.tolerance, self.max_iterations = target, options.tolerance, options.max_iterations
        self.callback, self.generator, self.lower_bound = options.callback, options.generator, options.lower_bound
        self._compiled = self._choose(z, options.compiled, options.ways)
        self._steepness = self._measure(z)
        self.hops, self.landed = 0, []  # type: int, list[Tensor]

    def _choose(self, z: Tensor, wanted: bool | None, ways: Sequence[Route]) -> bool:
        """Whether to run compiled code; decided once, so that all searches of one call run the same."""
        # On S^0 points coincide, where the slope of a kernel with a cusp is infinite.
        possible = z.shape[2] > 1 and compiled_search.possible(self.target, z.device, z.shape[1])
        if wanted and not possible:
            raise ArgumentError(
                "compiled",
                True,
                "needs Numba, a CPU and an objective with compiled code; leave it out where it can be had",
            )
        chosen = possible and wanted is not False
        if chosen:
            stages = [logarithmic(stage) for route in ways for stage in route.stages]
            compiled_search.prepare([self.target, *stages], *z.shape[1:])
        return chosen

    def _measure(self, z: Tensor) -> float:
        """The largest relative gradient norm at some starts, at most 1.  Of a kernel that is nearly constant, such as an
        inverse multiquadric of c = 1e4, it is 1e-8, and a start is no stationary point for that."""
        if self._compiled:
            relative = compiled_search.relative_norms(self.target, z[:_SOME])
        else:
            # One at a time, so that this needs no more memory than the smallest batch.
            found = [self.target.value_and_gradient(x[None])[1:] for x in z[:_SOME]]
            relative = torch.cat([relative_norm(*one) for one in found])
        finite = relative[relative.isfinite()]
        return min(1.0, float(finite.max())) if len(finite) else 1.0

    def along(self, stages: tuple[Objective, ...], z: Tensor, starts: Tensor) -> Ends:
        """From objective to objective; a minimizer of one is the start for the next."""
        before = []
        for stage in stages:
            ends = self._descend(logarithmic(stage), z, _ON_THE_WAY, self.max_iterations, starts)
            before.append(ends)
            z = torch.where(ends.z.isfinite().all(-1).all(-1)[:, None, None], ends.z, z)
        return self.down(z, starts).with_counts(*before)

    def down(self, z: Tensor, starts: Tensor) -> Ends:
        """To the minima of the target; the callback is told of them by the numbers of the starts."""
        if not (newton.applicable(self.target, z[0]) and not self.target.kinked):
            return self._descend(self.target, z, self.tolerance, self.max_iterations, starts)
        see = None if self.callback is None else self._teller(self.target)
        if self._compiled and compiled_search.refines(self.target):
            begun = max(self.tolerance, _BEGUN * self._steepness)
            ends = self._descend(self.target, z, begun, self.max_iterations, starts)
            near = torch.nonzero((ends.gradient_norm <= begun) | ends.failed).squeeze(-1)
            if not len(near):
                return ends
            refined = compiled_search.refine(
                self.target, ends.z[near], self.tolerance, self.max_iterations, starts[near], see, ends.iterations
            )
            return ends.replace(near, refined, torch.ones_like(near, dtype=torch.bool))
        coarse = max(self.tolerance, _COARSE * self._steepness)
        if self._compiled:
            return self._descend(self.target, z, coarse, self.max_iterations, starts)
        ends = self._descend(self.target, z, coarse, min(self.max_iterations, _PATIENCE), starts)
        left = torch.nonzero(~(ends.gradient_norm <= coarse) & ends.value.isfinite()).squeeze(-1)
        more = self.max_iterations - ends.iterations
        if not len(left) or more <= 0:
            return ends
        refined = trust_region.refine(self.target, ends.z[left], self.tolerance, max_products=_PRODUCTS * more)
        if see is not None:
            see(starts[left], ends.iterations + 1, refined.z, refined.value, refined.gradient_norm)
        return ends.replace(left, refined, torch.ones_like(left, dtype=torch.bool))

    def _descend(self, objective: Objective, z: Tensor, tolerance: float, most: int, starts: Tensor) -> Ends:
        """L-BFGS from every configuration."""
        if self._compiled and compiled_search.possible(objective, z.device, z.shape[1]):
            see = None if self.callback is None else self._teller(objective)
            memory = _MEMORY if compiled_search.refines(objective) else LBFGS.memory
            return compiled_search.search(objective, z, tolerance, most, memory, starts, see)
        try:
            if z.is_cuda and not objective.kinked and self.callback is None and not objective.logarithmic:
                return loop.descend(objective, z, tolerance, most)
            solver = LBFGS(objective, tolerance)
            keep = functools.partial(_restart_snapped, solver) if objective.kinked else None
            return loop.run(solver, z, most, self._seen(solver, starts), keep)
        except torch.OutOfMemoryError:
            if len(z) == 1:
                raise
            warnings.warn(f"out of memory with {len(z)} starts at once: going on with half as many", stacklevel=2)
            parts = zip(z.chunk(2), starts.chunk(2), strict=True)
            return Ends.join([self._descend(objective, part, tolerance, most, numbers) for part, numbers in parts])

    def _teller(self, objective: Objective) -> compiled_search.See:
        def tell(starts: Tensor, iteration: int, z: Tensor, value: Tensor, norm: Tensor) -> None:
            assert self.callback is not None
            self.callback(Progress(objective, starts, z, value, norm, iteration=iteration))

        return tell

    def see_end(self, ends: Ends, k: int) -> None:
        """Tell the callback of the end of the start with this number."""
        if self.callback is not None:
            at = slice(k, k + 1)
            numbers = torch.arange(k, k + 1, device=ends.z.device)
            self.callback(
                Progress(self.target, numbers, ends.z[at], ends.value[at], ends.gradient_norm[at], finishing=True)
            )

    def _seen(self, solver: LBFGS, starts: Tensor) -> Callable[[State, Tensor], None] | None:
        if self.callback is None:
            return None
        tell, count = self._teller(solver.objective), itertools.count()
        return lambda state, running: tell(
            starts[running], next(count), state.z, state.value, solver.gradient_norm(state)
        )

    def hop(self, ends: Ends, starts: Tensor, rounds: int, best: float, chosen: Tensor | None = None) -> Ends:
        """Let starts jump so many times, and keep what is lower: those above the best value (``best``, or of these) and a
        few at it, or those ``chosen``."""
        scale = torch.ones_like(ends.value)
        for hop in range(rounds):
            best = min(best, ends.value.min().item())
            if self.lower_bound is not None and attained(self.target, best, self.lower_bound):
                break
            at_best = ends.value <= best + same_value_tolerance(self.target, best)
            if chosen is None:
                there = torch.nonzero(at_best).squeeze(-1)
                who = torch.cat([torch.nonzero(~at_best).squeeze(-1), there[: -(-len(there) // _FROM_BEST)]])
            else:
                who = chosen
            ends, back, lower = self._jump(ends, starts, who, hop, scale)
            factor = torch.where(back, _LONGER, torch.where(lower, 1.0, _SHORTER))
            scale[who] = (scale[who] * factor).clamp(_SHORTEST, _LONGEST)
        return ends

    def probe(self, ends: Ends, starts: Tensor, who: Tensor) -> Ends:
        """One jump each of the starts ``who``, which may repeat, by lengths spread over the range; lower ends are kept."""
        scale = torch.linspace(0.5, 2.0, len(who), dtype=torch.float64).to(ends.value)
        for k in range(0, len(who), len(who.unique())):
            some = slice(k, k + len(who.unique()))
            spread = torch.ones_like(ends.value)
            spread[who[some]] = scale[some]
            ends, _, _ = self._jump(ends, starts, who[some], k, spread)
        return ends

    def _jump(self, ends: Ends, starts: Tensor, who: Tensor, hop: int, scale: Tensor) -> tuple[Ends, Tensor, Tensor]:
        """The ends after one jump of the starts ``who``; which of them fell back to where they were, and which came lower
        than before."""
        tried = self.down(jump(ends.z[who], hop, scale[who], self.generator), starts[who])
        before = ends.value[who]
        allowed = torch.tensor([same_value_tolerance(self.target, v) for v in before.tolist()], device=before.device)
        self.hops += len(who)
        self.landed.append(tried.value.cpu())
        lower = tried.value < before
        back = (tried.value - before).abs() <= allowed
        return ends.replace(who, tried, lower), back, lower & ~back


def attained(objective: Objective, value: float, lower_bound: float) -> bool:
    """Whether a value is a given lower bound."""
    return value <= lower_bound + same_value_tolerance(objective, value)


def _restart_snapped(solver: LBFGS, state: State) -> State:
    """Put nearly coincident pairs onto the cusp where that lowers the value, and forget the history there."""
    z, moved = snap(solver.objective, state.z, state.value)
    if not bool(moved.any()):
        return state
    fresh = solver.init(z)
    return state.where(moved, fresh)
