"""Groups of permutations, given by generators, each an array p with i -> p[i]."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

# Random elements of a stabilizer: so many generate nearly all of it.  Products are long after a while.
_ELEMENTS, _WARM = 10, 30


def joined(orbit: Integers, p: Integers) -> Integers:
    """The orbits, a number for each point, of the group that p and another with the given orbits generate."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    edges = coo_array((np.ones(len(p)), (orbit, orbit[p])), shape=(len(p), len(p)))
    return connected_components(edges, directed=False)[1][orbit].astype(np.int64)


def orbits(generators: Sequence[Integers]) -> Integers:
    """A number for each point, equal for points of one orbit."""
    return functools.reduce(joined, generators, np.arange(len(generators[0])))


def random_elements(generators: Sequence[Integers], random: np.random.Generator) -> Iterator[Integers]:
    """Product replacement (Celler, Leedham-Green, Murray, Niemeyer and O'Brien, Generating random elements of a finite
    group, Comm. Algebra 23 (1995)), which soon makes long products."""
    pool = list(generators) * math.ceil(10 / len(generators))
    while True:
        i, j = random.choice(len(pool), 2, replace=False)
        pool[i] = pool[i][pool[j]]
        yield pool[i]


def stabilizer(generators: Sequence[Integers], point: int) -> list[Integers]:
    """Elements of the group that fix the point, at random by Schreier's lemma: as a rule they generate its stabilizer, and
    always they generate a group that fixes it."""
    n = len(generators[0])
    identity = np.arange(n)
    carrying: dict[int, Integers] = {point: identity}
    queue = [point]
    for here in queue:
        for p in generators:
            there = int(p[here])
            if there not in carrying:
                carrying[there] = p[carrying[here]]
                queue.append(there)
    if len(queue) == 1:
        return list(generators)
    found: dict[bytes, Integers] = {}
    elements = random_elements(generators, np.random.default_rng(0))
    for p in itertools.islice(elements, _WARM, _WARM + _ELEMENTS):
        back = np.empty(n, dtype=np.int64)
        back[carrying[int(p[point])]] = identity
        fixing = back[p]
        if not np.array_equal(fixing, identity):
            found[fixing.tobytes()] = fixing
    return list(found.values())
