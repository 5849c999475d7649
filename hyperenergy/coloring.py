"""Colorings of items that every map within a tolerance keeps, refined until items of a color see the same colors.

Source: McKay and Piperno, Practical graph isomorphism II, J. Symbolic Comput. 60 (2014); the colors are told
apart by random hashes, and the edges are the classes of inner products.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from hyperenergy.errors import ArgumentError

Integers = NDArray[np.int64]
Hashes = NDArray[np.uint64]

# What a few calls of numpy cost, in operations of plain loops.
_OVERHEAD = 100_000


class Work:
    """Counts operations, about; ArgumentError beyond the limit."""

    def __init__(self, limit: int) -> None:
        self._limit, self._done = limit, 0

    def spend(self, work: int) -> None:
        self._done += work + _OVERHEAD
        if self._done > self._limit:
            raise ArgumentError(
                "limit",
                f"{self._limit}",
                "the search for symmetries was not finished within it; raise it, or change the tolerance if that is "
                "about as large as what distinguishes the points",
            )


class Colorings:
    """Of n items with inner products gram, (blocks, n, n): classes of pairs, and refinement.  A coloring is an array of n
    numbers below n + 1."""

    def __init__(self, gram: NDArray[np.float64], resolution: float, spend: Callable[[int], None]) -> None:
        self._spend = spend
        self._random = np.random.default_rng(0)
        self._relation = self._hash_relation(gram, resolution)
        self._weight, self._salt = (self._draw(gram.shape[1] + 1) for _ in range(2))

    def start(self, multiplicity: Integers) -> Integers:
        """Colors by what an item is by itself."""
        return np.unique(self._relation.diagonal() + multiplicity.astype(np.uint64), return_inverse=True)[1]

    def refine(self, color: Integers, follow: list[Hashes] | None = None) -> tuple[Integers, list[Hashes]] | None:
        """The coarsest coloring, finer than the given one, whose colors see equally many of each color in each relation;
        and the sorted keys of its rounds.  None where they are not those to ``follow``: no map carries one to the other.

        The key sum_j h(relation_ij) g(color_j) mod 2^64 depends on the numbers that item i sees, not on the names of items.
        A collision, or classes that chain together, only make the coloring coarser.
        """
        trace: list[Hashes] = []
        before, now = 0, int(color.max()) + 1
        while before < now < len(color) or not trace:
            self._spend(len(color) ** 2)
            key = self._relation @ self._weight[color] + self._salt[color]
            trace.append(np.sort(key))
            if follow is not None and not np.array_equal(trace[-1], follow[len(trace) - 1]):
                return None
            values, color = np.unique(key, return_inverse=True)
            before, now = (now if len(trace) > 1 else 0), len(values)
        return color, trace

    def _draw(self, size: int) -> Hashes:
        return self._random.integers(0, 2**64, size=size, dtype=np.uint64)

    def _hash_relation(self, gram: NDArray[np.float64], resolution: float) -> Hashes:
        """A random number for each class of pairs of items, (items, items).

        Sorted inner products that differ by more than the resolution part classes; a map within the tolerance keeps them.
        """
        relation = np.zeros(gram.shape[1:], dtype=np.uint64)
        for block in gram:
            order = np.argsort(block, axis=None)
            label = np.empty(block.size, dtype=np.int64)
            label[order] = np.cumsum(np.diff(block.ravel()[order], prepend=-np.inf) > resolution)
            relation += self._draw(int(label.max()) + 1)[label].reshape(block.shape)
        return relation


def individualized(color: Integers, item: int) -> Integers:
    """The coloring in which the item has a color of its own."""
    color = color.copy()
    color[item] = len(color)
    return color
