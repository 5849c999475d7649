"""Strongly regular graphs without triangles, on the sphere: optimal spherical codes that are not universally optimal.

Of a graph with v vertices, k neighbors each, and the eigenvalue s < 0 of its adjacency matrix A, the projector onto the
eigenspace of s is a multiple of I + (s/k) A - ((1+s)/(v-1-k)) (J - I - A): the Gram matrix of v unit vectors, as its
diagonal is constant.

They are 2-designs and no 3-designs, but there are spherical 3-designs of as many points: these have less energy under
(1 + x.y)^3, whose Gegenbauer coefficients up to the third are positive.  Of an even number of points, N/2 unit vectors that
form a tight frame and their negatives are one; of 77 points the search finds one.

Sources: Delsarte, Goethals and Seidel 1977; Brouwer and van Maldeghem, Strongly Regular Graphs,
Cambridge 2022, chapter 10; of optimality and uniqueness, see each code.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from hyperenergy.codes.exact import ExactVectors, Integers
from hyperenergy.codes.leech import golay
from hyperenergy.codes.sporadic import COHN_DE_LAAT_LEIJENHORST, PETERSEN, sporadic


def spectral(adjacency: Integers, s: int) -> ExactVectors:
    """The rows of the Gram matrix above, in integers: vectors of R^v that span the eigenspace of s."""
    A = adjacency.astype(np.int64)
    v, k = len(A), int(A[0].sum())
    eye = np.eye(v, dtype=np.int64)
    rows = k * (v - 1 - k) * eye + s * (v - 1 - k) * A - (1 + s) * k * (1 - eye - A)
    return ExactVectors(rows // np.gcd.reduce(rows, axis=None))


def disjoint(sets: list[frozenset[int]]) -> Integers:
    """The graph of sets, two of them adjacent where they do not meet."""
    return np.array([[not x & y for y in sets] for x in sets], dtype=np.int64)


def pentagons() -> Integers:
    """Hoffman and Singleton's graph as Robertson has it: five pentagons P_h and five pentagrams Q_i, vertex j of P_h being
    a neighbor of vertex h i + j of Q_i.  Rows are (P, h, j), then (Q, i, j)."""
    A = np.zeros((2, 5, 5, 2, 5, 5), dtype=np.int64)
    for h in range(5):
        for j in range(5):
            for step in (1, 4):
                A[0, h, j, 0, h, (j + step) % 5] = 1
                A[1, h, j, 1, h, (j + 2 * step) % 5] = 1
            for i in range(5):
                A[0, h, j, 1, i, (h * i + j) % 5] = A[1, i, (h * i + j) % 5, 0, h, j] = 1
    return A.reshape(50, 50)


def hexads() -> list[frozenset[int]]:
    """The 77 blocks of the Steiner system S(3,6,22): the octads of the Golay code through two places, without these."""
    words = golay()
    through = words[(words.sum(1) == 8) & (words[:, 22:] == 1).all(1)]
    return [frozenset(np.flatnonzero(word[:22]).tolist()) for word in through]


_BY_FRAMES = (
    "a tight frame of half as many unit vectors and their negatives, a 3-design, has less energy under (1+x.y)^3"
)
_BY_SEARCH = "a search finds less energy under (1+x.y)^3 and under Gaussians: 3080.00 against 3087.35, a 3-design"


@sporadic(
    "petersen",
    10,
    4,
    "false",
    PETERSEN,
    spherical=PETERSEN,
    uniqueness=PETERSEN,
    refutation=_BY_FRAMES,
)
def petersen() -> ExactVectors:
    """10 points in R^4: the pairs of five, adjacent where they do not meet; the midpoints of the edges of a simplex."""
    return spectral(disjoint([frozenset(pair) for pair in combinations(range(5), 2)]), -2)


@sporadic(
    "gewirtz",
    56,
    20,
    "false",
    COHN_DE_LAAT_LEIJENHORST,
    spherical=COHN_DE_LAAT_LEIJENHORST,
    uniqueness="Gewirtz, The uniqueness of g(2,2,10,56), Trans. New York Acad. Sci. 31 (1969)",
    refutation=_BY_FRAMES,
)
def gewirtz() -> ExactVectors:
    """56 points in R^20: the hexads that avoid a point, adjacent where they do not meet."""
    return spectral(disjoint([x for x in hexads() if 0 not in x]), -4)


@sporadic(
    "hoffman-singleton",
    50,
    21,
    "false",
    COHN_DE_LAAT_LEIJENHORST,
    spherical=COHN_DE_LAAT_LEIJENHORST,
    uniqueness="Hoffman and Singleton, On Moore graphs with diameters 2 and 3, IBM J. Res. Develop. 4 (1960)",
    refutation=_BY_FRAMES,
)
def hoffman_singleton() -> ExactVectors:
    """50 points in R^21: pentagons and pentagrams."""
    return spectral(pentagons(), -3)


@sporadic(
    "m22",
    77,
    21,
    "false",
    COHN_DE_LAAT_LEIJENHORST,
    spherical=COHN_DE_LAAT_LEIJENHORST,
    uniqueness="Brouwer, The uniqueness of the strongly regular graph on 77 points, J. Graph Theory 7 (1983)",
    refutation=_BY_SEARCH,
)
def m22() -> ExactVectors:
    """77 points in R^21: the hexads, adjacent where they do not meet; the graph of the Mathieu group M22."""
    return spectral(disjoint(hexads()), -6)
