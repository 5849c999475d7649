"""The loop that runs a solver, for all starts at once, and the way down in single precision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

import torch
from torch import Tensor

from hyperenergy.geometry.sphere import normalize
from hyperenergy.objectives.base import Objective, Rows
from hyperenergy.search.solvers.ends import Ends
from hyperenergy.search.solvers.lbfgs import LBFGS

# Starts that ended are dropped from the batch every so many iterations.
HOUSEKEEPING = 10
# Relative gradient norm down to which float32 serves; its round-off is about 1e-6 of a gradient.
ROUGH = 1e-3


class Solver(Protocol):
    """Its state has z, value, scale and failed, batch first, and ``take(mask)``."""

    def init(self, z: Tensor) -> Any: ...
    def step(self, state: Any) -> Any: ...
    def done(self, state: Any) -> Tensor: ...
    def gradient_norm(self, state: Any) -> Tensor: ...


def run(
    solver: Solver,
    z: Rows,
    max_iterations: int,
    see: Callable[[Any, Tensor], None] | None = None,
    keep: Callable[[Any], Any] | None = None,
    housekeeping: int = HOUSEKEEPING,
) -> Ends:
    """Step all starts until each is done.  Starts that end leave the batch, so that stragglers run fast.

    ``see(state, running)`` is told of the first state and of every step, with the indices in z of the starts that it holds.
    ``keep(state)``, which may change the state, is called at every housekeeping.
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
        if iteration % housekeeping and iteration < max_iterations:
            continue
        if keep is not None:
            state = keep(state)
        end_z[running], end_value[running] = state.z, state.value
        end_norm[running], end_scale[running] = solver.gradient_norm(state), state.scale
        end_failed[running] = state.failed
        going = ~solver.done(state)
        if not bool(going.all()):
            state, running = state.take(going), running[going]
    return Ends(end_z, end_value, end_norm, end_scale, end_failed, iteration, evaluations)


def descend(
    objective: Objective,
    z: Rows,
    tolerance: float,
    max_iterations: int,
    see: Callable[[Any, Tensor], None] | None = None,
) -> Ends:
    """L-BFGS from z, in float32 as long as that serves, and to the end in float64.

    Law: the end is a float64 configuration whose gradient norm is that of float64.
    """
    if tolerance >= ROUGH:
        return run(LBFGS(objective, tolerance), z, max_iterations, see)
    rough = run(LBFGS(objective, ROUGH), z.float(), max_iterations, see)
    # Where values leave the range of float32 the start stays what it was.
    usable = (rough.value.isfinite() & rough.z.isfinite().all(-1).all(-1))[:, None, None]
    start = torch.where(usable, normalize(torch.where(usable, rough.z.double(), z)), z)
    ends = run(LBFGS(objective, tolerance), start, max_iterations, see)
    return replace(
        ends, iterations=rough.iterations + ends.iterations, evaluations=rough.evaluations + ends.evaluations
    )
