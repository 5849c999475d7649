"""Kerdock's codes on the sphere: mutually unbiased bases of R^n and their negatives, n = 2^{m+1}, m odd.

Over Z/4 the Kerdock code of length 2^m has the words e + T(a x), a in the Galois ring GR(4, m), e in Z/4, x = 0 and the
powers of a root xi of order 2^m - 1: all combinations of a row of ones and of the coordinates of the x.  Gray's map
0, 1, 2, 3 -> 00, 01, 11, 10 makes of it a binary code of length n with distances n/2, n/2 +- sqrt(n)/2 and n.  As vectors
of signs the words are n/2 orthogonal bases with their negatives, of inner products 0 or +-1/sqrt(n) between one another,
and so they are with the coordinate axes.

Source: Hammons, Kumar, Calderbank, Sloane and Sole, The Z4-linearity of Kerdock, Preparata, Goethals, and related codes,
IEEE Trans. Inform. Theory 40 (1994).
"""

from __future__ import annotations

import math
from itertools import product

import numpy as np

from hyperenergy.codes.exact import ExactVectors, Integers
from hyperenergy.codes.sporadic import COHN_DE_LAAT_LEIJENHORST, sporadic

# Primitive polynomials over GF(2), lowest coefficient first.
_PRIMITIVE = {1: (1, 1), 3: (1, 1, 0, 1), 5: (1, 0, 1, 0, 0, 1)}


def lifted(polynomial: tuple[int, ...]) -> list[int]:
    """Graeffe: the monic polynomial over Z/4 whose roots are the squares of those of h = even - odd, which are of the same
    order; +-h(x) h(-x) in x^2."""
    m = len(polynomial) - 1
    signed = [c * (-1) ** k for k, c in enumerate(polynomial)]
    product_ = np.convolve(polynomial, signed)[::2]
    return [int(c * (-1) ** m % 4) for c in product_]


def powers(m: int) -> Integers:
    """The coordinates, over Z/4, of 1, xi, ..., xi^{2^m - 2} in the basis 1, ..., xi^{m-1}, one row each."""
    h = lifted(_PRIMITIVE[m])
    row, rows = [1] + [0] * (m - 1), []
    for _ in range(2**m - 1):
        rows.append(row)
        top = row[-1]
        row = [(x - top * c) % 4 for x, c in zip([0, *row[:-1]], h[:-1], strict=True)]
    return np.array(rows, dtype=np.int64)


def kerdock_words(m: int) -> Integers:
    """The 4^{m+1} words of length 2^{m+1} as vectors of signs."""
    places = np.concatenate([np.zeros((1, m), dtype=np.int64), powers(m)])
    generator = np.concatenate([np.ones((1, 2**m), dtype=np.int64), places.T])
    messages = np.array(list(product(range(4), repeat=m + 1)), dtype=np.int64)
    gray = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]], dtype=np.int64)
    return gray[messages @ generator % 4].reshape(len(messages), -1)


def bases(m: int) -> ExactVectors:
    """The words and +-sqrt(n) e_i."""
    n = 2 ** (m + 1)
    axes = math.isqrt(n) * np.eye(n, dtype=np.int64)
    return ExactVectors(np.concatenate([kerdock_words(m), axes, -axes]))


@sporadic("kerdock-288", 288, 16, "cited", COHN_DE_LAAT_LEIJENHORST, spherical=COHN_DE_LAAT_LEIJENHORST)
def kerdock_288() -> ExactVectors:
    """288 points in R^16: nine mutually unbiased bases and their negatives, the Nordstrom-Robinson code and the axes."""
    return bases(3)


@sporadic("kerdock-4224", 4224, 64, "open", COHN_DE_LAAT_LEIJENHORST, spherical=COHN_DE_LAAT_LEIJENHORST)
def kerdock_4224() -> ExactVectors:
    """4224 points in R^64: 33 mutually unbiased bases and their negatives."""
    return bases(5)
