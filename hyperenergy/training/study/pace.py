"""How long the runs that are left will take."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable

Kind = tuple[str, int]  # data set and batch size: what the time of a run goes by


class Pace:
    """A run takes what those of its kind took on the mean, or, of a kind not seen yet, those of its data set.

    Work is done at the rate that was seen so far: so many seconds of runs in a second of the clock.
    """

    def __init__(self, kinds: Iterable[Kind], start: float) -> None:
        self._left = Counter(kinds)
        self.total, self.done = self._left.total(), 0
        self._seen: dict[Kind, list[float]] = defaultdict(list)
        self._start = self._last = start

    def add(self, kind: Kind, seconds: float, now: float) -> None:
        """A run has ended, at ``now`` by the clock that ``start`` was read from."""
        self.done, self._last = self.done + 1, now
        self._left[kind] -= 1
        self._seen[kind].append(seconds)

    def left(self) -> float | None:
        """Seconds until all are done; None as long as a data set has not been seen."""
        costs = [number * self._cost(kind) for kind, number in self._left.items() if number]
        worked = math.fsum(x for some in self._seen.values() for x in some)
        if not costs:
            return 0.0
        return math.fsum(costs) * (self._last - self._start) / worked if worked and math.isfinite(sum(costs)) else None

    def _cost(self, kind: Kind) -> float:
        same = self._seen.get(kind) or [x for (data, _), some in self._seen.items() if data == kind[0] for x in some]
        return math.fsum(same) / len(same) if same else math.inf
