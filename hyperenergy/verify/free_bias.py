"""How the limit of SigLIP with a free bias is checked."""

from __future__ import annotations

from hyperenergy.objectives.free_bias import FreeBias
from hyperenergy.search.minimum import Minimum
from hyperenergy.theorems import b14
from hyperenergy.theorems.prediction import Outcome
from hyperenergy.verify import checks
from hyperenergy.verify.grid import Grid, Instance, Result

# Round-off in the logarithm of a value: a few eps times the largest logit.
_ROUND_OFF = 1e-12


def check_free_bias(instance: Instance, grid: Grid) -> Result:
    """B14: at growing scales the logarithm of the least value found lies within the bounds.

    What is found is an upper bound of the minimum: below the lower one it refutes the theorem, while above the upper one it
    says only that a search fell short.  Each search but the first also starts from the minimizer at the scale before.
    """
    limit = b14.exponent(instance.points, instance.dim)
    if limit is None:
        raise AssertionError(f"the grid of B14 contains {instance.label}, for which it says nothing")
    below, above = 0.0, 0.0
    found: list[Minimum] = []
    for scale in instance.parameters["scales"]:
        best = _search(instance, grid, scale, found[-1] if found else None)
        assert best.log_value is not None
        least, most = b14.bounds(scale, instance.points, limit)
        below, above = max(below, least - best.log_value), max(above, best.log_value - most)
        found.append(best)
    log_value, last = found[-1].log_value, instance.parameters["scales"][-1]
    assert log_value is not None
    found_limit = -log_value / last
    if below > _ROUND_OFF * last:
        outcome, reason = Outcome.REFUTED, f"a value lies below the lower bound, by {below:.1e} in its logarithm"
    elif above > _ROUND_OFF * last:
        outcome, reason = Outcome.INCONCLUSIVE, f"a search fell short of the upper bound, by {above:.1e}"
    else:
        outcome, reason = Outcome.CONSISTENT, f"within the bounds at all scales; {found_limit:.4f} at t = {last:g}"
    return checks.make_result(
        instance,
        grid,
        outcome,
        reason,
        found_limit,
        prediction=limit,
        value_gap=max(below, above),
        gradient_norm=found[-1].gradient_norm,
    )


def _search(instance: Instance, grid: Grid, scale: float, before: Minimum | None) -> Minimum:
    """From random starts at the first scale; then from the minimizer before, where random points see nothing."""
    objective = FreeBias(scale)
    if before is None:
        return checks.search(instance, grid, objective)
    return checks.search(instance, grid, objective, start=before.rows[None])
