"""B2e: energies and kernel losses of linear and concave kernels."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from functools import partial

import numpy as np
import torch
from torch import Tensor

from hyperenergy.arithmetic.numbers import to_float
from hyperenergy.kernels.base import Kernel
from hyperenergy.kernels.gaussian import Gaussian
from hyperenergy.kernels.polynomial import Polynomial
from hyperenergy.kernels.riesz import Riesz
from hyperenergy.losses.kcl import KCL
from hyperenergy.objectives.base import Energy, Objective, as_objective
from hyperenergy.theorems.at_codes import energy_kernel, say_energy
from hyperenergy.theorems.cases import chosen
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.known import Known, check_room
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import PAPER, Said, Stated, Theorem
from hyperenergy.theorems.values import Distribution, simplex_distribution


def linear(kernel: Kernel) -> bool:
    """Whether it is a - b r with b > 0, so that the energy is a function of the centroid."""
    return (type(kernel) is Riesz and to_float(kernel.s) == -2) or (type(kernel) is Polynomial and kernel.degree == 1)


def concave(kernel: Kernel) -> bool:
    """Whether it is -r^sigma, sigma > 1."""
    return type(kernel) is Riesz and to_float(kernel.s) < -2


def centered(points: int, dim: int) -> Known | None:
    """A regular polygon, or heaps on a line; None on a line with an odd number of points."""
    if dim == 1 and points % 2:
        return None
    build = partial(_heaps if dim == 1 else _polygon, points, dim)
    # A linear kernel sees the mean of r alone, which is that of a simplex.
    return Known(simplex_distribution(points), False, build)


def heaps(points: int, dim: int) -> Known | None:
    """Half of the points at each of two antipodes; None for an odd number."""
    if points % 2:
        return None
    half = points / 2
    distances, counts = ([0.0, 4.0], [half - 1, half]) if points > 2 else ([4.0], [1.0])
    return Known(Distribution(np.array(distances), np.array(counts)), True, partial(_heaps, points, dim))


def _polygon(points: int, dim: int) -> Tensor:
    check_room(points, dim)
    X = torch.zeros(points, dim, dtype=torch.float64)
    angles = 2 * math.pi / points * torch.arange(points, dtype=torch.float64)
    X[:, 0], X[:, 1] = angles.cos(), angles.sin()
    return X


def _heaps(points: int, dim: int) -> Tensor:
    check_room(points, dim)
    X = torch.zeros(points, dim, dtype=torch.float64)
    X[: points // 2, 0], X[points // 2 :, 0] = 1.0, -1.0
    return X


def _say(objective: Objective, points: int, dim: int) -> Said:
    kernel = energy_kernel(objective)
    if kernel is None:
        return None
    if linear(kernel):
        return say_energy("B2e", Status.THEOREM, objective, centered(points, dim), strict=False)
    if concave(kernel):
        return say_energy("B2e", Status.THEOREM, objective, heaps(points, dim), strict=True)
    return None


def _instances(grid: Grid) -> Instances:
    kernels = (Riesz(-2), Riesz(Fraction(-5, 2)), Riesz(-3))
    cases: tuple[tuple[int, int], ...] = ((3, 5), (3, 8))
    if grid.dims or grid.points or grid.full:
        cases = tuple(itertools.product(grid.pick_dims((2, 3, 5)), grid.pick_points((2, 4, 5, 8, 11))))
    for dim, points in chosen(cases, grid):
        # KCL and the polynomial have code of their own, which takes seconds to compile once.
        subjects: list[object] = [Energy(kernel, "mean") for kernel in kernels]
        if grid.full:
            subjects += [KCL(kernel, alignment_kernel=Gaussian(2)) for kernel in (Riesz(-2), Riesz(-3))]
        if grid.full or dim == 3:
            subjects.append(Energy(Polynomial(1), "mean"))
        for subject in subjects:
            if THEOREM.predict(as_objective(subject), points, dim) is not None:
                yield How.PREDICTION, Instance("B2e", subject, points, dim)


THEOREM = Theorem(
    "B2e",
    "Kernel losses and energies: linear and concave kernels at any number of points",
    "Let M >= 2. For K_U(r) = a - b r, b > 0 (Riesz s = -2, polynomial of degree 1), exactly the configurations with "
    "centroid zero minimize the energy, with the mean K_U(2M/(M-1)); they exist but for odd M in d = 1. For K_U(r) = "
    "-r^{-s/2}, s < -2, and even M, only M/2 points at each of two antipodes do, with the mean energy -2M/(M-1) "
    "4^{-s/2-1}. Aligned, these minimize KCL, and they alone, where K_A strictly decreases.",
    Status.THEOREM,
    f"{PAPER}, for the loss; Björck, Distributions of positive mass which maximize a certain generalized energy integral, "
    "1956, for s < -2",
    Stated(_say),
    instances=_instances,
    formula=r"K_U(r) = a - b \, r, \; b > 0: \quad \min\limits_{x_1,\dots,x_M} \frac{1}{M(M-1)} \sum_{i \ne j} "
    r"K_U(\left|x_i-x_j\right|^2) = a - \frac{2M}{M-1} \, b \\ "
    r"K_U(r) = -r^{\sigma}, \; \sigma > 1, \; M \text{ even}: \quad \min = -\frac{2M}{M-1} \, 4^{\sigma-1}",
)
