"""How one instance is checked.  Each check minimizes from random starts and returns a Result."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from hyperenergy import codes, theorems
from hyperenergy.geometry.sphere import normalize, random_points
from hyperenergy.laws import uniform_energy
from hyperenergy.losses.dhel import DHEL
from hyperenergy.losses.facts import facts
from hyperenergy.losses.families import PairLoss
from hyperenergy.objectives.base import Aligned, BatchLoss, Energy, FixedAnchors, as_objective
from hyperenergy.objectives.record import spec_of
from hyperenergy.search.minimize import minimize
from hyperenergy.search.minimum import Minimum
from hyperenergy.theorems.compare import compare, value_tolerance
from hyperenergy.theorems.prediction import Outcome, Prediction
from hyperenergy.verify.grid import Grid, Instance, Result

# A misaligned configuration counts as a counterexample where it beats the best aligned one by more than this (relative
# for positive losses, else relative to max(1, |value|)) and its pairs are further apart than that.  Converged values
# carry errors of 1e-14, converged pairs of 1e-12.
_MARGIN, _APART = 1e-12, 1e-8
# From here on a search takes seconds.
_MANY_POINTS = 100
# Coordinates of a configuration that agrees, up to which it is kept.
_MOST_KEPT = 1000


def make_result(instance: Instance, grid: Grid, outcome: Outcome, reason: str, value: float, **found: Any) -> Result:
    return Result(
        claim=instance.claim,
        objective=instance.subject.label,
        points=instance.points,
        dim=instance.dim,
        parameters=instance.parameters,
        outcome=outcome,
        reason=reason,
        value=value,
        seed=instance.seed(grid.seed),
        **found,
    )


def search(instance: Instance, grid: Grid, objective: object, **options: Any) -> Minimum:
    return minimize(
        objective,
        instance.points,
        instance.dim,
        **{
            "restarts": grid.restarts,
            "seed": instance.seed(grid.seed),
            "device": grid.device,
            "throw": False,
            **options,
        },
    )


def _about(best: Minimum) -> dict[str, Any]:
    return {
        "gradient_norm": best.gradient_norm,
        "restarts": best.restarts,
        "hits": best.hits,
        "ways": [[way.label, way.starts, way.hits] for way in best.ways],
        "unseen": best.unseen.upper if best.unseen is not None else None,
    }


def _configuration(best: Minimum, outcome: Outcome) -> dict[str, Any]:
    """The points themselves, to be seen; large ones only of counterexamples, which must be seen to be believed."""
    if best.anchors.numel() > _MOST_KEPT and outcome is not Outcome.REFUTED:
        return {}
    spec = spec_of(best.objective)
    return {"anchors": best.anchors.tolist(), "positives": best.positives.tolist(), "spec": spec}


def check_prediction(instance: Instance, grid: Grid) -> Result:
    """The minimum found from random starts against the claim's prediction."""
    objective = as_objective(instance.subject)
    prediction = theorems.get(instance.claim).predict(objective, instance.points, instance.dim)
    if prediction is None:
        raise AssertionError(f"the grid of {instance.claim} contains {instance.label}, for which it predicts nothing")
    # Many points take long.  In few dimensions few starts suffice; in many hardly any number does, and one that is not
    # finished tells as much.
    options: dict[str, Any] = {}
    if instance.points >= _MANY_POINTS:
        options = {"restarts": min(grid.restarts, 2 if instance.points >= 200 else 4)}
        if instance.dim > 8:
            # The code of a kernel of one's own for each dimension takes longer to compile than this search.
            options = {"restarts": 1, "max_iterations": 100, "compiled": False}
    best = search(instance, grid, objective, **options)
    return _judged(instance, grid, best, prediction)


def _judged(instance: Instance, grid: Grid, best: Minimum, prediction: Prediction) -> Result:
    match = compare(best, prediction)
    return make_result(
        instance,
        grid,
        match.outcome,
        match.reason,
        best.value,
        prediction=prediction.value,
        value_gap=match.value_gap,
        relative_gap=match.relative_gap,
        misalignment=match.misalignment,
        congruence=match.congruence,
        unique=prediction.unique,
        **_about(best),
        **_configuration(best, match.outcome),
    )


