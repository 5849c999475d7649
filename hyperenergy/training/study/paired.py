"""Paired differences over seeds: interval, tests of difference and of equality."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from hyperenergy.checks import positive
from hyperenergy.errors import ArgumentError
from hyperenergy.training.study.power import seeds_needed


@dataclass(frozen=True)
class Paired:
    """What n paired differences say.  All but p-values and n are in the differences' unit.

    low, high: the two-sided t-interval of the mean.  p: two-sided, against 0.  p_equal: the larger of the two one-sided
    p-values against +-smallest.  p_better, p_worse: one-sided, for a mean > 0 and < 0.
    deviation: of one difference.  needed: seeds that would decide with 80 % power; None: more than 10000, or unknown.
    Of one difference nothing is known but itself: the interval is the line, the p-values are 1, the deviation infinite.
    """

    mean: float
    low: float
    high: float
    p: float
    p_equal: float
    p_better: float
    p_worse: float
    n: int
    needed: int | None
    deviation: float


def paired(differences: Sequence[float], smallest: float, level: float = 0.95) -> Paired:
    """The t-tests of paired differences, one a seed.

    Where all are equal, there is no deviation, and the p-values are 0 or 1: of accuracies on a small test part, which
    are multiples of one over its size, two or three may be equal by chance.

    smallest: the smallest effect of interest, > 0, in the unit of the differences.
    Raises ArgumentError for no differences, or some that are not finite.
    Law: low > 0 or high < 0 exactly where p < 1 - level.
    """
    values, smallest, alpha = np.asarray(differences, dtype=float), positive("smallest", smallest), alpha_of(level)
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise ArgumentError("differences", differences, "must be finite numbers, at least one")
    n = len(values)
    # The mean of equal numbers may be rounded away from them.
    mean = float(np.clip(values.mean(), values.min(), values.max()))
    if n < 2:
        return Paired(mean, -math.inf, math.inf, 1.0, 1.0, 1.0, 1.0, n, None, math.inf)
    deviation = float(np.sqrt(np.square(values - mean).sum() / (n - 1)))
    error = deviation / math.sqrt(n)
    half = float(stdtrit(n - 1, 1 - alpha / 2)) * error
    better, worse = _above(mean, error, n), _above(-mean, error, n)
    return Paired(
        mean,
        mean - half,
        mean + half,
        p=min(1.0, 2 * min(better, worse)),
        p_equal=max(_above(smallest - mean, error, n), _above(smallest + mean, error, n)),
        p_better=better,
        p_worse=worse,
        n=n,
        needed=seeds_needed(mean, deviation, smallest, alpha),
        deviation=deviation,
    )


def _above(distance: float, error: float, n: int) -> float:
    """One-sided p-value for a true distance > 0, from its estimate and that one's standard error."""
    if error == 0:
        return 0.0 if distance > 0 else 1.0
    return float(stdtr(n - 1, -distance / error))


def alpha_of(level: float) -> float:
    """1 - level, to the digit that is meant; ArgumentError outside of (0, 1)."""
    if not 0 < level < 1:
        raise ArgumentError("level", level, "must be in (0, 1)")
    return round(1 - level, 12)  # 1 - .95 is not .05
