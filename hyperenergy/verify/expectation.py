"""The claims at the expectation level: how each is checked."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hyperenergy.geometry.sphere import random_points
from hyperenergy.laws import distance_to_limit, expected_uniform, limit, normalizer, rate
from hyperenergy.losses.facts import facts
from hyperenergy.losses.families import PairLoss
from hyperenergy.objectives.base import Aligned, BatchLoss, Objective
from hyperenergy.objectives.expected import Expected
from hyperenergy.search.best_law import best_law
from hyperenergy.theorems.cases import LARGE_BATCHES
from hyperenergy.theorems.compare import value_tolerance
from hyperenergy.theorems.prediction import Outcome
from hyperenergy.verify import checks
from hyperenergy.verify.grid import Grid, Instance, Result

# Round-off in sums of up to 2145 terms, each exact to a few units; relative.
_ROUND_OFF = 1e-14


def check_limit(instance: Instance, grid: Grid) -> Result:
    """E1: the expected loss under the uniform law approaches the limit like 1/M."""
    loss, dim = instance.subject, instance.dim
    batches = (*LARGE_BATCHES, 2**24, 2**30)
    distances = [distance_to_limit(loss, batch, dim) for batch in batches]
    falls = all(abs(later) < abs(earlier) for earlier, later in itertools.pairwise(distances[:-2]))
    # In the end it is rate/M; what quadrature and round-off leave is 1e-12.
    ends = all(
        abs(distance - rate(loss, dim) / batch)
        < 0.01 * abs(rate(loss, dim)) / batch + 1e-12 * (1 + abs(limit(loss, dim)))
        for batch, distance in zip(batches[-2:], distances[-2:], strict=True)
    )
    agrees = falls and ends
    reason = f"distance {distances[0]:.1e} at M={batches[0]}, {distances[-1]:.1e} at M={batches[-1]}"
    value = expected_uniform(loss, LARGE_BATCHES[-1], dim) - normalizer(loss, LARGE_BATCHES[-1])
    return _judged(instance, grid, agrees, reason, value)


def check_above_limit(instance: Instance, grid: Grid) -> Result:
    """E1, E3, E5: no law of N pairs has a lower value than the uniform law.

    The functional of an empirical law, with its own points among the draws: for InfoNCE F = InfoNCE of all N less log N, for
    KCL the expected loss of a batch of two iid pairs, of which the best law is aligned (B3).  In the part "one law", E1,
    anchors and positives have the same one, so that positives are the anchors in some order, and best in their own.  In E5
    both are free, and the best N pairs need not be aligned (B5).
    """
    loss, points, dim = instance.subject, instance.points, instance.dim
    said = facts(loss)
    assert said is not None
    one_law = instance.parameters.get("part") == "one law"
    both: Objective = Aligned(loss) if one_law else BatchLoss(loss)
    objective = Expected(loss, 2) if said.pairwise else both
    best = checks.search(instance, grid, objective)
    value = best.value - normalizer(loss, points)
    least = limit(loss, dim)
    above = value > least - value_tolerance(objective, least)
    aligned = not said.pairwise or best.misalignment < 1e-5
    more = f"{value - least:.1e} more than the uniform law"
    reason = f"the best law of {points} pairs has {more}, aligned to {best.misalignment:.0e}"
    if one_law:
        lost = _least_loss_by_exchange(loss, best.anchors)
        aligned = lost > -value_tolerance(objective, best.value)
        reason = f"the best law of {points} points has {more}; its pairs exchanged, {lost:.1e} more than that"
    return _judged(instance, grid, above and aligned, reason, value, prediction=None)


def _least_loss_by_exchange(loss: PairLoss, X: Tensor) -> float:
    """By how much the loss grows at least where points get each other's positives, shifted by up to eight places."""
    shifted = [float(loss.formula(X, X.roll(k, 0))) for k in range(1, min(len(X), 9))]
    return min(shifted) - float(loss.formula(X, X))