def check_universal_optimum(instance: Instance, grid: Grid) -> Result:
    """B2c: a search from random starts, and the exact proof for the code, on which the verdict rests; for a code of which
    universal optimality is cited it is "consistent" at best.

    Where the landscape is hard and the search stops above the prediction, another one starts beside the code and must come
    back to it.  A value below would refute the proof, or the kernel's complete monotonicity.
    """
    result = check_prediction(instance, grid)
    assert result.prediction is not None
    above = value_tolerance(as_objective(instance.subject), result.prediction)
    if result.outcome is Outcome.INCONCLUSIVE and result.value - result.prediction > above:
        result = _from_beside(instance, grid, result)
    if result.outcome is not Outcome.CONSISTENT:
        return result
    code = codes.universal_optimum(instance.points, instance.dim)
    if code is None:
        assert codes.cited_optimum(instance.points, instance.dim) is not None
        return replace(result, reason=f"universally optimal by what is cited, not proved here; {result.reason}")
    broken = [step.name for step in code.prove() if not step.holds]
    if broken:
        return replace(result, outcome=Outcome.INCONCLUSIVE, reason=f"the exact proof fails at {broken}")
    return replace(result, outcome=Outcome.PROVED, reason=f"exact proof; {result.reason}")


def _from_beside(instance: Instance, grid: Grid, result: Result) -> Result:
    """The result of a search that starts from the predicted configuration, moved by about 1e-2."""
    objective = as_objective(instance.subject)
    prediction = theorems.get(instance.claim).predict(objective, instance.points, instance.dim)
    assert prediction is not None
    generator = torch.Generator().manual_seed(instance.seed(grid.seed))
    code = torch.cat([prediction.anchors] * (objective.rows(instance.points) // instance.points))
    start = normalize(code + 1e-2 * random_points(*code.shape, generator=generator))
    # Where Newton's method is out of reach, the last digits of the gradient cost most; the value has its own at 1e-9.
    best = search(instance, grid, objective, start=start[None], tolerance=1e-9, compiled=False)
    beside = _judged(instance, grid, best, prediction)
    return replace(beside, reason=f"{beside.reason}, from beside the code; from random starts: {result.reason}")


def check_fixed_anchors(instance: Instance, grid: Grid) -> Result:
    """B3: for random fixed anchors, the best positives are the anchors."""
    generator = torch.Generator().manual_seed(instance.seed(grid.seed))
    U = random_points(instance.points, instance.dim, generator=generator)
    objective = FixedAnchors(instance.subject, U)
    prediction = theorems.get("B3").predict(objective, instance.points, instance.dim)
    assert prediction is not None
    return _judged(instance, grid, search(instance, grid, objective), prediction)


def mixed_block(loss: PairLoss, U: Tensor, V: Tensor) -> Tensor:
    """The largest entry of d^2 L / du_i dv_j over i != j, with all points free in R^d."""
    hessian = torch.func.jacrev(lambda v: torch.func.grad(lambda u: loss.formula(u, v))(U))(V)
    points = torch.arange(len(U))
    hessian[points, :, points] = 0
    return hessian.abs().max()


def check_mixed_block(instance: Instance, grid: Grid) -> Result:
    """B3: the mixed block at random points vanishes for decoupled losses, and does not for the coupled ones."""
    generator = torch.Generator().manual_seed(instance.seed(grid.seed))
    U, V = random_points(2, instance.points, instance.dim, generator=generator)
    size = float(mixed_block(instance.subject, U, V))
    # Identically zero: no term contains both points, so that not even round-off is left.  The coupled losses have
    # entries of the order of the softmax weights, which are not small at the temperatures of the grid.
    said = facts(instance.subject)
    vanishes, expected = size == 0.0, said is not None and said.decoupled
    outcome = Outcome.CONSISTENT if vanishes == expected else Outcome.REFUTED
    reason = f"the mixed block has the largest entry {size:.1e}, expected {'zero' if expected else 'not zero'}"
    return make_result(instance, grid, outcome, reason, size)


def check_alignment(instance: Instance, grid: Grid) -> Result:
    """B5, B5s and the joint minima of B3: does the best of all configurations have a lower value than the best aligned?

    Both searches get the other's result as a further start, so that neither loses for want of luck.
    """
    loss = instance.subject
    free, aligned = BatchLoss(loss), Aligned(loss)
    best = search(instance, grid, free)
    best_aligned = search(instance, grid, aligned)
    middle = best.anchors + best.positives
    if bool((middle.norm(dim=-1) > 1e-3).all()):
        start = normalize(middle)[None]
        best_aligned = min(best_aligned, search(instance, grid, aligned, start=start), key=lambda m: m.value)
    # A start displaced by 1e-3: an aligned minimum may be a saddle, which the search would not leave by itself.
    generator = torch.Generator().manual_seed(instance.seed(grid.seed))
    pair = best_aligned.anchors.repeat(2, 1)
    start = normalize(pair + 1e-3 * random_points(*pair.shape, generator=generator))[None]
    best = min(best, search(instance, grid, free, start=start), key=lambda m: m.value)

    gap = best.value - best_aligned.value
    misalignment = best.misalignment
    stationary = best.status.stationary and best_aligned.status.stationary
    if not stationary:
        outcome, reason = Outcome.INCONCLUSIVE, "a search did not end at a stationary point"
    elif gap < -value_tolerance(free, best_aligned.value, _MARGIN) and misalignment > _APART:
        outcome, reason = Outcome.REFUTED, "a misaligned configuration has a lower value than the best aligned one"
    elif gap > value_tolerance(free, best_aligned.value):
        outcome, reason = Outcome.INCONCLUSIVE, "the free search did not reach the best aligned value"
    else:
        outcome, reason = Outcome.CONSISTENT, "no configuration found beats the best aligned one"
    return make_result(
        instance,
        grid,
        outcome,
        reason,
        best.value,
        prediction=best_aligned.value,
        value_gap=gap,
        relative_gap=gap / abs(best_aligned.value),
        misalignment=misalignment,
        **_about(best),
        **_configuration(best, outcome),
    )


def check_monotone(instance: Instance, grid: Grid) -> Result:
    """B6: e_M <= e_{M+1} <= I, and I - e_M <= (kappa(0) - I)/(M-1) for bounded kernels.

    Found energies are upper bounds of minimal ones.  So a violation of the last inequality refutes the theorem, while
    one of the others only says that a search fell short.
    """
    kernel = instance.subject.kernel
    objective = Energy(kernel, "mean")
    few = search(instance, grid, objective)
    more = minimize(
        objective,
        instance.points + 1,
        instance.dim,
        restarts=grid.restarts,
        seed=instance.seed(grid.seed),
        device=grid.device,
        throw=False,
    )
    uniform = uniform_energy(kernel, instance.dim)
    noise = value_tolerance(objective, uniform)
    rise, below = few.value - more.value, more.value - uniform
    excess = -math.inf
    if instance.parameters["bounded"]:
        at_zero = float(kernel(torch.zeros((), dtype=torch.float64)))
        excess = uniform - few.value - (at_zero - uniform) / (instance.points - 1)
    if excess > noise:
        outcome, reason = Outcome.REFUTED, "the energy found is below the lower bound"
    elif max(rise, below) > noise:
        outcome, reason = Outcome.INCONCLUSIVE, "a search fell short: the energies found do not increase to I"
    else:
        outcome, reason = Outcome.CONSISTENT, "the energies found increase to I within the bound"
    return make_result(
        instance,
        grid,
        outcome,
        reason,
        few.value,
        prediction=uniform,
        value_gap=max(0.0, rise, below, excess),
        **_about(few),
    )


def check_small_temperature(instance: Instance, grid: Grid) -> Result:
    """B11: tau DHEL lies within [0, tau log(M-1)] above its limit and increases in tau, point by point and in the minima.

    Each minimization also starts from the minimizer at the temperature before, so that the minima can be compared.
    """
    temperatures = sorted(instance.parameters["temperatures"], reverse=True)
    found: list[Minimum] = []
    for tau in temperatures:
        best = search(instance, grid, DHEL(tau))
        if found:
            again = search(instance, grid, DHEL(tau), start=found[-1].rows[None])
            best = min(best, again, key=lambda m: m.value)
        found.append(best)
    spread = math.log(instance.points - 1)
    violation = 0.0
    for best in found:
        limit = _small_temperature_limit(best.anchors, best.positives)
        scaled = [tau * float(DHEL(tau).formula(best.anchors, best.positives)) for tau in temperatures]
        bounds = [max(limit - v, v - limit - tau * spread) for v, tau in zip(scaled, temperatures, strict=True)]
        violation = max(violation, *bounds, *_increases(scaled))
    minima = [tau * best.value for tau, best in zip(temperatures, found, strict=True)]
    fell_short = max(0.0, *_increases(minima), minima[0] - minima[-1] - temperatures[0] * spread)
    # Values of size 1 to 2 with round-off of a few eps in each of their terms.
    noise = 1e-13
    if violation > noise:
        outcome, reason = Outcome.REFUTED, f"a bound is violated by {violation:.1e}"
    elif fell_short > 1e-11 or not all(best.status.stationary for best in found):
        outcome, reason = Outcome.INCONCLUSIVE, "a search fell short: the minima do not decrease with tau"
    else:
        outcome, reason = Outcome.CONSISTENT, "all bounds hold at all minimizers"
    limit = _small_temperature_limit(found[-1].anchors, found[-1].positives)
    return make_result(
        instance,
        grid,
        outcome,
        reason,
        minima[-1],
        prediction=limit,
        value_gap=max(violation, fell_short),
        **_about(found[-1]),
    )


def _increases(values: list[float]) -> list[float]:
    """How much each value lies above the one before it."""
    return [after - before for before, after in itertools.pairwise(values)]


def _small_temperature_limit(U: Tensor, V: Tensor) -> float:
    """-mean s_i + mean_i max_{j != i} u_i.u_j."""
    similarity = (U @ U.mT).fill_diagonal_(-math.inf)
    return float(similarity.amax(-1).mean() - (U * V).sum(-1).mean())
