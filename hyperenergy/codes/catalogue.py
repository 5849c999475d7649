"""The named configurations: coordinates, exact inner products, design strength, what is known about them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from hyperenergy.arithmetic.quadratic import Quadratic
from hyperenergy.arithmetic.steps import Step
from hyperenergy.checks import integer
from hyperenergy.codes import conjectured, constructions, graphs, kerdock, leech, universal
from hyperenergy.codes.design import design_strength
from hyperenergy.codes.exact import ExactVectors
from hyperenergy.codes.isotropic import isotropic as isotropic_vectors
from hyperenergy.codes.sporadic import APPENDIX, COHN_KUMAR, SPORADIC, Optimality
from hyperenergy.errors import ArgumentError, unknown_name

if TYPE_CHECKING:
    import sympy

# The families are built with their whole Gram matrices; beyond this they would not fit.
MOST_POINTS = 2000


@dataclass(frozen=True, eq=False)
class Code:
    """A configuration of ``size`` unit vectors in R^dim.

    coordinates: (size, dim), read-only; points: a fresh tensor of them.  vectors: the same, exactly; None for polygons.
    distribution: inner product -> how many other points each point sees at it, in Q(sqrt D); empty for polygons.
    optimality: whether it is universally optimal (minimizes every completely monotone kernel's energy), as the literature
    has it: "theorem" where ``prove`` proves it, "cited" where this package does not, "conjecture", "false", or "open".
    refutation: what shows it false, where that is not the citation.
    spherical: who shows that it is an optimal spherical code (no other has a larger least angle), where that does not
    follow from universal optimality.  kissing: who shows that no more points keep angles of 60 degrees.  uniqueness: who
    shows that no other configuration has these inner products, as often, up to isometry.  Each is None where nothing is
    known.  skip: degrees that the proof avoids.
    """

    name: str
    dim: int
    coordinates: NDArray[np.float64]
    vectors: ExactVectors | None
    distribution: dict[Quadratic, int]
    optimality: Optimality
    citation: str
    spherical: str | None = None
    kissing: str | None = None
    uniqueness: str | None = None
    refutation: str | None = None
    skip: tuple[int, ...] = ()

    @property
    def points(self) -> Float[Tensor, "size dim"]:
        return torch.from_numpy(self.coordinates.copy())

    @property
    def size(self) -> int:
        return self.coordinates.shape[0]

    @functools.cached_property
    def inner_products(self) -> dict[sympy.Expr, int]:
        """Exact value -> how many other points each point sees at it, in ascending order."""
        if self.vectors is not None:
            return {x.symbol(): count for x, count in self.distribution.items()}
        import sympy

        N = self.size
        return {sympy.cos(2 * sympy.pi * j / N): 1 if 2 * j == N else 2 for j in range(N // 2, 0, -1)}

    @functools.cached_property
    def design_strength(self) -> float:
        """The largest t such that it is a spherical t-design; infinite on S^0.

        The Gegenbauer sums of the polygon are sums of cos(2 pi j k / N) over j, zero unless N divides k.
        """
        return self.size - 1 if self.vectors is None else design_strength(self.distribution, self.dim)

    @property
    def sharp(self) -> bool:
        """m inner products and a spherical (2m-1)-design: universally optimal by Cohn and Kumar's theorem."""
        return self.design_strength >= 2 * len(self.inner_products) - 1

    @property
    def universally_optimal(self) -> bool:
        """By a theorem, proved here or cited."""
        return self.optimality in ("theorem", "cited")

    @property
    def proved_here(self) -> bool:
        """Whether ``prove`` is to prove universal optimality."""
        return self.optimality == "theorem"

    @property
    def unique(self) -> bool:
        return self.uniqueness is not None

    @property
    def known(self) -> dict[str, str]:
        """What is known of it, with citations."""
        how = {
            "theorem": f"yes, proved here: {self.citation}",
            "cited": f"yes, cited: {self.citation}",
            "conjecture": f"conjectured: {self.citation}",
            "false": f"no: {self.refutation or self.citation}",
            "open": "not known",
        }
        implied = "yes, as it is universally optimal" if self.universally_optimal else "not known"
        return {
            "universally optimal": how[self.optimality],
            "optimal spherical code": f"yes: {self.spherical}" if self.spherical else implied,
            **({"kissing configuration": f"yes: {self.kissing}"} if self.kissing else {}),
            "unique": f"yes: {self.uniqueness}" if self.uniqueness else "not known",
        }

    def prove(self, *, full: bool = False) -> tuple[Step, ...]:
        """The steps of the proof of universal optimality, decided by exact arithmetic; all hold for a proved code.

        ``full`` looks at every point also where symmetries make that needless: minutes for the Leech vectors.
        """
        if self.vectors is None:
            return universal.prove_polygon(self.coordinates, range(self.size), self.size)
        rank = min(self.dim, len(self.vectors) - 1)  # a simplex may sit in a larger space
        return universal.prove(
            self.vectors, self.dim, rank=rank, skip=self.skip, coordinates=self.coordinates, full=full
        )


def _code(
    name: str, vectors: ExactVectors, dim: int, citation: str, optimality: Optimality = "theorem", **more: Any
) -> Code:
    points = universal.float_coordinates(vectors, dim)
    # Of large codes one point of each orbit; the proof tests the symmetries, and on demand all points.
    distribution = vectors.distribution(vectors.orbits())
    return Code(name, dim, _read_only(points), vectors, distribution, optimality, citation, **more)


def _read_only(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Codes are cached and shared, so nobody may write into them."""
    x.flags.writeable = False
    return x


_BY_GRAM = "the inner products determine the Gram matrix, up to the order of the points"


@functools.cache
def simplex(points: int, dim: int | None = None) -> Code:
    """``points`` points with inner products -1/(points-1) in R^dim, dim >= points-1 (the default)."""
    points = integer("points", points, 2, MOST_POINTS)
    dim = points - 1 if dim is None else integer("dim", dim, 1)
    if dim < points - 1:
        raise ArgumentError("dim", repr(dim), f"a simplex of {points} points needs dim >= {points - 1}")
    return _code(f"simplex-{points}", constructions.simplex(points), dim, COHN_KUMAR, uniqueness=_BY_GRAM)


@functools.cache
def cross_polytope(dim: int) -> Code:
    """The 2 dim points +-e_i."""
    dim = integer("dim", dim, 1, MOST_POINTS)
    return _code(f"cross-polytope-{dim}", constructions.cross_polytope(dim), dim, COHN_KUMAR, uniqueness=_BY_GRAM)


@functools.cache
def polygon(points: int) -> Code:
    """The regular polygon in R^2, inner products cos(2 pi j / N)."""
    points = integer("points", points, 2, MOST_POINTS)
    coordinates = universal.polygon_coordinates(points)
    return Code(f"polygon-{points}", 2, _read_only(coordinates), None, {}, "theorem", COHN_KUMAR, uniqueness=_BY_GRAM)


@functools.cache
def isotropic(q: int) -> Code:
    """(q+1)(q^3+1) points in R^{q(q^3+1)/(q+1)}, q a prime power.

    Unique for q = 2 and 3; there are as many such codes as generalized quadrangles with parameters (q, q^2).
    """
    vectors = isotropic_vectors(q)
    known = APPENDIX if q <= 3 else None
    return _code(f"isotropic-{q}", vectors, q * (q**3 + 1) // (q + 1), COHN_KUMAR, uniqueness=known)


# name -> (points, dimension, vectors, optimality, citation, degrees that the proof skips).
# What these modules define is registered by now.
_DEFINING = (constructions, conjectured, graphs, kerdock, leech)
_FIXED = dict(sorted(SPORADIC.items(), key=lambda item: (item[1].dim, item[1].points)))
_FAMILIES: dict[str, Callable[[int], Code]] = {
    "simplex": simplex,
    "cross-polytope": cross_polytope,
    "polygon": polygon,
    "isotropic": isotropic,
}
# A member of each, as an example of its names.
_MEMBERS = ("simplex-5", "cross-polytope-4", "polygon-7", "isotropic-3")
# Members that stand for a family in lists.
_EXAMPLES = ("simplex-5", "cross-polytope-4", "polygon-7", "isotropic-2", "isotropic-3", "isotropic-4")


def names() -> list[str]:
    """The single codes; ``get`` knows each, and the members of ``families``."""
    return list(_FIXED)


def size_of(name: str) -> tuple[int, int]:
    """Points and dimension of a single code, which is not built for that."""
    return _FIXED[name].points, _FIXED[name].dim


def families() -> list[str]:
    """ "simplex-N", "cross-polytope-N", "polygon-N" and "isotropic-N": ``get`` takes a number for N, as in "simplex-5"; for
    isotropic-N a prime power."""
    return [f"{family}-N" for family in _FAMILIES]


def examples() -> list[Code]:
    """All sporadic codes, and some members of each family."""
    return sorted((get(name) for name in (*_EXAMPLES, *_FIXED)), key=lambda code: (code.dim, code.size))


# Python refuses to read numbers of thousands of digits.
_MOST_DIGITS = 30


@functools.cache
def get(name: str) -> Code:
    """The code of that name, e.g. "icosahedron" or "simplex-5".  ArgumentError, with near matches, for others."""
    name = str(name)
    if name in _FIXED:
        one = _FIXED[name]
        return _code(name, one.vectors(), one.dim, one.citation, one.optimality, skip=one.skip, **one.facts)
    family, _, number = name.rpartition("-")
    if family in _FAMILIES and number.isdecimal() and len(number) <= _MOST_DIGITS:
        return _FAMILIES[family](int(number))
    for known, example in zip(_FAMILIES, _MEMBERS, strict=True):
        if name.lower() in (known, f"{known}-", f"{known}-n"):
            raise ArgumentError("code", repr(name), f"is a family; put a number for N, as in {example}")
    raise unknown_name("code", name, [*names(), *families()])


def _sporadic(points: int, dim: int, optimality: Optimality) -> Code | None:
    for name, one in _FIXED.items():
        if (one.points, one.dim, one.optimality) == (points, dim, optimality):
            return get(name)
    return None


def universal_optimum(points: int, dim: int) -> Code | None:
    """The universal optimum of that many points in R^dim which ``prove`` proves, or None where none is known (or, for a
    member of a family, it has more than MOST_POINTS points)."""
    if points > MOST_POINTS:
        return _sporadic(points, dim, "theorem")
    if points <= dim + 1:
        return simplex(points, dim)
    if dim == 2:
        return polygon(points)
    if points == 2 * dim:
        return cross_polytope(dim)
    q = next((q for q in (4, 5) if (points, dim) == ((q + 1) * (q**3 + 1), q * (q**3 + 1) // (q + 1))), None)
    return isotropic(q) if q else _sporadic(points, dim, "theorem")


def cited_optimum(points: int, dim: int) -> Code | None:
    """The universal optimum whose proof is cited, and not carried out here; or None."""
    return _sporadic(points, dim, "cited")


def conjectured_optimum(points: int, dim: int) -> Code | None:
    """The configuration that is conjectured, and not proved, to be universally optimal; or None."""
    return _sporadic(points, dim, "conjecture")
