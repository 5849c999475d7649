"""Paired comparisons over seeds, and the four words for how they come out.

Two questions are asked of the same differences: do they differ from 0 (two-sided t-test), and are they within
+-smallest (two one-sided t-tests, TOST)?  Each is asked at alpha = 1 - level.  The interval that is shown has the
level 1 - alpha and goes with the first: it excludes 0 exactly where p < alpha.  TOST rejects exactly where the interval
of level 1 - 2 alpha lies inside +-smallest; the wider interval that is shown may then still reach past it.

Of several names, each question is a family of its own (Holm).  Where a true effect is 0, only a difference can be found
wrongly; where it is at least the smallest, equality, and a difference of the wrong sign, which is rarer; in between,
that alone.  So where all names are equal, any is called supported or refuted with probability <= alpha, and where all
effects are at least the smallest, any is called equal with probability <= alpha.  Where some names are of one kind and
some of the other, the two errors add.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from hyperenergy.errors import ArgumentError
from hyperenergy.training.study.paired import Paired as Paired
from hyperenergy.training.study.paired import alpha_of
from hyperenergy.training.study.paired import paired as paired
from hyperenergy.training.study.power import seeds_needed


def holm(p_values: Iterable[float]) -> list[float]:
    """Holm's adjusted p-values, in the given order.

    Rejecting those below alpha errs anywhere with probability <= alpha, however the tests depend on one another (Holm
    1979).  Law: monotone in the given ones, at least as large, at most 1.  Raises ArgumentError outside of [0, 1].
    """
    p = np.asarray(list(p_values), dtype=float)
    if not ((p >= 0) & (p <= 1)).all():
        raise ArgumentError("p_values", p.tolist(), "must be in [0, 1]")
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(np.arange(len(p), 0, -1) * p[order]), 1)
    return adjusted.tolist()


class Verdict(Enum):
    """How a comparison came out.  EQUAL: within the smallest effect of interest, even if different from 0."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    EQUAL = "equal"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Judged:
    """A verdict and its reasons.  p, p_equal: Holm-adjusted over the family.

    paired: of the finite differences, None where there are none.  broken: how many are not finite.
    needed: seeds that would decide at Holm's strictest level, alpha over the number of names; None where it is decided,
    where more than 10000 are needed or where nothing says how many.
    """

    verdict: Verdict
    paired: Paired | None
    p: float
    p_equal: float
    needed: int | None
    broken: int


def verdicts(
    differences_by_name: Mapping[str, Sequence[float]],
    smallest: float,
    level: float = 0.95,
    undecided: Collection[str] = (),
) -> dict[str, Judged]:
    """The verdict on each name of a family, from differences that support the claim where they are positive.

    EQUAL where the adjusted p_equal < alpha; else SUPPORTED or REFUTED, by the sign of the mean, where the adjusted
    p < alpha; else UNDECIDED.  A name with a difference that is not finite, and one of ``undecided``, is undecided, and
    keeps its place in the family, as one without differences does.
    Law: an undecided name with two or more differences, all finite, needs more seeds than it has.
    """
    alpha = alpha_of(level)
    finite = {name: [x for x in given if math.isfinite(x)] for name, given in differences_by_name.items()}
    found = {name: paired(given, smallest, level) if given else None for name, given in finite.items()}
    broken = {name: len(given) - len(finite[name]) for name, given in differences_by_name.items()}
    heard = {name: None if broken[name] or name in undecided else found[name] for name in found}
    different = holm(said.p if said else 1.0 for said in heard.values())
    equal = holm(said.p_equal if said else 1.0 for said in heard.values())
    judged = {}
    for (name, said), p, p_equal in zip(heard.items(), different, equal, strict=True):
        word = _word(said, p, p_equal, alpha)
        needed = None
        if said and said.n > 1 and word is Verdict.UNDECIDED:
            needed = seeds_needed(said.mean, said.deviation, smallest, alpha / len(heard))
        judged[name] = Judged(word, found[name], p, p_equal, needed, broken[name])
    return judged


def _word(said: Paired | None, p: float, p_equal: float, alpha: float) -> Verdict:
    if said and p_equal < alpha:
        return Verdict.EQUAL
    if said and p < alpha:
        return Verdict.SUPPORTED if said.mean > 0 else Verdict.REFUTED
    return Verdict.UNDECIDED
