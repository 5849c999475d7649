"""B2d: energies and kernel losses at two codes that are conjectured to be universally optimal."""

from __future__ import annotations

from hyperenergy.codes.sporadic import BALLINGER
from hyperenergy.kernels.gaussian import Gaussian
from hyperenergy.kernels.inverse_multiquadric import InverseMultiquadric
from hyperenergy.kernels.logarithmic import Logarithmic
from hyperenergy.kernels.riesz import Riesz
from hyperenergy.losses.kcl import KCL
from hyperenergy.objectives.base import Energy, Objective
from hyperenergy.theorems.at_codes import energy_kernel, say_energy
from hyperenergy.theorems.cases import chosen
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.known import conjectured_optimum
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import Said, Stated, Theorem


def _say(objective: Objective, points: int, dim: int) -> Said:
    kernel = energy_kernel(objective)
    if kernel is None or not kernel.completely_monotone:
        return None
    return say_energy("B2d", Status.CONJECTURE, objective, conjectured_optimum(points, dim), strict=False)


def _instances(grid: Grid) -> Instances:
    for dim, points in chosen(((10, 40), (14, 64)), grid):
        for kernel in (Gaussian(1), InverseMultiquadric(1), Riesz(dim - 2), Logarithmic()):
            yield How.PREDICTION, Instance("B2d", Energy(kernel), points, dim)
        if points < 50 or grid.full:
            yield How.PREDICTION, Instance("B2d", KCL(Gaussian(1)), points, dim)


THEOREM = Theorem(
    "B2d",
    "Kernel losses and energies: 40 points in R^10 and 64 in R^14",
    "Conjectured: for every completely monotone K_U, 40 points in R^10 (inner products -1/2, -1/3, 0, 1/6) and 64 points in "
    "R^14 (-3/7, -1/7, 1/7) minimize the energy of K_U and, aligned, KCL. Neither code is sharp.",
    Status.CONJECTURE,
    BALLINGER,
    Stated(_say),
    instances=_instances,
    formula=r"\sum_{i \ne j} K_U(\left|x_i-x_j\right|^2) \ge \sum_{i \ne j} K_U(\left|c_i-c_j\right|^2), \quad "
    r"\mathrm{KCL}(U,V) \ge \mathrm{KCL}(C,C) \\ "
    r"(d,M) = (10,40): \; c_i \cdot c_j \in \{-\frac12, -\frac13, 0, \frac16\} \text{ for } i \ne j \\ "
    r"(d,M) = (14,64): \; c_i \cdot c_j \in \{-\frac37, -\frac17, \frac17\} \text{ for } i \ne j",
)
