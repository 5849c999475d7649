"""What a search may have missed: the probability that one more start ends in a minimum not seen yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hyperenergy.checks import integer
from hyperenergy.errors import ArgumentError


@dataclass(frozen=True)
class Unseen:
    """The Good-Turing estimate: the share of the starts that ended alone in their minimum.

    estimate; upper: its limit at the confidence; starts; alone: how many of them ended in a minimum that no other one
    reached.  It is about starts of the same kind: what no start of that kind reaches does not count.

    Where each minimum was reached by three starts or more the limit is that of so many trials without an event: 32 starts
    that all end alike leave 8.9 %, and 59 are needed for 5 %.  Else it is wider, by those that ended alone and in pairs: of
    n starts, n1 alone and n2 pairs, n1 less n times what is unseen has the mean 0 and the variance n1 + 2 n2.  From n1
    alone, as of so many events in n trials, the limit would be too low for one law of minima in seven.

    Sources: Good, The population frequencies of species, Biometrika 40 (1953); Esty, A normal limit law for a nonparametric
    estimator of the coverage of a random sample, Ann. Stat. 11 (1983), for the variance.
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

    Law: the limit falls with the starts, and rises with those that ended alone or in pairs.
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
    return Unseen(alone / starts, _upper(starts, alone, counts.count(2), confidence), starts, alone, confidence)


def _upper(starts: int, alone: int, pairs: int, confidence: float) -> float:
    """What is left unseen in ``starts`` trials without an event, wider by what the variance of the estimate adds."""
    none = 1 - (1 - confidence) ** (1 / starts)
    if not alone and not pairs:
        return none
    from scipy.special import gammaincinv

    # Of Poisson's law: the mean at which so few events or fewer have the probability 1 - confidence, less the events.
    width, of_none = (float(gammaincinv(k + 1, confidence)) - k for k in (alone + 2 * pairs, 0))
    return min(1.0, alone / starts + none * width / of_none)
