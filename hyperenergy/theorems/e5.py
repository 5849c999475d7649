"""E5: the limit of large batches with different marginals."""

from __future__ import annotations

from hyperenergy.losses.info_nce import InfoNCE
from hyperenergy.theorems.cases import dims_and_temperatures
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import Theorem


def _instances(grid: Grid) -> Instances:
    """F of the empirical law of N pairs is their InfoNCE less log N, anchors and positives free."""
    few = ((2, 0.3), (3, 0.5), (4, 0.2))
    more = tuple((d, tau) for d in (2, 3, 4, 6) for tau in (0.1, 0.2, 0.3, 0.5, 1.0))
    for dim, tau in dims_and_temperatures(grid, tuple(dict.fromkeys((*few, *more))) if grid.full else few):
        for points in grid.pick_points((5, 9, 16, 24) if grid.full else (5, 9)):
            for loss in (InfoNCE(tau), InfoNCE(tau, symmetric=True)):
                yield How.ABOVE_LIMIT, Instance("E5", loss, points, dim, {"part": "free marginals"})


THEOREM = Theorem(
    "E5",
    "The uniform law is best among all couplings",
    "Let (u, v) have any law on pairs of unit vectors in R^d, with marginals mu and nu that may differ, and F = -E "
    "s/tau + E_u log E_{v'} e^{u.v'/tau}, u from mu and v' from nu, independent. Then F >= -1/tau + log 0F1(; d/2; "
    "1/(4 tau^2)), and so is its mean with the one in which u and v change places.",
    Status.CONJECTURE,
    "numerical evidence only; E1 proves it for equal marginals",
    instances=_instances,
    formula=r"-\frac{1}{\tau} \, \mathbb{E}[u \cdot v] + \mathbb{E}_{u \sim \mu} \log \mathbb{E}_{v' \sim \nu} \, "
    r"e^{u \cdot v'/\tau} \ge -\frac{1}{\tau} + \log \; \text{}_0F_1(; d/2; 1/(4\tau^2)) \quad \text{for all couplings "
    r"of all } \mu, \nu",
)
