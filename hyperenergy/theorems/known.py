"""The configurations that theorems name, by the distances in them: known at any size, and built when asked for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from hyperenergy import codes
from hyperenergy.codes import Code
from hyperenergy.codes.isotropic import prime_power
from hyperenergy.errors import ArgumentError
from hyperenergy.theorems.values import Distribution, simplex_distribution

# Numbers of the largest configuration that is built, 1 GiB of float64.
_MOST_NUMBERS = 2**27


@dataclass(frozen=True, eq=False)
class Known:
    """distribution: what each point sees.  unique: no other configuration has these distances, up to isometry.
    build: the coordinates (points, dim), made anew."""

    distribution: Distribution
    unique: bool
    build: Callable[[], Tensor]

    def aligned(self) -> tuple[Tensor, Tensor]:
        """The configuration as its own positives."""
        X = self.build()
        return X, X


def simplex(points: int, dim: int) -> Known:
    """The regular simplex, points <= dim + 1."""
    return Known(simplex_distribution(points), True, partial(simplex_points, points, dim))


def universal_optimum(points: int, dim: int) -> Known | None:
    """The proved universal optimum of that many points, at any size; None where none is known."""
    if points <= dim + 1:
        return simplex(points, dim)
    if dim == 2:
        return Known(_polygon(points), True, partial(_polygon_points, points))
    if points == 2 * dim:
        counts = np.array([1.0, points - 2.0])
        return Known(Distribution(np.array([4.0, 2.0]), counts), True, partial(_cross_polytope_points, dim))
    q = _isotropic(points, dim)
    if q is not None:
        # Inner products -1/q and 1/q^2.
        distances = np.array([2 + 2 / q, 2 - 2 / q**2])
        counts = np.array([float(q * (q**2 + 1)), float(q**4)])
        # As many codes as generalized quadrangles with parameters (q, q^2).
        return Known(Distribution(distances, counts), False, partial(_isotropic_points, q))
    code = codes.universal_optimum(points, dim)
    return None if code is None else _of(code)


def cited_optimum(points: int, dim: int) -> Known | None:
    """The universal optimum whose proof is cited and not carried out by this package; None where there is none."""
    code = codes.cited_optimum(points, dim)
    return None if code is None else _of(code)


def conjectured_optimum(points: int, dim: int) -> Known | None:
    """The configuration that is conjectured, and not proved, to be universally optimal; None where there is none."""
    code = codes.conjectured_optimum(points, dim)
    return None if code is None else _of(code)


def _of(code: Code) -> Known:
    exact = [(float(2 - 2 * x), float(count)) for x, count in code.distribution.items()]
    distances, counts = np.array(exact).T
    return Known(Distribution(distances, counts), code.unique, partial(_named_points, code.name))


def _polygon(points: int) -> Distribution:
    """Squared distances 4 sin^2(pi j/N), j = 1..N/2: two neighbors at each, one at the antipode."""
    j = np.arange(1, points // 2 + 1)
    # The error of pi in float64 would be one of all distances, and add up over a million.
    angles = np.longdouble("3.14159265358979323846") * j / points
    return Distribution((4 * np.sin(angles) ** 2).astype(np.float64), np.where(2 * j == points, 1.0, 2.0))


def _isotropic(points: int, dim: int) -> int | None:
    """The prime power q >= 4 with (q+1)(q^3+1) = points and q(q^3+1)/(q+1) = dim, or None."""
    near = round(points**0.25)
    for q in range(max(4, near - 1), near + 1):
        if (points, dim * (q + 1)) == ((q + 1) * (q**3 + 1), q * (q**3 + 1)) and prime_power(q) is not None:
            return q
    return None


def check_room(points: int, dim: int) -> None:
    """Raise ArgumentError for a configuration that does not fit."""
    if points * dim > _MOST_NUMBERS:
        size = points * dim * 8 / 2**30
        raise ArgumentError(
            "points", f"{points} in R^{dim}", f"they take {size:.3g} GiB and are not built; the value is known without"
        )


def simplex_points(points: int, dim: int) -> Tensor:
    """A regular simplex in the first points-1 coordinates of R^dim.

    Beyond the sizes of the catalogue, in closed form: with n = points-1, the corners sqrt(1+1/n) e_i - c (1,...,1) for
    i <= n, c = (1 + sqrt(n+1)) n^{-3/2}, and the last one (1,...,1)/sqrt(n).
    """
    if points <= codes.MOST_POINTS:
        return codes.simplex(points, dim).points
    check_room(points, dim)
    n = points - 1
    X = torch.zeros(points, dim, dtype=torch.float64)
    X[:n, :n] = -(1 + math.sqrt(n + 1)) / n**1.5
    X[:n, :n].diagonal().add_(math.sqrt(1 + 1 / n))
    X[n, :n] = 1 / math.sqrt(n)
    return X / X.norm(dim=-1, keepdim=True)


def _cross_polytope_points(dim: int) -> Tensor:
    if dim <= codes.MOST_POINTS:
        return codes.cross_polytope(dim).points
    check_room(2 * dim, dim)
    eye = torch.eye(dim, dtype=torch.float64)
    return torch.cat([eye, -eye])


def _polygon_points(points: int) -> Tensor:
    if points <= codes.MOST_POINTS:
        return codes.polygon(points).points
    check_room(points, 2)
    angles = 2 * math.pi / points * torch.arange(points, dtype=torch.float64)
    return torch.stack([angles.cos(), angles.sin()], -1)


def _named_points(name: str) -> Tensor:
    return codes.get(name).points


def _isotropic_points(q: int) -> Tensor:
    return codes.isotropic(q).points
