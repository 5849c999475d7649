"""E4: the uniform law at finite batch size."""

from __future__ import annotations

from hyperenergy.losses.dhel import DHEL
from hyperenergy.losses.info_nce import InfoNCE
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import PAPER, Theorem


def _instances(grid: Grid) -> Instances:
    cases = [(2, 2), (2, 3), (2, 4), (3, 2), (3, 3)]
    if grid.full:
        cases += [(3, 4), (4, 3)]
    for dim, batch in cases:
        if dim not in grid.pick_dims((dim,)) or not grid.pick_points((batch,)):
            continue
        for loss in (DHEL(0.2), InfoNCE(0.5)):
            yield How.UNIFORM_IS_BEST, Instance("E4", loss, batch, dim)


THEOREM = Theorem(
    "E4",
    "The uniform law minimizes the expected InfoNCE and DHEL at every batch size",
    "Claimed: at finite M the uniform law has the least expected InfoNCE or DHEL. False: on the circle, M = 3, tau = 0.2, "
    "iid draws from the vertices of a regular triangle give DHEL -2.948 against -2.835, and from those of a regular "
    "pentagon, tau = 0.5, InfoNCE 0.43875 against 0.43937.",
    Status.FALSE,
    f"{PAPER} claims uniformity in the limit alone; the counterexamples show that it is needed",
    instances=_instances,
    formula=r"\mathbb{E}_\sigma \, L_M = \min\limits_\mu \, \mathbb{E}_\mu \, L_M \text{ at every } M, \quad L \text{ "
    r"InfoNCE or DHEL}",
)
