"""Colorings of items that every map within a tolerance keeps, refined until items of a color see the same colors.

Source: McKay and Piperno, Practical graph isomorphism II, J. Symbolic Comput. 60 (2014); the colors are told
apart by random hashes, and the edges are the classes of inner products.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hyperenergy.errors import ArgumentError

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

# What a few calls of numpy cost, in operations of plain loops, and by how much matrix products are faster than these.
_OVERHEAD = 100_000
FASTER = 10
# Hashes are whole numbers in float64, so that sums of products are exact, in any order, below 2^53.
_BITS, _RELATION_BITS = 52, 20


class OutOfWorkError(ArgumentError):
    """A search was not finished within the limit on its work."""


class Work:
    """Counts operations, about; OutOfWorkError beyond the limit."""

    def __init__(self, limit: int) -> None:
        self._limit, self._done = limit, 0

    def allow(self, more: int) -> None:
        """A new limit: so many operations from now on."""
        self._limit = self._done + more

    def spend(self, work: int) -> None:
        self._done += work + _OVERHEAD
        if self._done > self._limit:
            raise OutOfWorkError(
                "limit",
                f"{self._limit}",
                "the search for symmetries was not finished within it; raise it, or change the tolerance if that is "
                "about as large as what distinguishes the points",
            )


class State(NamedTuple):
    """Colorings, one a row: color, numbers from 0 on without gaps, and key, the hash of the colors that an item sees."""

    color: Integers
    key: Array


# Of each round of a refinement: what items see, sorted, and the new colors in that order.
Trace = list[tuple[Array, Integers]]


class Colorings:
    """Of configurations of n items each, with inner products grams, each (blocks, n, n): classes of pairs, and refinement.

    tight: no class of inner products is wider than the resolution, so that colors tell all that these do.
    """

    def __init__(self, grams: Sequence[Array], resolution: float, spend: Callable[[int], None]) -> None:
        self._spend = spend
        self._random = np.random.default_rng(0)
        self.tight = True
        n = grams[0].shape[-1]
        # [j, i]: what item i sees in item j.
        self._relations = [np.ascontiguousarray(r.T) for r in self._hashed(grams, resolution)]
        self._weight = self._draw(n + 1, _BITS - _RELATION_BITS - math.ceil(math.log2(n + 1)))
        self._salt = self._draw(n + 1, _BITS)

    def start(self, which: int, multiplicity: Integers) -> State:
        """All of one color, and told apart by what an item is by itself."""
        relation = self._relations[which]
        color = np.zeros((1, len(relation)), dtype=np.int64)
        own = relation.diagonal() + multiplicity * 2.0**_RELATION_BITS
        return State(color, (self._weight[0] * relation.sum(0) + own)[None])

    def individualized(self, which: int, state: State, items: Integers) -> State:
        """Colorings, one for each item, in which it has a color of its own."""
        row = np.arange(len(items))
        color, key = np.repeat(state.color, len(items), axis=0), np.repeat(state.key, len(items), axis=0)
        new = int(state.color.max()) + 1
        key += self._relations[which][items] * (self._weight[new] - self._weight[color[row, items]])[:, None]
        color[row, items] = new
        return State(color, key)

    def refine(self, which: int, state: State) -> tuple[State, Trace]:
        """The coarsest coloring, finer than the given one, whose colors see equally many of each color in each relation.

        The key of item i is sum_j h(relation_ij) g(color_j), which does not depend on the names of items.  A collision, or
        classes that chain together, only make the coloring coarser.  Of the parts of a color the largest keeps its number.
        """
        color, key = state.color[0], state.key[0]
        trace: Trace = []
        count = int(color.max()) + 1
        while True:
            total = key + self._salt[color]
            order = np.argsort(total, kind="stable")
            total = total[order]
            first = np.flatnonzero(np.diff(total, prepend=-1.0))
            size = np.diff(first, append=len(total))
            number = color[order[first]]
            # By color, and the largest part first: it keeps the number.
            ranked = np.lexsort((-size, number))
            rest = np.sort(ranked[np.diff(number[ranked], prepend=-1) == 0])
            number[rest] = count + np.arange(len(rest))
            count += len(rest)
            new = np.empty_like(color)
            new[order] = np.repeat(number, size)
            trace.append((total, new[order]))
            if not len(rest):
                return State(color[None], key[None]), trace
            color, key = (a[0] for a in self._recolored(which, State(color[None], key[None]), new[None]))
            if count == len(color):
                return State(color[None], key[None]), trace

    def follow(self, which: int, state: State, trace: Trace) -> tuple[Integers, State]:
        """Which of the colorings, and their refinement, go the way of the trace; no map carries the other ones to its."""
        alive = np.arange(len(state.color))
        for total, colors in trace:
            now = state.key + self._salt[state.color]
            order = np.argsort(now, axis=1, kind="stable")
            self._spend(10 * now.size)
            same = (np.take_along_axis(now, order, axis=1) == total).all(1)
            alive, order = alive[same], order[same]
            state = State(state.color[same], state.key[same])
            if not len(alive):
                break
            new = np.empty_like(state.color)
            np.put_along_axis(new, order, colors[None], axis=1)
            state = self._recolored(which, state, new)
        return alive, state

    def _recolored(self, which: int, state: State, color: Integers) -> State:
        change = self._weight[color] - self._weight[state.color]
        moved = np.flatnonzero(change.any(0))
        relation = self._relations[which]
        self._spend(len(change) * len(moved) * len(relation) // FASTER + relation[moved].size // FASTER)
        return State(color, state.key + change[:, moved] @ relation[moved])

    def _draw(self, size: int, bits: int) -> Array:
        return self._random.integers(0, 2**bits, size=size).astype(np.float64)

    def _hashed(self, grams: Sequence[Array], resolution: float) -> list[Array]:
        """A random number for each class of pairs of items, (items, items) for each configuration.

        Sorted inner products that differ by more than the resolution part classes; a map within the tolerance keeps them.
        """
        blocks, n = grams[0].shape[:2]
        found = np.zeros((len(grams), n, n))
        self._spend(10 * found.size * blocks)
        bits = _RELATION_BITS - math.ceil(math.log2(blocks))
        for block in range(blocks):
            values = np.stack([gram[block] for gram in grams]).ravel()
            order = np.argsort(values)
            values = values[order]
            first = np.flatnonzero(np.diff(values, prepend=-np.inf) > resolution)
            last = np.append(first[1:], len(values)) - 1
            self.tight &= bool((values[last] - values[first]).max() <= resolution)
            label = np.repeat(self._draw(len(first), bits), last - first + 1)
            numbers = np.empty_like(label)
            numbers[order] = label
            found += numbers.reshape(found.shape)
        return list(found)
