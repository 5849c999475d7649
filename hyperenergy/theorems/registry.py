"""What a result is: a statement with a status and a source, and perhaps predictions."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from hyperenergy.objectives.base import Objective
from hyperenergy.theorems.instances import Grid, Instances
from hyperenergy.theorems.known import Known
from hyperenergy.theorems.prediction import Prediction, Status, Views, in_range
from hyperenergy.theorems.values import Value, aligned_value

Predictor = Callable[[Objective, int, int], Prediction | None]

PAPER = (
    "Koromilas, Bouritsas, Giannakopoulos, Nicolaou and Panagakis, Bridging Mini-Batch and Asymptotic Analysis in "
    "Contrastive Learning: From InfoNCE to Kernel-Based Losses, ICML 2024 (arXiv 2405.18045)"
)


@dataclass(frozen=True)
class Unstated:
    """A minimum that a result names, and whose value float64 does not state; log_value: where that is known."""

    theorem: str
    log_value: float | None


Said = Prediction | Unstated | None


@dataclass(frozen=True)
class Stated:
    """The predictor of what a result says wherever float64 states it; ``says`` tells also where it does not."""

    says: Callable[[Objective, int, int], Said]

    def __call__(self, objective: Objective, points: int, dim: int) -> Prediction | None:
        said = self.says(objective, points, dim)
        return said if isinstance(said, Prediction) else None


def _silent(objective: Objective, points: int, dim: int) -> Prediction | None:
    return None


@dataclass(frozen=True)
class Theorem:
    """A result: theorem, conjecture or false claim.

    ``predict(objective, points, dim)`` gives the minimum where the hypotheses hold, None elsewhere.  Of a false
    claim it gives what the claim would predict, for a search to refute.
    ``instances(grid)`` yields what tests it, and by which check.
    formula: LaTeX of the central statement, of a false claim of what is claimed; lines end with a double backslash.
    Hypotheses and symbols are in ``statement``; kernels are functions of the squared distance.
    by_objective: whether it is about many objectives, so that it matters for which of them it holds.
    fronts: header and rows of a table of where a conjecture is proved, refuted and open; made when it is asked for.
    """

    id: str
    title: str
    statement: str
    status: Status
    source: str
    predict: Predictor = _silent
    instances: Callable[[Grid], Instances] = field(kw_only=True)
    formula: str = field(kw_only=True)
    by_objective: bool = field(default=False, kw_only=True)
    fronts: Callable[[], tuple[tuple[str, ...], list[tuple[str, ...]]]] | None = field(default=None, kw_only=True)


def say(
    theorem: str,
    status: Status,
    objective: Objective,
    value: Value,
    configuration: Views | Callable[[], Views],
    *,
    unique: bool,
    aligned: bool,
) -> Prediction | Unstated:
    """The prediction, or word that its value leaves the range of float64."""
    log = value.log if value.log is not None and math.isfinite(value.log) else None
    if not in_range(objective, value.number):
        return Unstated(theorem, log)
    return Prediction(theorem, status.value, objective, value.number, configuration, unique, aligned, log)


def say_aligned(
    theorem: str, status: Status, objective: Objective, known: Known, *, unique: bool, aligned: bool = True
) -> Said:
    """That the aligned code is a minimizer, with the value from its distances.

    unique, aligned: whether it is the only one among those with its distances, and whether all are aligned.
    """
    value = aligned_value(objective, known.distribution)
    if value is None:
        return None
    return say(theorem, status, objective, value, known.aligned, unique=unique and known.unique, aligned=aligned)
