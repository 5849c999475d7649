"""The search for orthogonal maps that carry one configuration of items to another, an item being one vector or a pair.

It serves congruence (two configurations) and symmetry (one, twice).  Points of the first configuration are given colors
of their own, one by one, and the colorings refined, until their images determine a map: the base.  For each point of the
base every item of the second configuration is tried as its image, as long as the colorings agree
(McKay and Piperno, Practical graph isomorphism II, J. Symbolic Comput. 60 (2014)).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hyperenergy.geometry.coloring import FASTER, Array, Colorings, Integers, State, Trace, Work
from hyperenergy.geometry.permutations import orbits, stabilizer

# Matchings to the nearest and fits to these, in turn.
_MOST_FITS = 3
# Images tried together, at most.
_MOST_TOGETHER = 64
# Rows that coincide within the tolerance are as far apart at most, in tolerances, after a map that misses by ten of them.
_BLURRED = 21
# Distances come from expanded squares.
_ROUND_OFF = 1e-7


@dataclass(frozen=True, eq=False)
class Items:
    """vectors: (items, views, dim), one view for points, two for pairs.  multiplicity: how many rows each stands for."""

    vectors: Array
    multiplicity: Integers

    @staticmethod
    def of(rows: Array, tolerance: float) -> tuple[Items, Integers]:
        """Rows (points, views, dim) that a chain of distances up to the tolerance joins are one item, their mean; and the
        number of its item for each row."""
        member = _coincident(rows, tolerance)
        multiplicity = np.bincount(member)
        sums = np.zeros((len(multiplicity), *rows.shape[1:]))
        np.add.at(sums, member, rows)
        return Items(sums / multiplicity[:, None, None], multiplicity), member

    def gram(self) -> Array:
        """[ab, i, j] is view a of item i times view b of item j."""
        gram = np.einsum("iad,jbd->abij", self.vectors, self.vectors, optimize=True)
        return gram.reshape(-1, *gram.shape[2:])


class Node(NamedTuple):
    """Images of the first points of the base, the coloring that they leave, and maps of the target that keep them."""

    images: list[int]
    state: State
    symmetries: list[Integers]


def procrustes(x: Array, y: Array, proper: bool = False) -> Array:
    """The orthogonal Q with least sum |Q x_i - y_i|^2 (Schoenemann 1966), or the best of determinant 1 (Kabsch 1976)."""
    left, _, right = np.linalg.svd(y.reshape(-1, y.shape[-1]).T @ x.reshape(-1, x.shape[-1]))
    if proper and np.linalg.det(left) * np.linalg.det(right) < 0:
        left[:, -1] *= -1
    return left @ right


class Search:
    """For maps of the items x to the items y, as many, that miss by at most the tolerance in every view.

    Maps are met also if they miss by up to ``clear`` times the tolerance, so that what is near can be told from what is
    not.  possible: False where the refined colorings show at once that there is no map.
    doubt: a map may have been passed over, since points are too close for the tolerance to tell them apart.
    """

    def __init__(self, x: Items, y: Items, tolerance: float, clear: float, work: Work) -> None:
        self.x, self.y, self.tolerance, self._spend = x, y, tolerance, work.spend
        self.doubt = False
        same = x is y
        self._gram_x = x.gram()
        self._gram_y = self._gram_x if same else y.gram()
        # Unit vectors that miss by t change an inner product by 2t + t^2 at most.
        self._resolution = 2.5 * clear * tolerance
        grams = [self._gram_x] if same else [self._gram_x, self._gram_y]
        self._colorings = Colorings(grams, self._resolution, self._spend)
        self._target = len(grams) - 1
        # Sorting does not increase the largest difference, so that these rows of equivalent items agree as well.
        self._profile_x = _profile(self._gram_x)
        self._profile_y = self._profile_x if same else _profile(self._gram_y)
        self.base: list[int] = []
        self.before: list[State] = []
        self._traces: list[Trace] = []
        start, first = self._colorings.refine(0, self._colorings.start(0, x.multiplicity))
        self._choose_base(start)
        alive, state = self._colorings.follow(self._target, self._colorings.start(self._target, y.multiplicity), first)
        self.possible = len(alive) == 1
        self.root = Node([], state, [])

    def _choose_base(self, state: State) -> None:
        """Items to individualize, each farthest from the span of those that have a color of their own, until these
        determine the map; and for each the coloring before, and the trace of its refinement."""
        rest = self.x.vectors.copy()
        spanned = np.zeros(len(rest), dtype=bool)
        while True:
            color = state.color[0]
            self._final = color
            size = np.bincount(color)[color]
            single = size == 1
            if single.all():
                break
            # Where points barely reach, errors of the size of the tolerance would pass for a direction.
            for direction in _pivots(rest, single & ~spanned, 10 * self.tolerance):
                self._spend(3 * rest.size)
                rest -= (rest @ direction)[..., None] * direction
            spanned |= single
            distance = np.where(single, 0, np.linalg.norm(rest, axis=2).max(1))
            if distance.max() <= self.tolerance:
                break
            # Of those about as far as the farthest, one of a small color: it has few images.
            far = np.flatnonzero(distance > 0.7 * distance.max())
            item = int(far[np.lexsort((-distance[far].round(9), size[far]))[0]])
            self.base.append(item)
            self.before.append(state)
            state, trace = self._colorings.refine(0, self._colorings.individualized(0, state, np.array([item])))
            self._traces.append(trace)
        self._single = single
        self._reach = self._reaches()

    def _reaches(self) -> Array:
        """How far the map that is fitted to the single items may leave an item from its image under a map that misses by the
        tolerance.  Both leave these m items within sqrt(m) of the tolerance in the square sum, and an item is a combination
        of them, with coefficients c, and a rest: so it is |c| 2 sqrt(m) tolerance + tolerance + 2 |rest| at most."""
        x = self.x.vectors
        if self._single.all():
            return np.zeros(len(x))
        known = x[self._single].reshape(-1, x.shape[2])
        if not len(known):
            return np.full(len(x), np.inf)
        coefficients = x @ np.linalg.pinv(known, rcond=10 * self.tolerance)
        rest = np.linalg.norm(x - coefficients @ known, axis=2).max(1)
        lever = np.linalg.norm(coefficients, axis=2).max(1)
        return np.asarray(self.tolerance * (1 + 2 * np.sqrt(len(known)) * lever) + 2 * rest + _ROUND_OFF)

    def candidates(self, node: Node) -> Integers:
        """Where the next item of the base may go."""
        level = len(node.images)
        item = self.base[level]
        found = np.flatnonzero(node.state.color[0] == self.before[level].color[0, item])
        if self._colorings.tight:
            return found
        # Classes may chain many values together where items are many; these inner products do not.
        self._spend(len(found) * (level * len(self._gram_y) + self._profile_x.shape[1]))
        found = found[np.abs(self._profile_y[found] - self._profile_x[item]).max(1) <= self._resolution]
        wanted = self._gram_x[:, item, self.base[:level]]
        there = self._gram_y[:, found[:, None], np.array(node.images, dtype=np.int64)]
        close = np.abs(there - wanted[:, None]) <= self._resolution
        return found[close.all(axis=(0, 2))]

    def children(self, node: Node, among: Integers | None = None) -> Iterator[Node]:
        """The nodes with one more image, one for each orbit of the symmetries that are known; more and more at a time."""
        images = self.candidates(node) if among is None else among
        if node.symmetries:
            orbit = orbits(node.symmetries)[images]
            images = images[np.sort(np.unique(orbit, return_index=True)[1])]
        done, together = 0, 1
        while done < len(images):
            batch = images[done : done + together]
            done, together = done + together, min(2 * together, _MOST_TOGETHER)
            tried = self._colorings.individualized(self._target, node.state, batch)
            alive, states = self._colorings.follow(self._target, tried, self._traces[len(node.images)])
            for k, which in enumerate(alive):
                image = int(batch[which])
                symmetries = stabilizer(node.symmetries, image) if node.symmetries else []
                yield Node([*node.images, image], State(states.color[k : k + 1], states.key[k : k + 1]), symmetries)

    def leaves(self, root: Node) -> Iterator[Node]:
        """The nodes below, depth first, in which the whole base has images."""
        stack: list[Iterator[Node]] = [iter([root])]
        while stack:
            node = next(stack[-1], None)
            if node is None:
                stack.pop()
            elif len(node.images) == len(self.base):
                yield node
            else:
                stack.append(self.children(node))

    def rotation(self, leaf: Node) -> Array:
        """The map that carries the items of single colors best."""
        here, there = self._paired(leaf.state.color[0])
        return procrustes(self.x.vectors[here], self.y.vectors[there])

    def complete(self, leaf: Node) -> Integers | None:
        """The permutation that the images of the base determine; None where there is none, or was not found: ``doubt``."""
        color = leaf.state.color[0]
        if self._single.all():
            here, there = self._paired(color)
            p = np.empty_like(here)
            p[here] = there
            return p
        self._spend(self.x.vectors.size * len(color) // FASTER + 5 * len(color) ** 2)
        rotation = self.rotation(leaf)
        doubt = False
        for _ in range(_MOST_FITS):
            distance = _distances(self.x.vectors @ rotation.T, self.y.vectors)
            distance[self._final[:, None] != color] = np.inf
            if not doubt:
                # Each has an image within reach, if there is a map, and it must be the nearest if there is one alone.
                within = (distance <= self._reach[:, None]).sum(1)
                doubt = bool(within.all() and (within > 1).any())
            p = np.argmin(distance, axis=1)
            if _is_permutation(p):
                break
            rotation = procrustes(self.x.vectors, self.y.vectors[p])
        else:
            self.doubt |= doubt
            return None
        self.doubt |= doubt and self.miss(p) > self.tolerance
        return p

    def miss(self, p: Integers, proper: bool = False) -> float:
        """How far the best orthogonal map leaves an item from its image under p; infinite if p is no permutation of items of
        equal multiplicity."""
        if not _is_permutation(p) or (self.y.multiplicity[p] != self.x.multiplicity).any():
            return np.inf
        dim = self.x.vectors.shape[2]
        self._spend(self.x.vectors.size * dim // FASTER + dim**3)
        image = self.y.vectors[p]
        missed = np.linalg.norm(self.x.vectors @ procrustes(self.x.vectors, image, proper).T - image, axis=2)
        # The best map is that of least squares here, and another may have the least largest miss.
        if missed.max() > self.tolerance and np.sqrt((missed**2).mean()) <= self.tolerance:
            return float(np.nextafter(self.tolerance, 1))
        return float(missed.max())

    def _paired(self, color: Integers) -> tuple[Integers, Integers]:
        """Items of x of single colors, and those of y of the same."""
        there = np.empty(len(color), dtype=np.int64)
        there[color] = np.arange(len(color))
        here = np.flatnonzero(self._single)
        return here, there[self._final[here]]


def _near(rows: Array, radius: float) -> tuple[Integers, Integers, Array]:
    """Rows i and j, and their distance in every view at most, where that is up to the radius."""
    flat = rows.reshape(len(rows), -1)
    squares = (flat * flat).sum(1)
    # Round-off of the expanded square is far below 1e-12; the distances of the few pairs left come from differences.
    most = rows.shape[1] * radius**2 + 1e-12
    i, j = np.nonzero(squares[:, None] + squares - 2 * flat @ flat.T <= most)
    distance = np.linalg.norm(rows[i] - rows[j], axis=2).max(1)
    near = distance <= radius
    return i[near], j[near], distance[near]


def _coincident(rows: Array, tolerance: float) -> Integers:
    """A number for each row, equal for rows that a chain of distances up to the tolerance joins."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    i, j, _ = _near(rows, tolerance)
    edges = coo_array((np.ones(len(i)), (i, j)), shape=(len(rows), len(rows)))
    return connected_components(edges, directed=False)[1].astype(np.int64)


