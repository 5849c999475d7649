"""The kernel r^{-s/2} for s > 0 and -r^{-s/2} for s < 0: the s-energy, Coulomb's at s = d-2."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from hyperenergy.arithmetic.namespaces import Namespace
from hyperenergy.arithmetic.numbers import Number, to_float
from hyperenergy.arithmetic.special import log_gamma_ratio
from hyperenergy.checks import finite
from hyperenergy.errors import ArgumentError
from hyperenergy.kernels.base import Floats, Kernel, tidy


@dataclass(frozen=True)
class Riesz(Kernel):
    """r^{-s/2} for s > 0 and -r^{-s/2} for s < 0: the s-energy, Coulomb's at s = d-2.

    CM for s > 0 and (up to a constant) for -2 < s < 0.  At s = -2 the energy depends on the centroid alone; below,
    the kernel is concave and the predictions for decreasing convex kernels fail (F1).
    """

    s: Number = 1.0

    strictly_decreasing = True

    def __post_init__(self) -> None:
        if finite("s", self.s) == 0:
            raise ArgumentError("s", repr(self.s), "must be non-zero; the limit s -> 0 is Logarithmic()")

    @property
    def _s(self) -> float:
        return to_float(self.s)

    def profile(self, r: Any, m: Namespace) -> Any:
        from fractions import Fraction

        power = m.power(r, -(self.s if isinstance(self.s, Tensor) else Fraction(self.s)) / 2)
        return power if self._s > 0 else -power

    def log_profile(self, r: Any, m: Namespace) -> Any:
        return -m.number(self.s) / 2 * m.log(r)

    def steeper(self, factor: float) -> Kernel | None:
        return Riesz(tidy(self._s * factor)) if self._s > 0 else None

    @property
    def strictly_completely_monotone(self) -> bool:
        return self._s > -2

    @property
    def completely_monotone(self) -> bool:
        return self._s >= -2

    @property
    def singular(self) -> bool:
        return self._s > 0

    @property
    def positive(self) -> bool:
        return self._s > 0

    @property
    def kinked(self) -> bool:
        return self._s > -2

    @property
    def cusp_slope(self) -> float:
        if self._s < -1:
            return 0.0
        return 1.0 if self._s == -1 else math.inf

    def integrable(self, dim: int) -> bool:
        return self._s < dim - 1

    def log_uniform_mean(self, dim: int) -> float:
        """The mean of |x-y|^{-s} is a quotient of Beta functions."""
        half, shift = (dim - 1) / 2, -self._s / 2
        return 2 * shift * math.log(2) + log_gamma_ratio(half, shift) - log_gamma_ratio(2 * half, shift)

    def uniform_mean(self, dim: int) -> float:
        return math.copysign(math.exp(self.log_uniform_mean(dim)), self._s)

    def eigenvalues(self, dim: int, degree: int) -> Floats:
        """Each is (s/2+k) / (d-1-s/2+k) times the one before, from the mean on."""
        k = np.arange(float(degree))
        factors = (self._s / 2 + k) / (dim - 1 - self._s / 2 + k)
        return np.asarray(self.uniform_mean(dim) * np.cumprod(np.append(1.0, factors)))
