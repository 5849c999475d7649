"""Orthogonal maps that permute items, an item being one vector or a pair of vectors: a strong generating set and the order.

Source of the method: the stabilizer chain of Sims (Seress, Permutation Group Algorithms, 2003, chapter 4), with the search
of refined colorings for its generators.  Points b_1, ..., b_k are chosen whose images determine a map.  |G| is the product
over i of the orbit of b_i under the maps that fix b_1, ..., b_{i-1}; the levels are worked from the last to the first, so
that the maps found extend the orbits of the levels above for free, and for each candidate outside the orbit one is sought.
"""

from __future__ import annotations

import itertools

import numpy as np

from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.coloring import FASTER, Array, Integers, Work
from hyperenergy.geometry.permutations import joined, random_elements
from hyperenergy.geometry.refinement import Items, Node, Search

# A symmetry that the data blur misses by about as much as they err.  If no map misses by more than the tolerance and less
# than twice that, the maps within it form a group, as the product of two misses by twice it at most.
CLEAR = 10.0


class UndecidedError(ArgumentError):
    """The data do not tell what is a symmetry and what is none."""


class Automorphisms:
    """The group of maps that carry items to items within the tolerance.

    The items must span R^dim and differ by more than the tolerance.
    generators: permutations p, for each of which an orthogonal Q has |Q items[i] - items[p[i]]| <= tolerance in every view.
    order: that of the group they generate.  orbit: a number per item, equal for items of one orbit.
    Raises OutOfWorkError where the work does not suffice, and UndecidedError where a map is found that misses by more than
    the tolerance, but not by ``clear`` times as much, or may have been passed over: too near to tell.
    """

    def __init__(self, items: Items, tolerance: float, work: Work, clear: float = CLEAR) -> None:
        self._items, self._tolerance, self._clear, self._spend = items.vectors, tolerance, clear, work.spend
        self._multiplicity = items.multiplicity
        self._search = Search(items, items, tolerance, clear, work)
        self._find_generators()
        self._check_group()

    def is_proper(self, p: Integers) -> bool:
        """Whether a rotation carries p out; so it does in a larger space than the items span."""
        return self._search.miss(p, proper=True) <= self._tolerance

    def _find_generators(self) -> None:
        search = self._search
        self.generators: list[Integers] = []
        self.order = 1
        self.orbit: Integers = np.arange(len(self._items))
        for level, item in reversed(list(enumerate(search.base))):
            node = Node(search.base[:level], search.before[level], [])
            failed: list[int] = []
            for image in search.candidates(node):
                # No map takes the item to another's orbit under maps of this level either.
                if self.orbit[image] in self.orbit[[item, *failed]]:
                    continue
                p = self._reflect(level, image)
                p = self._found(node, image) if p is None else p
                if p is None:
                    failed.append(int(image))
                    continue
                self.generators.append(p)
                self.orbit = joined(self.orbit, p)
            self.order *= int((self.orbit == self.orbit[item]).sum())

    def _found(self, node: Node, image: int) -> Integers | None:
        """A map that fixes the base before the level and takes its item there to the image, or None: there is none."""
        search = self._search
        for child in search.children(node, np.array([image])):
            for leaf in search.leaves(child):
                p = search.complete(leaf)
                if p is not None and self._accepts(p):
                    return p
        if search.doubt:
            raise UndecidedError(
                "tolerance",
                f"{self._tolerance:g}",
                "points are too close to be told apart within it; lower it",
            )
        return None

    def _reflect(self, level: int, image: int) -> Integers | None:
        """The reflection that takes the item of the base to the image, if it is a symmetry: the cheapest map to try, and in
        reflection groups (of simplices, cross-polytopes, root systems) nearly all that is needed."""
        item = self._search.base[level]
        normal = max(self._items[image] - self._items[item], key=np.linalg.norm)
        normal = normal / np.linalg.norm(normal)
        along = self._items @ normal
        moved = np.flatnonzero(np.abs(along).max(1) > self._tolerance / 2)
        self._spend(len(moved) * self._items[moved].size // FASTER + self._items.size)
        reflected = self._items[moved] - 2 * along[moved, :, None] * normal
        p = np.arange(len(self._items))
        p[moved] = moved[_nearest(reflected, self._items[moved])]
        kept = [*self._search.base[:level], item]
        fits = (
            np.array_equal(p[kept], [*kept[:-1], image])
            and np.array_equal(p[p], np.arange(len(p)))
            and np.array_equal(self._multiplicity[p], self._multiplicity)
            and np.linalg.norm(reflected - self._items[p[moved]], axis=2).max() <= self._tolerance
        )
        return p if fits else None

    def _accepts(self, p: Integers) -> bool:
        miss = self._search.miss(p)
        if self._tolerance < miss <= self._clear * self._tolerance:
            raise UndecidedError(
                "tolerance",
                f"{self._tolerance:g}",
                f"a map misses points by {miss:.1g}, too near to the tolerance to tell whether it is a symmetry of data "
                f"with errors; raise the tolerance above that, or lower it below {miss / self._clear:.1g}",
            )
        return miss <= self._tolerance

    def _check_group(self) -> None:
        """Small misses may add up: some random elements are looked at."""
        if self.generators:
            for p in itertools.islice(random_elements(self.generators, np.random.default_rng(0)), 9, 100, 10):
                if not self._accepts(p):
                    raise UndecidedError("tolerance", f"{self._tolerance:g}", "the maps within it do not form a group")


def _nearest(x: Array, y: Array) -> Integers:
    """For each item of x the number of the nearest of y."""
    x, y = x.reshape(len(x), -1), y.reshape(len(y), -1)
    return np.argmax(2 * x @ y.T - (y * y).sum(1), axis=1)
