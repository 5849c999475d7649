"""F5: DHEL at small temperature, and best packings."""

from __future__ import annotations

import math
from functools import partial

import torch

from hyperenergy.losses.dhel import DHEL
from hyperenergy.objectives.base import BatchLoss, Objective
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.known import check_room, simplex_points
from hyperenergy.theorems.prediction import Status, Views
from hyperenergy.theorems.registry import Said, Stated, Theorem, say
from hyperenergy.theorems.values import Value


def gap(points: int) -> float:
    """How far the limit of tau DHEL lies below that of best packings, at an apex over points of a cross-polytope: 1/(4 M
    (M-1))."""
    return 1 / (4 * points * (points - 1))


def apex(points: int, dim: int) -> Views:
    """M-1 of the points +-e_k of R^(d-1), lowered to the height -1/(2(M-1)), and an apex; for d+2 <= M <= 2d-1."""
    height = 1 / (2 * (points - 1))
    X = torch.zeros(points, dim, dtype=torch.float64)
    X[0, -1] = 1
    for k in range(points - 1):
        X[k + 1, k // 2] = (-1) ** k * math.sqrt(1 - height**2)
        X[k + 1, -1] = -height
    return X, X


def packing(points: int, dim: int) -> Views:
    """A best packing of d+2 <= M <= 2d points: a simplex of 2d+2-M and M-d-1 antipodal pairs, all orthogonal."""
    check_room(points, dim)
    corners = 2 * dim + 2 - points
    X = torch.zeros(points, dim, dtype=torch.float64)
    X[:corners, : corners - 1] = simplex_points(corners, corners - 1)
    for k in range(points - dim - 1):
        X[corners + 2 * k, corners - 1 + k], X[corners + 2 * k + 1, corners - 1 + k] = 1, -1
    return X, X


def packing_value(points: int, dim: int, tau: float) -> float:
    """DHEL at that packing, aligned.  Each point sees the others of its part at -1/(n-1), n of them, and all else at 0."""

    def anchor(n: int) -> float:
        return math.log(points - n + (n - 1) * math.exp(-1 / ((n - 1) * tau)))

    corners = 2 * dim + 2 - points
    return -1 / tau + (corners * anchor(corners) + (points - corners) * anchor(2)) / points


def _say(objective: Objective, points: int, dim: int) -> Said:
    """Where the claim is false of every best packing, which all have at least -1/tau."""
    if type(objective) is not BatchLoss or type(objective.loss) is not DHEL or objective.loss.options["two_view"]:
        return None
    tau = float(objective.loss.temperature)
    if not dim + 2 <= points <= 2 * dim - 1 or tau * math.log(points - 1) >= gap(points):
        return None
    value = Value(packing_value(points, dim, tau))
    return say("F5", Status.FALSE, objective, value, partial(packing, points, dim), unique=False, aligned=True)


def _instances(grid: Grid) -> Instances:
    """From (5, 3) on; a temperature of half of what suffices."""
    dims = grid.pick_dims((3, 4, 5), (3, 4, 5, 6, 7))
    for dim in dims:
        for points in grid.pick_points(range(dim + 2, 2 * dim)):
            least = float(f"{gap(points) / (2 * math.log(points - 1)):.1g}")
            for tau in grid.pick_temperatures((least,)):
                if _say(BatchLoss(DHEL(tau)), points, dim) is not None:
                    yield How.PREDICTION, Instance("F5", DHEL(tau), points, dim)


THEOREM = Theorem(
    "F5",
    "DHEL's minimizers become best packings as tau -> 0",
    "Claimed: as tau -> 0 minimizers of DHEL tend to best packings. False for d+2 <= M <= 2d-1, d >= 3: the largest "
    "inner product of best packings is 0 there, and each of their points has a neighbor at 0, so that tau DHEL >= -1 "
    "at each of them; while M-1 points of a (d-1)-cross-polytope, lowered to the height -1/(2(M-1)), and an apex over "
    "them have the limit -1 - 1/(4M(M-1)), for M = 2d-1 -1 - 1/(8(d-1)(2d-1)). They are better at every tau below "
    "1/(4M(M-1) log(M-1)).",
    Status.FALSE,
    "found numerically by this package; exact in proofs_check. Best packings of d+2 to 2d points: Rankin, The closest "
    "packing of spherical caps in n dimensions, Proceedings of the Glasgow Mathematical Association 2, 1955",
    Stated(_say),
    instances=_instances,
    formula=r"\lim\limits_{\tau \to 0} \, \tau \min\limits_{U,V} \, \mathrm{DHEL} = -1 + \min\limits_{x_1,\dots,x_M} \, "
    r"\max\limits_{i \ne j} \, x_i \cdot x_j",
)