@dataclass(frozen=True)
class Slope:
    """Coefficients of a + b/M fitted to M times the distance from the limit: a is the slope in 1/M."""

    fitted: float
    predicted: float

    @property
    def relative_error(self) -> float:
        return abs(self.fitted / self.predicted - 1)


def fitted_slope(loss: PairLoss, dim: int, batches: tuple[int, ...] = LARGE_BATCHES) -> Slope:
    """The limit of M (expected loss - normalizer - limit) by a parabola in 1/M, against ``rate``."""
    M = np.array(batches, dtype=np.float64)
    scaled = np.array([distance_to_limit(loss, batch, dim) for batch in batches]) * M
    return Slope(float(np.polyfit(1 / M, scaled, 2)[-1]), rate(loss, dim))


def check_rate(instance: Instance, grid: Grid) -> Result:
    """E2: the fitted slope in 1/M within 1 % of the predicted one; the expectations are exact to quadrature."""
    slope = fitted_slope(instance.subject, instance.dim)
    reason = f"slope {slope.fitted:.6g}, predicted {slope.predicted:.6g}"
    return _judged(
        instance,
        grid,
        slope.relative_error < 0.01,
        reason,
        slope.fitted,
        prediction=slope.predicted,
    )


def check_batch_independence(instance: Instance, grid: Grid) -> Result:
    """E3: value and gradient of the expected KCL for several M, all batches enumerated, agree to round-off.

    Under singular kernels draws are without replacement, and M at most the number of pairs.
    """
    loss, dim = instance.subject, instance.dim
    replace = not loss.kernel.singular
    points = 3 if replace else 8
    generator = torch.Generator().manual_seed(instance.seed(grid.seed))
    U, V = (random_points(points, dim, generator=generator).requires_grad_(True) for _ in range(2))
    values, gradients = [], []
    sizes = (2, 3, 5, 8) if not replace else (2, 3, 16) if loss.two_view else (2, 3, 16, 64)
    for batch in sizes:
        value = Expected(loss, batch, replace=replace)(U, V)
        values.append(float(value.detach()))
        gradients.append(torch.cat(torch.autograd.grad(value, (U, V))))
    spread = (max(values) - min(values)) / max(abs(x) for x in values)
    # The gradient of one term is of the order of gamma times the kernel's slope, which adds up over the enumeration.
    scale = max(float(g.norm()) for g in gradients)
    turn = max(float((g - gradients[0]).norm()) for g in gradients) / scale
    reason = f"values agree to {spread:.0e}, gradients to {turn:.0e}"
    return _judged(instance, grid, spread <= _ROUND_OFF and turn <= 10 * _ROUND_OFF, reason, values[0])


def check_uniform_is_best(instance: Instance, grid: Grid) -> Result:
    """E4: is there a law with a lower expected loss than the uniform one?  A stationary one is a counterexample."""
    loss, batch, dim = instance.subject, instance.points, instance.dim
    law = best_law(loss, batch, dim, restarts=grid.restarts, seed=instance.seed(grid.seed))
    uniform = expected_uniform(loss, batch, dim)
    lower = law.value < uniform - 1e-9 * max(1.0, abs(uniform))
    outcome = Outcome.REFUTED if lower else Outcome.CONSISTENT
    weights = ", ".join(f"{w:.4f}" for w in law.weights[:6].tolist()) + (", ..." if len(law.weights) > 6 else "")
    reason = (
        f"{len(law.weights)} points with weights {weights}: {uniform - law.value:.2e} below the uniform law; least first "
        f"variation {law.first_variation:.0e}"
        if lower
        else "no law below the uniform one was found"
    )
    shown: dict[str, Any] = {"anchors": law.points.tolist(), "positives": law.points.tolist()} if lower else {}
    shown["law"] = lower
    return checks.make_result(
        instance, grid, outcome, reason, law.value, prediction=uniform, value_gap=law.value - uniform, **shown
    )


def _judged(
    instance: Instance, grid: Grid, agrees: bool, reason: str, value: float, prediction: float | None = None
) -> Result:
    outcome = Outcome.CONSISTENT if agrees else Outcome.REFUTED
    return checks.make_result(instance, grid, outcome, reason, value, prediction=prediction)
