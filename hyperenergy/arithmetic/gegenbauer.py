"""Gegenbauer polynomials of the sphere S^{d-1}, normalized to P_k(1) = 1, in any number system."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any


def gegenbauer(t: Any, dim: int) -> Iterator[Any]:
    """P_0(t), P_1(t), ... without end, for the sphere in R^dim, dim >= 2.

    Three-term recurrence (2k+d-2) t P_k = (k+d-2) P_{k+1} + k P_{k-1}: Chebyshev at d = 2, Legendre at d = 3.  The
    coefficients are exact fractions, so that exact t give exact values; arrays are taken elementwise.
    """
    previous, current = t * 0 + 1, t
    yield previous
    for k in range(1, 10**9):
        yield current
        up, down = Fraction(2 * k + dim - 2, k + dim - 2), Fraction(k, k + dim - 2)
        previous, current = current, _times(up, t * current) - _times(down, previous)


def _times(factor: Fraction, x: Any) -> Any:
    """factor * x; number systems that know no Fraction multiply and divide by integers."""
    return x * factor.numerator / factor.denominator
