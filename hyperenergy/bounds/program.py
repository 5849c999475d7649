"""Delsarte and Yudin's bound as a linear program in floating point: a proposal, which ``checking`` proves or refuses.

Maximize h_0 - h(1)/N over h = sum_k h_k P_k with h_k >= 0 for k >= 1 and h <= f on [-1, 1).  The constraints at all
angles are replaced by those at some; after each solution every local minimum of f - h joins them, with neighbors on both
sides at distances that halve: the minima themselves would leave the optimum between them, and converge slowly.
"""

from __future__ import annotations

import functools
import math
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hyperenergy.arithmetic.gegenbauer import gegenbauer
from hyperenergy.arithmetic.namespaces import NumpyNamespace
from hyperenergy.kernels import Kernel

Floats = NDArray[np.float64]

_ROUNDS, _NEIGHBORS, _TOLERANCE = 6, 8, 1e-10
# Relative violations that are left, and below which a peak counts as touching.
_ENOUGH, _NEAR, _BINDING = 1e-10, 1e-3, 1e-7
# Where f is larger, or leaves float64, no constraint binds.
_LARGE = 1e150


class NoProgramError(ArithmeticError):
    """The solver came to no solution."""


def solve(kernel: Kernel, points: int, dim: int, degree: int, spread: float | None = None) -> Floats:
    """The Gegenbauer coefficients h_0..h_degree of an h with h <= f up to a relative 1e-9 or so.

    spread: then also spread N (h(1) - h_0) <= N h_0 - h(1), of a positive kernel.
    """
    grid = coarse = _angles(4 * degree + 8)
    fine, basis = _fine(dim, degree)
    f = _profile(kernel, fine)
    lift = max(0.0, 1.0 - float(f.min())) if not kernel.positive else 0.0
    scale = float(f.min()) + lift
    h = np.zeros(degree + 1)
    for _ in range(_ROUNDS):
        values = (_profile(kernel, grid) + lift) / scale
        rows = _gegenbauer(dim, degree, np.cos(grid)) / values[:, None]
        h = _linear(rows, points, spread)
        h[1:] = np.maximum(h[1:], 0.0)
        angles, over = peaks(fine, basis @ h * scale / (f + lift) - 1)
        if over.max() < _ENOUGH:
            break
        near = angles[over > -_NEAR][:, None] + _offsets(math.pi / len(fine))
        binding = grid[rows @ h > 1 - _BINDING]  # what does not bind is left out, and comes back if it must
        grid = np.unique(np.clip(np.concatenate([coarse, binding, near.ravel()]), fine[0], math.pi))
    h = h * scale
    h[0] -= lift
    return h


def violation(kernel: Kernel, dim: int, h: Floats, *, relative: bool = False) -> float:
    """The largest value of h - f, or of h/f - 1, as floating point has it."""
    fine, basis = _fine(dim, len(h) - 1)
    f = _profile(kernel, fine)
    return float(peaks(fine, (basis @ h - f) / (f if relative else 1.0))[1].max())


def _linear(rows: Floats, points: int, spread: float | None) -> Floats:
    from scipy.optimize import linprog

    degree, right = rows.shape[1] - 1, np.ones(len(rows))
    if spread is not None:
        rows = np.vstack([rows, [1.0 - points, *[1.0 + spread * points] * degree]])
        right = np.append(right, 0.0)
    cost = np.full(degree + 1, 1.0 / points)
    cost[0] -= 1.0
    options = {"primal_feasibility_tolerance": _TOLERANCE, "dual_feasibility_tolerance": _TOLERANCE}
    found: Any = linprog(
        cost,
        rows,
        right,
        bounds=[(None, None), *[(0.0, None)] * degree],
        method="highs-ds",
        options=options,
    )
    if found.x is None:
        raise NoProgramError(found.message)
    return np.asarray(found.x)


def peaks(angles: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Where the values have local maxima, and these: of the parabolas through three neighbors; and both ends."""
    i = np.flatnonzero((values[1:-1] >= values[:-2]) & (values[1:-1] >= values[2:])) + 1
    left, middle, right = values[i - 1], values[i], values[i + 1]
    bend = np.maximum(2 * middle - left - right, np.finfo(float).tiny)
    shift = (right - left) / (2 * bend)
    shift = np.clip(shift, -0.5, 0.5)
    found = angles[i] + shift * (angles[1] - angles[0])
    ends = [0, -1]
    return np.append(found, angles[ends]), np.append(middle + (right - left) * shift / 4, values[ends])


def _offsets(width: float) -> Floats:
    parts = width * 0.25 ** np.arange(_NEIGHBORS)
    return np.concatenate([[0.0], parts, -parts])


def _angles(count: int) -> Floats:
    return math.pi * (np.arange(count) + 0.5) / count


@functools.lru_cache(maxsize=16)
def _fine(dim: int, degree: int) -> tuple[Floats, Floats]:
    """Angles so dense that no minimum of f - h lies between, and the polynomials there."""
    angles = math.pi * np.arange(1, 60 * degree + 61) / (60 * degree + 60)
    return angles, _gegenbauer(dim, degree, np.cos(angles))


def _profile(kernel: Kernel, angles: Floats) -> Floats:
    with np.errstate(over="ignore"):
        values = np.asarray(kernel.profile(4 * np.sin(angles / 2) ** 2, NumpyNamespace))
    return np.minimum(values, _LARGE)


def _gegenbauer(dim: int, degree: int, t: Floats) -> Floats:
    """(len(t), degree + 1)"""
    return np.stack(list(islice(gegenbauer(t, dim), degree + 1)), -1)
