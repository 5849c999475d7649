"""The way to a minimum that a flat landscape makes long: second-order methods, batched over starts.

Where the Hessian fits into memory, L-BFGS corrects it (``lbfgs``, ``period``): the eigenvalues of a flat landscape spread
over ten orders of magnitude, and its valleys are bent, so that an exact Newton step does not lead far; some steps with one
Hessian do, for little more.  Where it does not fit, a trust region with truncated conjugate gradients takes
products with it.

Sources: Absil, Baker and Gallivan 2007 (trust regions on manifolds); Steihaug 1983, Toint 1981 (truncation).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

from hyperenergy.geometry.sphere import project, retract
from hyperenergy.objectives.base import Objective, Rows, relative_norm
from hyperenergy.search.solvers import rules
from hyperenergy.search.solvers.ends import Ends
from hyperenergy.search.solvers.lbfgs import LBFGS, noise
from hyperenergy.search.solvers.loop import run
from hyperenergy.search.solvers.settle import settle

# Steps with one Hessian, and pairs that correct it.
_PERIOD, _MEMORY = 10, 10
# Numbers in the Hessians of the starts that go together: 2^26 float64 are half a GiB.
_AT_ONCE, _GPU_AT_ONCE = 2**26, 2**30
# With more coordinates a factorization costs more than the products that it saves.
_MOST_DENSE = 1500
# A step of this part of the radius is one to its boundary.
_NEAR = 0.9
# Radius relative to the first at which a start has failed.
_SMALLEST = 1e-12
# Products for one step.
_MOST_INNER = 500


def refine(
    objective: Objective,
    z: Rows,
    tolerance: float,
    max_products: int = 20_000,
    see: Callable[[Any, Tensor], None] | None = None,
) -> Ends:
    """From where L-BFGS has become slow to a relative gradient norm of ``tolerance``, or as near as round-off allows.

    ``max_products``: evaluations or products with Hessians per start.  ``see``: as in ``loop.run``.  Not for kinked
    objectives, which have no Hessian where it matters.  Law: values do not rise, up to round-off.
    """
    n = z.shape[1] * (z.shape[2] - 1)
    if n > _MOST_DENSE:
        # No start waits long for another: what one step takes is bounded.
        return run(TrustRegion(objective, tolerance), z, max_products, see, housekeeping=1)
    solver = LBFGS(objective, tolerance, _MEMORY, _PERIOD)
    parts, first = [], 0
    for part in z.split(max(1, (_GPU_AT_ONCE if z.is_cuda else _AT_ONCE) // n**2)):
        numbers = torch.arange(first, first + len(part), device=z.device)
        ends = run(solver, part, max_products, see and _renumbered(see, numbers))
        parts.append(settle(objective, ends, tolerance))
        first += len(part)
    return Ends.join(parts)


def _renumbered(see: Callable[[Any, Tensor], None], numbers: Tensor) -> Callable[[Any, Tensor], None]:
    return lambda state, running: see(state, numbers[running])


@dataclass(frozen=True)
class State:
    """Batch first.  radius: of the trust region; products: with the Hessian so far."""

    z: Tensor
    value: Tensor
    gradient: Tensor
    scale: Tensor
    radius: Tensor
    products: Tensor
    failed: Tensor

    def take(self, keep: Tensor) -> State:
        """The state of some of the starts."""
        return State(**{f.name: getattr(self, f.name)[keep] for f in fields(self)})


def _dot(x: Tensor, y: Tensor) -> Tensor:
    return (x * y).sum((-2, -1))


def _scaled(x: Tensor, factor: Tensor) -> Tensor:
    return x * factor[..., None, None]


@dataclass(frozen=True)
class TrustRegion:
    """Newton steps within a radius, by products with the Hessian alone."""

    objective: Objective
    tolerance: float = 1e-12

    def init(self, z: Tensor) -> State:
        value, gradient, scale = self.objective.value_and_gradient(z)
        batch = torch.zeros_like(value)
        radius = batch + rules.FIRST_RADIUS * z.shape[1] ** 0.5
        return State(z, value, gradient, scale, radius, batch.long(), batch.bool())

    def gradient_norm(self, state: State) -> Tensor:
        """Norm of the Riemannian gradient over its scale."""
        return relative_norm(state.gradient, state.scale)

    def done(self, state: State) -> Tensor:
        """Starts that are stationary to ``tolerance``, or where round-off allows no further decrease."""
        return (self.gradient_norm(state) <= self.tolerance) | state.failed

    def step(self, state: State) -> State:
        going = ~self.done(state)
        move, decrease, products = self._model_step(state, going)
        trial = retract(state.z, move)
        value, gradient, scale = self.objective.value_and_gradient(trial)
        # Below round-off the values tell nothing, and what counts is whether the gradient falls.
        floor = noise(state.value, state.scale, state.z.shape[-2])
        ratio = (state.value - value + floor) / (decrease + floor)
        falls = _dot(gradient, gradient) < _dot(state.gradient, state.gradient)
        accepted = going & value.isfinite() & (ratio > rules.ACCEPT) & ((decrease > 10 * floor) | falls)
        length = _dot(move, move).sqrt()
        radius = torch.where((ratio > rules.GROW) & (length > _NEAR * state.radius), 2 * state.radius, state.radius)
        radius = torch.where(~accepted | ~(ratio >= rules.SHRINK), length / 4, radius)
        radius = radius.clamp(max=rules.LARGEST_RADIUS * state.z.shape[1] ** 0.5)
        moved = accepted[:, None, None]
        return replace(
            state,
            z=torch.where(moved, trial, state.z),
            value=torch.where(accepted, value, state.value),
            gradient=torch.where(moved, gradient, state.gradient),
            scale=torch.where(accepted, scale, state.scale),
            radius=torch.where(going, radius, state.radius),
            products=state.products + products,
            failed=state.failed | (going & (radius < _SMALLEST)),
        )

    def _model_step(self, state: State, going: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Truncated conjugate gradients: the step, the decrease that the model predicts, and the products it took.

        They end at the radius, at negative curvature, or where the residual is small beside the gradient, the smaller the
        nearer the minimum, which makes the convergence superlinear.
        """
        z, gradient, radius = state.z, state.gradient, state.radius
        ambient, along = self.objective.linearize(z)
        radial = (ambient * z).sum(-1, keepdim=True)
        squared = _dot(gradient, gradient)
        target = squared * self.gradient_norm(state).clamp(max=0.01)  # (sqrt(norm) |gradient|)^2
        step, bent = torch.zeros_like(z), torch.zeros_like(z)  # the step and the Hessian along it
        residual, direction = gradient, -gradient
        left = squared
        products = torch.zeros_like(state.products)
        for _ in range(min(_MOST_INNER, 2 * z[0].numel())):
            if not bool(going.any()):
                break
            products = products + going
            image = project(z, along(direction) - radial * direction)
            curvature = _dot(direction, image)
            a, b, c = _dot(direction, direction), _dot(step, direction), radius**2 - _dot(step, step)
            boundary = ((b.square() + a * c).clamp(min=0).sqrt() - b) / a
            length = left / curvature
            out = ~(curvature > 0) | (length >= boundary)
            length = torch.where(going, torch.where(out, boundary, length), 0.0).nan_to_num(0.0)
            step, bent = step + _scaled(direction, length), bent + _scaled(image, length)
            residual = residual + _scaled(image, length)
            now = _dot(residual, residual)
            direction = project(z, _scaled(direction, torch.where(going, now / left, 0.0)) - residual)
            left = torch.where(going, now, left)
            going = going & ~out & (now > target)
        return step, -_dot(gradient, step) - _dot(step, bent) / 2, products
