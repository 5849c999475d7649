"""Block designs, and what the mean of a loss over their blocks is at the simplex."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np

from hyperenergy.errors import ArgumentError
from hyperenergy.losses.facts import SoftmaxFacts
from hyperenergy.losses.families import PairLoss
from hyperenergy.objectives.batches import Batches
from hyperenergy.theorems.values import Value, loss_value, simplex_distribution

# Batches up to which it is asked which of them share a pair.
_MOST_BATCHES = 20_000


def affine_plane(order: int) -> tuple[tuple[int, ...], ...]:
    """The lines of the plane over the integers modulo a prime p: p^2 points x p + y, p^2 + p lines of p points, and one line
    through each two points.  ArgumentError where ``order`` is no prime."""
    _check_prime(order)
    steep = [tuple(x * order + y for y in range(order)) for x in range(order)]
    others = [
        tuple(x * order + (slope * x + start) % order for x in range(order))
        for slope, start in product(range(order), repeat=2)
    ]
    return (*steep, *others)


def projective_plane(order: int) -> tuple[tuple[int, ...], ...]:
    """The lines of the projective plane over the integers modulo a prime p: p^2+p+1 points and as many lines of p+1 points;
    p = 2 is the Fano plane.  ArgumentError where ``order`` is no prime."""
    _check_prime(order)
    vectors = [v for v in product(range(order), repeat=3) if next((x for x in v if x), 0) == 1]
    return tuple(
        tuple(k for k, v in enumerate(vectors) if sum(a * b for a, b in zip(line, v, strict=True)) % order == 0)
        for line in vectors
    )


def _check_prime(order: int) -> None:
    if order < 2 or any(order % k == 0 for k in range(2, order)):
        raise ArgumentError("order", order, "must be a prime, such as 2 or 3")


def simplex_value(loss: PairLoss, batch: int, points: int) -> Value:
    """The loss of ``batch`` aligned vertices of a simplex of ``points``."""
    value = loss_value(loss, simplex_distribution(points, others=batch - 1))
    assert value is not None
    return value


def only_simplex(said: SoftmaxFacts, batches: Batches, points: int) -> bool:
    """Whether the aligned simplex is the only minimizer of the mean over the blocks of a 2-design.

    With the positive in the denominator it is.  Without, the minimizers are the centered aligned sets whose products are
    equal within each block, hence also within blocks that share a pair.  One number per class of such blocks then gives
    the Gram matrix, and the simplex has neighbors with a positive one unless the sums of these numbers over the other
    points, -1 for each point, determine them.
    """
    if said.own or points == 2:
        return True
    if len(batches) > _MOST_BATCHES:
        return False  # not looked into, and then not claimed
    classes = _sharing_pairs(batches)
    others = np.zeros((points, 1 + max(classes.values())))
    for (i, j), c in classes.items():
        others[i, c] += 1
        others[j, c] += 1
    return bool(np.linalg.matrix_rank(others) == others.shape[1])


def _sharing_pairs(batches: Batches) -> dict[tuple[int, int], int]:
    """Pair -> number of the class of blocks that it lies in; blocks that share a pair are of one class."""
    parent = list(range(len(batches)))

    def root(k: int) -> int:
        while parent[k] != k:
            parent[k] = k = parent[parent[k]]
        return k

    first: dict[tuple[int, int], int] = {}
    for k, batch in enumerate(batches):
        for pair in combinations(sorted(batch), 2):
            parent[root(k)] = root(first.setdefault(pair, k))
    number: dict[int, int] = {}
    return {pair: number.setdefault(root(k), len(number)) for pair, k in first.items()}
