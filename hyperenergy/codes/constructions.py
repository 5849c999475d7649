"""Exact constructions: regular figures and the root system E8."""

from __future__ import annotations

from itertools import combinations, permutations, product

import numpy as np

from hyperenergy.codes.exact import ExactVectors, Integers
from hyperenergy.codes.sporadic import (
    APPENDIX,
    BANNAI_SLOANE,
    COHN_KUMAR,
    D4,
    D4_CODE,
    LEVENSHTEIN_ODLYZKO_SLOANE,
    SEIDEL,
    sporadic,
)


def signs(n: int) -> Integers:
    """All 2^n vectors of signs."""
    return np.array(list(product((1, -1), repeat=n)), dtype=np.int64)


def even_signs(n: int) -> Integers:
    """Those with an even number of minus signs."""
    x = signs(n)
    return x[x.prod(1) == 1]


def simplex(points: int) -> ExactVectors:
    """N e_i - (1,...,1) in R^N: N points with inner products -1/(N-1)."""
    return ExactVectors(points * np.eye(points, dtype=np.int64) - 1)


def cross_polytope(dim: int) -> ExactVectors:
    """+-e_i."""
    eye = np.eye(dim, dtype=np.int64)
    return ExactVectors(np.concatenate([eye, -eye]))


@sporadic(
    "icosahedron",
    12,
    3,
    "theorem",
    COHN_KUMAR,
    kissing="Schuette and van der Waerden, Das Problem der dreizehn Kugeln, Math. Ann. 125 (1953); others attain it, too",
    uniqueness=APPENDIX,
)
def icosahedron() -> ExactVectors:
    """Cyclic permutations of (0, +-1, +-phi), phi = (1+sqrt5)/2, doubled."""
    a, b = [], []
    for s, t in product((1, -1), repeat=2):
        for shift in range(3):
            a.append(np.roll([0, 2 * s, t], shift))
            b.append(np.roll([0, 0, t], shift))
    return ExactVectors(np.array(a), np.array(b), 5)


@sporadic(
    "24-cell",
    24,
    4,
    "false",
    D4,
    spherical=D4_CODE,
    kissing="Musin, The kissing number in four dimensions, Ann. of Math. 168 (2008)",
    uniqueness=D4_CODE,
)
def cell_24() -> ExactVectors:
    """The roots of D4: (+-1, +-1, 0, 0) and permutations."""
    return ExactVectors(two_signs(4))


def two_signs(dim: int) -> Integers:
    """All vectors with two entries +-1 and else zeros."""
    rows = []
    for i, j in combinations(range(dim), 2):
        for s, t in product((1, -1), repeat=2):
            row = [0] * dim
            row[i], row[j] = s, t
            rows.append(row)
    return np.array(rows, dtype=np.int64)


@sporadic(
    "600-cell",
    120,
    4,
    "theorem",
    f"{COHN_KUMAR} and section 7",
    skip=(11, 12, 13),
    uniqueness="Boyvalenkov and Danev, Uniqueness of the 120-point spherical 11-design in four dimensions, Arch. Math. 77 "
    "(2001)",
)
def cell_600() -> ExactVectors:
    """The binary icosahedral group as unit quaternions, doubled: 24 Hurwitz units, and the even permutations of
    (+-phi, +-1, +-1/phi, 0)/2."""
    a = [s * 4 * e for e in np.eye(4, dtype=np.int64) for s in (1, -1)]
    a += list(2 * signs(4))
    b = [np.zeros(4, dtype=np.int64)] * len(a)
    even = [p for p in permutations(range(4)) if _is_even(p)]
    for r, s, t in product((1, -1), repeat=3):
        # 2 phi = 1 + sqrt5 and 2/phi = -1 + sqrt5.
        rational, irrational = np.array([r, 2 * s, -t, 0]), np.array([r, 0, t, 0])
        a += [rational[list(p)] for p in even]
        b += [irrational[list(p)] for p in even]
    return ExactVectors(np.array(a), np.array(b), 5)


def _is_even(permutation: tuple[int, ...]) -> bool:
    inversions = sum(permutation[i] > permutation[j] for i, j in combinations(range(len(permutation)), 2))
    return inversions % 2 == 0


@sporadic("clebsch", 16, 5, "theorem", COHN_KUMAR, uniqueness=SEIDEL)
def hemicube() -> ExactVectors:
    """The 16 vectors of signs in R^5 with an even number of minus signs: the Clebsch graph."""
    return ExactVectors(even_signs(5))


@sporadic("e8-roots", 240, 8, "theorem", COHN_KUMAR, kissing=LEVENSHTEIN_ODLYZKO_SLOANE, uniqueness=BANNAI_SLOANE)
def e8_roots() -> ExactVectors:
    """The roots of E8, doubled: 2 (+-1, +-1, 0^6) and (+-1)^8 with an even number of minus signs."""
    return ExactVectors(np.concatenate([2 * two_signs(8), even_signs(8)]))


def section(vectors: Integers, centers: list[Integers], products: list[int]) -> ExactVectors:
    """The vectors x with x.c_k = products[k], seen from their foot in the span of the centers: projected onto its
    orthogonal complement.

    With the Gram matrix G of the centers the foot is sum_k w_k c_k, G w = products; det(G) makes it an integer vector.
    """
    import sympy

    C = np.array(centers)
    chosen = vectors[(vectors @ C.T == products).all(1)]
    gram = sympy.Matrix((C @ C.T).tolist())
    determinant = int(gram.det())
    weights = np.array((gram.adjugate() * sympy.Matrix(products)).tolist(), dtype=np.int64).ravel()
    x = determinant * chosen - weights @ C
    return ExactVectors(x // np.gcd.reduce(x, axis=None))


def nearest(vectors: Integers, depth: int) -> ExactVectors:
    """The points nearest to each of ``depth`` mutually nearest minimal vectors of a lattice, of norm n and nearest inner
    product n/2: Cohn and Kumar's derived codes."""
    half = int(vectors[0] @ vectors[0]) // 2
    centers: list[Integers] = []
    left = vectors
    for _ in range(depth):
        centers.append(left[0])
        left = left[left @ centers[-1] == half]
    return section(vectors, centers, [half] * depth)


@sporadic("schlaefli", 27, 6, "theorem", COHN_KUMAR, uniqueness=SEIDEL)
def schlaefli() -> ExactVectors:
    """27 points in R^6, twice derived from the roots of E8: the lines on a cubic surface."""
    return nearest(e8_roots().a, 2)


@sporadic("e7-56", 56, 7, "theorem", COHN_KUMAR, uniqueness=BANNAI_SLOANE)
def e7_56() -> ExactVectors:
    """56 points in R^7, once derived from the roots of E8."""
    return nearest(e8_roots().a, 1)
