"""Limited-memory BFGS on products of spheres, batched over starts.

Every step is one evaluation of all starts.  A start whose trial point is accepted updates its history and direction;
one whose trial is rejected keeps both and shortens its step.  So the line search needs no loop of its own, and no
start waits for another.

Sources: Nocedal 1980 (two-loop recursion); Huang, Gallivan and Absil 2015 (quasi-Newton pairs on manifolds, here with
projection as vector transport); Hager and Zhang 2005 (the approximate Wolfe condition, which can still be decided
where differences of the value drown in round-off).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

from hyperenergy.geometry.sphere import project, retract
from hyperenergy.objectives.base import Objective, relative_norm
from hyperenergy.search.solvers import rules
from hyperenergy.search.solvers.curvature import Curvature, first_curvature

# Fields of the state whose first axis is the memory, not the batch.
_HISTORY = ("S", "Y", "rho")


@dataclass(frozen=True)
class State:
    """Batch first, but for the history (memory, batch, ...), which steps overwrite in place.

    slope: <gradient, direction> < 0.  least: the least relative gradient norm so far.  idle: steps without progress.
    """

    z: Tensor
    value: Tensor
    gradient: Tensor
    scale: Tensor
    direction: Tensor
    slope: Tensor
    step: Tensor
    gamma: Tensor
    rejections: Tensor
    least: Tensor
    idle: Tensor
    failed: Tensor
    S: Tensor
    Y: Tensor
    rho: Tensor
    slot: int
    curvature: Curvature | None = None

    def take(self, keep: Tensor) -> State:
        """The state of some of the starts."""
        tensors = {k: x[:, keep] if k in _HISTORY else x[keep] for k, x in self._tensors().items()}
        return replace(self, **tensors, curvature=self.curvature and self.curvature.take(keep))

    def where(self, chosen: Tensor, other: State) -> State:
        """``other`` for the chosen starts, this state for the rest."""
        ours, theirs = self._tensors(), other._tensors()
        for name, x in ours.items():
            batch_axis = 1 if name in _HISTORY else 0
            mask = chosen.reshape(*[1] * batch_axis, -1, *[1] * (x.ndim - 1 - batch_axis))
            ours[name] = torch.where(mask, theirs[name], x)
        return replace(self, **ours)

    def _tensors(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("slot", "curvature")}


def _dot(x: Tensor, y: Tensor) -> Tensor:
    return (x * y).sum((-2, -1))


def _scaled(x: Tensor, factor: Tensor) -> Tensor:
    return x * factor[..., None, None]


def noise(value: Tensor, scale: Tensor, rows: int) -> Tensor:
    """Round-off in the value (``rules.round_off``)."""
    return rules.round_off(value, scale, rows**0.5, torch.finfo(value.dtype).eps)


@dataclass(frozen=True)
class LBFGS:
    """Quasi-Newton steps from the last ``memory`` pairs of displacement and gradient change.

    ``period``: after so many steps the Hessian is measured anew, to be what the pairs correct; 0: never, it is a multiple
    of the identity.  Not for kinked objectives.
    """

    objective: Objective
    tolerance: float = 1e-12
    memory: int = 5
    period: int = 0

    def init(self, z: Tensor) -> State:
        value, gradient, scale = self.objective.value_and_gradient(z)
        history = z.new_zeros((self.memory, *z.shape))
        batch = z.new_zeros(z.shape[0])
        state = State(
            z=z,
            value=value,
            gradient=gradient,
            scale=scale,
            direction=torch.zeros_like(z),
            slope=batch,
            step=batch,
            gamma=rules.FIRST_STEP / gradient.norm(dim=-1).amax(-1).clamp(min=torch.finfo(z.dtype).tiny),
            rejections=torch.zeros_like(batch, dtype=torch.int64),
            least=torch.full_like(batch, torch.inf),
            idle=torch.zeros_like(batch, dtype=torch.int64),
            failed=torch.zeros_like(batch, dtype=torch.bool),
            S=history,
            Y=history.clone(),
            rho=z.new_zeros((self.memory, z.shape[0])),
            slot=0,
            curvature=first_curvature(self.objective, z) if self.period else None,
        )
        return self._aim(state, torch.ones_like(state.failed))

    def gradient_norm(self, state: State) -> Tensor:
        """Norm of the Riemannian gradient over its scale: 0 at stationary points, without unit."""
        return relative_norm(state.gradient, state.scale)

    def done(self, state: State) -> Tensor:
        """Starts that are stationary to ``tolerance``, or where round-off allows no further decrease."""
        return (self.gradient_norm(state) <= self.tolerance) | state.failed

    def step(self, state: State) -> State:
        trial = retract(state.z, _scaled(state.direction, state.step))
        value, gradient, scale = self.objective.value_and_gradient(trial)
        slope = _dot(gradient, state.direction)
        floor = noise(state.value, state.scale, state.z.shape[-2])
        accepted = rules.accepts(value, state.value, state.step, state.slope, slope, floor) & value.isfinite()
        moved = accepted[:, None, None]

        # Pairs in the tangent space at the new point; a rejected trial or a negative curvature leaves an empty slot.
        s = project(trial, trial - state.z)
        y = gradient - project(trial, state.gradient)
        sy, yy, ss = _dot(s, y), _dot(y, y), _dot(s, s)
        useful = accepted & rules.curved(sy, (ss * yy).sqrt())
        S, Y, rho = state.S, state.Y, state.rho
        S[state.slot], Y[state.slot] = s, y
        rho[state.slot] = torch.where(useful, 1 / sy, 0.0)
        # Without curvature information the steps lengthen until they meet some.
        gamma = torch.where(useful, sy / yy, torch.where(accepted, 2 * state.gamma, state.gamma))

        rejections = torch.where(accepted, 0, state.rejections + 1)
        lost = rejections > rules.MOST_REJECTIONS
        # Give up on a direction that is already the steepest one; otherwise forget the history and try that.
        steepest = (state.rho == 0).all(0)
        curvature = state.curvature
        if curvature is not None:
            steepest = steepest & (curvature.age == 0)
            curvature = replace(curvature, age=curvature.age + accepted)
        rho = torch.where(lost, 0.0, rho)  # a mask, not an index: an index would wait for the device
        norm = relative_norm(gradient, scale)
        progress = rules.progresses(value, state.value, floor, norm, state.least)
        if self.period:
            # Slopes tell of a decrease that values do not, down to round-off in the gradient.
            least = 8 * torch.finfo(value.dtype).eps * state.scale * _dot(state.direction, state.direction).sqrt()
            progress = progress | (-(slope + state.slope) > least)
        idle = torch.where(accepted, torch.where(progress, 0, state.idle + 1), state.idle)
        new = replace(
            state,
            z=torch.where(moved, trial, state.z),
            value=torch.where(accepted, value, state.value),
            gradient=torch.where(moved, gradient, state.gradient),
            scale=torch.where(accepted, scale, state.scale),
            step=self._shortened(state, value),
            gamma=gamma,
            rejections=torch.where(lost, 0, rejections),
            least=torch.where(accepted, torch.minimum(norm, state.least), state.least),
            idle=idle,
            failed=state.failed | (lost & steepest) | (idle > (2 * self.period or rules.MOST_IDLE)),
            slot=(state.slot + 1) % self.memory,
            curvature=curvature,
        )
        if curvature is not None:
            new = self._renewed(new, lost)
        return self._aim(new, accepted | lost)

    def _renewed(self, state: State, lost: Tensor) -> State:
        """Hessians measured anew where they are old, or have led nowhere; what was learned of the old ones is forgotten."""
        assert state.curvature is not None
        old = ((state.curvature.age >= self.period) | (lost & (state.curvature.age > 0))) & ~self.done(state)
        if not bool(old.any()):
            return state
        curvature = state.curvature.renewed(self.objective, state.z, old)
        return replace(state, rho=torch.where(old, 0.0, state.rho), curvature=curvature)

    @staticmethod
    def _shortened(state: State, value: Tensor) -> Tensor:
        """By the parabola, within limits; by most where that says nothing."""
        part = rules.parabola(value, state.value, state.step, state.slope)
        part = torch.where(part > 0, part, rules.SHORTEST)
        return state.step * part.clamp(rules.SHORTEST, rules.LONGEST)

    def _aim(self, state: State, renew: Tensor) -> State:
        """New directions for the starts in ``renew``: -H gradient by the two-loop recursion, unit step, capped."""
        q = state.gradient
        order = [(state.slot - 1 - k) % self.memory for k in range(self.memory)]
        weights = {}
        for k in order:
            weights[k] = state.rho[k] * _dot(state.S[k], q)
            q = q - _scaled(state.Y[k], weights[k])
        q = _scaled(q, state.gamma) if state.curvature is None else state.curvature.solve(q)
        for k in reversed(order):
            q = q + _scaled(state.S[k], weights[k] - state.rho[k] * _dot(state.Y[k], q))
        direction = -project(state.z, q)

        norm = _dot(direction, direction).sqrt() * _dot(state.gradient, state.gradient).sqrt()
        down = rules.descends(_dot(state.gradient, direction), norm)
        steepest = _scaled(-state.gradient, state.gamma)
        direction = torch.where(down[:, None, None], direction, steepest)
        longest = direction.norm(dim=-1).amax(-1)
        direction = _scaled(direction, (rules.LONGEST_STEP / longest).clamp(max=1.0))

        direction = torch.where(renew[:, None, None], direction, state.direction)
        return replace(
            state,
            direction=direction,
            slope=_dot(state.gradient, direction),
            step=torch.where(renew, torch.ones_like(state.step), state.step),
        )
