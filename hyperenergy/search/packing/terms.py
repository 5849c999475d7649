"""The terms of a ``LargestTerm`` beside one configuration, in tangent coordinates and NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hyperenergy.geometry.sphere import retract
from hyperenergy.objectives.packing import LargestTerm
from hyperenergy.search.solvers.curvature import rotations, tangent_bases

Floats = NDArray[np.float64]
Chosen = NDArray[Any]  # indices or a mask


class Terms:
    """Of one objective at one size.

    Law: along the geodesics of tangent coordinates y the mean of the terms with weights w is w.values + y.(w J) +
    y.H y/2 + O(|y|^3), J and H being ``jacobian`` and ``hessian``.
    """

    def __init__(self, objective: LargestTerm, points: int, dim: int) -> None:
        self.rows, self.dim, self.points = objective.rows(points), dim, points
        self.freedoms = self.rows * (dim - 1)
        self._products = [(c, a.numpy(), b.numpy()) for c, a, b in objective.products(points)]
        # Of each term which pair it is: its first row, and the partner's.
        self.pairs = np.stack([self._products[0][1], self._products[0][2]], 1) % points

    def values(self, z: Floats) -> Floats:
        return np.asarray(sum(c * np.einsum("ka,ka->k", z[a], z[b]) for c, a, b in self._products))

    def basis(self, z: Floats) -> Floats:
        return np.asarray(tangent_bases(torch.from_numpy(z)[None])[0].numpy())

    def turns(self, z: Floats, basis: Floats) -> Floats:
        """Orthonormal columns: the motions that are rotations of all."""
        found = rotations(torch.from_numpy(z)[None], torch.from_numpy(basis)[None])[0].numpy()
        return np.asarray(found[:, np.linalg.norm(found, axis=0) > 0.5])

    def jacobian(self, z: Floats, basis: Floats, some: Chosen) -> Floats:
        """Derivatives of some of the terms, (some, freedoms)."""
        count = len(self.pairs[some])
        found = np.zeros((count, self.rows, self.dim - 1))
        k = np.arange(count)
        for c, a, b in self._products:
            a, b = a[some], b[some]
            np.add.at(found, (k, a), c * np.einsum("kap,ka->kp", basis[a], z[b]))
            np.add.at(found, (k, b), c * np.einsum("kap,ka->kp", basis[b], z[a]))
        return found.reshape(count, -1)

    def hessian(self, z: Floats, basis: Floats, some: Chosen, weights: Floats) -> Floats:
        """Of the mean of some of the terms; the curvature of the spheres takes x.g from the diagonal."""
        both = np.zeros((self.rows, self.rows))
        for c, a, b in self._products:
            np.add.at(both, (a[some], b[some]), c * weights)
            np.add.at(both, (b[some], a[some]), c * weights)
        found = np.einsum("iap,ij,jaq->ipjq", basis, both, basis, optimize=True)
        i = np.arange(self.rows)
        radial = np.einsum("ia,ia->i", z, both @ z)
        for p in range(self.dim - 1):
            found[i, p, i, p] -= radial
        return np.asarray(found.reshape(self.freedoms, self.freedoms))

    def moved(self, z: Floats, basis: Floats, y: Floats) -> Floats:
        """Along geodesics, to first order."""
        move = np.einsum("iap,ip->ia", basis, y.reshape(self.rows, -1))
        return np.asarray(retract(torch.from_numpy(z), torch.from_numpy(move)).numpy())

    def loose_rows(self, some: Chosen) -> NDArray[np.bool_]:
        """Which rows have no part in any of these terms."""
        loose = np.ones(self.rows, dtype=bool)
        for _, a, b in self._products:
            loose[a[some]] = loose[b[some]] = False
        return loose

    def loose(self, some: Chosen) -> tuple[int, ...]:
        """Points none of whose rows has a part in them."""
        alone = self.loose_rows(some).reshape(-1, self.points).all(0)
        return tuple(int(i) for i in np.flatnonzero(alone))
