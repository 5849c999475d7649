"""Minimization over configurations: batched multistart, and the only loop of the package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import torch
from jaxtyping import Float
from torch import Tensor

from hyperenergy.errors import ArgumentError, ConvergenceError, integer
from hyperenergy.kernels import positive
from hyperenergy.objectives import Energy, Objective, as_objective, check_configuration
from hyperenergy.solvers.cusps import snap
from hyperenergy.solvers.lbfgs import LBFGS, State
from hyperenergy.sphere import check_points, random_points

# Relative gradient norm below which a start that round-off has stopped counts as stationary: the value is then
# within its square, 1e-14, of the minimum.
STATIONARY = 1e-7
# Values within this (relative where the objective is positive, else relative to max(1, |value|)) are the same minimum.
SAME_VALUE = 1e-9
# Gradients smaller than this cannot be squared.
_UNDERFLOW = 1e-150
# Starts that ended are dropped from the batch, and cusps looked for, every so many iterations.
_HOUSEKEEPING = 10
# Configurations on S^0 are enumerated up to this many points: 65536 of them.
MOST_SIGNS = 16


class Status(Enum):
    """How a start ended; the value is the message."""

    CONVERGED = "stationary: the gradient norm is below the tolerance"
    ROUND_OFF = "stationary to round-off: no further decrease can be resolved"
    STALLED = "not stationary: no further decrease can be resolved, although the gradient is not small"
    MAX_ITERATIONS = "not stationary: the iteration limit was reached"
    UNDERFLOW = "not stationary: value and gradient underflow; raise the temperature or rescale the kernel"
    NOT_FINITE = "the value is not finite at the starting points"

    @property
    def stationary(self) -> bool:
        """Whether the start ended at a stationary point."""
        return self in (Status.CONVERGED, Status.ROUND_OFF)


@dataclass(frozen=True)
class LocalMinimum:
    """One of the distinct values that the starts ended at: its value, how many starts, and one configuration."""

    value: float
    count: int
    rows: Float[Tensor, "rows dim"]


@dataclass(frozen=True)
class Minimum:
    """The best configuration found, and what the starts ended at.

    value: of the objective, in its own pair convention.  anchors, positives: (points, dim), float64, unit rows; both
    are the points where the objective has no pairs.  gradient_norm: Riemannian, relative to the scale that
    ``Objective.value_and_gradient`` states.  restarts: starts made; hits: stationary starts that reached the best
    value; minima: distinct stationary values, best first.
    """

    objective: Objective
    value: float
    rows: Float[Tensor, "rows dim"]
    status: Status
    gradient_norm: float
    restarts: int
    hits: int
    minima: tuple[LocalMinimum, ...]
    iterations: int
    evaluations: int
    seed: int | None

    @property
    def anchors(self) -> Float[Tensor, "points dim"]:
        return self.objective.views(self.rows)[0]

    @property
    def positives(self) -> Float[Tensor, "points dim"]:
        return self.objective.views(self.rows)[1]

    @property
    def points(self) -> Float[Tensor, "points dim"]:
        """The points; of a loss on pairs, the anchors."""
        return self.anchors


@dataclass(frozen=True)
class _Ends:
    """Where each start ended, in the order of the starts."""

    z: Tensor
    value: Tensor
    gradient_norm: Tensor
    scale: Tensor
    failed: Tensor
    iterations: int
    evaluations: int


def minimize(
    objective: object,
    points: int,
    dim: int,
    *,
    restarts: int = 32,
    seed: int | torch.Generator = 0,
    start: Float[Tensor, "starts rows dim"] | None = None,
    device: str | torch.device = "auto",
    tolerance: float = 1e-12,
    max_iterations: int = 5000,
    throw: bool = True,
    callback: Callable[[Tensor, Tensor], None] | None = None,
) -> Minimum:
    """Minimize a loss or an energy over ``points`` unit vectors (or pairs of them) in R^dim, in float64.

    Starts are independent uniform random points, ``restarts`` of them, drawn from ``seed`` (for dim = 1, all sign
    configurations, of at most 16 unit vectors); or ``start``, unit rows of
    shape (starts, rows, dim), with rows = 2 * points (anchors over positives) for a loss.
    ``tolerance`` bounds the Riemannian gradient norm relative to the scale of the objective.
    ``callback(z, value)`` sees the batch of running starts after every iteration.

    Law: the same arguments give the same result on the same machine.
    Raises ArgumentError for impossible arguments, and ConvergenceError where no start ended at a stationary point;
    with ``throw=False`` the best configuration found is returned instead, its status saying so.
    """
    target = as_objective(objective)
    points, dim = check_configuration(target, points, dim)
    tolerance = positive("tolerance", tolerance)
    restarts, max_iterations = integer("restarts", restarts, 1), integer("max_iterations", max_iterations, 1)
    if not isinstance(seed, torch.Generator):
        seed = integer("seed", seed, 0, 2**63 - 1)
    where = pick_device(device)
    rows = target.rows(points)
    if start is None:
        z = _starts(restarts, rows, dim, seed).to(where)
    else:
        _check_start(start, rows, dim, target)
        z = start.to(device=where, dtype=torch.float64)
    ends = _run(LBFGS(target, tolerance), z, max_iterations, callback)
    best = _summarize(target, ends, tolerance, seed if isinstance(seed, int) and start is None else None)
    if throw and not best.minima:
        raise ConvergenceError(
            f"no start of {best.restarts} reached a stationary point of {target.label} at points={points}, dim={dim}: "
            f"{best.status.value} (gradient norm {best.gradient_norm:.1e}); raise max_iterations or restarts, or pass "
            f"throw=False to see the best configuration"
        )
    return best


def _starts(restarts: int, rows: int, dim: int, seed: int | torch.Generator) -> Tensor:
    """Independent uniform points; on S^0 = {-1, 1}, where nothing can move, all configurations."""
    if dim == 1:
        if rows > MOST_SIGNS:
            raise ArgumentError(
                "dim", 1, f"S^0 is searched exhaustively, up to {MOST_SIGNS} unit vectors; here are {rows}"
            )
        bits = torch.arange(2**rows).unsqueeze(-1) >> torch.arange(rows)
        return (1.0 - 2.0 * (bits & 1)).double().unsqueeze(-1)
    generator = seed if isinstance(seed, torch.Generator) else torch.Generator().manual_seed(seed)
    return random_points(restarts, rows, dim, generator=generator)


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


def _run(solver: LBFGS, z: Tensor, max_iterations: int, callback: Callable[[Tensor, Tensor], None] | None) -> _Ends:
    """Step all starts until each is done.  Starts that end leave the batch, so that stragglers run fast."""
    state = solver.init(z)
    running = torch.arange(z.shape[0], device=z.device)
    end_z, end_value = z.clone(), state.value.clone()
    end_norm, end_scale, end_failed = solver.gradient_norm(state), state.scale.clone(), state.failed.clone()
    evaluations = z.shape[0]
    iteration = 0
    while len(running) and iteration < max_iterations:
        iteration += 1
        evaluations += len(running)
        state = solver.step(state)
        if callback is not None:
            callback(state.z, state.value)
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
    return _Ends(end_z, end_value, end_norm, end_scale, end_failed, iteration, evaluations)


def _restart_snapped(solver: LBFGS, state: State) -> State:
    """Put nearly coincident pairs onto the cusp where that lowers the value, and forget the history there."""
    z, moved = snap(solver.objective, state.z, state.value)
    if not bool(moved.any()):
        return state
    fresh = solver.init(z)
    return state.where(moved, fresh)


def _summarize(objective: Objective, ends: _Ends, tolerance: float, seed: int | None) -> Minimum:
    value = ends.value.cpu()
    statuses = [
        _status(*end, tolerance, objective.positive)
        for end in zip(
            value.tolist(), ends.gradient_norm.tolist(), ends.scale.tolist(), ends.failed.tolist(), strict=True
        )
    ]
    stationary = torch.tensor([status.stationary for status in statuses])
    # The lowest value, whatever its status; among equals one that is stationary.
    lowest = torch.where(value.isfinite(), value, torch.inf)
    equal = lowest <= lowest.min() + same_value_tolerance(objective, lowest.min().item())
    preferred = stationary & equal if bool((stationary & equal).any()) else equal
    best = int(torch.where(preferred, lowest, torch.inf).argmin())
    minima = []
    left = stationary.clone()
    while bool(left.any()):
        first = int(torch.where(left, value, torch.inf).argmin())
        same = left & (value - value[first] <= same_value_tolerance(objective, value[first].item()))
        minima.append(LocalMinimum(value[first].item(), int(same.sum()), ends.z[first].cpu()))
        left &= ~same
    return Minimum(
        objective=objective,
        value=value[best].item(),
        rows=ends.z[best].cpu(),
        status=statuses[best],
        gradient_norm=ends.gradient_norm[best].item(),
        restarts=len(value),
        hits=int((stationary & equal).sum()),
        minima=tuple(minima),
        iterations=ends.iterations,
        evaluations=ends.evaluations,
        seed=seed,
    )


def same_value_tolerance(objective: Objective, value: float) -> float:
    """How far two values of one minimum may lie apart."""
    return SAME_VALUE * (abs(value) if objective.positive else max(1.0, abs(value)))


def _status(
    value: float, gradient_norm: float, scale: float, failed: bool, tolerance: float, positive_values: bool
) -> Status:
    if not abs(value) < float("inf"):
        return Status.NOT_FINITE
    if positive_values and scale < _UNDERFLOW:
        return Status.UNDERFLOW
    if gradient_norm <= tolerance:
        return Status.CONVERGED
    if not failed:
        return Status.MAX_ITERATIONS
    return Status.ROUND_OFF if gradient_norm <= STATIONARY else Status.STALLED
