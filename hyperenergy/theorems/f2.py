"""F2: the spectral loss is not of the family of B1."""

from __future__ import annotations

from hyperenergy.losses.spectral_contrastive import SpectralContrastive
from hyperenergy.objectives.base import Objective
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.known import simplex
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import Said, Stated, Theorem, say_aligned
from hyperenergy.theorems.values import pair_loss


def _say(objective: Objective, points: int, dim: int) -> Said:
    if type(pair_loss(objective)) is not SpectralContrastive or points > dim + 1:
        return None
    return say_aligned("F2", Status.FALSE, objective, simplex(points, dim), unique=False, aligned=False)


def _instances(grid: Grid) -> Instances:
    for dim in grid.pick_dims((2, 3, 4, 5)):
        for points in grid.pick_points(range(2, dim + 2)):
            yield How.PREDICTION, Instance("F2", SpectralContrastive(), points, dim)


THEOREM = Theorem(
    "F2",
    "The spectral contrastive loss shares the simplex minimizer",
    "Claimed: for M <= d+1 the aligned simplex minimizes -2 mean s_i + mean_{i!=j} (u_i.v_j)^2. False for M <= d: the "
    "square does not increase in the similarity, and an orthonormal aligned set has the lower value -2.",
    Status.FALSE,
    "misstatement in the literature on spectral contrastive learning (HaoChen et al. 2021 define the loss)",
    Stated(_say),
    instances=_instances,
    formula=r"M \le d+1: \quad \min\limits_{U,V} \, [ \, -\frac{2}{M} \sum_i u_i \cdot v_i + \frac{1}{M(M-1)} \sum_{i "
    r"\ne j} (u_i \cdot v_j)^2 \, ] = -2 + \frac{1}{(M-1)^2}",
)
