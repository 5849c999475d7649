"""What a search may have missed: the probability that one more start ends in a minimum not seen yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hyperenergy.errors import ArgumentError, integer


@dataclass(frozen=True)
class Unseen:
    """The Good-Turing estimate: the share of the starts that ended alone in their minimum.

    estimate; upper: its limit at the confidence, that of Clopper and Pearson for so many of so many starts (so that 32
    starts that all end alike leave 8.9 %, and 59 are needed for 5 %); starts; alone: how many of them ended in a minimum
    that no other one reached.  It is about starts of the same kind: what no start of that kind reaches does not count.

    Source: Good, The population frequencies of species, Biometrika 40 (1953).
    """

    estimate: float
    upper: float
    starts: int
    alone: int
    confidence: float

    def __str__(self) -> str:
        return (
            f"with {100 * self.confidence:g} % confidence less than {100 * self.upper:.2g} % of further starts end in a "
            f"minimum not seen so far (estimate {100 * self.estimate:.2g} %)"
        )


def unseen(counts: Sequence[int], confidence: float = 0.95) -> Unseen:
    """From how many starts ended in each of the minima.

    Law: the limit falls with the starts and rises with those that ended alone.
    Raises ArgumentError for counts below 1, none at all, or a confidence outside (0, 1).

    >>> round(unseen([32]).upper, 4), unseen([59]).upper < 0.05 < unseen([58]).upper
    (0.0894, True)
    """
    counts = [integer("counts", count, 1) for count in counts]
    if not counts:
        raise ArgumentError("counts", "none", "there must be a start")
    if not 0 < confidence < 1:
        raise ArgumentError("confidence", confidence, "must lie between 0 and 1, e.g. 0.95")
    starts, alone = sum(counts), counts.count(1)
    return Unseen(alone / starts, _clopper_pearson(alone, starts, confidence), starts, alone, confidence)


def _clopper_pearson(successes: int, trials: int, confidence: float) -> float:
    """The probability at which so few successes or fewer have the probability 1 - confidence."""
    if successes == trials:
        return 1.0
    if successes == 0:
        return 1 - (1 - confidence) ** (1 / trials)
    from scipy.special import betaincinv

    return float(betaincinv(successes + 1, trials - successes, confidence))
