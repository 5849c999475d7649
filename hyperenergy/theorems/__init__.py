"""Results about minimizers: theorems, conjectures and false claims, with predictions where their hypotheses hold."""

from __future__ import annotations

from collections.abc import Iterator

from hyperenergy.errors import unknown_name
from hyperenergy.objectives.base import BatchLoss, as_objective, check_configuration
from hyperenergy.theorems.alignment import B3, B5, B5S, strictly_aligns
from hyperenergy.theorems.expectation import B8, E1, E2, E3, E4
from hyperenergy.theorems.limits import B6, B11
from hyperenergy.theorems.prediction import Prediction, Status
from hyperenergy.theorems.registry import Stated, Theorem, Unstated
from hyperenergy.theorems.simplex import B1, F1, F2
from hyperenergy.theorems.structured import B7, B9, B10
from hyperenergy.theorems.universal import B2A, B2B, B2C, B2D, B4, F3

_BATCH = (B1, B2A, B2B, B2C, B2D, B3, B4, B5, B5S, B6, B7, B8, B9, B10, B11)
_ALL = {theorem.id: theorem for theorem in (*_BATCH, E1, E2, E3, E4, F1, F2, F3)}


def names() -> list[str]:
    """The ids of all results."""
    return list(_ALL)


def get(id: str) -> Theorem:
    """The result of that id, e.g. "B1".  ArgumentError, with near matches, for others."""
    if id not in _ALL:
        raise unknown_name("theorem", str(id), _ALL)
    return _ALL[id]


def predict(objective: object, points: int, dim: int) -> Prediction | None:
    """The minimum that a theorem, or else a conjecture, gives for this case; None where neither speaks, or where the value
    leaves the range of float64: ``unpredicted`` tells which.

    The value holds at any size; anchors and positives are built when they are first asked for.
    False claims never predict.  Raises ArgumentError for impossible arguments.
    """
    target = as_objective(objective)
    points, dim = check_configuration(target, points, dim)
    for theorem in _believed():
        prediction = theorem.predict(target, points, dim)
        if prediction is not None:
            return prediction
    return None


def unpredicted(objective: object, points: int, dim: int) -> str:
    """Why ``predict`` gives None there.  Of decoupled losses something is known all the same."""
    target = as_objective(objective)
    points, dim = check_configuration(target, points, dim)
    for theorem in _believed():
        said = theorem.predict.says(target, points, dim) if isinstance(theorem.predict, Stated) else None
        if isinstance(said, Unstated):
            logarithm = "" if said.log_value is None else f"; its logarithm is {said.log_value:.15g}"
            return f"the value that {said.theorem} gives leaves the range of float64{logarithm}"
    aligned = type(target) is BatchLoss and strictly_aligns(target.loss)
    return "no theorem or conjecture names the minimum here" + (
        "; that all pairs align is a theorem (B3)" if aligned else ""
    )


def _believed() -> Iterator[Theorem]:
    """Theorems before conjectures."""
    for status in (Status.THEOREM, Status.CONJECTURE):
        yield from (theorem for theorem in _ALL.values() if theorem.status is status)


__all__ = ["Theorem", "get", "names", "predict", "unpredicted"]
