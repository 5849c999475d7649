"""The kernel c / sqrt(c^2 + r), c > 0."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from hyperenergy.arithmetic.namespaces import Namespace
from hyperenergy.arithmetic.numbers import Number, to_float
from hyperenergy.arithmetic.special import LARGEST_ARGUMENT, log_products
from hyperenergy.checks import positive
from hyperenergy.kernels.base import Floats, Kernel, tidy

# Terms of all series for the spectrum, about 10 ms; beyond, and for the mean, quadrature, but in few dimensions, in which a
# narrow kernel looks like a cusp to it.
_MOST_TERMS = 200_000
_ALWAYS_BELOW = 16


@dataclass(frozen=True)
class InverseMultiquadric(Kernel):
    """c / sqrt(c^2 + r), c > 0."""

    c: Number = 1.0

    strictly_completely_monotone = positive = True
    singular = kinked = False
    cusp_slope = 0.0

    def __post_init__(self) -> None:
        positive("c", self.c)

    def profile(self, r: Any, m: Namespace) -> Any:
        c = m.number(self.c)
        return c / m.sqrt(c * c + r)

    def with_slope(self, r: Tensor) -> tuple[Tensor, Tensor]:
        c = to_float(self.c)
        inverse = (r + c * c).rsqrt_()
        value = inverse * c
        return value, inverse.square_().mul_(value).mul_(-0.5)

    def steeper(self, factor: float) -> Kernel:
        return InverseMultiquadric(tidy(to_float(self.c) / factor))

    def log_uniform_mean(self, dim: int) -> float | None:
        return float(_log_means(to_float(self.c), dim, np.zeros(1))[0]) if dim < _ALWAYS_BELOW else None

    def eigenvalues(self, dim: int, degree: int) -> Floats | None:
        c = to_float(self.c)
        if dim >= _ALWAYS_BELOW and _terms(c, dim) * (degree + 1) > _MOST_TERMS:
            return None
        return np.asarray(np.exp(_log_means(c, dim, np.arange(degree + 1.0))))


def _terms(c: float, dim: int) -> int:
    """Terms of the series below: they grow like n^{d-3} z^{2n}, a Gamma density of mean (d-2)/rate, rate = -log z^2."""
    return int((dim + 10 * math.sqrt(dim) + 45) / (-2 * _log_z(c))) + 20


def _log_z(c: float) -> float:
    """The z < 1 with z + 1/z = c^2 + 2 is ((sqrt(c^2+4) - c)/2)^2 = e^{-2 asinh(c/2)}."""
    return -2 * math.asinh(c / 2)


def _log_means(c: float, dim: int, k: Floats) -> Floats:
    """log E[c (c^2+2-2T)^{-1/2} P_k(T)] for the degrees k = 0, 1, ..., T the inner product of uniform points.

    c (c^2+2-2t)^{-1/2} = c sqrt z (1-2zt+z^2)^{-1/2}, a generating function of Gegenbauer polynomials: the mean is
    c sqrt z z^k (1/2)_k / (d/2)_k 2F1(1/2+k, (3-d)/2; k+d/2; z^2), by Euler's transformation with
    (1-z^2)^{d-2} 2F1((d-1)/2, k+d-3/2; k+d/2; z^2), a series of positive terms.
    """
    from scipy.special import logsumexp

    log_z = _log_z(c)
    n = np.arange(_terms(c, dim), dtype=np.float64)
    b, e = k[:, None] + dim - 1.5, k[:, None] + dim / 2
    ratios = (n + (dim - 1) / 2) * (n + b) / ((n + e) * (n + 1)) * math.exp(2 * log_z)
    log_gap = math.log(-math.expm1(2 * log_z))  # of 1 - z^2
    if -(dim - 2) * log_gap < LARGEST_ARGUMENT:  # the size of the sum
        log_sum = np.log1p(np.cumprod(ratios, 1).sum(1))
    else:
        log_sum = np.logaddexp(0.0, logsumexp(np.cumsum(np.log(ratios), 1), axis=1))
    powers = log_products(np.log((0.5 + k[:-1]) / (dim / 2 + k[:-1])) + log_z)
    return np.asarray(math.log(c) + log_z / 2 + powers + (dim - 2) * log_gap + log_sum)
