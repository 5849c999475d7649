"""Second derivatives of losses with a logarithm at aligned codes, split by symmetry into blocks of anchors and positives.

A block [[aa, ab], [ab, bb]] is the quadratic form of one mode, of amplitude x among anchors and y among positives: M times
the loss grows by (aa x^2 + 2 ab x y + bb y^2)/2 for a mode of length 1.  The parts: the positives, (1 - p_ii)/tau (x-y)^2,
p_ii the weight of the positive in the denominator, 0 where it is not in there; and of each logarithm the mean of second
derivatives less the square of the mean of first ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from hyperenergy.losses.facts import SoftmaxFacts

Block = NDArray[np.float64]

_APART = np.array([[1.0, -1.0], [-1.0, 1.0]])
_TOGETHER = np.array([[1.0, 1.0], [1.0, 1.0]])
_ANCHOR = np.array([[1.0, 0.0], [0.0, 0.0]])
_PRODUCT = np.array([[0.0, 0.5], [0.5, 0.0]])  # of x y
_BOTH = np.eye(2)


def _sides(said: SoftmaxFacts, one: Block) -> Block:
    """Of the logarithms of anchors and of positives, as the loss weighs them."""
    first, second = said.sides
    return first * one + second * one[::-1, ::-1]


def polygon_block(said: SoftmaxFacts, corners: int, mode: int) -> Block:
    """Of the angles of a regular polygon, moved by cos(mode i omega), omega = 2 pi/corners (L2)."""
    inverse = 1 / said.temperature
    angles = 2 * math.pi / corners * np.arange(1, corners)
    weights = np.exp((np.cos(angles) - 1) * inverse)
    negatives = said.copies * float(weights.sum())
    share = negatives / (negatives + said.own)  # 1 - p_ii
    p = weights / weights.sum()
    W = (np.sin(angles) * inverse) ** 2 - np.cos(angles) * inverse
    W_0, W_p = float((p * W).sum()), float((p * W * np.cos(mode * angles)).sum())
    S = float((p * np.sin(angles) * np.sin(mode * angles)).sum())
    across, within = said.across / said.copies, said.within / said.copies
    one = across * (W_0 * _BOTH - 2 * W_p * _PRODUCT) + within * 2 * (W_0 - W_p) * _ANCHOR
    slope = np.array([within, across])  # of the mean of first derivatives, over S
    one = one - share * (inverse * S) ** 2 * np.outer(slope, slope)
    return share * (inverse * _APART + _sides(said, one))


def polygon_blocks(said: SoftmaxFacts, corners: int) -> list[Block]:
    """Of all modes; mode 0 turns all points, by which nothing changes where anchors and positives turn together."""
    return [polygon_block(said, corners, mode) for mode in range(corners)]


def cross_polytope_blocks(said: SoftmaxFacts, dim: int) -> Iterator[tuple[int, Block]]:
    """(how often, block) at the points +-e_i, i = 1..dim, dim >= 2 (L1).

    The points +-e_i move to +-e_i + xi_i+-.  Modes: of xi_i+ - xi_i-, where its entry j is that of i in xi_j+ - xi_j-, and
    where it is minus that (among them the rotations); of xi_i+ + xi_i-, whose entries k add up over i to 0, and where they
    are equal.
    """
    inverse = 1 / said.temperature
    far, own = math.exp(-inverse), said.own * math.exp(inverse)
    negatives = said.copies * (2 * dim - 2 + far)
    p, p_far, share = 1 / (own + negatives), far / (own + negatives), negatives / (own + negatives)
    positives = inverse * share * _APART
    across, within = float(said.across), float(said.within)

    def block(one: Block) -> Block:
        return positives + _sides(said, 2 * inverse * one)

    turned = across * p_far / 2 * _APART
    yield (
        dim * (dim - 1) // 2,
        block(turned + across * inverse * p * _TOGETHER + within * 4 * inverse * p * _ANCHOR),
    )
    yield dim * (dim - 1) // 2, block(turned + across * inverse * p * _APART)
    for count, alike in ((dim * (dim - 2), -1), (dim, dim - 2)):
        one = across * (p_far / 2 * _TOGETHER + p * (2 * alike * _PRODUCT + inverse * _BOTH))
        one = one + within * 2 * (p_far + p * (alike + inverse)) * _ANCHOR
        if alike >= 0:
            slope = np.array([within, across])
            one = one - 2 * inverse * p * p * (dim - 1) * np.outer(slope, slope)
        yield count, block(one)


def eigenvalues(blocks: Iterator[tuple[int, Block]]) -> NDArray[np.float64]:
    """Of all blocks, each as often as it occurs, in ascending order."""
    return np.sort(np.concatenate([np.tile(np.linalg.eigvalsh(block), count) for count, block in blocks]))


def least_at_polygon(said: SoftmaxFacts, corners: int) -> float:
    """The least eigenvalue over the modes that are no rotation, relative to the largest: below 0 the aligned polygon is no
    local minimum."""
    found = np.array([np.linalg.eigvalsh(block) for block in polygon_blocks(said, corners)[1:]])
    return float(found.min() / np.abs(found).max())
