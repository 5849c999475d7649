"""Minimization over configurations: batched multistart, and the only loop of the package.

Each start goes along a path of objectives, from an easy one to the one that is meant, by L-BFGS; then it hops between
basins, if asked to; and one configuration of each distinct minimum is finished by Newton's method, which also tells
minima from saddles.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from hyperenergy.errors import ArgumentError, ConvergenceError, integer
from hyperenergy.kernels import positive
from hyperenergy.landscape import finish, same_value_tolerance, summarize
from hyperenergy.minimum import Minimum, Origin, Progress, Stop
from hyperenergy.objectives import Energy, Objective, as_objective, check_configuration, relative_norm
from hyperenergy.solvers import compiled_search, newton
from hyperenergy.solvers.cusps import snap
from hyperenergy.solvers.ends import Ends
from hyperenergy.solvers.lbfgs import LBFGS, State
from hyperenergy.sphere import check_points
from hyperenergy.starts import Starts, draw, jump

Callback = Callable[[Progress], None]

# Where Newton's method finishes, L-BFGS may stop here: the value is then within about the square of it.
_COARSE = 1e-7
# On the way there, on easier objectives, less will do.
_ON_THE_WAY = 1e-4
# Starts that ended are dropped from the batch, and kinks looked for, every so many iterations.
_HOUSEKEEPING = 10
# Numbers in a batch of configurations: 2^22 float64 are 32 MiB, of which a search keeps a few dozen copies.
_BATCH = 2**22
# Starts that tell how steep the objective is.
_SOME = 4


def minimize(
    objective: object,
    points: int,
    dim: int,
    *,
    restarts: int = 32,
    seed: int | torch.Generator = 0,
    starts: Starts = "random",
    start: Float[Tensor, "starts rows dim"] | None = None,
    path: Literal["auto", "direct"] | Sequence[Objective] = "auto",
    hops: int = 0,
    lower_bound: float | None = None,
    enough_hits: int | None = None,
    device: str | torch.device = "auto",
    tolerance: float = 1e-12,
    max_iterations: int = 5000,
    compiled: bool | None = None,
    throw: bool = True,
    callback: Callback | None = None,
) -> Minimum:
    """Minimize a loss or an energy over ``points`` unit vectors (or pairs of them) in R^dim, in float64.

    Starts are independent uniform random points, ``restarts`` of them, drawn from ``seed`` (for dim = 1, all sign
    configurations, of at most 16 unit vectors); or symmetric ones (``starts="antipodal"``), which are labeled in
    ``Minimum.origin``; or ``start``, unit rows of shape (starts, rows, dim), with rows = 2 * points (anchors over
    positives) for a loss.
    ``path="auto"`` reaches hard landscapes through easier ones (``Objective.easier``), "direct" does not, and a sequence
    of objectives goes through these, in this order.
    ``hops`` times, starts above the best value jump to a neighboring basin and keep it if it is lower.
    The search ends early where ``lower_bound`` is attained (certified elsewhere), or ``enough_hits`` starts reached
    the best value; ``Minimum.stop`` says which.
    ``tolerance`` bounds the Riemannian gradient norm relative to the scale of the objective.
    ``compiled``: True or False to insist on compiled code for pair energies on a CPU or to do without; by default it is
    used where it is installed and repays its compilation.
    ``callback(progress)`` sees the running starts before the first iteration of every descent and after each, and at the end
    those that Newton's method finishes, one by one, before it does; it has the search run in torch.  What it raises ends
    the search.

    Law: the same arguments give the same result on the same machine.
    Raises ArgumentError for impossible arguments, and ConvergenceError where no start ended at a local minimum; with
    ``throw=False`` the best configuration found is returned instead, its status saying so.
    """
    target = as_objective(objective)
    points, dim = check_configuration(target, points, dim)
    tolerance = positive("tolerance", tolerance)
    restarts, max_iterations = integer("restarts", restarts, 1), integer("max_iterations", max_iterations, 1)
    hops = integer("hops", hops, 0)
    enough = integer("enough_hits", enough_hits, 1) if enough_hits is not None else None
    if not isinstance(seed, torch.Generator):
        seed = integer("seed", seed, 0, 2**63 - 1)
    where = pick_device(device)
    generator = seed if isinstance(seed, torch.Generator) else torch.Generator().manual_seed(seed)
    rows = target.rows(points)
    if start is None:
        z = draw(starts, restarts, rows, dim, generator)
        origin = Origin.RANDOM if starts == "random" or dim == 1 else Origin.ANTIPODAL
    else:
        _check_start(start, rows, dim, target)
        z, origin = start.double(), Origin.GIVEN
    easier = _path(target, points, dim, path if start is None or path != "auto" else "direct")
    # Decided once: all searches of one call run the same code, whatever is left of the starts.
    compiled = callback is None and _compiled(target, z.to(where), compiled)
    search = _Search(max_iterations, compiled, callback, _steepness(target, z[:_SOME].to(where)))

    done: list[Ends] = []
    stop = Stop.EXHAUSTED
    numbers = torch.arange(len(z), device=where)
    for batch in numbers.split(_at_once(target.temporaries(points, dim))):
        ends = search.along((*easier, target), z[batch.cpu()].to(where), tolerance, batch)
        done.append(search.hop(target, ends, batch, hops, generator, lower_bound, tolerance))
        reached = _reached(target, Ends.join(done), lower_bound, enough)
        if reached is not None:
            stop = reached
            break
    ends = Ends.join(done)
    ends, signatures = finish(
        target,
        ends,
        lambda z, starts: search(target, z, search.coarse(target, z, tolerance), starts),
        lambda ends, k: search.see_end(target, ends, k),
        generator,
        tolerance,
    )
    best = summarize(target, ends, signatures, tolerance)
    minimum = Minimum(
        objective=target,
        **best,
        iterations=ends.iterations,
        evaluations=ends.evaluations,
        seed=seed if isinstance(seed, int) and start is None else None,
        origin=origin,
        path=tuple(stage.label for stage in easier),
        hops=hops,
        stop=stop,
    )
    if throw and not minimum.minima:
        raise ConvergenceError(
            f"no start of {minimum.restarts} reached a local minimum of {target.label} at points={points}, dim={dim}: "
            f"{minimum.status.value} (gradient norm {minimum.gradient_norm:.1e}); raise max_iterations or restarts, or "
            f"pass throw=False to see the best configuration"
        )
    return minimum


def _path(
    target: Objective, points: int, dim: int, path: Literal["auto", "direct"] | Sequence[Objective]
) -> tuple[Objective, ...]:
    """The objectives on the way to the target."""
    if path == "auto":
        return target.easier(points, dim)
    if path == "direct":
        return ()
    if isinstance(path, str) or not all(isinstance(stage, Objective) for stage in path):
        raise ArgumentError("path", repr(path), "allowed: 'auto', 'direct', or objectives such as [Energy(Riesz(1))]")
    for stage in path:
        if stage.rows(points) != target.rows(points):
            raise ArgumentError(
                "path", stage.label, f"has {stage.rows(points)} unit vectors, not {target.rows(points)}"
            )
    return tuple(path)


def _at_once(temporaries: int) -> int:
    """How many starts fit into memory."""
    return max(1, _BATCH // temporaries)


def _check_start(start: Tensor, rows: int, dim: int, objective: Objective) -> None:
    check_points(start, "start")
    if start.ndim != 3 or start.shape[1:] != (rows, dim) or not len(start):
        raise ArgumentError("start", f"shape {tuple(start.shape)}", f"must be (starts, {rows}, {dim})")
    if isinstance(objective, Energy) and objective.kernel.kinked:
        # Coincident points sit on a kink that is a maximum, and no derivative tells them to part.
        i, j = torch.triu_indices(rows, rows, 1)
        if bool((start[:, i] == start[:, j]).all(-1).any()):
            raise ArgumentError("start", "coincident points", f"must be distinct under {objective.kernel.label}")


def pick_device(device: str | torch.device) -> torch.device:
    """The device meant: "auto" is CUDA where there is one, else the CPU.  ArgumentError for one that is not there."""
    if str(device) == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.zeros(1, device=chosen).item()
    except (RuntimeError, AssertionError, TypeError, NotImplementedError) as error:
        raise ArgumentError("device", repr(str(device)), f"not available here; use 'auto' or 'cpu' ({error})") from None
    return chosen


def _run(solver: LBFGS, z: Tensor, max_iterations: int, see: Callable[[State, Tensor], None] | None) -> Ends:
    """Step all starts until each is done.  Starts that end leave the batch, so that stragglers run fast.

    ``see(state, running)`` is told of the first state and of every step, with the indices in z of the starts that it holds.
    """
    state = solver.init(z)
    running = torch.arange(z.shape[0], device=z.device)
    end_z, end_value = z.clone(), state.value.clone()
    end_norm, end_scale, end_failed = solver.gradient_norm(state), state.scale.clone(), state.failed.clone()
    evaluations = z.shape[0]
    iteration = 0
    if see is not None:
        see(state, running)
    while len(running) and iteration < max_iterations:
        iteration += 1
        evaluations += len(running)
        state = solver.step(state)
        if see is not None:
            see(state, running)
        if iteration % _HOUSEKEEPING and iteration < max_iterations:
            continue
        if solver.objective.kinked:
            state = _restart_snapped(solver, state)
        end_z[running], end_value[running] = state.z, state.value
        end_norm[running], end_scale[running] = solver.gradient_norm(state), state.scale
        end_failed[running] = state.failed
        going = ~solver.done(state)
        if not bool(going.all()):
            state, running = state.take(going), running[going]
    return Ends(end_z, end_value, end_norm, end_scale, end_failed, iteration, evaluations)


def _restart_snapped(solver: LBFGS, state: State) -> State:
    """Put nearly coincident pairs onto the cusp where that lowers the value, and forget the history there."""
    z, moved = snap(solver.objective, state.z, state.value)
    if not bool(moved.any()):
        return state
    fresh = solver.init(z)
    return state.where(moved, fresh)


def _compiled(objective: Objective, z: Tensor, wanted: bool | None) -> bool:
    """Whether to run compiled code; ArgumentError where it is insisted on in vain."""
    if wanted is None:
        return compiled_search.worthwhile(objective, z)
    if wanted and not compiled_search.possible(objective, z):
        raise ArgumentError(
            "compiled", True, "needs Numba, a CPU and a pair energy; leave it out to use it where it can be"
        )
    return wanted


class _Search:
    """Local searches with common limits."""

    def __init__(self, max_iterations: int, compiled: bool, callback: Callback | None, steepness: float) -> None:
        self.max_iterations, self.compiled, self.callback = max_iterations, compiled, callback
        self.steepness = steepness

    def coarse(self, objective: Objective, z: Tensor, tolerance: float) -> float:
        """Where L-BFGS may stop: early, if Newton's method can finish."""
        finishes = newton.applicable(objective, z[0]) and not objective.kinked
        return max(tolerance, _COARSE * self.steepness) if finishes else tolerance

    def __call__(self, objective: Objective, z: Tensor, tolerance: float, starts: Tensor) -> Ends:
        """L-BFGS from every configuration; the callback is told of them by the numbers of the starts."""
        solver = LBFGS(objective, tolerance)
        if self.compiled and isinstance(objective, Energy):
            return compiled_search.search(objective, z, tolerance, self.max_iterations, solver.memory)
        try:
            return _run(solver, z, self.max_iterations, self._seen(solver, starts))
        except torch.OutOfMemoryError:
            if len(z) == 1:
                raise
            warnings.warn(f"out of memory with {len(z)} starts at once: going on with half as many", stacklevel=2)
            parts = zip(z.chunk(2), starts.chunk(2), strict=True)
            return Ends.join([self(objective, part, tolerance, numbers) for part, numbers in parts])

    def see_end(self, objective: Objective, ends: Ends, k: int) -> None:
        """Tell the callback of the end of the start with this number."""
        if self.callback is not None:
            at = slice(k, k + 1)
            numbers = torch.arange(k, k + 1, device=ends.z.device)
            self.callback(
                Progress(objective, numbers, ends.z[at], ends.value[at], ends.gradient_norm[at], finishing=True)
            )

    def _seen(self, solver: LBFGS, starts: Tensor) -> Callable[[State, Tensor], None] | None:
        callback = self.callback
        if callback is None:
            return None
        return lambda state, running: callback(
            Progress(solver.objective, starts[running], state.z, state.value, solver.gradient_norm(state))
        )

    def along(self, path: tuple[Objective, ...], z: Tensor, tolerance: float, starts: Tensor) -> Ends:
        """From objective to objective; a minimizer of one is the start for the next."""
        *easier, target = path
        for stage in easier:
            found = self(stage, z, _ON_THE_WAY, starts).z
            z = torch.where(found.isfinite().all(-1).all(-1)[:, None, None], found, z)
        return self(target, z, self.coarse(target, z, tolerance), starts)

    def hop(
        self,
        objective: Objective,
        ends: Ends,
        starts: Tensor,
        hops: int,
        generator: torch.Generator,
        lower_bound: float | None,
        tolerance: float,
    ) -> Ends:
        """Let the starts above the best value jump, and keep what is lower."""
        for hop in range(hops):
            if lower_bound is not None and _attained(objective, ends.value.min().item(), lower_bound):
                break
            best = ends.value.min()
            behind = torch.nonzero(ends.value > best + same_value_tolerance(objective, best.item())).squeeze(-1)
            if not len(behind):
                break
            coarse = self.coarse(objective, ends.z, tolerance)
            tried = self(objective, jump(ends.z[behind], hop, generator), coarse, starts[behind])
            ends = ends.replace(behind, tried, tried.value < ends.value[behind])
        return ends


def _steepness(objective: Objective, z: Tensor) -> float:
    """The largest relative gradient norm at some starts, at most 1.  Of a kernel that is nearly constant, such as an inverse
    multiquadric of c = 1e4, it is 1e-8, and a start is no stationary point for that."""
    # One at a time, so that this needs no more memory than the smallest batch.
    gradient, scale = (torch.cat(x) for x in zip(*(objective.value_and_gradient(x[None])[1:] for x in z), strict=True))
    relative = relative_norm(gradient, scale)
    finite = relative[relative.isfinite()]
    return min(1.0, float(finite.max())) if len(finite) else 1.0


def _attained(objective: Objective, value: float, lower_bound: float) -> bool:
    return value <= lower_bound + same_value_tolerance(objective, value)


def _reached(objective: Objective, ends: Ends, lower_bound: float | None, enough: int | None) -> Stop | None:
    """Whether there is a reason to stop before all starts are used."""
    best = ends.value.min().item()
    if lower_bound is not None and _attained(objective, best, lower_bound):
        return Stop.BOUND
    hits = int((ends.value <= best + same_value_tolerance(objective, best)).sum())
    return Stop.HITS if enough is not None and hits >= enough else None
