"""How many seeds would decide: power of the paired test of difference and of the two one-sided tests of equality."""

from __future__ import annotations

import bisect
import functools
import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, ndtr, stdtrit

POWER, MOST = 0.8, 10000
# Midpoints: of a monotone integrand in [0, 1] the mean over 250 is within .002, finer than any number of seeds.
_QUANTILES = (np.arange(250) + 0.5) / 250


@functools.lru_cache(maxsize=1024)  # bisections meet the same numbers again
def _spreads(n: int) -> NDArray[np.float64]:
    """Quantiles of the sample's standard deviation in units of the true one."""
    return np.sqrt(chdtri(n - 1, _QUANTILES) / (n - 1))


def power_of_difference(mean: float, deviation: float, n: int, alpha: float) -> float:
    """Probability that a two-sided t-test of n normal differences finds them different from 0, on the right side."""
    reach = stdtrit(n - 1, 1 - alpha / 2) * _spreads(n)
    return float(ndtr(abs(mean) / deviation * math.sqrt(n) - reach).mean())


def power_of_equality(mean: float, deviation: float, smallest: float, n: int, alpha: float) -> float:
    """Probability that two one-sided t-tests, each at alpha, find n normal differences within +-smallest."""
    reach, root = stdtrit(n - 1, 1 - alpha) * _spreads(n), math.sqrt(n)
    below = ndtr((smallest - mean) / deviation * root - reach)
    above = ndtr(reach - (smallest + mean) / deviation * root)
    return float(np.maximum(below - above, 0).mean())


def seeds_needed(mean: float, deviation: float, smallest: float, alpha: float = 0.05) -> int | None:
    """The least number of seeds with which a test decides with 80 % power; None where 10000 do not suffice.

    mean, deviation: of the paired differences, taken as the truth, so that the answer is as uncertain as they are.
    The test of equality counts where the mean is within +-smallest, the test of difference everywhere; the one that
    needs fewer seeds decides.  alpha: of each test, before any correction for several.
    """
    if deviation == 0:
        return 2

    def power(n: int) -> float:
        different = power_of_difference(mean, deviation, n, alpha)
        within = abs(mean) < smallest
        return max(different, power_of_equality(mean, deviation, smallest, n, alpha)) if within else different

    found = 2 + bisect.bisect_left(range(2, MOST + 1), POWER, key=power)
    return found if found <= MOST else None
