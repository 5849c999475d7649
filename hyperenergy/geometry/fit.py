"""How near an orthogonal map brings one configuration to another, where nothing is claimed but an upper bound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hyperenergy.geometry.coloring import Array, Integers, OutOfWorkError, Work
from hyperenergy.geometry.refinement import Items, Search, procrustes

# Operations, about, of a search at one scale, and the maps of it that are tried.
_WORK, _MOST_MAPS = 10**8, 5
# Numbers in the cost matrices of the fits by principal axes, all together.
_MOST_COSTS = 2 * 10**6


@dataclass(frozen=True, eq=False)
class Fit:
    """The rotation carries row i to row permutation[i] up to the residual, the largest distance in any view."""

    residual: float
    rotation: Array
    permutation: Integers


def fitted(x: Array, y: Array, permutation: Integers, proper: bool = False) -> Fit:
    """The best map for a permutation; a rotation, of determinant 1, also where that is as good."""
    fits = []
    for rotations_alone in (True,) if proper else (True, False):
        rotation = procrustes(x, y[permutation], rotations_alone)
        residual = float(np.linalg.norm(x @ rotation.T - y[permutation], axis=2).max())
        fits.append(Fit(residual, rotation, permutation))
    # Of points that span less, the rotation is as good up to round-off.
    return fits[0] if fits[0].residual <= fits[-1].residual + 1e-12 else fits[-1]


def improved(x: Array, y: Array, rotation: Array, proper: bool = False) -> Fit:
    """Match all rows under the map, fit the map to the matching, and so on while the residual falls."""
    from scipy.optimize import linear_sum_assignment

    best: Fit | None = None
    while True:
        _, permutation = linear_sum_assignment(-np.einsum("iad,jad->ij", x @ rotation.T, y, optimize=True))
        found = fitted(x, y, permutation.astype(np.int64), proper)
        if best is not None and found.residual >= best.residual:
            return best
        best, rotation = found, found.rotation


def coarse_fit(x: Array, y: Array, tolerance: float, proper: bool) -> Fit:
    """The best of the maps that searches with larger and larger tolerances find, each with little work; of maps between the
    principal axes where these find none."""
    best: Fit | None = None
    for scale in (40 * tolerance, 0.012, 0.12):
        for rotation in _maps(x, y, scale):
            found = improved(x, y, rotation, proper)
            if best is None or found.residual < best.residual:
                best = found
        if best is not None and best.residual <= 2.5 * scale:
            return best
    if best is None:
        best = min((improved(x, y, q, proper) for q in _principal_axes(x, y)), key=lambda found: found.residual)
    return best


def _maps(x: Array, y: Array, scale: float) -> Iterator[Array]:
    ones = np.ones(len(x), dtype=np.int64)
    try:
        search = Search(Items(x, ones), Items(y, ones), scale, 1.0, Work(_WORK))
        leaves = search.leaves(search.root) if search.possible else iter(())
        for leaf, _ in zip(leaves, range(_MOST_MAPS), strict=False):
            yield search.rotation(leaf)
    except OutOfWorkError:
        return


def _principal_axes(x: Array, y: Array) -> Iterator[Array]:
    """Maps between the principal axes; few signs suffice for a bound."""
    dim = x.shape[-1]
    axes_x, axes_y = (np.linalg.svd(a.reshape(-1, dim))[2] for a in (x, y))
    for signs in range(min(2 ** min(dim, 6), 1 + _MOST_COSTS // len(x) ** 2)):
        flip = np.array([1.0 - 2 * (signs >> k & 1) for k in range(dim)])
        yield axes_y.T @ (flip[:, None] * axes_x)
