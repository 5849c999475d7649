"""A found minimum against a prediction."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from hyperenergy.checks import positive
from hyperenergy.energies.energy import pair_energy
from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.congruence import DEFAULT_TOLERANCE, CongruenceOutcome, congruent
from hyperenergy.geometry.sameness import same
from hyperenergy.losses.facts import KernelFacts, facts
from hyperenergy.objectives.base import BatchLoss, FixedAnchors, Objective
from hyperenergy.search.minimum import Minimum, Status
from hyperenergy.theorems.prediction import Outcome, Prediction, in_range

# Values agree within this, relative where the objective is positive, else relative to max(1, |value|).  Round-off in a
# value is about eps (1 + 2/tau) times the number of terms, 1e-13 at tau = 0.05, and the optimizer's error is the square
# of its relative gradient norm; 1e-11 leaves room for both and rejects anything that a reader would call different.
VALUE_TOLERANCE = 1e-11
# The logarithm of any value that leaves float64 is larger than this, up or down.
_FAR = 700.0


@dataclass(frozen=True)
class Match:
    """The verdict on a found minimum, and its parts.

    value_gap: found minus predicted.  relative_gap: the same over |predicted|.  misalignment: largest deviation of
    |u_i - v_i|, or of what else ``Objective.misalignment`` measures, from the prediction's.  congruence: the largest
    distance of a point, anchor or positive, from the predicted one, after one rotation and one permutation of all; infinite
    where the found points are no numbers.  reason: one sentence.
    """

    outcome: Outcome
    value_gap: float
    relative_gap: float
    misalignment: float
    congruence: float
    reason: str


@dataclass(frozen=True, eq=False)
class Given:
    """A configuration of which it is asked how it compares, as a search would have found it.

    value: of ``rows``.  status: whether they are a stationary point.  log_value: of a positive value, where it is known.
    """

    objective: Objective
    value: float
    rows: Tensor
    status: Status
    log_value: float | None = None


@dataclass(frozen=True)
class _Geometry:
    """How far the found configuration is from the predicted one."""

    misalignment: float
    residual: float
    undecided: bool = False


def value_tolerance(objective: Objective, value: float, tolerance: float = VALUE_TOLERANCE) -> float:
    """How far a value may lie from ``value`` and still agree with it."""
    return tolerance * (abs(value) if objective.positive else max(1.0, abs(value)))


def compare(
    best: Minimum | Given,
    prediction: Prediction | None,
    *,
    tolerance: float = VALUE_TOLERANCE,
    residual_tolerance: float = DEFAULT_TOLERANCE,
) -> Match:
    """Judge a found minimum by a prediction of the same objective.

    Refuted: a lower value was found, or the predicted configuration does not have the predicted value.  Inconclusive:
    the search did not come down to the predicted value or not to a stationary point; or another configuration has the
    value to within the tolerance (a second minimizer, or a landscape too flat to tell), pairs apart among them where every
    minimizer is aligned; or a number is infinite, none, or has underflowed.  Consistent: value, alignment and configuration
    agree.
    Never proved: that is not for numbers to say.
    Raises ArgumentError where there is no prediction, or it is of another objective (another pair convention, too) or shape.
    """
    if not isinstance(prediction, Prediction):
        raise ArgumentError("prediction", repr(prediction), "nothing to compare with: no result speaks here")
    tolerance, residual_tolerance = positive("tolerance", tolerance), positive("residual_tolerance", residual_tolerance)
    objective, expected = best.objective, prediction.value
    _check_objective(objective, prediction.objective)
    shapes = prediction.anchors.shape, objective.views(best.rows)[0].shape
    if shapes[0] != shapes[1]:
        raise ArgumentError("prediction", f"anchors of shape {tuple(shapes[0])}", f"must be {tuple(shapes[1])}")
    relative, excess = _excess(best, prediction)
    allowed = value_tolerance(objective, expected, tolerance)
    predicted = objective.assemble(prediction.anchors, prediction.positives)
    attained = objective.value(predicted[None]).item()
    geometry = _geometry(best, predicted, residual_tolerance)

    def verdict(outcome: Outcome, reason: str) -> Match:
        return Match(outcome, best.value - expected, relative, geometry.misalignment, geometry.residual, reason)

    if not math.isfinite(attained):
        return verdict(Outcome.INCONCLUSIVE, f"the value of the predicted configuration comes out as {attained!r}")
    if not abs(attained - expected) <= allowed:
        return verdict(Outcome.REFUTED, f"the predicted configuration has the value {attained!r}")
    if math.isnan(excess):
        return verdict(Outcome.INCONCLUSIVE, f"no number to compare was found: {best.value!r} ({best.status.value})")
    if excess < -allowed:
        return verdict(Outcome.REFUTED, "a lower value was found")
    if not excess <= allowed:
        return verdict(Outcome.INCONCLUSIVE, f"the search stopped above the prediction ({best.status.value})")
    if not best.status.stationary:
        return verdict(Outcome.INCONCLUSIVE, f"the value agrees, but {best.status.value}")
    if not prediction.unique:
        return verdict(*_among_many(best, prediction, geometry, predicted, tolerance, residual_tolerance))
    if max(geometry.misalignment, geometry.residual) <= residual_tolerance:
        return verdict(Outcome.CONSISTENT, "value and configuration agree")
    if geometry.undecided and geometry.misalignment <= residual_tolerance:
        return verdict(Outcome.INCONCLUSIVE, "the value agrees; whether the configuration does is undecided")
    reason = "another configuration has the value: not the only minimizer, or too flat to tell"
    return verdict(Outcome.INCONCLUSIVE, reason)


def _check_objective(found: Objective, predicted: Objective) -> None:
    if same(found, predicted):
        return
    labels = found.label, predicted.label
    alike = " (the same name, with other parameters or functions)" if labels[0] == labels[1] else ""
    raise ArgumentError("prediction", f"one of {labels[1]}{alike}", f"must be of what was minimized, {labels[0]}")


def _excess(best: Minimum | Given, prediction: Prediction) -> tuple[float, float]:
    """Found minus predicted over |predicted|, and found minus predicted: by logarithms where the found value leaves
    float64, and not a number where nothing can be said."""
    expected, gap = prediction.value, best.value - prediction.value
    if in_range(best.objective, best.value):
        return gap / abs(expected) if expected else math.copysign(math.inf, gap) if gap else 0.0, gap
    found, log = best.log_value, prediction.log_value
    # A logarithm speaks for a value that left float64 in its direction, and for no other.
    side = 1 if best.value == math.inf else -1 if 0 <= best.value < 1 else 0
    if found is None or log is None or not _FAR < side * found < math.inf:
        return math.nan, math.nan
    difference = found - log
    relative = math.expm1(difference) if difference < 700 else math.inf
    return relative, relative * expected


def _geometry(best: Minimum | Given, predicted: Tensor, tolerance: float) -> _Geometry:
    objective, found = best.objective, best.rows
    if not bool(found.isfinite().all()):
        return _Geometry(math.inf, math.inf)
    apart, apart_predicted = (objective.misalignment(rows[None])[0] for rows in (found, predicted.to(found)))
    if isinstance(objective, FixedAnchors):  # nothing to rotate: the positives themselves are predicted
        misalignment = float((apart - apart_predicted).abs().max())
        return _Geometry(misalignment, float((found - predicted.to(found)).norm(dim=-1).max()))
    # The views, each (points, dim), under one map.  Where they differ two steer the search for it; all are judged.
    views, views_predicted = (
        rows.detach().cpu().double().unflatten(0, (-1, len(apart))) for rows in (found, predicted)
    )
    differ = len(views) > 1 and max(apart.max(), apart_predicted.max()) > tolerance
    positives = (views[1], views_predicted[1]) if differ else None
    m = congruent(views[0], views_predicted[0], positives=positives, tolerance=tolerance)
    residual = float((views @ m.rotation.T - views_predicted[:, m.permutation]).norm(dim=-1).max())
    misalignment = float((apart.cpu() - apart_predicted.cpu()[m.permutation]).abs().max())
    return _Geometry(misalignment, residual, m.outcome is CongruenceOutcome.UNDECIDED)


def _among_many(
    best: Minimum | Given,
    prediction: Prediction,
    geometry: _Geometry,
    predicted: Tensor,
    tolerance: float,
    residual_tolerance: float,
) -> tuple[Outcome, str]:
    """Where the minimizer is not unique: what all minimizers share.

    The value of a sum says nothing of a term that is small beside the others, so alignment, and with it the energy of KCL,
    is judged by itself.
    """
    if prediction.aligned and geometry.misalignment > residual_tolerance:
        return Outcome.INCONCLUSIVE, "the value agrees, but every minimizer is aligned: too flat to tell"
    loss = best.objective.loss if type(best.objective) is BatchLoss else None
    said = facts(loss)
    if prediction.aligned and isinstance(said, KernelFacts) and said.pairwise:
        found, least = (
            pair_energy(best.objective.views(z)[0], said.kernel, "mean").item() for z in (best.rows, predicted)
        )
        if not abs(found - least) <= tolerance * (abs(least) if said.kernel.positive else max(1.0, abs(least))):
            return Outcome.INCONCLUSIVE, "the value agrees, but the energy of the anchors does not: too flat to tell"
    return Outcome.CONSISTENT, "the value agrees; the minimizer is not claimed to be unique"
