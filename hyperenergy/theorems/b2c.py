"""B2c: energies and kernel losses at sharp codes and the 600-cell."""

from __future__ import annotations

from dataclasses import replace

from hyperenergy.codes.sporadic import COHN_DE_LAAT_LEIJENHORST, COHN_KUMAR
from hyperenergy.kernels.base import Kernel
from hyperenergy.kernels.gaussian import Gaussian
from hyperenergy.kernels.inverse_multiquadric import InverseMultiquadric
from hyperenergy.kernels.laplace import Laplace
from hyperenergy.kernels.logarithmic import Logarithmic
from hyperenergy.kernels.riesz import Riesz
from hyperenergy.losses.align_uniform import AlignUniform
from hyperenergy.losses.kcl import KCL
from hyperenergy.objectives.base import Energy, Objective
from hyperenergy.theorems.at_codes import energy_kernel, say_energy, say_energy_at_optimum
from hyperenergy.theorems.cases import chosen
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.known import cited_optimum
from hyperenergy.theorems.prediction import Prediction, Status
from hyperenergy.theorems.registry import Said, Stated, Theorem

# The universal optima of up to 600 points beyond simplices and cross-polytopes: (dim, points).
_OPTIMA = (
    *((2, N) for N in (5, 6, 7, 9)),
    *((3, 12), (4, 120), (5, 16), (6, 27), (7, 56), (8, 240)),
    *((21, 112), (21, 162), (22, 100), (22, 275), (23, 552), (52, 325)),
)
# Of which universal optimality is cited.
_CITED = ((16, 288),)


def _say(objective: Objective, points: int, dim: int) -> Said:
    said = say_energy_at_optimum("B2c", objective, points, dim)
    return _say_cited(objective, points, dim) if said is None else said


def _say_cited(objective: Objective, points: int, dim: int) -> Said:
    kernel = energy_kernel(objective)
    if kernel is None or not kernel.completely_monotone:
        return None
    strict = kernel.strictly_completely_monotone
    said = say_energy("B2c", Status.THEOREM, objective, cited_optimum(points, dim), strict=strict)
    return replace(said, cited=True) if isinstance(said, Prediction) else said


def _instances(grid: Grid) -> Instances:
    for dim, points in chosen((*_OPTIMA, *(_CITED if grid.full else ())), grid):
        if points >= 100:
            kernels: tuple[Kernel, ...] = (Gaussian(2), *((Riesz(dim - 2),) if dim <= 8 or grid.full else ()))
            kernels += (Logarithmic(),) if grid.full else ()
        else:
            kernels = (Gaussian(1), InverseMultiquadric(1), Riesz(max(1, dim - 2)), Logarithmic())
        for kernel in kernels:
            yield How.UNIVERSAL_OPTIMUM, Instance("B2c", Energy(kernel), points, dim)
        if points < 50:
            for loss in (KCL(Gaussian(1)), KCL(Laplace(1)), AlignUniform(t=1)):
                yield How.UNIVERSAL_OPTIMUM, Instance("B2c", loss, points, dim)


THEOREM = Theorem(
    "B2c",
    "Kernel losses and energies: sharp codes and the 600-cell",
    "Let K_U be completely monotone, K_A decreasing, and let a sharp code of M points (m inner products, a spherical "
    "(2m-1)-design) or the 600-cell exist in R^d. Then it minimizes the energy of K_U and, aligned, KCL; if strictly so, "
    "every minimizer has its inner products. The same is cited, and not proved here, of the least value at 288 points in "
    "R^16, nine mutually unbiased bases and their negatives, which are not sharp.",
    Status.THEOREM,
    f"{COHN_KUMAR}; of the 288 points in R^16 cited: {COHN_DE_LAAT_LEIJENHORST}",
    Stated(_say),
    instances=_instances,
    formula=r"\sum_{i \ne j} K_U(\left|x_i-x_j\right|^2) \ge \sum_{i \ne j} K_U(\left|c_i-c_j\right|^2), \quad "
    r"c_1,\dots,c_M \text{ the code} \\ "
    r"\mathrm{KCL}(U,V) \ge \mathrm{KCL}(C,C)",
)
