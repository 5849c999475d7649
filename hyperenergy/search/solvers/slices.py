"""A search in slices, so that it can be watched: threads work ahead while the watcher looks at what they left.

The starts are shared out once, and each share goes on by itself: it waits neither for the others nor for the watcher, unless
that falls behind by some slices.
"""

from __future__ import annotations

import queue
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from typing import TypeVar

Sight = TypeVar("Sight")

# Slices by which threads may be ahead of the watcher: the first ones are short, and the first sight takes long to look at.
_AHEAD = 12


def slices(pool: Executor, shares: int, step: Callable[[int, int], tuple[Sight, bool]]) -> Iterator[list[Sight]]:
    """What there is to see after each slice: of all shares that had one, in their order.

    ``step(share, k)`` makes the k-th slice of a share, in a thread; it returns what there is to see of it, and whether the
    share goes on.  What it raises is raised here.  Where the iteration ends early, the present slices are the last ones.
    """
    found: queue.SimpleQueue[tuple[int, int, Sight] | BaseException] = queue.SimpleQueue()
    lock, parked = threading.Lock(), list[tuple[int, int]]()
    most, stopped = _AHEAD, False
    ends = Counter[int]()

    def go(share: int, k: int) -> None:
        with lock:
            if k > most:
                parked.append((share, k))
            elif not stopped:
                pool.submit(work, share, k)

    def work(share: int, k: int) -> None:
        try:
            sight, more = step(share, k)
        except BaseException as error:
            found.put(error)
            return
        with lock:
            ends[k] += not more
        found.put((k, share, sight))
        if more:
            go(share, k + 1)

    early: defaultdict[int, list[tuple[int, Sight]]] = defaultdict(list)
    for share in range(shares):
        go(share, 0)
    try:
        k = 0
        while shares:
            while len(early[k]) < shares:
                one = found.get()
                if isinstance(one, BaseException):
                    raise one
                early[one[0]].append(one[1:])
            yield [sight for _, sight in sorted(early.pop(k), key=lambda one: one[0])]
            shares -= ends[k]
            k += 1
            with lock:
                most += 1
                again, parked = parked, []
            for share, number in again:
                go(share, number)
    finally:
        stopped = True
