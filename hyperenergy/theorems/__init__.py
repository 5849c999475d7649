"""Results about minimizers: theorems, conjectures and false claims, with predictions where their hypotheses hold."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

from hyperenergy.errors import unknown_name
from hyperenergy.objectives.base import BatchLoss, as_objective, check_configuration
from hyperenergy.theorems.at_codes import all_align
from hyperenergy.theorems.prediction import Prediction, Status
from hyperenergy.theorems.registry import Stated, Theorem, Unstated

_RESULT = re.compile("([a-z])([0-9]+)([a-z]?)")


def _gathered() -> dict[str, Theorem]:
    """The results of the modules that are named after one, by letter and number."""
    parts = [found.groups() for module in pkgutil.iter_modules(__path__) if (found := _RESULT.fullmatch(module.name))]
    ordered = sorted(parts, key=lambda part: (part[0], int(part[1]), part[2]))
    stated = (importlib.import_module(f"{__name__}.{''.join(part)}").THEOREM for part in ordered)
    return {theorem.id: theorem for theorem in stated}


_ALL = _gathered()


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
    aligned = type(target) is BatchLoss and all_align(target.loss)
    return "no theorem or conjecture names the minimum here" + (
        "; that all pairs align is a theorem (B3)" if aligned else ""
    )


def _believed() -> Iterator[Theorem]:
    """Theorems before conjectures."""
    for status in (Status.THEOREM, Status.CONJECTURE):
        yield from (theorem for theorem in _ALL.values() if theorem.status is status)


__all__ = ["Theorem", "get", "names", "predict", "unpredicted"]
