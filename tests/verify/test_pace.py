"""The order of a run and the estimate of its end, on a simulated clock."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from hyperenergy.verify.claims import select, tasks
from hyperenergy.verify.grid import Grid
from hyperenergy.verify.pace import Pace, order

STARTUP = 8.0


@dataclass(frozen=True)
class Timed:
    claim: str
    points: int
    dim: int
    seconds: float


def work() -> list[Timed]:
    """As a verification: many cheap instances, claims of a hundred times their cost, and a few that are large and slow."""
    draw = random.Random(1)
    many = [Timed("B1", draw.randint(2, 9), draw.randint(2, 8), draw.uniform(0.02, 0.1)) for _ in range(2000)]
    sized = [Timed("B2", n, 3 + n // 40, 0.02 * n * draw.uniform(0.8, 1.2)) for n in range(4, 400, 6)]
    slow = [Timed("B5", draw.randint(4, 12), 3, draw.uniform(1, 4)) for _ in range(150)]
    return [*sized[::-1], *many, *slow]


def arrivals(ordered: Sequence[Timed], workers: int) -> list[tuple[float, Timed]]:
    """When each result arrives; workers start late, and one after the other."""
    free = [STARTUP + 0.3 * k for k in range(workers)]
    heapq.heapify(free)
    found = []
    for one in ordered:
        end = heapq.heappop(free) + one.seconds
        heapq.heappush(free, end)
        found.append((end, one))
    return sorted(found, key=lambda pair: pair[0])


def ratios(
    ordered: Sequence[Timed], workers: int, estimate: Callable[[Pace, float], float | None]
) -> list[tuple[float, float]]:
    """(share of the time that has passed, estimate over truth), every five seconds, as long as there are ten to go."""
    found, pace, said = [], Pace(ordered), 0.0
    events = arrivals(ordered, workers)
    end = events[-1][0]
    for now, one in events:
        pace.add(one, now)
        left = estimate(pace, now)
        if now > said + 5 and end - now > 10 and left is not None:
            said = now
            found.append((now / end, left / (end - now)))
    return found


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_estimates_are_honest(workers: int) -> None:
    """Within a factor of two from the first one on, which comes early; within a quarter on the mean."""
    given = work()
    ordered = order(given, [one.points * one.dim for one in given])
    found = ratios(ordered, workers, lambda pace, now: pace.left())
    assert len(found) > 4 and found[0][0] < 0.35
    assert all(1 / 2 < ratio < 2 for _, ratio in found)
    assert 0.75 < sum(ratio for _, ratio in found) / len(found) < 1.25


def test_the_rate_since_the_start_is_not() -> None:
    """The control: in the order that is given, the time so far per instance is off by far more."""
    found = ratios(work(), 2, lambda pace, now: now / pace.done * (pace.total - pace.done))
    assert any(ratio > 5 for _, ratio in found)
    ordered = order(work(), [one.points * one.dim for one in work()])
    first = ratios(ordered, 2, lambda pace, now: now / pace.done * (pace.total - pace.done))[0]
    assert first[1] > 2 or first[1] < 1 / 2


def test_nothing_is_said_before_enough_is_known() -> None:
    given = work()
    pace = Pace(given)
    for k, one in enumerate(given[:47], 1):
        pace.add(one, float(k))
        assert pace.left() is None
    pace.add(given[47], 48.0)
    assert pace.left() is not None
    few = Pace(given[:2])
    few.add(given[0], 1.0)
    few.add(given[1], 2.0)
    assert few.left() == 0


def test_the_order_has_all_once_and_the_largest_early() -> None:
    todo = tasks(select(None), Grid())
    sizes = [one.points * one.dim for _, one in todo]
    ordered = order(todo, sizes)
    assert len(ordered) == len(todo) and {id(one) for _, one in ordered} == {id(one) for _, one in todo}
    assert ordered == order(todo, sizes)
    places = {id(one): k for k, (_, one) in enumerate(ordered)}
    largest = sorted((one for _, one in todo), key=lambda one: -one.points * one.dim)[:10]
    assert all(places[id(one)] < len(todo) / 3 for one in largest)
    # A fair sample: claims come as often among the first tenth as in all.
    for claim in ("B1", "B5", "B2a"):
        share = sum(one.claim == claim for _, one in todo) / len(todo)
        early = sum(one.claim == claim for _, one in ordered[: len(todo) // 10]) / (len(todo) // 10)
        assert abs(early - share) < 0.06
    assert order([], []) == [] and order([1], [1]) == [1]
