"""C5: how fast a loss approaches its limit with the batch size, measured from trained embeddings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hyperenergy.checks import integer
from hyperenergy.errors import ArgumentError
from hyperenergy.training.study.paired import Paired, alpha_of, paired
from hyperenergy.training.study.statistics import Verdict

SLOPE, RATIO, COEFFICIENT = 0.1, 0.1, 0.1


@dataclass(frozen=True)
class Decay:
    """The verdict on C5.  slope: one a seed, plus 1.  ratio: a tenth minus the largest |DHEL| / |InfoNCE|, one a seed.

    coefficient: the measured one over E2's, less 1, one a seed.
    All None where a distance is not finite, or one of InfoNCE's is 0; coefficient also where none was given.
    at_slope, at_ratio, at_coefficient: the verdicts on the parts.
    """

    verdict: Verdict
    at_slope: Verdict
    at_ratio: Verdict
    at_coefficient: Verdict | None
    slope: Paired | None
    ratio: Paired | None
    coefficient: Paired | None
    sentence: str


def decay(
    batches: ArrayLike,
    infonce: ArrayLike,
    dhel: ArrayLike,
    level: float = 0.95,
    *,
    coefficient: ArrayLike | None = None,
    among: int = 1,
) -> Decay:
    """Whether |distance from the limit| falls like 1/M for InfoNCE, and DHEL's is less than a tenth of it at every M.

    batches: (M,), different sizes, two or more.  infonce, dhel: (seeds, M), distances in the loss's unit, of any sign.
    The slope of log |distance| against log M, by least squares for each seed, is to be within .1 of -1 (TOST).
    coefficient: (seeds,), E2's of 1/M for InfoNCE; M times the distance at the largest M is to be within 10 % of it
    (TOST).  among: of how many decays this is one; the tests, but not the intervals, are then at alpha / among.
    SUPPORTED: all parts, each at alpha, which for a claim of all needs no correction.  REFUTED: the slope or the
    coefficient is shown to be farther off than that, or the ratio larger, at alpha over the number of parts.
    Raises ArgumentError for shapes.
    """
    sizes, one, other = (np.asarray(x, dtype=float) for x in (batches, infonce, dhel))
    if sizes.ndim != 1 or len(set(sizes.tolist())) != len(sizes) or len(sizes) < 2 or not (sizes > 0).all():
        raise ArgumentError("batches", sizes.tolist(), "must be two or more different positive numbers")
    for name, x in (("infonce", one), ("dhel", other)):
        if x.ndim != 2 or x.shape != (one.shape[0], len(sizes)) or not len(x):
            raise ArgumentError(name, f"shape {x.shape}", f"must have shape (seeds, {len(sizes)}), as the other has")
    said = None if coefficient is None else np.asarray(coefficient, dtype=float)
    if said is not None and said.shape != one.shape[:1]:
        raise ArgumentError("coefficient", f"shape {said.shape}", f"must have shape ({len(one)},), one a seed")
    bad = (~(np.isfinite(one) & np.isfinite(other) & (one != 0))).any(axis=1)
    if said is not None:
        bad |= ~np.isfinite(said) | (said == 0)
    if bad.any():
        return _unknown(np.flatnonzero(bad), said is not None)
    slopes, ratios = _slopes(sizes, one) + 1, RATIO - np.abs(other / one).max(axis=1)
    last = int(sizes.argmax())
    relative = None if said is None else sizes[last] * one[:, last] / said - 1
    return _judged(slopes, ratios, relative, level, alpha_of(level) / integer("among", among, 1))


def _unknown(rows: NDArray[np.intp], given: bool) -> Decay:
    which = "a distance or a coefficient" if given else "a distance"
    sentence = f"undecided, as {which} is not finite, or InfoNCE's is 0, in rows {', '.join(map(str, rows))}"
    word = Verdict.UNDECIDED
    return Decay(word, word, word, word if given else None, None, None, None, sentence)


def _slopes(sizes: NDArray[np.float64], distances: NDArray[np.float64]) -> NDArray[np.float64]:
    x = np.log(sizes) - np.log(sizes).mean()
    return np.log(np.abs(distances)) @ x / (x @ x)


def _judged(
    slopes: NDArray[np.float64],
    ratios: NDArray[np.float64],
    relative: NDArray[np.float64] | None,
    level: float,
    alpha: float,
) -> Decay:
    slope, ratio = paired(slopes.tolist(), SLOPE, level), paired(ratios.tolist(), RATIO, level)
    each = alpha / (2 if relative is None else 3)
    parts = [_near(slopes, SLOPE, level, alpha, each), _part(ratio.p_better < alpha, ratio.p_worse < each)]
    words = [f"InfoNCE's slope is {_interval(slope, -1)}, {parts[0].value}"]
    factor = None
    if relative is not None:
        factor = paired(relative.tolist(), COEFFICIENT, level)
        parts.append(_near(relative, COEFFICIENT, level, alpha, each))
        words.append(f"its coefficient is {_interval(factor, 1)} of E2's, {parts[2].value}")
    largest = f"{RATIO - ratio.mean:.3g} [{RATIO - ratio.high:.3g}, {RATIO - ratio.low:.3g}]"
    words.append(f"DHEL's distance is at most {largest} of InfoNCE's, {parts[1].value}")
    whole = _part(all(x is Verdict.SUPPORTED for x in parts), any(x is Verdict.REFUTED for x in parts))
    said = f"{'; '.join(words)}: {whole.value} ({slope.n} seed{'s' * (slope.n > 1)})"
    third = parts[2] if len(parts) > 2 else None
    return Decay(whole, parts[0], parts[1], third, slope, ratio, factor, said.replace("-", "−").replace("inf", "∞"))


def _interval(of: Paired, offset: float) -> str:
    return f"{of.mean + offset:.3g} [{of.low + offset:.3g}, {of.high + offset:.3g}]"


def _near(values: NDArray[np.float64], most: float, level: float, alpha: float, each: float) -> Verdict:
    """Whether the mean is within +-most, at alpha, or beyond, at ``each``."""
    said = paired(values.tolist(), most, level)
    beyond = paired((np.sign(said.mean) * values - most).tolist(), most, level)
    # The side was seen first, so the p-value is of two.
    return _part(said.p_equal < alpha, 2 * beyond.p_better < each)


def _part(supported: bool, refuted: bool) -> Verdict:
    if supported:
        return Verdict.SUPPORTED
    return Verdict.REFUTED if refuted else Verdict.UNDECIDED
