"""B11: DHEL at small temperature."""

from __future__ import annotations

from hyperenergy.losses.dhel import DHEL
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import PAPER, Theorem


def _instances(grid: Grid) -> Instances:
    temperatures = list(grid.pick_temperatures((0.2, 0.1, 0.05, 0.02, 0.01)))
    for dim in grid.pick_dims((2, 3, 4)):
        for points in grid.pick_points((3, 4, 5, 6, 7, 8, 10, 12)):
            subject = DHEL(min(temperatures))
            yield How.SMALL_TEMPERATURE, Instance("B11", subject, points, dim, {"temperatures": temperatures})


THEOREM = Theorem(
    "B11",
    "DHEL at small temperature is a best-packing-like problem",
    "tau DHEL never rises as tau falls to 0, tends to -mean s_i + mean_i max_{j!=i} u_i.u_j, and exceeds it by at most "
    "tau log(M-1). So do the minimal values.",
    Status.THEOREM,
    f"{PAPER}; bounds on log-sum-exp by the largest term",
    instances=_instances,
    formula=r"G \le \tau \, \mathrm{DHEL} \le G + \tau \log(M-1), \quad \tau \, \mathrm{DHEL} \text{ decreases to } G "
    r"\text{ as } \tau \to 0 \\ "
    r"G(U,V) = -\frac{1}{M} \sum_i u_i \cdot v_i + \frac{1}{M} \sum_i \max\limits_{j \ne i} \, u_i \cdot u_j",
)
