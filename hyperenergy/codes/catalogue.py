"""The named configurations: coordinates, exact inner products, design strength, what is known about them."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from hyperenergy.codes import constructions
from hyperenergy.codes.design import design_strength
from hyperenergy.codes.exact import ExactVectors, in_own_span
from hyperenergy.errors import ArgumentError, integer, unknown_name

if TYPE_CHECKING:
    import sympy

COHN_KUMAR = (
    "Cohn and Kumar, Universally optimal distribution of points on spheres, J. Amer. Math. Soc. 20 (2007), Table 1"
)
# The 24-cell is the known case of a beautiful code that is not universally optimal.
_D4 = "Cohn, Conway, Elkies and Kumar, The D4 root system is not universally optimal, Experiment. Math. 16 (2007)"

# The families are built with their whole Gram matrices; beyond this they would not fit.
_MOST_POINTS = 2000

Optimality = Literal["theorem", "conjecture", "false"]


@dataclass(frozen=True, eq=False)
class Code:
    """A configuration of ``size`` unit vectors in R^dim.

    coordinates: (size, dim), read-only; points: a fresh tensor of them.  inner_products: exact value -> how many other
    points each point sees at it.  design_strength: the largest t such that it is a spherical t-design (infinite on
    S^0).  optimality: whether it is universally optimal (minimizes every completely monotone kernel's energy).
    """

    name: str
    dim: int
    coordinates: NDArray[np.float64]
    inner_products: dict[sympy.Expr, int]
    design_strength: float
    optimality: Optimality
    citation: str

    @property
    def points(self) -> Float[Tensor, "size dim"]:
        return torch.from_numpy(self.coordinates.copy())

    @property
    def size(self) -> int:
        return self.coordinates.shape[0]

    @property
    def sharp(self) -> bool:
        """m inner products and a spherical (2m-1)-design: universally optimal by Cohn and Kumar's theorem."""
        return self.design_strength >= 2 * len(self.inner_products) - 1

    @property
    def universally_optimal(self) -> bool:
        return self.optimality == "theorem"


def _code(name: str, vectors: ExactVectors, dim: int, citation: str, optimality: Optimality = "theorem") -> Code:
    distribution = vectors.distribution()
    points = in_own_span(vectors.floats(), dim) if vectors.a.shape[1] != dim else vectors.floats()
    return Code(name, dim, _read_only(points), distribution, design_strength(distribution, dim), optimality, citation)


def _read_only(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Codes are cached and shared, so nobody may write into them."""
    x.flags.writeable = False
    return x


@functools.cache
def simplex(points: int, dim: int | None = None) -> Code:
    """``points`` points with inner products -1/(points-1) in R^dim, dim >= points-1 (the default)."""
    points = integer("points", points, 2, _MOST_POINTS)
    dim = points - 1 if dim is None else integer("dim", dim, 1)
    if dim < points - 1:
        raise ArgumentError("dim", repr(dim), f"a simplex of {points} points needs dim >= {points - 1}")
    return _code(f"simplex-{points}", constructions.simplex(points), dim, COHN_KUMAR)


@functools.cache
def cross_polytope(dim: int) -> Code:
    """The 2 dim points +-e_i."""
    dim = integer("dim", dim, 1, _MOST_POINTS)
    return _code(f"cross-polytope-{dim}", constructions.cross_polytope(dim), dim, COHN_KUMAR)


@functools.cache
def polygon(points: int) -> Code:
    """The regular polygon in R^2, inner products cos(2 pi j / N).

    The Gegenbauer sums on the circle are sums of cos(2 pi j k / N) over j, zero unless N divides k: a (N-1)-design.
    """
    import sympy

    points = integer("points", points, 2, _MOST_POINTS)
    angles = 2 * math.pi * np.arange(points) / points
    distribution = {
        sympy.cos(2 * sympy.pi * j / points): 1 if 2 * j == points else 2 for j in range(points // 2, 0, -1)
    }
    coordinates = np.stack([np.cos(angles), np.sin(angles)], 1)
    return Code(f"polygon-{points}", 2, _read_only(coordinates), distribution, points - 1, "theorem", COHN_KUMAR)


_FIXED: dict[str, Callable[[], Code]] = {
    "icosahedron": lambda: _code("icosahedron", constructions.icosahedron(), 3, COHN_KUMAR),
    "24-cell": lambda: _code("24-cell", constructions.cell_24(), 4, _D4, "false"),
    "600-cell": lambda: _code("600-cell", constructions.cell_600(), 4, COHN_KUMAR),
    "clebsch": lambda: _code("clebsch", constructions.hemicube(), 5, COHN_KUMAR),
    "schlaefli": lambda: _code("schlaefli", constructions.schlaefli(), 6, COHN_KUMAR),
    "e7-56": lambda: _code("e7-56", constructions.e7_56(), 7, COHN_KUMAR),
    "e8-roots": lambda: _code("e8-roots", constructions.e8_roots(), 8, COHN_KUMAR),
}
_FAMILIES: dict[str, Callable[[int], Code]] = {
    "simplex": simplex,
    "cross-polytope": cross_polytope,
    "polygon": polygon,
}
# (dim, size) of the sporadic universal optima, so that a look-up builds only the code it needs.
_SPORADIC = {
    (3, 12): "icosahedron",
    (4, 120): "600-cell",
    (5, 16): "clebsch",
    (6, 27): "schlaefli",
    (7, 56): "e7-56",
    (8, 240): "e8-roots",
}


def names() -> list[str]:
    """The names that ``get`` knows; the families take a number: "simplex-N", "cross-polytope-D", "polygon-N"."""
    return [*(f"{family}-N" for family in _FAMILIES), *_FIXED]


@functools.cache
def get(name: str) -> Code:
    """The code of that name, e.g. "icosahedron" or "simplex-5".  ArgumentError, with near matches, for others."""
    name = str(name)
    if name in _FIXED:
        return _FIXED[name]()
    family, _, number = name.rpartition("-")
    if family in _FAMILIES and number.isdecimal():
        return _FAMILIES[family](int(number))
    raise unknown_name("code", name, names())


def universal_optimum(points: int, dim: int) -> Code | None:
    """The proved universal optimum of that many points in R^dim, or None where none is known."""
    if points <= dim + 1:
        return simplex(points, dim)
    if dim == 2:
        return polygon(points)
    if points == 2 * dim:
        return cross_polytope(dim)
    name = _SPORADIC.get((dim, points))
    return get(name) if name else None
