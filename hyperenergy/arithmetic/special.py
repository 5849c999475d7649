"""Special functions at the orders and arguments that high dimensions need."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Beyond this argument of the Bessel function the series would overflow, and the scaled function is accurate.
LARGEST_ARGUMENT = 600.0


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
    if z <= LARGEST_ARGUMENT or bool((b > z).any()) or bool((bessel == 0).any()):
        n = np.arange(1, int(3 * math.sqrt(y)) + 60, dtype=np.float64)
        if z <= LARGEST_ARGUMENT:
            # sum - 1 by log1p: for large b the value is near log 1.
            terms = np.cumprod(y / (n * (b[..., None] + n - 1)), -1)
            return np.asarray(np.log1p(terms.sum(-1)) - growth)
        logs = np.cumsum(math.log(y) - np.log(n) - np.log(b[..., None] + n - 1), -1)
        return np.asarray(np.logaddexp(0.0, special.logsumexp(logs, axis=-1)) - growth)
    return np.asarray(special.gammaln(b) + (1 - b) / 2 * math.log(y) + np.log(bessel) + (0.0 if scaled else z))


def log_products(logs: NDArray[np.float64]) -> NDArray[np.float64]:
    """0 and the partial sums: logarithms of 1 and of the partial products."""
    return np.append(0.0, np.cumsum(logs))


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
