"""What pictures of configurations share: which points to show of many, which to join, and in which order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hyperenergy.laws.law import Floats

# Points at up to this times a point's least distance are its neighbors: the edges of a snub cube of charges differ by less,
# and shells of the codes by more.
_NEIGHBORS = 1.1
# Points this close are one.
_SAME = 1e-6
# The best order of the leaves takes time like the square of their number, and more memory.
_BEST_ORDER = 300


def sample(points: int, most: int, seed: int) -> NDArray[np.intp]:
    """Indices of a random sample of so many points at most, in order; a smaller one is a part of a larger one."""
    return np.sort(np.random.default_rng(seed).permutation(points)[:most])


def neighbor_pairs(x: Floats) -> NDArray[np.intp]:
    """Pairs (edges, 2), i < j, of the rows of x (points, dim): j among the nearest of i, or i of j.

    Law: invariant under rotations, and under permutations up to their order.  Coincident points are not joined.
    """
    squared = np.maximum(2 - 2 * x @ x.T, 0)
    squared[squared < _SAME**2] = np.inf
    near = (squared <= squared.min(1, keepdims=True) * _NEIGHBORS**2) & np.isfinite(squared)
    return np.argwhere(np.triu(near | near.T, 1))


def cluster_order(x: Floats) -> NDArray[np.intp]:
    """The rows of x (points, dim) in the order of the leaves of an average-linkage tree, so that clusters are blocks."""
    from scipy.cluster.hierarchy import leaves_list, linkage

    tree = linkage(x, method="average", optimal_ordering=len(x) <= _BEST_ORDER)
    return np.asarray(leaves_list(tree), dtype=np.intp)
