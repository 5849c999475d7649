"""First and second derivatives of a potential in the coordinates of a slice, in balls.

With y = z/|z|, z = c + sum_a w_a b_a, and P the projection across y, the first derivative of y by w_a is D_a = P b_a/|z|,
and the second one is -(q_a D_b + q_b D_a + (D_a.D_b) y), q_a = y.b_a/|z|.  With s_i = sum_j slope_ij y_j and A_aj = D_a.y_j,
for a of point i and b of point j,

    gradient_a = D_a.s_i,
    hessian_ab = slope_ij D_a.D_b + curvature_ij A_aj A_bi                                       where i != j,
    hessian_ab = sum_k curvature_ik A_ak A_bk - (q_a gradient_b + q_b gradient_a + D_a.D_b y_i.s_i)   where i = j,

less R R^T, R_ar = sum_j share_rj dt_rj/dw_a.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flint import arb, arb_mat

from hyperenergy.bounds.enclosure.gauge import Row, Slice, dot
from hyperenergy.bounds.enclosure.potentials import Jet, Potential, Table


@dataclass(frozen=True)
class Place:
    """Points of the slice for w in a box.  points: (N, d); across: D, (n, d); along: q, (n,)."""

    points: list[Row]
    across: list[Row]
    along: list[Any]


def place(at: Slice, box: Sequence[Any] | None = None) -> Place:
    """Where w is in the box; without one at w = 0."""
    z = [list(c) for c in at.centers]
    if box is not None:
        for w, b, i in zip(box, at.tangents, at.owners, strict=True):
            z[i] = [x + w * y for x, y in zip(z[i], b, strict=True)]
    lengths = [dot(x, x).sqrt() for x in z]
    points = [[a / length for a in x] for x, length in zip(z, lengths, strict=True)]
    across, along = [], []
    for b, i in zip(at.tangents, at.owners, strict=True):
        y, length = points[i], lengths[i]
        share = dot(y, b)
        across.append([(x - share * a) / length for x, a in zip(b, y, strict=True)])
        along.append(share / length)
    return Place(points, across, along)


def inner_products(points: list[Row]) -> Table:
    y = arb_mat(points)
    table: Table = (y * y.transpose()).table()
    return table


def pulls_on(points: list[Row], jet: Jet) -> list[Row]:
    """s, (N, d)."""
    table: list[Row] = (arb_mat(jet.slopes) * arb_mat(points)).table()
    return table


def gradient(at: Slice, where: Place, jet: Jet) -> list[Any]:
    s = pulls_on(where.points, jet)
    return [dot(d, s[i]) for d, i in zip(where.across, at.owners, strict=True)]


def hessian(at: Slice, where: Place, jet: Jet) -> arb_mat:
    n, owners = len(at.owners), at.owners
    D = arb_mat(where.across)
    W, A = (D * D.transpose()).table(), (D * arb_mat(where.points).transpose()).table()
    slope, curve, s = jet.slopes, jet.curvatures, pulls_on(where.points, jet)
    first = gradient(at, where, jet)
    along, radial = where.along, [dot(y, x) for y, x in zip(where.points, s, strict=True)]
    bent = [[x * y for x, y in zip(A[a], curve[owners[a]], strict=True)] for a in range(n)]
    H = [[arb(0)] * n for _ in range(n)]
    for a in range(n):
        i, row = owners[a], W[a]
        for b in range(a + 1):
            j = owners[b]
            if i != j:
                x = slope[i][j] * row[b] + bent[a][j] * A[b][i]
            else:
                x = dot(bent[a], A[b]) - along[a] * first[b] - along[b] * first[a] - row[b] * radial[i]
            H[a][b] = H[b][a] = x
    return arb_mat(H) if jet.shares is None else arb_mat(H) - _shared(owners, A, jet.shares)


def _shared(owners: Sequence[int], A: list[Row], shares: Table) -> arb_mat:
    R = []
    for a, i in enumerate(owners):
        row = [share[i] * x for share, x in zip(shares, A[a], strict=True)]
        row[i] += dot(shares[i], A[a])
        R.append(row)
    return arb_mat(R) * arb_mat(R).transpose()


def jet_at(potential: Potential, where: Place) -> Jet:
    return potential.jet(inner_products(where.points))
