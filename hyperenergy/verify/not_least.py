"""How a claim is checked that denies a configuration to be least."""

from __future__ import annotations

from dataclasses import replace

from hyperenergy.theorems.prediction import Outcome
from hyperenergy.verify.checks import check_prediction
from hyperenergy.verify.grid import Grid, Instance, Result

_TURNED = {
    Outcome.CONSISTENT: (Outcome.REFUTED, "the search ends at the configuration that is denied to be least"),
    Outcome.REFUTED: (Outcome.CONSISTENT, "a lower value was found, as claimed"),
}


def check_not_least(instance: Instance, grid: Grid) -> Result:
    """F4: is something lower than the configuration that the claim denies to be least?  Where the search comes down to that
    configuration and to nothing lower, the claim is refuted as far as searches tell; its proof tells more."""
    result = check_prediction(instance, grid)
    outcome, reason = _TURNED.get(result.outcome, (result.outcome, result.reason))
    if outcome is Outcome.CONSISTENT:
        # How far another configuration is from that one is no error of what is claimed.
        return replace(result, outcome=outcome, reason=reason, value_gap=None, misalignment=None, congruence=None)
    return replace(result, outcome=outcome, reason=reason)
