"""F1: the simplex is not best for every decreasing kernel."""

from __future__ import annotations

from fractions import Fraction

from hyperenergy.kernels.riesz import Riesz
from hyperenergy.objectives.base import Energy, Objective
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.known import simplex
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import PAPER, Said, Stated, Theorem, say_aligned


def _say(objective: Objective, points: int, dim: int) -> Said:
    if type(objective) is not Energy or points > dim + 1:
        return None
    if not objective.kernel.strictly_decreasing or objective.kernel.strictly_convex_decreasing:
        return None
    return say_aligned("F1", Status.FALSE, objective, simplex(points, dim), unique=False)


def _instances(grid: Grid) -> Instances:
    for dim in grid.pick_dims((2, 3, 4)):
        for points in grid.pick_points(range(3, dim + 2)):
            for s in (Fraction(-5, 2), -3, -4):
                yield How.PREDICTION, Instance("F1", Energy(Riesz(s), "mean"), points, dim)


THEOREM = Theorem(
    "F1",
    "The simplex is optimal for every decreasing kernel",
    "Claimed: for M <= d+1 and any decreasing kernel the simplex has the least energy. False without convexity in the "
    "squared distance: for Riesz s = -3, M = 4, d = 3, two antipodal pairs have the lower mean energy -16/3.",
    Status.FALSE,
    f"{PAPER} states the hypothesis of convexity; the counterexample shows that it is needed",
    Stated(_say),
    instances=_instances,
    formula=r"M \le d+1: \quad \min\limits_{x_1,\dots,x_M} \frac{1}{M(M-1)} \sum_{i \ne j} "
    r"\kappa(\left|x_i-x_j\right|^2) = \kappa(2M/(M-1)) \text{ for every decreasing } \kappa",
)
