"""Exact constructions of the predicted configurations."""

from __future__ import annotations

from itertools import combinations, permutations, product

import numpy as np

from hyperenergy.codes.exact import ExactVectors, Integers


def _signs(n: int) -> Integers:
    """All 2^n vectors of signs."""
    return np.array(list(product((1, -1), repeat=n)), dtype=np.int64)


def simplex(points: int) -> ExactVectors:
    """N e_i - (1,...,1) in R^N: N points with inner products -1/(N-1)."""
    return ExactVectors(points * np.eye(points, dtype=np.int64) - 1)


def cross_polytope(dim: int) -> ExactVectors:
    """+-e_i."""
    eye = np.eye(dim, dtype=np.int64)
    return ExactVectors(np.concatenate([eye, -eye]))


def icosahedron() -> ExactVectors:
    """Cyclic permutations of (0, +-1, +-phi), phi = (1+sqrt5)/2, doubled."""
    a, b = [], []
    for s, t in product((1, -1), repeat=2):
        for shift in range(3):
            a.append(np.roll([0, 2 * s, t], shift))
            b.append(np.roll([0, 0, t], shift))
    return ExactVectors(np.array(a), np.array(b), 5)


def cell_24() -> ExactVectors:
    """The roots of D4: (+-1, +-1, 0, 0) and permutations."""
    return ExactVectors(_two_signs(4))


def _two_signs(dim: int) -> Integers:
    """All vectors with two entries +-1 and else zeros."""
    rows = []
    for i, j in combinations(range(dim), 2):
        for s, t in product((1, -1), repeat=2):
            row = [0] * dim
            row[i], row[j] = s, t
            rows.append(row)
    return np.array(rows, dtype=np.int64)


def cell_600() -> ExactVectors:
    """The binary icosahedral group as unit quaternions, doubled: 24 Hurwitz units, and the even permutations of
    (+-phi, +-1, +-1/phi, 0)/2."""
    a = [s * 4 * e for e in np.eye(4, dtype=np.int64) for s in (1, -1)]
    a += list(2 * _signs(4))
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


def hemicube() -> ExactVectors:
    """The 16 vectors of signs in R^5 with an even number of minus signs: the Clebsch graph."""
    signs = _signs(5)
    return ExactVectors(signs[signs.prod(1) == 1])


def e8_roots() -> ExactVectors:
    """The roots of E8, doubled: 2 (+-1, +-1, 0^6) and (+-1)^8 with an even number of minus signs."""
    signs = _signs(8)
    return ExactVectors(np.concatenate([2 * _two_signs(8), signs[signs.prod(1) == 1]]))


def derived(code: ExactVectors, depth: int) -> ExactVectors:
    """The points nearest to each of ``depth`` mutually nearest points of a root system, seen from their centroid.

    Of norm n with nearest inner product n/2, the chosen r_1..r_k have Gram matrix n/2 (I + J); the projection of x
    with x.r_i = n/2 onto their orthogonal complement is x - (r_1+...+r_k)/(k+1).
    """
    x = code.a
    half = int(x[0] @ x[0]) // 2
    centers: list[Integers] = []
    for _ in range(depth):
        centers.append(x[0])
        x = x[x @ centers[-1] == half]
    return ExactVectors((depth + 1) * x - sum(centers))


def schlaefli() -> ExactVectors:
    """27 points in R^6, twice derived from the roots of E8: the lines on a cubic surface."""
    return derived(e8_roots(), 2)


def e7_56() -> ExactVectors:
    """56 points in R^7, once derived from the roots of E8."""
    return derived(e8_roots(), 1)


def golay() -> Integers:
    """The 4096 words of the extended binary Golay code, as rows of zeros and ones of length 24.

    Cyclic of length 23 with generator x^11 + x^10 + x^6 + x^5 + x^4 + x^2 + 1, and a parity bit.
    """
    generator = np.zeros((12, 24), dtype=np.int64)
    for row in range(12):
        for power in (0, 2, 4, 5, 6, 10, 11):
            generator[row, row + power] = 1
    generator[:, 23] = generator.sum(1) % 2
    messages = np.array(list(product((0, 1), repeat=12)), dtype=np.int64)
    return messages @ generator % 2


def leech() -> ExactVectors:
    """The 196560 minimal vectors of the Leech lattice, times sqrt 8: norm 32.

    (+-2)^8 on the octads with an even number of minus signs; (-+3, +-1^23) with the upper signs on a word of the Golay
    code; (+-4)^2.  Source: Conway and Sloane, Sphere Packings, Lattices and Groups, chapter 4, section 11.
    """
    words = golay()
    octads = words[words.sum(1) == 8]
    signs = _signs(8)
    even = 2 * signs[signs.prod(1) == 1]
    first = np.zeros((len(octads), len(even), 24), dtype=np.int64)
    for k, octad in enumerate(octads):
        first[k][:, octad == 1] = even
    ones = 1 - 2 * words
    second = np.repeat(ones[:, None, :], 24, axis=1)
    index = np.arange(24)
    second[:, index, index] *= -3
    return ExactVectors(np.concatenate([first.reshape(-1, 24), second.reshape(-1, 24), 4 * _two_signs(24)]))
