"""E1: the limit of large batches."""

from __future__ import annotations

from hyperenergy.losses.info_nce import InfoNCE
from hyperenergy.theorems.cases import dims_and_temperatures
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import PAPER, Theorem
from hyperenergy.theorems.subjects import softmax_losses


def _instances(grid: Grid) -> Instances:
    for dim, tau in dims_and_temperatures(grid, ((2, 0.5), (3, 0.5), (8, 0.5), (128, 0.2), (2048, 0.1))):
        for loss in softmax_losses(tau):
            yield How.LIMIT, Instance("E1", loss, 2**14, dim, {"part": "limit"})
        if dim <= 8:
            for points in grid.pick_points((4, 8, 16)):
                yield How.ABOVE_LIMIT, Instance("E1", InfoNCE(tau), points, dim, {"part": "one law"})


THEOREM = Theorem(
    "E1",
    "The limit of large batches",
    "For pairs drawn iid from a law with both marginals mu, the expected InfoNCE less log M, SimCLR less log(2M-1), DCL "
    "less log 2(M-1), cross-view DCL and DHEL less log(M-1) tend to F = -E s/tau + E log Z as M -> infinity, Z(u) = E "
    "e^{u.u'/tau}. F is least for u = v and the uniform law alone, with the value -1/tau + log 0F1(; d/2; 1/(4 tau^2)).",
    Status.THEOREM,
    f"Wang and Isola 2020; {PAPER}",
    instances=_instances,
    formula=r"\lim\limits_{M \to \infty} (\mathbb{E} \, L_M - c_M) = F = -\frac{1}{\tau} \, \mathbb{E}[u \cdot v] + "
    r"\mathbb{E}_u \log \mathbb{E}_{u'} \, e^{u \cdot u'/\tau} \\ "
    r"c_M = \log M, \; \log(2M-1), \; \log 2(M-1), \; \log(M-1) \text{ for InfoNCE, SimCLR, DCL, DHEL} \\ "
    r"F \ge -\frac{1}{\tau} + \log \; \text{}_0F_1(; d/2; 1/(4\tau^2))",
)
