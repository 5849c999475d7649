"""A found minimum against a prediction."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hyperenergy.congruence import DEFAULT_TOLERANCE, congruent
from hyperenergy.errors import ArgumentError
from hyperenergy.kernels import positive
from hyperenergy.minimum import Minimum
from hyperenergy.objectives import FixedAnchors, Objective
from hyperenergy.prediction import Outcome, Prediction

# Values agree within this, relative where the objective is positive, else relative to max(1, |value|).  Round-off in a
# value is about eps (1 + 2/tau) times the number of terms, 1e-13 at tau = 0.05, and the optimizer's error is the square
# of its relative gradient norm; 1e-11 leaves room for both and rejects anything that a reader would call different.
VALUE_TOLERANCE = 1e-11


@dataclass(frozen=True)
class Match:
    """The verdict on a found minimum, and its parts.

    value_gap: found minus predicted.  relative_gap: the same over |predicted|.  misalignment: largest deviation of
    |u_i - v_i|, or of what else ``Objective.misalignment`` measures, from the prediction's.  congruence: residual of the
    anchors up to rotation and permutation (see ``congruent``).  reason: one sentence.
    """

    outcome: Outcome
    value_gap: float
    relative_gap: float
    misalignment: float
    congruence: float
    reason: str


def value_tolerance(objective: Objective, value: float, tolerance: float = VALUE_TOLERANCE) -> float:
    """How far a value may lie from ``value`` and still agree with it."""
    return tolerance * (abs(value) if objective.positive else max(1.0, abs(value)))


def compare(
    best: Minimum,
    prediction: Prediction | None,
    *,
    tolerance: float = VALUE_TOLERANCE,
    residual_tolerance: float = DEFAULT_TOLERANCE,
) -> Match:
    """Judge a found minimum by a prediction.

    Refuted: a lower value was found, or the predicted configuration does not have the predicted value.  Inconclusive:
    the search did not come down to the predicted value or not to a stationary point, or another configuration has the
    value to within the tolerance (a second minimizer, or a landscape too flat to tell).  Consistent: value, alignment
    and configuration agree.
    Never proved: that is not for numbers to say.
    Raises ArgumentError where there is no prediction or its shape is not that of the minimum.
    """
    if not isinstance(prediction, Prediction):
        raise ArgumentError("prediction", repr(prediction), "nothing to compare with: no result speaks here")
    if prediction.anchors.shape != best.anchors.shape:
        shape = tuple(prediction.anchors.shape)
        raise ArgumentError("prediction", f"anchors of shape {shape}", f"must be {tuple(best.anchors.shape)}")
    tolerance, residual_tolerance = positive("tolerance", tolerance), positive("residual_tolerance", residual_tolerance)
    objective, expected = best.objective, prediction.value
    gap = best.value - expected
    relative = gap / abs(expected) if expected else math.inf if gap else 0.0
    allowed = value_tolerance(objective, expected, tolerance)
    predicted = objective.assemble(prediction.anchors, prediction.positives)[None]
    misalignment = (objective.misalignment(best.rows[None]) - objective.misalignment(predicted)).abs().max().item()
    residual = _residual(objective, best, prediction)

    attained = objective.value(predicted).item()
    if not abs(attained - expected) <= allowed:
        outcome, reason = Outcome.REFUTED, f"the predicted configuration has the value {attained!r}"
    elif gap < -allowed:
        outcome, reason = Outcome.REFUTED, "a lower value was found"
    elif not gap <= allowed:
        outcome, reason = Outcome.INCONCLUSIVE, f"the search stopped above the prediction ({best.status.value})"
    elif not best.status.stationary:
        outcome, reason = Outcome.INCONCLUSIVE, f"the value agrees, but {best.status.value}"
    elif not prediction.unique:
        outcome, reason = Outcome.CONSISTENT, "the value agrees; the minimizer is not claimed to be unique"
    elif max(misalignment, residual) <= residual_tolerance:
        outcome, reason = Outcome.CONSISTENT, "value and configuration agree"
    else:
        reason = "another configuration has the value: not the only minimizer, or too flat to tell"
        outcome = Outcome.INCONCLUSIVE
    return Match(outcome, gap, relative, misalignment, residual, reason)


def _residual(objective: Objective, best: Minimum, prediction: Prediction) -> float:
    if isinstance(objective, FixedAnchors):  # nothing to rotate: the positives themselves are predicted
        return float((best.positives - prediction.positives).norm(dim=-1).max())
    return congruent(best.anchors, prediction.anchors).residual
