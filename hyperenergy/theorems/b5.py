"""B5: one-sided coupled losses need not align."""

from __future__ import annotations

from hyperenergy.kernels.gaussian import Gaussian
from hyperenergy.kernels.inverse_multiquadric import InverseMultiquadric
from hyperenergy.losses.dhel import DHEL
from hyperenergy.losses.kcl import KCL
from hyperenergy.theorems.cases import MISALIGNED_CASES, off_optima
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import Theorem
from hyperenergy.theorems.subjects import one_sided


def _instances(grid: Grid) -> Instances:
    for dim, points in off_optima(grid, MISALIGNED_CASES, tuple(range(5, 21))):
        for tau in grid.pick_temperatures((0.1, 0.25, 0.5), (0.05, 0.1, 0.25, 0.5, 1.0)):
            for loss in (*one_sided(tau), DHEL(tau)):
                yield How.ALIGNMENT, Instance("B5", loss, points, dim)
        for kernel in (Gaussian(2), InverseMultiquadric(1)):
            yield How.ALIGNMENT, Instance("B5", KCL(kernel), points, dim)


THEOREM = Theorem(
    "B5",
    "Every InfoNCE-family loss aligns perfectly at every batch size",
    "Claimed: the minimizers of InfoNCE, SimCLR, DCL, DHEL and KCL satisfy u_i = v_i at every M. False for M > d+1 off "
    "the universal optima: one-sided DCL, and far more weakly one-sided InfoNCE and SimCLR, have strictly better "
    "misaligned minimizers. DHEL and KCL never do (B3).",
    Status.FALSE,
    "found numerically; each counterexample is a configuration with a lower value than the best aligned one",
    instances=_instances,
    by_objective=True,
    formula=r"(U,V) \text{ minimizes } L \; \implies \; u_i = v_i \text{ for all } i, \quad \text{at every } M",
)
