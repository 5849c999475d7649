"""B2b: energies and kernel losses at the cross-polytope."""

from __future__ import annotations

from functools import partial

from hyperenergy.codes.sporadic import COHN_KUMAR
from hyperenergy.objectives.base import Energy
from hyperenergy.theorems.at_codes import say_energy_at_optimum
from hyperenergy.theorems.cases import DIMS
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import PAPER, Stated, Theorem
from hyperenergy.theorems.subjects import KERNELS, kernel_losses


def _instances(grid: Grid) -> Instances:
    for dim in grid.pick_dims(DIMS):
        for points in grid.pick_points((2 * dim,) if dim > 1 else ()):
            for kernel in KERNELS:
                for subject in (Energy(kernel), kernel_losses(kernel)[0]):
                    yield How.PREDICTION, Instance("B2b", subject, points, dim)


THEOREM = Theorem(
    "B2b",
    "Kernel losses and energies: the cross-polytope at 2d points",
    "Let M = 2d, K_U be strictly completely monotone and K_A strictly decreasing. Then the (aligned) cross-polytope alone "
    "minimizes, with mean energy [K_U(4) + (2d-2) K_U(2)] / (2d-1).",
    Status.THEOREM,
    f"{PAPER}; {COHN_KUMAR}",
    Stated(partial(say_energy_at_optimum, "B2b")),
    instances=_instances,
    formula=r"M = 2d: \quad \min\limits_{x_1,\dots,x_M} \frac{1}{M(M-1)} \sum_{i \ne j} K_U(\left|x_i-x_j\right|^2) = "
    r"\frac{K_U(4) + (2d-2) \, K_U(2)}{2d-1}",
)
