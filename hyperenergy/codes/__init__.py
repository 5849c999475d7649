"""Predicted configurations: exact constructions and the catalogue.

>>> from hyperenergy import codes
>>> codes.get("icosahedron").design_strength
5
"""

from hyperenergy.codes.catalogue import Code, cross_polytope, get, names, polygon, simplex, universal_optimum

__all__ = ["Code", "cross_polytope", "get", "names", "polygon", "simplex", "universal_optimum"]
