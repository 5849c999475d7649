"""What a theorem or conjecture says about a minimization, and the words for how that comes out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from jaxtyping import Float
from torch import Tensor


class Status(Enum):
    """What is known of a statement."""

    THEOREM = "theorem"
    CONJECTURE = "conjecture"
    FALSE = "false"


class Outcome(Enum):
    """The verdict on one instance.  Numbers alone never prove: at best they are consistent."""

    PROVED = "proved"
    CONSISTENT = "consistent"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, eq=False)
class Prediction:
    """The least value of an objective and a configuration that attains it.

    theorem: its id, e.g. "B1".  value: in the objective's own pair convention.  anchors, positives: (points, dim),
    float64; equal where the minimizer is aligned or has no pairs.  unique: up to rotation and permutation, no other
    configuration attains the value.
    """

    theorem: str
    status: str
    value: float
    anchors: Float[Tensor, "points dim"]
    positives: Float[Tensor, "points dim"]
    unique: bool

    @property
    def points(self) -> Float[Tensor, "points dim"]:
        return self.anchors
