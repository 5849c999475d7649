"""The claims whose minimizers are 2-designs: the expansion at high temperature, and the metric of covariances."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import torch
from torch import Tensor

from hyperenergy import codes
from hyperenergy.geometry.sphere import normalize, random_points
from hyperenergy.metrics.spectrum import w2_uniformity
from hyperenergy.theorems.b19 import Expansion, high_temperature
from hyperenergy.theorems.prediction import Outcome
from hyperenergy.theorems.u1 import attained, least_w2
from hyperenergy.verify import checks
from hyperenergy.verify.grid import Grid, Instance, Result

# Round-off of values of size 1 to 5.
_NOISE = 1e-13
# Sets of random points at which the bound of the metric is tested.
_SETS = 200


def check_high_temperature(instance: Instance, grid: Grid) -> Result:
    """B19: the minimum at each temperature within the error of the expansion, and what is left falls like tau^-3 at least.

    A found minimum is an upper bound: below the interval it refutes, above it the search fell short.
    """
    temperatures = sorted(instance.parameters["temperatures"])
    family = type(instance.subject)
    kept = {k: v for k, v in instance.subject.options.items() if k != "temperature"}
    left, errors = [], []
    for tau in temperatures:
        loss = family(tau, **kept)
        expansion = high_temperature(loss, instance.points, instance.dim)
        assert isinstance(expansion, Expansion)
        best = checks.search(instance, grid, loss)
        left.append(best.value - expansion.value)
        errors.append(expansion.error)
    order = _least_order(temperatures, left)
    if any(x < -error - _NOISE for x, error in zip(left, errors, strict=True)):
        outcome, reason = Outcome.REFUTED, "a value below the expansion by more than its error was found"
    elif not best.status.stationary or any(x > e + _NOISE for x, e in zip(left, errors, strict=True)):
        outcome, reason = Outcome.INCONCLUSIVE, "a search fell short of the expansion"
    elif order < 2.5:
        outcome, reason = Outcome.INCONCLUSIVE, "what is left of the expansion does not fall like tau^-3"
    else:
        outcome, reason = Outcome.CONSISTENT, "all minima within the error"
    scaled = ", ".join(f"{x * tau**3:.4f} at {tau:g}" for x, tau in zip(left, temperatures, strict=True))
    reason += f"; less the expansion, times tau^3: {scaled}" + ("" if math.isinf(order) else f"; order {order:.2f}")
    found = best.value - left[-1]
    return checks.make_result(instance, grid, outcome, reason, best.value, prediction=found, **checks._about(best))


def _least_order(temperatures: list[float], left: list[float]) -> float:
    """The least exponent with which what is left falls from one temperature to the next; infinite where it is round-off."""
    found = math.inf
    for (low, high), (before, after) in zip(itertools.pairwise(temperatures), itertools.pairwise(left), strict=True):
        if abs(after) > 10 * _NOISE:
            found = min(found, math.log(abs(before / after)) / math.log(high / low))
    return found


def check_covariance(instance: Instance, grid: Grid) -> Result:
    """U1: the metric at the minimizer of an energy that asks for a 2-design, at codes, and at many other points.

    Below the bound anywhere, or off it at a simplex or 2-design, refutes; so does the bound at points that are neither.
    """
    points, dim = instance.points, instance.dim
    bound = least_w2(points, dim)
    best = checks.search(instance, grid, instance.subject, compiled=False)  # compiling takes longer
    value = float(w2_uniformity(best.rows))
    lowest = math.inf
    for X in _trials(instance, grid):
        lowest = min(lowest, float(w2_uniformity(X).min()))
    # The metric is stationary at its least value, where found points are wrong by 1e-8 at most.
    above, reached = value - bound, attained(points, dim)
    if min(value, lowest) < bound - _NOISE:
        outcome, reason = Outcome.REFUTED, "points below the bound"
    elif reached and above > 1e-11:
        outcome = Outcome.REFUTED if best.status.stationary else Outcome.INCONCLUSIVE
        reason = "the bound is not attained where the energy is least"
    elif not reached and above < 1e-6:
        outcome, reason = Outcome.REFUTED, "the bound is attained where there is no 2-design"
    else:
        where = "attained" if reached else f"not attained, and there is no 2-design: {above:.1e} above"
        outcome, reason = Outcome.CONSISTENT, f"{where}; {lowest - bound:.1e} above it at other points"
    return checks.make_result(instance, grid, outcome, reason, value, prediction=bound, **checks._about(best))


def _trials(instance: Instance, grid: Grid) -> Iterator[Tensor]:
    """Random points, points near a code and points of an orthonormal basis."""
    points, dim = instance.points, instance.dim
    generator = torch.Generator().manual_seed(instance.seed(grid.seed))
    X = random_points(_SETS, points, dim, generator=generator)
    yield X
    yield torch.eye(dim, dtype=torch.float64)[torch.arange(points) % dim]
    if points <= dim + 1:
        yield normalize(codes.simplex(points, dim).points + 0.1 * X)
