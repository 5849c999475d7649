"""C5: how fast a loss approaches its limit with the batch size, measured from trained embeddings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hyperenergy.errors import ArgumentError
from hyperenergy.training.study.paired import Paired, alpha_of, paired
from hyperenergy.training.study.statistics import Verdict

SLOPE, RATIO = 0.1, 0.1


@dataclass(frozen=True)
class Decay:
    """The verdict on C5.  slope: one a seed, plus 1.  ratio: a tenth minus the largest |DHEL| / |InfoNCE|, one a seed.

    Both None where a distance is not finite, or one of InfoNCE's is 0.  at_slope, at_ratio: the
    verdicts on the parts.
    """

    verdict: Verdict
    at_slope: Verdict
    at_ratio: Verdict
    slope: Paired | None
    ratio: Paired | None
    sentence: str


def decay(batches: ArrayLike, infonce: ArrayLike, dhel: ArrayLike, level: float = 0.95) -> Decay:
    """Whether |distance from the limit| falls like 1/M for InfoNCE, and DHEL's is less than a tenth of it at every M.

    batches: (M,), different sizes, two or more.  infonce, dhel: (seeds, M), distances in the loss's unit, of any sign.
    The slope of log |distance| against log M, by least squares for each seed, is to be within .1 of -1 (TOST).
    SUPPORTED: both parts, each at alpha, which for a claim of both needs no correction.  REFUTED: the slope is shown
    to be farther from -1 than that, or the ratio larger, at alpha/2, as there are two ways.
    Raises ArgumentError for shapes.
    """
    sizes, one, other = (np.asarray(x, dtype=float) for x in (batches, infonce, dhel))
    if sizes.ndim != 1 or len(set(sizes.tolist())) != len(sizes) or len(sizes) < 2 or not (sizes > 0).all():
        raise ArgumentError("batches", sizes.tolist(), "must be two or more different positive numbers")
    for name, x in (("infonce", one), ("dhel", other)):
        if x.ndim != 2 or x.shape != (one.shape[0], len(sizes)) or not len(x):
            raise ArgumentError(name, f"shape {x.shape}", f"must have shape (seeds, {len(sizes)}), as the other has")
    bad = ~(np.isfinite(one) & np.isfinite(other) & (one != 0))
    if bad.any():
        seeds = ", ".join(map(str, np.flatnonzero(bad.any(axis=1))))
        sentence = f"undecided, as a distance is not finite, or InfoNCE's is 0, in rows {seeds}"
        return Decay(Verdict.UNDECIDED, Verdict.UNDECIDED, Verdict.UNDECIDED, None, None, sentence)
    return _judged(_slopes(sizes, one) + 1, RATIO - np.abs(other / one).max(axis=1), level)


def _slopes(sizes: NDArray[np.float64], distances: NDArray[np.float64]) -> NDArray[np.float64]:
    x = np.log(sizes) - np.log(sizes).mean()
    return np.log(np.abs(distances)) @ x / (x @ x)


def _judged(slopes: NDArray[np.float64], ratios: NDArray[np.float64], level: float) -> Decay:
    slope, ratio = paired(slopes.tolist(), SLOPE, level), paired(ratios.tolist(), RATIO, level)
    beyond = paired((np.sign(slope.mean) * slopes - SLOPE).tolist(), SLOPE, level)
    alpha = alpha_of(level)
    # Of a slope: the side was seen first, so the p-value is of two.
    parts = (
        _part(slope.p_equal < alpha, 2 * beyond.p_better < alpha / 2),
        _part(ratio.p_better < alpha, ratio.p_worse < alpha / 2),
    )
    whole = _part(all(x is Verdict.SUPPORTED for x in parts), any(x is Verdict.REFUTED for x in parts))
    said = (
        f"InfoNCE's slope is {slope.mean - 1:.3g} [{slope.low - 1:.3g}, {slope.high - 1:.3g}], {parts[0].value}; "
        f"DHEL's distance is at most {RATIO - ratio.mean:.3g} [{RATIO - ratio.high:.3g}, {RATIO - ratio.low:.3g}] "
        f"of InfoNCE's, {parts[1].value}: {whole.value} ({slope.n} seed{'s' * (slope.n > 1)})"
    )
    return Decay(whole, *parts, slope, ratio, said.replace("-", "−").replace("inf", "∞"))


def _part(supported: bool, refuted: bool) -> Verdict:
    if supported:
        return Verdict.SUPPORTED
    return Verdict.REFUTED if refuted else Verdict.UNDECIDED
