"""The Golay code, the minimal vectors of the Leech lattice, and the codes that are sections of them.

Lattice vectors are scaled by sqrt 8, to integers: inner products 8 times those of the lattice, minimal norm 32.  Vectors
of norm 48 are said to be of type 3.  Sources: Conway and Sloane, Sphere Packings, Lattices and Groups, chapters 4, 10
and 11; Cohn and Kumar 2007, section 2 and Table 1.
"""

from __future__ import annotations

import functools
from itertools import product

import numpy as np

from hyperenergy.codes.constructions import even_signs, nearest, section, two_signs
from hyperenergy.codes.exact import ExactVectors, Integers, SignedPermutation
from hyperenergy.codes.sporadic import (
    BANNAI_SLOANE,
    CAMERON_GOETHALS_SEIDEL,
    COHN_KUMAR,
    COHN_KUMAR_891,
    GOETHALS_SEIDEL,
    LEVENSHTEIN_ODLYZKO_SLOANE,
    sporadic,
)


def golay() -> Integers:
    """The 4096 words of the extended binary Golay code, as rows of zeros and ones of length 24."""
    messages = np.array(list(product((0, 1), repeat=12)), dtype=np.int64)
    return messages @ golay_generator() % 2


def golay_generator() -> Integers:
    """Cyclic of length 23 with generator x^11 + x^10 + x^6 + x^5 + x^4 + x^2 + 1, and a parity bit."""
    generator = np.zeros((12, 24), dtype=np.int64)
    for row in range(12):
        for power in (0, 2, 4, 5, 6, 10, 11):
            generator[row, row + power] = 1
    generator[:, 23] = generator.sum(1) % 2
    return generator


@sporadic("leech", 196560, 24, "theorem", COHN_KUMAR, kissing=LEVENSHTEIN_ODLYZKO_SLOANE, uniqueness=BANNAI_SLOANE)
@functools.cache
def leech() -> ExactVectors:
    """The 196560 minimal vectors: (+-2)^8 on the octads with an even number of minus signs; (-+3, +-1^23) with the upper
    signs on a word of the Golay code; (+-4)^2."""
    words = golay()
    octads = words[words.sum(1) == 8]
    even = 2 * even_signs(8)
    first = np.zeros((len(octads), len(even), 24), dtype=np.int64)
    for k, octad in enumerate(octads):
        first[k][:, octad == 1] = even
    second = np.repeat((1 - 2 * words)[:, None, :], 24, axis=1)
    index = np.arange(24)
    second[:, index, index] *= -3
    vectors = np.concatenate([first.reshape(-1, 24), second.reshape(-1, 24), 4 * two_signs(24)])
    vectors.flags.writeable = False
    return ExactVectors(vectors, symmetries=_symmetries())


def _symmetries() -> tuple[SignedPermutation, ...]:
    """Sign changes on the words of the code, and the permutations x+1, 2x and -1/x of the projective line over GF(23),
    which keep the code, as of any extended quadratic-residue code.  (The proof tests that they keep the vectors.)"""
    line = np.arange(24)
    shift, double, invert = (line[:23] + 1) % 23, 2 * line[:23] % 23, [(-pow(int(x), -1, 23)) % 23 for x in line[1:23]]
    permutations = [np.append(shift, 23), np.append(double, 23), np.array([23, *invert, 0])]
    unsigned, unmoved = np.ones(24, dtype=np.int64), line
    return (*((p, unsigned) for p in permutations), *((unmoved, 1 - 2 * word) for word in golay_generator()))


@sporadic("leech-4600", 4600, 23, "theorem", COHN_KUMAR, uniqueness=f"{BANNAI_SLOANE}, corrected in {COHN_KUMAR_891}")
def kissing_4600() -> ExactVectors:
    """The neighbors of one minimal vector: 4600 in R^23."""
    return nearest(leech().a, 1)


@sporadic("leech-891", 891, 22, "theorem", COHN_KUMAR, uniqueness=COHN_KUMAR_891)
def kissing_891() -> ExactVectors:
    """The common neighbors of two neighboring minimal vectors: 891 in R^22."""
    return nearest(leech().a, 2)


def _type_3() -> Integers:
    """A vector of type 3, as the sum of two minimal vectors of inner product -8."""
    x = leech().a
    return x[0] + x[np.argmax(x @ x[0] == -8)]


@sporadic("equiangular-552", 552, 23, "theorem", COHN_KUMAR, uniqueness=GOETHALS_SEIDEL)
def equiangular_552() -> ExactVectors:
    """The minimal vectors that are half of a pair with the sum v of type 3, seen from v/2: 276 equiangular lines in R^23."""
    return section(leech().a, [_type_3()], [24])


def _mclaughlin_centers(*products: int) -> list[Integers]:
    """v of type 3, and minimal vectors c with c.v = 24 and with the given inner products with the one before."""
    x, centers = leech().a, [_type_3()]
    left = x[x @ centers[0] == 24]
    for inner in products:
        centers.append(left[0])
        left = left[left @ left[0] == inner]
    return centers


@sporadic("mclaughlin", 275, 22, "theorem", COHN_KUMAR, uniqueness=GOETHALS_SEIDEL)
def mclaughlin_275() -> ExactVectors:
    """Nearest to one of the 552: 275 points in R^22, the graph of the McLaughlin group."""
    return section(leech().a, _mclaughlin_centers(16), [24, 16])


@sporadic("mclaughlin-162", 162, 21, "theorem", COHN_KUMAR, uniqueness=CAMERON_GOETHALS_SEIDEL)
def mclaughlin_162() -> ExactVectors:
    """Nearest to one of the 275: 162 points in R^21."""
    return section(leech().a, _mclaughlin_centers(16, 16), [24, 16, 16])


@sporadic("mclaughlin-112", 112, 21, "theorem", COHN_KUMAR, uniqueness=CAMERON_GOETHALS_SEIDEL)
def mclaughlin_112() -> ExactVectors:
    """Farthest from one of the 275: 112 points in R^21, congruent to the isotropic subspaces over GF(9)."""
    return section(leech().a, _mclaughlin_centers(16, 16), [24, 16, 8])


@sporadic(
    "higman-sims",
    100,
    22,
    "theorem",
    COHN_KUMAR,
    uniqueness="Gewirtz, Graphs with maximal even girth, Canad. J. Math. 21 (1969)",
)
def higman_sims_100() -> ExactVectors:
    """The minimal vectors with inner product 24 with two vectors of type 3 whose difference is minimal: 100 in R^22, the
    graph of the Higman-Sims group."""
    x, u = leech().a, _type_3()
    v = u - x[np.argmax(x @ u == 16)]
    return section(x, [u, v], [24, 24])
