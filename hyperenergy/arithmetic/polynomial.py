"""Polynomials in one variable over Q(sqrt D), and their expansion in Gegenbauer polynomials: exact, of small degree."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, zip_longest

from hyperenergy.arithmetic.gegenbauer import gegenbauer
from hyperenergy.arithmetic.quadratic import Quadratic, Rational

_ZERO, _ONE = Quadratic(Fraction(0)), Quadratic(Fraction(1))


@dataclass(frozen=True)
class Polynomial:
    """sum_k coefficients[k] t^k; the last coefficient is not zero."""

    coefficients: tuple[Quadratic, ...]

    @staticmethod
    def of(coefficients: Iterable[Quadratic | Rational]) -> Polynomial:
        terms = [c if isinstance(c, Quadratic) else Quadratic(Fraction(c)) for c in coefficients]
        while terms and terms[-1].sign == 0:
            terms.pop()
        return Polynomial(tuple(terms))

    @property
    def degree(self) -> int:
        """-1 for zero."""
        return len(self.coefficients) - 1

    def __add__(self, other: Polynomial | Rational) -> Polynomial:
        other = other if isinstance(other, Polynomial) else Polynomial.of([other])
        return Polynomial.of(x + y for x, y in zip_longest(self.coefficients, other.coefficients, fillvalue=_ZERO))

    def __sub__(self, other: Polynomial) -> Polynomial:
        return self + other * -1

    def __mul__(self, other: Polynomial | Quadratic | Rational) -> Polynomial:
        if not isinstance(other, Polynomial):
            return Polynomial.of(c * other for c in self.coefficients)
        terms = [_ZERO] * (len(self.coefficients) + len(other.coefficients))
        for i, x in enumerate(self.coefficients):
            for j, y in enumerate(other.coefficients):
                terms[i + j] = terms[i + j] + x * y
        return Polynomial.of(terms)

    def __truediv__(self, other: Quadratic | Rational) -> Polynomial:
        return Polynomial.of(c / other for c in self.coefficients)

    def __call__(self, t: Quadratic | Rational) -> Quadratic:
        value = _ZERO
        for c in reversed(self.coefficients):
            value = value * t + c
        return value


def from_roots(roots: Iterable[Quadratic]) -> Polynomial:
    """The product of (t - root)."""
    return functools.reduce(lambda p, root: p * Polynomial.of([-root, 1]), roots, Polynomial.of([1]))


@functools.cache
def _basis(dim: int, degree: int) -> list[Polynomial]:
    return list(islice(gegenbauer(Polynomial.of([0, 1]), dim), degree + 1))


def gegenbauer_coefficients(p: Polynomial, dim: int) -> list[Quadratic]:
    """h_0, h_1, ... with p = sum_k h_k P_k on the sphere in R^dim, from the top down."""
    found = [_ZERO] * (p.degree + 1)
    while p.degree >= 0:
        k = p.degree
        P = _basis(dim, k)[k]
        found[k] = p.coefficients[k] / P.coefficients[k]
        p = p - P * found[k]
    return found


def solve(matrix: list[list[Quadratic]], right: list[Quadratic]) -> list[Quadratic]:
    """x with matrix x = right, by elimination.  ZeroDivisionError for a singular matrix."""
    rows = [[*row, y] for row, y in zip(matrix, right, strict=True)]
    n = len(rows)
    for k in range(n):
        pivot = next((i for i in range(k, n) if rows[i][k].sign), None)
        if pivot is None:
            raise ZeroDivisionError("the matrix is singular")
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(n):
            if i != k:
                factor = rows[i][k]
                rows[i] = [x - factor * y for x, y in zip(rows[i], rows[k], strict=True)]
    return [row[n] for row in rows]


def nonpositive_on_interval(q: Polynomial) -> bool:
    """Whether q <= 0 on [-1, 1], for a degree of at most 2: at the ends, and at the vertex if it is a maximum inside."""
    if q.degree > 2:
        raise ValueError(f"degree {q.degree}: only parabolas are decided here")
    if q(-1).sign > 0 or q(1).sign > 0:
        return False
    if q.degree < 2 or q.coefficients[2].sign > 0:
        return True
    vertex = q.coefficients[1] / q.coefficients[2] / -2
    return not -1 < vertex < 1 or q(vertex).sign <= 0
