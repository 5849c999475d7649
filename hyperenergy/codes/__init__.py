"""Predicted configurations: exact constructions and the catalogue.

>>> from hyperenergy import codes
>>> codes.get("icosahedron").design_strength
5
"""

from hyperenergy.codes.catalogue import (
    MOST_POINTS,
    Code,
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

__all__ = [
    "MOST_POINTS",
    "Code",
    "conjectured_optimum",
    "cross_polytope",
    "examples",
    "families",
    "get",
    "isotropic",
    "names",
    "polygon",
    "simplex",
    "universal_optimum",
]
