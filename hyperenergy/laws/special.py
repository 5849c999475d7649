"""Special functions at the orders and arguments that high dimensions need."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Beyond this argument of the Bessel function the series would overflow, and the scaled function is accurate.
_LARGEST_ARGUMENT = 600.0


def log_0f1(b: ArrayLike, y: float, *, scaled: bool = False) -> NDArray[np.float64]:
    """log 0F1(; b; y) for b > 0, y >= 0, elementwise in b, less its growth 2 sqrt y if ``scaled``; error about 1e-15 times
    max(1, value, sqrt y) below 2 sqrt y = 600, and beyond times the value.

    The series sum_n y^n / (n! (b)_n) has positive terms, largest near n = sqrt y.  For 2 sqrt y beyond the range of
    float64: 0F1(; b; y) = Gamma(b) y^{(1-b)/2} I_{b-1}(2 sqrt y), with the exponentially scaled Bessel function.
    """
    from scipy import special

    b = np.asarray(b, dtype=np.float64)
    z = 2 * math.sqrt(y)
    growth = z if scaled else 0.0
    bessel = special.ive(b - 1, z)
    if z <= _LARGEST_ARGUMENT or bool((b > z).any()) or bool((bessel == 0).any()):
        n = np.arange(1, int(3 * math.sqrt(y)) + 60, dtype=np.float64)
        if z <= _LARGEST_ARGUMENT:
            # sum - 1 by log1p: for large b the value is near log 1.
            terms = np.cumprod(y / (n * (b[..., None] + n - 1)), -1)
            return np.asarray(np.log1p(terms.sum(-1)) - growth)
        logs = np.cumsum(math.log(y) - np.log(n) - np.log(b[..., None] + n - 1), -1)
        return np.asarray(np.logaddexp(0.0, special.logsumexp(logs, axis=-1)) - growth)
    return np.asarray(special.gammaln(b) + (1 - b) / 2 * math.log(y) + np.log(bessel) + (0.0 if scaled else z))


def log_products(logs: NDArray[np.float64]) -> NDArray[np.float64]:
    """0 and the partial sums: logarithms of 1 and of the partial products."""
    return np.append(0.0, np.cumsum(logs))


def inverse_multiquadric_terms(c: float, dim: int) -> int:
    """Terms of the series below: they grow like n^{d-3} z^{2n}, a Gamma density of mean (d-2)/rate, rate = -log z^2."""
    return int((dim + 10 * math.sqrt(dim) + 45) / (-2 * _log_z(c))) + 20


def _log_z(c: float) -> float:
    """The z < 1 with z + 1/z = c^2 + 2 is ((sqrt(c^2+4) - c)/2)^2 = e^{-2 asinh(c/2)}."""
    return -2 * math.asinh(c / 2)


def log_inverse_multiquadric(c: float, dim: int, k: NDArray[np.float64]) -> NDArray[np.float64]:
    """log E[c (c^2+2-2T)^{-1/2} P_k(T)] for the degrees k = 0, 1, ..., T the inner product of uniform points.

    c (c^2+2-2t)^{-1/2} = c sqrt z (1-2zt+z^2)^{-1/2}, a generating function of Gegenbauer polynomials: the mean is
    c sqrt z z^k (1/2)_k / (d/2)_k 2F1(1/2+k, (3-d)/2; k+d/2; z^2), by Euler's transformation with
    (1-z^2)^{d-2} 2F1((d-1)/2, k+d-3/2; k+d/2; z^2), a series of positive terms.
    """
    from scipy.special import logsumexp

    log_z = _log_z(c)
    n = np.arange(inverse_multiquadric_terms(c, dim), dtype=np.float64)
    b, e = k[:, None] + dim - 1.5, k[:, None] + dim / 2
    ratios = (n + (dim - 1) / 2) * (n + b) / ((n + e) * (n + 1)) * math.exp(2 * log_z)
    log_gap = math.log(-math.expm1(2 * log_z))  # of 1 - z^2
    if -(dim - 2) * log_gap < _LARGEST_ARGUMENT:  # the size of the sum
        log_sum = np.log1p(np.cumprod(ratios, 1).sum(1))
    else:
        log_sum = np.logaddexp(0.0, logsumexp(np.cumsum(np.log(ratios), 1), axis=1))
    powers = log_products(np.log((0.5 + k[:-1]) / (dim / 2 + k[:-1])) + log_z)
    return np.asarray(math.log(c) + log_z / 2 + powers + (dim - 2) * log_gap + log_sum)


def log_gamma_ratio(x: float, shift: float) -> float:
    """log Gamma(x + shift) - log Gamma(x) for x, x + shift > 0, without the cancellation that large x bring.

    By Stirling's series: (x + shift - 1/2) log(1 + shift/x) + shift log x - shift + S(x + shift) - S(x).
    """
    if min(x, x + shift) < 20:
        return math.lgamma(x + shift) - math.lgamma(x)
    main = (x + shift - 0.5) * math.log1p(shift / x) + shift * (math.log(x) - 1)
    return main + _stirling(x + shift) - _stirling(x)


def _stirling(x: float) -> float:
    """The Bernoulli sum 1/(12x) - 1/(360x^3) + ...: below 1e-17 after six terms for x >= 20."""
    powers = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)
    return sum(c / x ** (2 * k + 1) for k, c in enumerate(powers))
