"""In which order instances run, and how long those that are left will take."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Protocol, TypeVar

# Results before the first estimate: of fewer, too many kinds have not been seen.
_ENOUGH = 48
# The share of the instances that are so large that one of them, begun last, would keep the others waiting, and the share of
# the others among which these are begun.
_LARGE, _BY = 0.005, 0.3


class Sized(Protocol):
    """An instance, or its result."""

    @property
    def claim(self) -> str: ...
    @property
    def points(self) -> int: ...
    @property
    def dim(self) -> int: ...


class Timed(Sized, Protocol):
    """A result, with the seconds that it took."""

    @property
    def seconds(self) -> float: ...


T = TypeVar("T")


def order(tasks: Sequence[T], sizes: Sequence[int]) -> list[T]:
    """Shuffled, so that what is finished is a fair sample of the whole; but the largest come spread over the first third.

    First of all they would tell nothing about the others; last, they would have all cores but one wait.  Always the same.
    """
    shuffled = random.Random(0).sample(range(len(tasks)), len(tasks))
    large = sorted(shuffled, key=lambda k: -sizes[k])[: math.ceil(_LARGE * len(tasks))]
    small = iter([k for k in shuffled if k not in set(large)])
    between = int(_BY * len(tasks) / max(1, len(large)))
    spread = [[k, *islice(small, between)] for k in large]
    return [tasks[k] for k in chain(*spread, small)]


class Pace:
    """How long the rest takes, by what its instances cost.

    An instance costs what those of its claim and size (points times dim, to a factor of two) took on the mean; of a size not
    seen yet, what the claim's nearest size took, times the root of the ratio of sizes; of a claim not seen yet, the mean of
    all.
    Costs are worked off at the rate that was seen since the first result: what comes before it is the start of the workers.
    """

    def __init__(self, instances: Iterable[Sized]) -> None:
        self._left = Counter(map(_kind, instances))
        self.total, self.done = self._left.total(), 0
        self._seen: dict[tuple[str, int], list[float]] = defaultdict(list)
        self._first = self._last = self._worked = 0.0

    def add(self, result: Timed, now: float) -> None:
        """A result has arrived, at ``now`` in seconds of any clock."""
        if not self.done:
            self._first = now
        else:
            self._worked += result.seconds
        self.done, self._last = self.done + 1, now
        self._left[_kind(result)] -= 1
        self._seen[_kind(result)].append(result.seconds)

    def left(self) -> float | None:
        """Seconds until all are done; None as long as too little is known."""
        if self.done == self.total:
            return 0.0
        if self.done < _ENOUGH or not self._worked:
            return None
        cost = sum(number * self._cost(*kind) for kind, number in self._left.items() if number)
        return cost * (self._last - self._first) / self._worked

    def _cost(self, claim: str, size: int) -> float:
        seen = [other for name, other in self._seen if name == claim]
        if not seen:
            return sum(map(sum, self._seen.values())) / self.done
        nearest = min(seen, key=lambda other: abs(other - size))
        known = self._seen[claim, nearest]
        return sum(known) / len(known) * 2.0 ** ((size - nearest) / 2)


def _kind(instance: Sized) -> tuple[str, int]:
    """Claim, and size to a factor of two."""
    return instance.claim, round(math.log2(instance.points * instance.dim))
