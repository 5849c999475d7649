"""Coordinates of N points of S^{d-1} without rotations.

Points p_1, .., p_r that are linearly independent, r <= d-1, can be rotated so that p_k lies in the span of e_1, .., e_k with
a positive last coordinate.  Where that holds the slice {p_k in span(e_1, .., e_k)} meets all configurations near, and it is
transverse to the rotations: for skew A the coordinates m > k of A p_k are sum_{l<=k} A_ml p_kl, triangular in A with p_kk
on the diagonal, so that they take all values.  What is critical on the slice is critical, then; what is a local minimum on
it is one among all configurations.  The slice uses up all rotations but those that fix p_1, .., p_r; if these move other
points, second derivatives on the slice are singular, and nothing is claimed.

On the slice point i is (c_i + sum_a w_a b_a)/|..|, b_a the tangent vectors of point i.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from flint import arb, arb_mat
from numpy.typing import NDArray

Row = list[Any]
Floats = NDArray[np.float64]

# What is left of a point across the others, below which it counts as a combination of them.
_INDEPENDENT = 1e-5


@dataclass(frozen=True)
class Slice:
    """centers: (N, d), exact, nearly of length 1.  tangents: (n, d), exact; owners: whose.  pivots: p_1, .., p_r."""

    centers: tuple[Row, ...]
    tangents: tuple[Row, ...]
    owners: tuple[int, ...]
    pivots: tuple[int, ...]

    def moved(self, step: Sequence[Any]) -> Slice:
        """About the points after a step w."""
        points = [list(c) for c in self.centers]
        for w, b, i in zip(step, self.tangents, self.owners, strict=True):
            points[i] = [x + w * y for x, y in zip(points[i], b, strict=True)]
        return replace(self, centers=tuple(middles(unit(x)) for x in points))


def rotation(x: Floats) -> tuple[list[Row], tuple[int, ...]]:
    """Rows that are orthonormal but for rounding, those of the matrix that turns the points into the slice; and which r
    points are the pivots: greedily those that are the least combinations of the ones before."""
    points = [[arb(float(a)) for a in row] for row in x]
    rows: list[Row] = []
    pivots: list[int] = []
    left = np.array(x, dtype=np.float64)
    for _ in range(min(len(x), x.shape[1] - 1)):
        lengths = np.linalg.norm(left, axis=1)
        k = int(lengths.argmax()) if pivots else 0
        if lengths[k] < _INDEPENDENT:
            break
        pivots.append(k)
        rows.append(_across(points[k], rows))
        last = np.array([float(a) for a in rows[-1]])
        left = left - np.outer(left @ last, last)
    while len(rows) < x.shape[1]:
        basis = np.array([[float(a) for a in row] for row in rows])
        k = int((basis**2).sum(0).argmin())
        rows.append(_across([arb(int(j == k)) for j in range(x.shape[1])], rows))
    return rows, tuple(pivots)


def sliced(x: Floats, rows: list[Row], pivots: tuple[int, ...]) -> Slice:
    """The slice about the rotated points: coordinates of pivots behind their own are exactly 0."""
    dim = x.shape[1]
    turned = arb_mat([[arb(float(a)) for a in row] for row in x]) * arb_mat(rows).transpose()
    centers, tangents, owners = turned.table(), [], []
    for i, center in enumerate(centers):
        free = pivots.index(i) + 1 if i in pivots else dim
        centers[i] = center = middles(unit([*center[:free], *[arb(0)] * (dim - free)]))
        for b in _tangents(np.array([float(a) for a in center[:free]])):
            tangents.append([*[arb(float(a)) for a in b], *[arb(0)] * (dim - free)])
            owners.append(i)
    return Slice(tuple(centers), tuple(tangents), tuple(owners), pivots)


def turned_by(rows: list[Row]) -> arb:
    """An upper bound of how far the matrix is from an orthogonal one: with Q = R S, S > 0, |S - 1| <= |S^2 - 1|."""
    q = arb_mat(rows)
    gram = (q * q.transpose()).table()
    return length([a - (i == j) for i, row in enumerate(gram) for j, a in enumerate(row)])


def transverse(at: Slice, points: Sequence[Row]) -> bool:
    """Whether all points, in balls, are such that the slice takes up the rotations, and its coordinates are some: for each
    point the center and its tangents are linearly independent."""
    if not all(points[p][k] > 0 for k, p in enumerate(at.pivots)):
        return False
    bases: list[list[Row]] = [[c] for c in at.centers]
    for b, i in zip(at.tangents, at.owners, strict=True):
        bases[i].append(b)
    return all(_independent(basis) for basis in bases)


def _independent(basis: list[Row]) -> bool:
    """The matrix of inner products is dominated by its diagonal."""
    q = arb_mat(basis)
    gram = (q * q.transpose()).table()
    return all(2 * row[i] > sum((abs(a) for a in row), arb(0)) for i, row in enumerate(gram))


def _tangents(center: Floats) -> Floats:
    """An orthonormal basis of the complement of a unit vector, but for rounding: rows of a Householder reflection."""
    sign = 1.0 if center[0] >= 0 else -1.0
    w = center.copy()
    w[0] += sign
    found: Floats = (np.eye(len(w)) - 2 * np.outer(w, w) / (w @ w))[1:]
    return found


def _across(x: Row, rows: list[Row]) -> Row:
    for _ in range(2):  # the second time for what is left by cancellation
        for row in rows:
            share = dot(x, row)
            x = [a - share * b for a, b in zip(x, row, strict=True)]
    return middles(unit(x))


def dot(x: Row, y: Row) -> arb:
    return sum((a * b for a, b in zip(x, y, strict=True)), arb(0))


def length(x: Row) -> arb:
    """An upper bound; a ball about 0 has no root, the square of its largest number has."""
    return sum((a.abs_upper() ** 2 for a in x), arb(0)).sqrt().upper()


def unit(x: Row) -> Row:
    norm = dot(x, x).sqrt()
    return [a / norm for a in x]


def middles(x: Row) -> Row:
    """Exact numbers: what comes after is proved about them."""
    return [a.mid() for a in x]
