"""Isotropic subspaces: (q+1)(q^3+1) points in R^{q(q^3+1)/(q+1)} for every prime power q.

The totally isotropic lines of the Hermitian form x.y = sum x_i y_i^q on GF(q^2)^4 are the vertices of a strongly regular
graph, two of them adjacent where they meet.  Its adjacency matrix A has the eigenvalues q(q^2+1), q-1 and -(q^2+1); the
projector onto the eigenspace of the last is a multiple of q^2 I - q A + (J - I - A), the Gram matrix of the code.
Sources: Cameron, Goethals and Seidel 1978; Cohn and Kumar 2007, Table 1.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from hyperenergy.checks import integer
from hyperenergy.codes.exact import ExactVectors, Integers
from hyperenergy.errors import ArgumentError

# The lines are found among (q^2+1)(q^3+1) points: at q = 5 in 2 s, at q = 7 in a minute.
_LARGEST = 5


def prime_power(q: int) -> tuple[int, int] | None:
    """(p, k) with q = p^k, or None."""
    from sympy import factorint

    factors = factorint(q) if q > 1 else {}
    return next(iter(factors.items())) if len(factors) == 1 else None


def field(q: int) -> tuple[Integers, Integers]:
    """The tables of addition and multiplication of GF(q).

    The digits in base p of an element 0..q-1, q = p^k, are the coefficients of a polynomial over GF(p); products are
    reduced by the first irreducible polynomial of degree k.
    """
    from sympy.polys.domains import ZZ
    from sympy.polys.galoistools import gf_add, gf_irreducible_p, gf_mul, gf_rem, gf_strip

    p, k = prime_power(q) or (0, 0)
    modulus = next(m for c in product(range(p), repeat=k) if gf_irreducible_p(m := [1, *c], p, ZZ))

    def polynomial(n: int) -> list[int]:
        return gf_strip([n // p**i % p for i in reversed(range(k))])

    def number(c: list[int]) -> int:
        return sum(int(x) * p**i for i, x in enumerate(reversed(c)))

    f = [polynomial(n) for n in range(q)]
    add = [[number(gf_add(x, y, p, ZZ)) for y in f] for x in f]
    times = [[number(gf_rem(gf_mul(x, y, p, ZZ), modulus, p, ZZ)) for y in f] for x in f]
    return np.array(add), np.array(times)


def isotropic(q: int) -> ExactVectors:
    """The rows of the Gram matrix times q^2, which is a multiple of a projector: vectors of R^N that span the eigenspace."""
    q = integer("q", q, 2)
    if prime_power(q) is None:
        raise ArgumentError("q", repr(q), "must be a prime power such as 2, 3, 4 or 5")
    if q > _LARGEST:
        raise ArgumentError("q", repr(q), f"must be at most {_LARGEST}: larger ones take minutes")
    meet = _isotropic_lines(q)
    A = (meet.astype(np.int64) @ meet.T.astype(np.int64) == 1).astype(np.int64)
    eye = np.eye(len(A), dtype=np.int64)
    return ExactVectors(q**2 * eye - q * A + (1 - eye - A))


def _isotropic_lines(q: int) -> Integers:
    """The incidence matrix of lines and points of the Hermitian surface.

    The lines through a point x are the classes of its other neighbors (isotropic y with x.y = 0): of two neighbors of one
    another they hold exactly the points that are neighbors of both.
    """
    add, times = field(q * q)
    conjugate = np.arange(q * q)
    for _ in range(q - 1):
        conjugate = times[conjugate, np.arange(q * q)]
    # Points of the projective space: the first coordinate that is not 0 is 1.
    points = np.array([x for x in product(range(q * q), repeat=4) if next((c for c in x if c), 0) == 1])

    def form(x: Integers, y: Integers) -> Integers:
        terms = times[x[:, None, :], conjugate[y][None, :, :]]
        return add[add[terms[..., 0], terms[..., 1]], add[terms[..., 2], terms[..., 3]]]

    own = np.array([form(x[None], x[None])[0, 0] for x in points])
    points = points[own == 0]
    neighbors = np.concatenate([form(x[None], points) == 0 for x in points])
    lines = set()
    for i in range(len(points)):
        for j in np.flatnonzero(neighbors[i]):
            if j > i:
                lines.add(np.packbits(neighbors[i] & neighbors[j]).tobytes())
    rows = [np.unpackbits(np.frombuffer(line, dtype=np.uint8))[: len(points)] for line in sorted(lines)]
    return np.array(rows)
