"""E2: how fast the limit is approached."""

from __future__ import annotations

from hyperenergy.theorems.cases import LARGE_BATCHES, dims_and_temperatures
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import Theorem
from hyperenergy.theorems.subjects import softmax_losses


def _instances(grid: Grid) -> Instances:
    for dim, tau in dims_and_temperatures(grid, ((3, 0.5), (8, 0.5), (128, 0.2))):
        for loss in softmax_losses(tau):
            yield How.RATE, Instance("E2", loss, max(LARGE_BATCHES), dim)


THEOREM = Theorem(
    "E2",
    "How fast the limit of large batches is reached",
    "With rho = Var(e^{u.u'/tau} | u) / Z^2, for aligned pairs under the uniform law the coefficient of 1/M is -rho/2 for "
    "DHEL and DCL, e^{1/tau}/Z - 1 - rho/2 for InfoNCE, and (e^{1/tau}/Z - 1)/2 - rho/2 for SimCLR.",
    Status.THEOREM,
    "second-order delta method; proved in proofs_check",
    instances=_instances,
    formula=r"\mathbb{E} \, L_M - c_M = F + \frac{a}{M} + O(M^{-2}) \\ "
    r"a = -\frac{\rho}{2} \text{ for DHEL, DCL} \\ "
    r"a = \frac{e^{1/\tau}}{Z} - 1 - \frac{\rho}{2} \text{ for InfoNCE} \\ "
    r"a = \frac{1}{2} (\frac{e^{1/\tau}}{Z} - 1) - \frac{\rho}{2} \text{ for SimCLR} \\ "
    r"Z = \, \text{}_0F_1(; d/2; 1/(4\tau^2)), \quad 1 + \rho = Z^{-2} \, \text{}_0F_1(; d/2; 1/\tau^2)",
)
