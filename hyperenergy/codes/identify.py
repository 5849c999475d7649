"""Which code of the catalogue points are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hyperenergy.checks import positive
from hyperenergy.codes import catalogue
from hyperenergy.codes.catalogue import Code
from hyperenergy.codes.isotropic import prime_power
from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.congruence import DEFAULT_TOLERANCE, MOST_POINTS, Congruence, congruent
from hyperenergy.geometry.precision import row_error
from hyperenergy.geometry.sphere import check_points, tensor

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Identification:
    """code: the catalogue's.  match: the map that carries the points onto it, with the residual."""

    code: Code
    match: Congruence

    @property
    def residual(self) -> float:
        return self.match.residual


def identify(X: Any, *, tolerance: float | None = None) -> Code | None:
    """The catalogue's code that X (points, dim) is, up to a rotation, a reflection and the order of the points; or None.

    Law: ``identify(codes.get(name).points @ Q.T)`` is that code for orthogonal Q, and of names of one code the first.
    See ``identification`` for the residual, and for what is raised.
    """
    found = identification(X, tolerance=tolerance)
    return None if found is None else found.code


def identification(X: Any, *, tolerance: float | None = None) -> Identification | None:
    """``identify``, with the map and its residual.  Points that lie in a subspace are compared with codes of its dimension.

    tolerance: the largest distance of a point from the code's; by default 1e-6, or twice what the digits and norms of the
    rows say that they err by.  None also where the comparison comes to no end.
    Raises ArgumentError unless X are at most 5000 unit rows; the Leech vectors, 196560, are not looked for.
    """
    x = tensor(X)
    check_points(x, "X")
    if x.ndim != 2 or len(x) > MOST_POINTS:
        raise ArgumentError("X", f"shape {tuple(x.shape)}", f"must be (points, dim) with at most {MOST_POINTS} points")
    rows = x.detach().cpu().double().numpy()
    least = max(DEFAULT_TOLERANCE, 2 * row_error(rows)[0]) if tolerance is None else positive("tolerance", tolerance)
    inside = _inside(rows, least)
    for code in _candidates(*inside.shape):
        if abs(_squares(inside) - _squares(code.coordinates)) > 8 * least * len(rows):
            continue
        match = congruent(torch.from_numpy(inside), code.points, tolerance=least)
        if match.congruent:
            return Identification(code, match)
    return None


def _inside(x: Floats, tolerance: float) -> Floats:
    """Unit coordinates in the span; directions in which the points reach no farther than the tolerance do not count."""
    _, _, axes = np.linalg.svd(x, full_matrices=False)
    reach = np.abs(x @ axes.T).max(0)
    kept = x @ axes[: max(1, int((reach > tolerance).sum()))].T
    return np.asarray(kept / np.linalg.norm(kept, axis=1, keepdims=True))


def _squares(x: Floats) -> float:
    """sum_ij (x_i.x_j)^2 / N, which maps do not change; of tight frames N/d."""
    return float(np.square(x.T @ x).sum() / len(x))


def _candidates(points: int, dim: int) -> Iterator[Code]:
    for name in catalogue.names():
        if catalogue.size_of(name) == (points, dim):
            yield catalogue.get(name)
    if points == dim + 1 and points <= catalogue.MOST_POINTS:
        yield catalogue.simplex(points)
    if points == 2 * dim and points <= catalogue.MOST_POINTS:
        yield catalogue.cross_polytope(dim)
    if dim == 2 and points <= catalogue.MOST_POINTS:
        yield catalogue.polygon(points)
    for q in range(2, 6):
        if prime_power(q) and (points, dim) == ((q + 1) * (q**3 + 1), q * (q**3 + 1) // (q + 1)):
            yield catalogue.isotropic(q)
