"""How it is checked that several views are best where they are one."""

from __future__ import annotations

from hyperenergy.losses.dhel import DHEL
from hyperenergy.objectives.base import Aligned
from hyperenergy.theorems import b20
from hyperenergy.theorems.compare import value_tolerance
from hyperenergy.theorems.prediction import Outcome
from hyperenergy.verify import checks
from hyperenergy.verify.grid import Grid, Instance, Result

# Pairs of a converged search coincide to 1e-12.
_APART = 1e-8


def check_equal_views(instance: Instance, grid: Grid) -> Result:
    """B20: the least multi-view DHEL found is what the least energy found of one view makes it, with equal views.

    The search over all views also starts from the best single view, in each of them.
    """
    objective = instance.subject
    tau, views = float(objective.loss.temperature), objective.n_views
    single = checks.search(instance, grid, Aligned(DHEL(tau)))
    best = checks.search(instance, grid, objective)
    together = checks.search(instance, grid, objective, start=single.anchors.repeat(views, 1)[None])
    best = min(best, together, key=lambda m: m.value)
    expected = b20.value(views, tau, single.value + 1 / tau)
    gap = best.value - expected
    allowed = value_tolerance(objective, expected)
    if not (best.status.stationary and single.status.stationary):
        outcome, reason = Outcome.INCONCLUSIVE, "a search did not end at a stationary point"
    elif gap < -allowed and best.misalignment > _APART:
        outcome, reason = Outcome.REFUTED, "views that differ have a lower value than the best that are equal"
    elif abs(gap) > allowed:
        outcome, reason = Outcome.INCONCLUSIVE, "one search did not reach what the other did"
    elif best.misalignment > _APART:
        outcome, reason = Outcome.INCONCLUSIVE, "the value agrees, but the views differ: too flat to tell"
    else:
        outcome, reason = Outcome.CONSISTENT, "equal views, with the value of the least energy of one"
    return checks.make_result(
        instance,
        grid,
        outcome,
        reason,
        best.value,
        prediction=expected,
        value_gap=gap,
        misalignment=best.misalignment,
        gradient_norm=best.gradient_norm,
        restarts=best.restarts,
        hits=best.hits,
    )
