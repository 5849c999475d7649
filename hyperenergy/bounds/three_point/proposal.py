"""From the program's solution to a certificate: rounds of new triples, rounding, and the lift that makes it hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hyperenergy.bounds.checking import FORMAT
from hyperenergy.bounds.three_point import checking, program, samples

Floats = NDArray[np.float64]
DIGITS = 13


@dataclass(frozen=True)
class Rounded:
    """h and the columns of L_k, exact."""

    points: int
    dim: int
    h: tuple[Fraction, ...]
    factors: tuple[tuple[tuple[Fraction, ...], ...], ...]

    @classmethod
    def of(cls, shape: program.Shape, unknowns: Floats, digits: int = DIGITS) -> Rounded:
        h, blocks = shape.split(unknowns)
        factors = []
        for F, scale in zip(blocks, shape.scales, strict=True):
            values, vectors = np.linalg.eigh(F)
            L = scale[:, None] * vectors * np.sqrt(np.maximum(values, 0))
            kept = L[:, values > 1e-15 * max(1.0, values[-1])]
            factors.append(tuple(tuple(_exact(x, digits) for x in column) for column in kept.T))
        first = [_exact(h[0], digits), *(_exact(max(x, 0.0), digits) for x in h[1:])]
        return cls(shape.points, shape.dim, tuple(first), tuple(factors))

    def lifted(self, amount: Fraction) -> Rounded:
        return Rounded(self.points, self.dim, (self.h[0] - amount, *self.h[1:]), self.factors)

    def fields(self) -> dict[str, Any]:
        return {
            "points": self.points,
            "dim": self.dim,
            "coefficients": [text(x) for x in self.h],
            "factors": [[[text(x) for x in column] for column in columns] for columns in self.factors],
        }


def _exact(x: float, digits: int) -> Fraction:
    return Fraction(round(Fraction(float(x)) * 10**digits), 10**digits)


def text(x: Fraction) -> str:
    """A decimal fraction, all of its digits."""
    from hyperenergy.bounds.certificates import _exact as exact

    return exact(x)
