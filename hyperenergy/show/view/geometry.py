"""What is drawn: hull and neighbors on the sphere, orthonormal frames to project along."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hyperenergy.show.view.load import Floats

Integers = NDArray[np.int64]

# Facets whose unit normals agree to this are one face of the hull.
_COPLANAR = 1e-7
# The Coxeter plane of more dimensions takes longer than a reader waits: it grows as their cube.
MOST_COXETER = 256


@dataclass(frozen=True, eq=False)
class Surface:
    """Of points on S^2: hull triangles (n, 3), counterclockwise from outside, and neighbors per point: edges of the hull
    between faces that are not coplanar, which are the sides of its Voronoi cell."""

    hull: Integers
    neighbors: Integers


@dataclass(frozen=True, eq=False)
class Frame:
    """An orthonormal basis (rows) to see the points along: the first three axes first, the others by rotation.

    plane: the first two axes are what to look at.  stereographic: the last axis is the pole.
    """

    name: str
    note: str
    axes: Floats
    plane: bool = False
    stereographic: bool = False

    def cut(self, most: int) -> Frame:
        """With so many axes at most."""
        return replace(self, axes=self.axes[:most])


def surface(x: Floats) -> Surface | None:
    """Hull and neighbors of points on S^2; None where points coincide, or all lie in one plane.

    The outward normal of a facet is the center of an empty cap, also where that is more than half of the sphere: so the
    hull has the Voronoi cells whether or not the center is inside of it.
    """
    from scipy.spatial import ConvexHull, QhullError

    try:
        hull = ConvexHull(x)
    except (QhullError, ValueError):
        return None
    if len(hull.vertices) < len(x):
        return None
    # Opposite to each corner of a facet lie an edge and a facet beyond it.
    bent = np.abs(hull.equations[:, None] - hull.equations[hull.neighbors]).max(-1) > _COPLANAR
    edges = np.sort(hull.simplices[:, [[1, 2], [0, 2], [0, 1]]][bent], axis=-1)
    neighbors = np.bincount(np.unique(edges, axis=0).ravel(), minlength=len(x))
    return Surface(_outward(x, hull.simplices.astype(np.int64), hull.equations[:, :3]), neighbors)


def _outward(x: Floats, triangles: Integers, normals: Floats) -> Integers:
    """The same triangles, each counterclockwise as seen from where its normal points."""
    a, b, c = (x[triangles[:, k]] for k in range(3))
    inward = (np.cross(b - a, c - a) * normals).sum(1) < 0
    return np.where(inward[:, None], triangles[:, ::-1], triangles)


def coincident(x: Floats) -> list[tuple[int, int]]:
    """Pairs i < j of equal points, each point with the first that it equals."""
    order = np.lexsort(x.T[::-1])
    same = (np.diff(x[order], axis=0) == 0).all(1) if len(x) > 1 else np.zeros(0, dtype=bool)
    pairs, first = [], order[0] if len(x) else 0
    for k, equal in enumerate(same):
        if equal:
            pairs.append((int(first), int(order[k + 1])))
        else:
            first = order[k + 1]
    return sorted(pairs)


def frames(x: Floats) -> list[Frame]:
    """The ways to look at points: in more than three dimensions, several."""
    if x.shape[1] <= 3:
        return [Frame("Points and nearest neighbors", "", np.eye(x.shape[1]), plane=x.shape[1] < 3)]
    found = [Frame("Principal axes", "The directions in which the points spread most.", _principal(x))]
    if x.shape[1] <= MOST_COXETER:
        found.append(
            Frame(
                "Coxeter plane",
                "The plane that turns least under the product of the reflections in a basis of the points that is as "
                "obtuse as the Gram matrix allows: of a root system, the Coxeter plane.",
                _coxeter(x),
                plane=True,
            )
        )
    if x.shape[1] == 4:
        found.append(
            Frame(
                "Stereographic",
                "From the three-sphere into space, from a pole in the largest hole between the points; a point at the "
                "pole itself is not drawn.",
                _stereographic(x),
                stereographic=True,
            )
        )
    return found


def _principal(x: Floats) -> Floats:
    return np.asarray(np.linalg.eigh(x.T @ x)[1].T[::-1])


def _coxeter(x: Floats) -> Floats:
    """Points in order of height over a generic hyperplane, each taken that is obtuse to all taken before: for a root
    system, these are the simple roots.  What is missing to a basis comes from the next independent ones.  The product of
    the reflections is orthogonal; its real Schur form has the planes that it turns as 2 x 2 blocks."""
    from scipy.linalg import schur

    dim = x.shape[1]
    generic = np.random.default_rng(0).standard_normal(dim)
    height = x @ generic
    order = np.argsort(np.where(height > 0, height, np.inf), kind="stable")[: int((height > 0).sum())]
    chosen: list[int] = []
    taken = np.zeros((0, dim))  # orthonormal, for the test of independence
    for most in (1e-9, 1.0):
        for i in order:
            if len(chosen) == dim or (x[chosen] @ x[i] > most).any():
                continue
            rest = x[i] - taken.T @ (taken @ x[i])
            rest -= taken.T @ (taken @ rest)
            if np.linalg.norm(rest) > 1e-6:
                chosen.append(int(i))
                taken = np.vstack([taken, rest / np.linalg.norm(rest)])
    product = np.eye(dim)
    for i in chosen:
        product = product - 2 * np.outer(product @ x[i], x[i])
    form, basis = schur(product, output="real")
    blocks, k = [], 0
    while k < dim:
        wide = k + 1 < dim and abs(form[k + 1, k]) > 1e-9
        angle = np.arccos(np.clip(form[k, k], -1, 1))
        # Planes from the least angle on; lines that are fixed (all that the points do not span) come last.
        blocks.append((angle if wide else 4.0 + (form[k, k] > 0), k, 2 if wide else 1))
        k += 2 if wide else 1
    columns = [k + j for _, k, width in sorted(blocks) for j in range(width)]
    return np.asarray(basis[:, columns].T)


def _stereographic(x: Floats) -> Floats:
    """The last axis is the pole: the outward normal of the facet of the hull that is nearest to the center."""
    from scipy.spatial import ConvexHull, QhullError

    axes = _principal(x)
    try:
        equations = ConvexHull(x).equations
    except QhullError:
        return axes
    pole = equations[np.argmax(equations[:, -1]), :-1]
    q = np.linalg.qr(np.column_stack([pole, axes.T]))[0]
    return np.asarray(np.vstack([q[:, 1:].T, pole]))
