"""The single codes: each is registered where its construction stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from hyperenergy.codes.exact import ExactVectors

COHN_KUMAR = (
    "Cohn and Kumar, Universally optimal distribution of points on spheres, J. Amer. Math. Soc. 20 (2007), Table 1"
)
BALLINGER = (
    "Ballinger, Blekherman, Cohn, Giansiracusa, Kelly and Schuermann, Experimental study of energy-minimizing point "
    "configurations on spheres, Experiment. Math. 18 (2009)"
)
# The 24-cell is the known case of a beautiful code that is not universally optimal.
D4 = "Cohn, Conway, Elkies and Kumar, The D4 root system is not universally optimal, Experiment. Math. 16 (2007)"

Optimality = Literal["theorem", "conjecture", "false"]


@dataclass(frozen=True)
class Sporadic:
    """A code of ``points`` vectors in R^dim; see ``catalogue.Code``."""

    points: int
    dim: int
    optimality: Optimality
    citation: str
    skip: tuple[int, ...]
    vectors: Callable[[], ExactVectors]


SPORADIC: dict[str, Sporadic] = {}

Construction = Callable[[], ExactVectors]


def sporadic(
    name: str, points: int, dim: int, optimality: Optimality, citation: str, skip: tuple[int, ...] = ()
) -> Callable[[Construction], Construction]:
    """Register a construction under a name."""

    def register(construction: Construction) -> Construction:
        SPORADIC[name] = Sporadic(points, dim, optimality, citation, skip, construction)
        return construction

    return register
