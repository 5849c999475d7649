"""The semidefinite program of a three-point bound in floating point: a proposal, which ``checking`` proves or refuses.

Maximize (4) of the package's derivation under (3) at sample triples.  The unknowns: h_0..h_K, then the upper triangle
of each F_k column by column, off-diagonals times sqrt 2, so that the Frobenius products are plain ones.  Inside, e_i
are scaled as the solver prefers.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hyperenergy.arithmetic.gegenbauer import gegenbauer
from hyperenergy.bounds.interpolation import harmonics
from hyperenergy.errors import need

Floats = NDArray[np.float64]

# What a unit of trace costs.  Without it, p is large and wild wherever no triple holds it back, and rounds are many;
# with it, the bound is less by about 1e-5 of itself or not at all.
_CALM = 1e-3


class NoProgramError(ArithmeticError):
    """The solver came to no solution."""


@dataclass(frozen=True)
class Shape:
    """points, dim; degree: F_k has degree - k + 1 rows, and h goes up to twice the degree."""

    points: int
    dim: int
    degree: int

    @property
    def sizes(self) -> list[int]:
        return [self.degree - k + 1 for k in range(self.degree + 1)]

    @property
    def linear(self) -> int:
        """How many h_k there are."""
        return 2 * self.degree + 1

    @functools.cached_property
    def scales(self) -> list[Floats]:
        """What e_i is multiplied with for each k: a power 1/2 would make them orthonormal, and too different."""
        return [
            np.array([float(harmonics(self.dim + 2 * k, i)) ** 0.25 for i in range(size)])
            for k, size in enumerate(self.sizes)
        ]

    def features(self, triples: Floats) -> Floats:
        """(n, 3) triples to (n, unknowns): p is their product with the unknowns."""
        u, v, t = triples.T
        one = np.ones_like(u)
        weight = 1 / (3 * (self.points - 2))
        h = sum(_stacked(x, self.dim, self.linear) for x in (u, v, t)) * weight
        pairs = sum(self._symmetric(x, x, one) for x in (u, v, t)) * (3 * weight)
        return np.hstack([h, self._symmetric(u, v, t) + pairs])

    def objective(self) -> Floats:
        """(4) without the half, over N."""
        one = np.ones(1)
        h = -np.ones(self.linear)
        h[0] += self.points
        return np.concatenate([h, -self._symmetric(one, one, one)[0]])

    def traces(self) -> Floats:
        """The traces of all F_k together."""
        diagonals = [i == j for i, j in map(triangle, self.sizes)]
        return np.concatenate([np.zeros(self.linear), *diagonals])

    def _symmetric(self, u: Floats, v: Floats, t: Floats) -> Floats:
        """The entries of S_k."""
        return (self._entries(u, v, t) + self._entries(u, t, v) + self._entries(v, t, u)) / 3

    def _entries(self, u: Floats, v: Floats, t: Floats) -> Floats:
        """Those of Y_k, its mean with the transpose."""
        found = []
        for k, (Q, size) in enumerate(zip(islice(inner(u, v, t, self.dim), self.degree + 1), self.sizes, strict=True)):
            i, j = triangle(size)
            a, b = (_stacked(x, self.dim + 2 * k, size) * self.scales[k] for x in (u, v))
            factor = np.where(i == j, 0.5, math.sqrt(0.5))
            found.append((a[:, i] * b[:, j] + a[:, j] * b[:, i]) * factor * Q[:, None])
        return np.hstack(found)

    def split(self, unknowns: Floats) -> tuple[Floats, list[Floats]]:
        """h, and F_k of the scaled e_i."""
        h, rest = unknowns[: self.linear], unknowns[self.linear :]
        blocks = []
        for size in self.sizes:
            i, j = triangle(size)
            entries, rest = rest[: len(i)], rest[len(i) :]
            F = np.zeros((size, size))
            F[i, j] = F[j, i] = entries * np.where(i == j, 1.0, math.sqrt(0.5))
            blocks.append(F)
        return h, blocks


def triangle(size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of the upper triangle, column by column."""
    j, i = np.tril_indices(size)
    return i, j


def inner(u: Any, v: Any, t: Any, dim: int) -> Any:
    """Q_0, Q_1, ... of the package's derivation."""
    n, s, w = dim - 1, t - u * v, (1 - u * u) * (1 - v * v)
    before, now, k = s * 0 + 1, s, 1
    yield before
    while True:
        yield now
        before, now, k = now, ((2 * k + n - 2) * s * now - k * w * before) / (k + n - 2), k + 1


def solve(shape: Shape, triples: Floats, right: Floats, scale: float, *, homogeneous: bool) -> Floats:
    """The best unknowns with p <= right at the triples, whatever the solver says of them.  scale: the size of p.
    homogeneous: with h_1 + ... + h_K and the traces at most 1 together."""
    need("bounds")
    import clarabel
    from scipy import sparse

    rows = shape.features(triples)
    weights = 1 / np.maximum(right, scale)
    rows, right = rows * (weights * scale)[:, None], right * weights
    goal = shape.objective() - (0 if homogeneous else _CALM) * shape.traces()
    unknowns, linear = len(goal), shape.linear
    signs = sparse.eye(unknowns, format="csc")[1:]
    if homogeneous:
        size = shape.traces() + (np.arange(unknowns) < linear) * (np.arange(unknowns) > 0)
        rows, right = np.vstack([rows, size]), np.append(right, 1.0)
    A = sparse.vstack([sparse.csc_matrix(rows), -signs], format="csc")
    b = np.concatenate([right, np.zeros(unknowns - 1)])
    cones = [clarabel.NonnegativeConeT(len(rows) + linear - 1)]
    cones += [clarabel.PSDTriangleConeT(size) for size in shape.sizes]
    settings = clarabel.DefaultSettings()
    settings.verbose, settings.max_iter = False, 120
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-11
    P = sparse.csc_matrix((unknowns, unknowns))
    found = clarabel.DefaultSolver(P, -goal, A, b, cones, settings).solve()
    x = np.asarray(found.x)
    if not np.isfinite(x).all():
        raise NoProgramError(f"the solver came to no solution ({found.status})")
    return x * scale


def _stacked(x: Floats, dim: int, count: int) -> Floats:
    """(n, count): P_0..P_{count-1} of R^dim."""
    return np.stack(list(islice(gegenbauer(x, dim), count)), -1)