def blurred(rows: Array, tolerance: float) -> bool:
    """Whether some rows are near enough to coincide under a map that misses by little, but do not within the tolerance."""
    return bool((_near(rows, _BLURRED * tolerance)[2] > tolerance).any())


def on_rows(p: Integers, member_x: Integers, member_y: Integers) -> Integers:
    """The permutation of rows for one of items: the k-th row of an item goes to the k-th row of its image."""
    order_x, order_y = (np.argsort(member, kind="stable") for member in (member_x, member_y))
    start_x, start_y = (
        np.searchsorted(member[order], np.arange(len(p)))
        for member, order in ((member_x, order_x), (member_y, order_y))
    )
    item = member_x[order_x]
    result = np.empty_like(order_x)
    result[order_x] = order_y[start_y[p[item]] + np.arange(len(order_x)) - start_x[item]]
    return result


def _is_permutation(p: Integers) -> bool:
    return bool((np.bincount(p, minlength=len(p)) == 1).all())


def _profile(gram: Array) -> Array:
    return np.sort(gram, axis=2).transpose(1, 0, 2).reshape(gram.shape[1], -1)


def _distances(x: Array, y: Array) -> Array:
    """The largest distance of two items over the views, (items of x, items of y)."""
    views = zip(x.swapaxes(0, 1), y.swapaxes(0, 1), strict=True)
    squares = np.stack([(a * a).sum(1)[:, None] + (b * b).sum(1) - 2 * a @ b.T for a, b in views])
    return np.sqrt(np.maximum(squares.max(0), 0))


def _pivots(rest: Array, chosen: NDArray[np.bool_], thin: float) -> Iterator[Array]:
    """Unit vectors, each along the longest of the chosen rows of ``rest``, which the caller shortens in between."""
    index = np.flatnonzero(chosen)
    while len(index):
        rows = rest[index].reshape(-1, rest.shape[-1])
        norms = np.linalg.norm(rows, axis=1)
        if norms.max() <= thin:
            return
        yield rows[norms.argmax()] / norms.max()
