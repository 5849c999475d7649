"""Orthogonal maps that permute items, an item being one vector or a pair of vectors: a strong generating set and the order.

Source of the method: the stabilizer chain of Sims (Seress, Permutation Group Algorithms, 2003, chapter 4), and refined
colorings that steer the search for its generators (McKay and Piperno, Practical graph isomorphism II, J. Symbolic Comput.
60 (2014)).  Points b_1, ..., b_k are chosen whose images determine a map.  |G| is the product over i of the orbit of b_i
under the maps that fix b_1, ..., b_{i-1}; the levels are worked from the last to the first, so that the maps found extend
the orbits of the levels above for free, and for each candidate outside the orbit one map is sought.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from hyperenergy.coloring import Colorings, Hashes, Work, individualized
from hyperenergy.congruence import procrustes
from hyperenergy.errors import ArgumentError

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

# A symmetry that the data blur misses by about as much as they err.  If no map misses by more than the tolerance and less
# than twice that, the maps within it form a group, as the product of two misses by twice it at most.
_UNDECIDED = 10
# By how much matrix products are faster than plain loops, in which work is counted.
_FASTER = 10


def fit(x: Array, y: Array) -> Array:
    """The orthogonal Q that carries items x best to items y, each (items, views, dim): see ``procrustes``."""
    dim = x.shape[-1]
    return procrustes(x.reshape(-1, dim), y.reshape(-1, dim))


class Automorphisms:
    """The group of maps that carry items (items, views, dim), of given multiplicities, to items within the tolerance.

    The items must span R^dim and differ by more than the tolerance.
    generators: permutations p, for each of which an orthogonal Q has |Q items[i] - items[p[i]]| <= tolerance in every view.
    order: that of the group they generate.  orbit: a number per item, equal for items of one orbit.
    Raises ArgumentError where about ``limit`` operations do not suffice, and where a map is found that misses by more
    than the tolerance, but not by ten times as much: too near to tell.
    """

    def __init__(self, items: Array, multiplicity: Integers, tolerance: float, limit: int) -> None:
        self._items, self._multiplicity, self._tolerance = items, multiplicity, tolerance
        self._spend = Work(limit).spend
        # [ab, i, j] is view a of item i times view b of item j.  Unit vectors that miss by t change it by 2t + t^2 at most.
        gram = np.einsum("iad,jbd->abij", items, items, optimize=True)
        self._gram: Array = gram.reshape(-1, *gram.shape[2:])
        self._resolution = 2.5 * tolerance
        # Sorting does not increase the largest difference, so that these rows of equivalent items agree as well.
        self._profile: Array = np.sort(self._gram, axis=2).transpose(1, 0, 2).reshape(len(items), -1)
        self._colorings = Colorings(self._gram, self._resolution, self._spend)
        self._choose_base()
        self._find_generators()
        self._check_group()

    def miss(self, p: Integers) -> float:
        """How far the best orthogonal map leaves an item from its image under p; infinite if p is no permutation."""
        if not np.array_equal(np.sort(p), np.arange(len(p))) or (self._multiplicity[p] != self._multiplicity).any():
            return np.inf
        dim = self._items.shape[-1]
        self._spend(self._items.size * dim // _FASTER + dim**3)
        moved = self._items @ fit(self._items, self._items[p]).T
        return float(np.linalg.norm(moved - self._items[p], axis=2).max())

    def _choose_base(self) -> None:
        """Items to individualize, each farthest from the span of those that have a color of their own, until these
        determine the map; and for each the coloring before and after, and the keys of its refinement."""
        refined = self._colorings.refine(self._colorings.start(self._multiplicity))
        self._base: list[int] = []
        self._before: list[Integers] = []
        self._traces: list[list[Hashes]] = []
        rest = self._items.copy()
        while refined is not None:
            color, trace = refined
            if self._base:
                self._traces.append(trace)
            self._final = color
            single = np.bincount(color)[color] == 1
            if single.all():
                return
            # Where points barely reach, errors of the size of the tolerance would pass for a direction.
            for direction in _pivots(rest, single, 10 * self._tolerance):
                rest -= (rest @ direction)[..., None] * direction
            distance = np.where(single, 0, np.linalg.norm(rest, axis=2).max(1))
            if distance.max() <= self._tolerance:
                return
            self._base.append(int(distance.argmax()))
            self._before.append(color)
            refined = self._colorings.refine(individualized(color, self._base[-1]))

    def _candidates(self, color: Integers, images: list[int]) -> Integers:
        """Where the next item of the base may go, those before it going to the images."""
        level = len(images)
        item = self._base[level]
        found = np.flatnonzero(color == self._before[level][item])
        self._spend(len(found) * level * len(self._gram))
        # Classes may chain many values together where items are many; these inner products do not.
        wanted = self._gram[:, item, self._base[:level]]
        there = self._gram[:, found[:, None], np.array(images, dtype=np.int64)]
        close = np.abs(there - wanted[:, None]) <= self._resolution
        return found[close.all(axis=(0, 2))]

    def _similar(self, i: int, j: int) -> bool:
        return bool(np.abs(self._profile[i] - self._profile[j]).max() <= self._resolution)

    def _find_generators(self) -> None:
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        self.generators: list[Integers] = []
        self.order = 1
        self.orbit: Integers = np.arange(len(self._items))
        for level, item in reversed(list(enumerate(self._base))):
            failed: list[int] = []
            for image in self._candidates(self._before[level], self._base[:level]):
                # No map takes the item to another's orbit under maps of this level either.
                if self.orbit[image] in self.orbit[[item, *failed]]:
                    continue
                p = None
                if self._similar(item, image):
                    p = self._reflect(level, image)
                    p = self._search(level, image) if p is None else p
                if p is None:
                    failed.append(int(image))
                    continue
                self.generators.append(p)
                edges = coo_array((np.ones(len(p)), (self.orbit, self.orbit[p])), shape=(len(p), len(p)))
                self.orbit = connected_components(edges, directed=False)[1][self.orbit]
            self.order *= int((self.orbit == self.orbit[item]).sum())

    def _reflect(self, level: int, image: int) -> Integers | None:
        """The reflection that takes the item of the base to the image, if it is a symmetry: the cheapest map to try, and in
        reflection groups (of simplices, cross-polytopes, root systems) nearly all that is needed."""
        item = self._base[level]
        normal = max(self._items[image] - self._items[item], key=np.linalg.norm)
        normal = normal / np.linalg.norm(normal)
        along = self._items @ normal
        moved = np.flatnonzero(np.abs(along).max(1) > self._tolerance / 2)
        self._spend(len(moved) * self._items[moved].size // _FASTER + self._items.size)
        reflected = self._items[moved] - 2 * along[moved, :, None] * normal
        p = np.arange(len(self._items))
        p[moved] = moved[_nearest(reflected, self._items[moved])]
        kept = [*self._base[:level], item]
        fits = (
            np.array_equal(p[kept], [*kept[:-1], image])
            and np.array_equal(p[p], np.arange(len(p)))
            and np.array_equal(self._multiplicity[p], self._multiplicity)
            and np.linalg.norm(reflected - self._items[p[moved]], axis=2).max() <= self._tolerance
        )
        return p if fits else None

    def _search(self, level: int, image: int) -> Integers | None:
        """A map that fixes the base before the level and takes its item there to the image, or None: there is none."""
        # Depth first: images of the base so far, and the coloring before the last of them is individualized.
        stack = [([*self._base[:level], image], self._before[level])]
        while stack:
            images, color = stack.pop()
            if not self._similar(self._base[len(images) - 1], images[-1]):
                continue
            refined = self._colorings.refine(individualized(color, images[-1]), self._traces[len(images) - 1])
            if refined is None:
                continue
            color, _ = refined
            if len(images) < len(self._base):
                stack += [([*images, int(c)], color) for c in reversed(self._candidates(color, images))]
                continue
            p = self._complete(color)
            if self._accepts(p):
                return p
        return None

    def _accepts(self, p: Integers) -> bool:
        miss = self.miss(p)
        if self._tolerance < miss <= _UNDECIDED * self._tolerance:
            raise ArgumentError(
                "tolerance",
                f"{self._tolerance:g}",
                f"a map misses points by {miss:.1g}, too near to the tolerance to tell whether it is a symmetry of data "
                f"with errors; raise the tolerance above that, or lower it below {miss / _UNDECIDED:.1g}",
            )
        return miss <= self._tolerance

    def _complete(self, color: Integers) -> Integers:
        """The map to items of equal color, or, where colors are shared, the one that the others determine."""
        here, there = np.argsort(self._final), np.argsort(color)
        single = (np.bincount(color)[color] == 1)[there]
        if single.all():
            p = np.empty_like(here)
            p[here] = there
            return p
        self._spend(self._items.size * len(self._items) // _FASTER)
        rotation = fit(self._items[here[single]], self._items[there[single]])
        return _nearest(self._items @ rotation.T, self._items)

    def _check_group(self) -> None:
        """Small misses may add up.  Random elements come by product replacement (Celler, Leedham-Green, Murray, Niemeyer and
        O'Brien, Generating random elements of a finite group, Comm. Algebra 23 (1995)), which soon makes long products."""
        random = np.random.default_rng(0)
        pool = self.generators * math.ceil(10 / max(len(self.generators), 1))
        for step in range(100 if pool else 0):
            i, j = random.choice(len(pool), 2, replace=False)
            p = pool[i] = pool[i][pool[j]]
            if step % 10 == 9 and not self._accepts(p):
                raise ArgumentError("tolerance", f"{self._tolerance:g}", "the maps within it do not form a group")


def _pivots(rest: Array, chosen: NDArray[np.bool_], thin: float) -> Iterator[Array]:
    """Unit vectors, each along the longest of the chosen rows of ``rest``, which the caller shortens in between."""
    while True:
        rows = rest[chosen].reshape(-1, rest.shape[-1])
        norms = np.linalg.norm(rows, axis=1)
        if not len(norms) or norms.max() <= thin:
            return
        yield rows[norms.argmax()] / norms.max()


def _nearest(x: Array, y: Array) -> Integers:
    """For each item of x the number of the nearest of y."""
    x, y = x.reshape(len(x), -1), y.reshape(len(y), -1)
    return np.argmax(2 * x @ y.T - (y * y).sum(1), axis=1)
