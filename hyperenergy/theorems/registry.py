"""What a result is: a statement with a status and a source, and perhaps predictions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hyperenergy.codes import Code
from hyperenergy.objectives import Objective
from hyperenergy.prediction import Prediction, Status
from hyperenergy.theorems.values import aligned_value

Predictor = Callable[[Objective, int, int], Prediction | None]

PAPER = (
    "Koromilas, Bouritsas, Giannakopoulos, Nicolaou and Panagakis, Bridging Mini-Batch and Asymptotic Analysis in "
    "Contrastive Learning: From InfoNCE to Kernel-Based Losses, ICML 2024 (arXiv 2405.18045)"
)


def _silent(objective: Objective, points: int, dim: int) -> Prediction | None:
    return None


@dataclass(frozen=True)
class Theorem:
    """A result: theorem, conjecture or false claim.

    ``predict(objective, points, dim)`` gives the minimum where the hypotheses hold, None elsewhere.  Of a false
    claim it gives what the claim would predict, for a search to refute.
    formula: LaTeX of the central statement, of a false claim of what is claimed; lines end with a double backslash.
    Hypotheses and symbols are in ``statement``; kernels are functions of the squared distance.
    """

    id: str
    title: str
    statement: str
    status: Status
    source: str
    predict: Predictor = _silent
    formula: str = field(kw_only=True)


def predict_aligned_code(
    theorem: str, status: Status, objective: Objective, code: Code, *, unique: bool
) -> Prediction | None:
    """The prediction that the aligned code is the minimizer, with the value from its exact inner products."""
    distribution = {float(x): count for x, count in code.inner_products.items()}
    value = aligned_value(objective, distribution)
    if value is None:
        return None
    points = code.points
    return Prediction(theorem, status.value, value, points, points, unique)
