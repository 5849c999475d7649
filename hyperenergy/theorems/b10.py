"""B10: several views."""

from __future__ import annotations

import itertools
import math

from hyperenergy.losses.info_nce import InfoNCE
from hyperenergy.losses.multi_view_dhel import MultiViewDHEL
from hyperenergy.losses.multi_view_info_nce import MultiViewInfoNCE
from hyperenergy.objectives.base import Objective
from hyperenergy.objectives.structured import MultiView
from hyperenergy.theorems.cases import TEMPERATURES
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.known import simplex
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import Said, Stated, Theorem, say
from hyperenergy.theorems.values import Value, loss_value


def _say(objective: Objective, points: int, dim: int) -> Said:
    if type(objective) is not MultiView or points > dim + 1:
        return None
    loss, K = objective.loss, objective.n_views
    if type(loss) not in (MultiViewInfoNCE, MultiViewDHEL):
        return None
    tau, known = float(loss.temperature), simplex(points, dim)
    if type(loss) is MultiViewInfoNCE:
        value = loss_value(InfoNCE(tau), known.distribution)
    else:
        energy = math.log(points - 1) - 1 / tau / (points - 1)  # of one view
        value = Value(K * energy - math.log(K * (K - 1) / 2) - 1 / tau)
    assert value is not None
    return say("B10", Status.THEOREM, objective, value, known.aligned, unique=True, aligned=True)


def _instances(grid: Grid) -> Instances:
    for dim in grid.pick_dims((2, 3, 5), (2, 3, 4, 5, 8)):
        for points in grid.pick_points(range(2, dim + 2)):
            for views, tau in itertools.product((2, 4), grid.pick_temperatures((0.1, 0.5), TEMPERATURES)):
                for loss in (MultiViewInfoNCE(tau), MultiViewDHEL(tau)):
                    yield How.PREDICTION, Instance("B10", MultiView(loss, views), points, dim)


THEOREM = Theorem(
    "B10",
    "Multi-view losses make all views of up to d+1 objects one simplex",
    "Let 2 <= M <= d+1 objects have K >= 2 views. The minimizers of multi-view InfoNCE and of multi-view DHEL are exactly "
    "the configurations in which the views of each object coincide and the M objects form a regular simplex. The minima "
    "are log(1 + (M-1) e^{-M/((M-1) tau)}) and -log(K(K-1)/2) - 1/tau + K [log(M-1) - 1/((M-1) tau)].",
    Status.THEOREM,
    "Koromilas et al., A Principled Framework for Multi-View Contrastive Learning, 2025 (arXiv 2507.06979)",
    Stated(_say),
    instances=_instances,
    formula=r"2 \le M \le d+1: \quad \min \text{ MV-InfoNCE} = \log(1 + (M-1) \, e^{-M/((M-1)\tau)}) \\ "
    r"\min \text{ MV-DHEL} = -\log(K(K-1)/2) - \frac{1}{\tau} + K \, [ \, \log(M-1) - \frac{1}{(M-1)\tau} \, ]",
)
