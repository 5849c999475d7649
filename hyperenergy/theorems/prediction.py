"""What a theorem or conjecture says about a minimization, and the words for how that comes out."""

from __future__ import annotations

import copy
import functools
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from jaxtyping import Float
from torch import Tensor

from hyperenergy.errors import ArgumentError
from hyperenergy.objectives.base import Energy, Objective, as_objective

Views = tuple[Tensor, Tensor]


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


def in_range(objective: Objective, value: float) -> bool:
    """Whether float64 states the value: it is finite, and of a positive objective it has not lost digits to underflow."""
    return math.isfinite(value) and not (objective.positive and abs(value) < sys.float_info.min)


@dataclass(frozen=True, eq=False)
class Prediction:
    """The least value of an objective and a configuration that attains it.

    theorem: its id, e.g. "B1".  objective: of which this is said, as it was when it was said; a loss may be given.  value:
    in the objective's own pair convention.  log_value: its logarithm, where the objective is positive and that is known.
    configuration: (anchors, positives), each (points, dim), float64, equal where there are no pairs; or a function that
    gives both, called when they are first asked for.  unique: up to one rotation and permutation of all, no other
    configuration attains the value.  aligned: every minimizer has u_i = v_i, unique or not.  cited: that it is least is
    cited, and proved neither by this package nor by ``proofs_check``.
    Raises ArgumentError for a value that float64 does not state (see ``in_range``).
    """

    theorem: str
    status: str
    objective: Objective
    value: float
    configuration: Views | Callable[[], Views]
    unique: bool
    aligned: bool = False
    log_value: float | None = None
    cited: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "objective", _as_it_is(as_objective(self.objective)))
        if not in_range(self.objective, self.value):
            raise ArgumentError("value", repr(self.value), "must be a finite number that has not underflowed")

    @property
    def standing(self) -> str:
        """The result and what it is, e.g. "B1, theorem"."""
        return f"{self.theorem}, {self.status}{', cited and not proved here' if self.cited else ''}"

    @functools.cached_property
    def _views(self) -> Views:
        return self.configuration() if callable(self.configuration) else self.configuration

    @property
    def anchors(self) -> Float[Tensor, "points dim"]:
        """Raises ArgumentError where they would not fit into memory: then the value alone is known."""
        return self._views[0]

    @property
    def positives(self) -> Float[Tensor, "points dim"]:
        return self._views[1]

    @property
    def points(self) -> Float[Tensor, "points dim"]:
        return self.anchors


def _as_it_is(objective: Objective) -> Objective:
    """A copy that does not change with the hyperparameters of a loss; energies do not change."""
    if type(objective) is Energy:
        return objective
    try:
        return copy.deepcopy(objective)
    except Exception:  # what cannot be copied, such as a tensor inside of a computation, is kept
        return objective
