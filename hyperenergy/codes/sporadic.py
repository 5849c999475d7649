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
COHN_DE_LAAT_LEIJENHORST = (
    "Cohn, de Laat and Leijenhorst, Optimality of spherical codes via exact semidefinite programming bounds (arXiv "
    "2403.16874, 2024), by three-point bounds"
)
PETERSEN = (
    "Bachoc and Vallentin, Optimality and uniqueness of the (4,10,1/6) spherical code, J. Combin. Theory Ser. A 116 "
    "(2009)"
)
# The 24-cell is the known case of a beautiful code that is not universally optimal.
D4 = "Cohn, Conway, Elkies and Kumar, The D4 root system is not universally optimal, Experiment. Math. 16 (2007)"

D4_CODE = (
    "de Laat, Leijenhorst and de Muinck Keizer, Optimality and uniqueness of the D4 root system (arXiv 2404.18794)"
)

# Of uniqueness: an overview, and where it was shown.
APPENDIX = "Cohn and Kumar 2007, Appendix A"
BANNAI_SLOANE = "Bannai and Sloane, Uniqueness of certain spherical codes, Canad. J. Math. 33 (1981)"
CAMERON_GOETHALS_SEIDEL = (
    "Cameron, Goethals and Seidel, Strongly regular graphs having strongly regular subconstituents, J. Algebra 55 "
    "(1978)"
)
GOETHALS_SEIDEL = "Goethals and Seidel, The regular two-graph on 276 vertices, Discrete Math. 12 (1975)"
SEIDEL = (
    "Seidel, Strongly regular graphs with (-1,1,0) adjacency matrix having eigenvalue 3, Linear Algebra Appl. 1 (1968)"
)
COHN_KUMAR_891 = "Cohn and Kumar, Uniqueness of the (22,891,1/4) spherical code, New York J. Math. 13 (2007)"
# Of kissing numbers.
LEVENSHTEIN_ODLYZKO_SLOANE = (
    "Levenshtein, Soviet Math. Dokl. 20 (1979); Odlyzko and Sloane, New bounds on the number of unit spheres that can touch "
    "a unit sphere in n dimensions, J. Combin. Theory Ser. A 26 (1979)"
)

# Universal optimality: a theorem that this package proves, one that it cites, a conjecture, false, or an open question.
Optimality = Literal["theorem", "cited", "conjecture", "false", "open"]


@dataclass(frozen=True)
class Sporadic:
    """A code of ``points`` vectors in R^dim; see ``catalogue.Code``, which has the facts, too."""

    points: int
    dim: int
    optimality: Optimality
    citation: str
    skip: tuple[int, ...]
    vectors: Callable[[], ExactVectors]
    facts: dict[str, str]


SPORADIC: dict[str, Sporadic] = {}

Construction = Callable[[], ExactVectors]


def sporadic(
    name: str,
    points: int,
    dim: int,
    optimality: Optimality,
    citation: str,
    skip: tuple[int, ...] = (),
    **facts: str,
) -> Callable[[Construction], Construction]:
    """Register a construction under a name.  facts: citations for ``spherical``, ``kissing``, ``uniqueness`` and
    ``refutation``, as in ``catalogue.Code``; what has none is not known."""

    def register(construction: Construction) -> Construction:
        SPORADIC[name] = Sporadic(points, dim, optimality, citation, skip, construction, facts)
        return construction

    return register
