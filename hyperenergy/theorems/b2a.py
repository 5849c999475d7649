"""B2a: energies and kernel losses at the simplex."""

from __future__ import annotations

from fractions import Fraction

from hyperenergy.kernels.gaussian import Gaussian
from hyperenergy.kernels.polynomial import Polynomial
from hyperenergy.kernels.riesz import Riesz
from hyperenergy.losses.align_uniform import AlignUniform
from hyperenergy.losses.kcl import KCL
from hyperenergy.objectives.base import Energy, Objective
from hyperenergy.theorems.at_codes import energy_kernel, say_energy
from hyperenergy.theorems.cases import DIMS
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.known import simplex
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import PAPER, Said, Stated, Theorem
from hyperenergy.theorems.subjects import KERNELS, kernel_losses


def _say(objective: Objective, points: int, dim: int) -> Said:
    kernel = energy_kernel(objective)
    if kernel is None or points > dim + 1 or not (kernel.completely_monotone or kernel.strictly_convex_decreasing):
        return None
    strict = kernel.strictly_convex_decreasing
    return say_energy("B2a", Status.THEOREM, objective, simplex(points, dim), strict=strict)


def _instances(grid: Grid) -> Instances:
    extra = (Riesz(Fraction(-1, 2)), Riesz(Fraction(-3, 2)), Riesz(4), Polynomial(3, c=2)) if grid.full else ()
    for dim in grid.pick_dims(DIMS):
        for points in grid.pick_points(range(2, dim + 2)):
            for kernel in (*KERNELS, *extra):
                for subject in (Energy(kernel), *kernel_losses(kernel)):
                    yield How.PREDICTION, Instance("B2a", subject, points, dim)
            mixed = KCL(Gaussian(2), gamma=1.0, alignment_kernel=Riesz(Fraction(-1, 2)))
            for loss in (mixed, AlignUniform(), AlignUniform(alpha=1.0)):
                yield How.PREDICTION, Instance("B2a", loss, points, dim)


THEOREM = Theorem(
    "B2a",
    "Kernel losses and energies: the simplex up to d+1 points",
    "Let M <= d+1, K_U strictly convex and decreasing in r = |x-y|^2, K_A strictly decreasing. Then the aligned simplex "
    "alone minimizes KCL, with the value -K_A(0) + gamma K_U(2M/(M-1)), and the simplex alone the energy of K_U; and, for "
    "positive K_U, the aligned simplex alone the same with gamma times the logarithm of the energy, for one view or each of "
    "both, as in align + uniform.",
    Status.THEOREM,
    PAPER,
    Stated(_say),
    instances=_instances,
    formula=r"M \le d+1: \quad \min\limits_{U,V} \, \mathrm{KCL}(U,V) = -K_A(0) + \gamma \, K_U(2M/(M-1)) \\ "
    r"\min\limits_{x_1,\dots,x_M} \frac{1}{M(M-1)} \sum_{i \ne j} K_U(\left|x_i-x_j\right|^2) = K_U(2M/(M-1))",
)
