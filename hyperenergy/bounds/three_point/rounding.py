"""From floating point to exact numbers: F_k = L_k L_k^T is positive semidefinite whatever L_k is rounded to."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from hyperenergy.bounds.three_point.program import Shape

Floats = NDArray[np.float64]
_DIGITS = 13


@dataclass(frozen=True)
class Rounded:
    """h and the columns of L_k, exact; digits behind the point of what h_0 is lowered by."""

    h: tuple[Fraction, ...]
    factors: tuple[tuple[tuple[Fraction, ...], ...], ...]
    digits: int

    @classmethod
    def of(cls, shape: Shape, unknowns: Floats, unit: float) -> Rounded:
        """F_k = L_k L_k^T without the eigenvalues that the solver left below zero, or so small that they are none.
        unit: the size of p."""
        h, blocks = shape.split(unknowns)
        digits = _DIGITS + max(0, math.ceil(-math.log10(unit)))
        factors = []
        for F, scale in zip(blocks, shape.scales, strict=True):
            values, vectors = np.linalg.eigh(F)
            L = scale[:, None] * vectors * np.sqrt(np.maximum(values, 0))
            kept = L[:, values > 1e-13 * max(unit, float(values[-1]))]
            factors.append(tuple(tuple(_exact(x, digits) for x in column) for column in kept.T))
        first = (_exact(h[0], digits), *(_exact(max(x, 0.0), digits) for x in h[1:]))
        return cls(first, tuple(factors), digits + 6)

    def lifted(self, amount: float) -> Rounded:
        """f lifted by so much: h_0 less it."""
        return replace(self, h=(self.h[0] - _exact(amount, self.digits), *self.h[1:]))


def _exact(x: float, digits: int) -> Fraction:
    return Fraction(round(Fraction(float(x)) * 10**digits), 10**digits)
