"""Predicted configurations: exact constructions and the catalogue.

>>> from hyperenergy import codes
>>> codes.get("icosahedron").design_strength
5
"""

from hyperenergy.codes.catalogue import (
    MOST_POINTS,
    Code,
    cited_optimum,
    conjectured_optimum,
    cross_polytope,
    examples,
    families,
    get,
    isotropic,
    names,
    polygon,
    simplex,
    universal_optimum,
)
from hyperenergy.codes.identify import Identification, identification, identify

__all__ = [
    "MOST_POINTS",
    "Code",
    "Identification",
    "cited_optimum",
    "conjectured_optimum",
    "cross_polytope",
    "examples",
    "families",
    "get",
    "identification",
    "identify",
    "isotropic",
    "names",
    "polygon",
    "simplex",
    "universal_optimum",
]
