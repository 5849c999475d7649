"""B12: softmax codes, the limit of InfoNCE at small temperature."""

from __future__ import annotations

from functools import partial

import torch

from hyperenergy.objectives.base import Objective
from hyperenergy.objectives.packing import SoftmaxCode
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.known import check_room, simplex_points, universal_optimum
from hyperenergy.theorems.prediction import Status, Views
from hyperenergy.theorems.registry import Said, Stated, Theorem, say
from hyperenergy.theorems.values import Value


def least(points: int, dim: int) -> float | None:
    """g*, for up to 2d pairs; None beyond, where it is larger than -1."""
    if points <= dim + 1:
        return -points / (points - 1)
    return -1.0 if points <= 2 * dim else None


def _say(objective: Objective, points: int, dim: int) -> Said:
    value = least(points, dim)
    if type(objective) is not SoftmaxCode or value is None:
        return None
    # Without an angle below 90 degrees 2d points are +-e_i, and fewer ones have room to move.
    unique = points <= dim + 1 or points == 2 * dim
    build = partial(_configuration, points, dim)
    return say("B12", Status.THEOREM, objective, Value(value), build, unique=unique, aligned=True)


def _configuration(points: int, dim: int) -> Views:
    """A simplex, or as many of the 2d points +-e_i."""
    check_room(points, dim)
    if points <= dim + 1:
        X = simplex_points(points, dim)
    else:
        known = universal_optimum(2 * dim, dim)
        assert known is not None
        X = known.build()[:points]
    return X, X


def bounds(points: int, temperature: float, value: float) -> tuple[float, float]:
    """Of tau log min InfoNCE, from g* = ``value``."""
    logs = torch.tensor([2.0, points - 1.0], dtype=torch.float64).log()
    return value + temperature * float((logs[0] / points).log()), value + temperature * float(logs[1])


def _instances(grid: Grid) -> Instances:
    for dim in grid.pick_dims((2, 3, 4), (2, 3, 4, 5, 6)):
        some = range(2, 2 * dim + 1) if grid.full or grid.dims else (dim, dim + 1, dim + 2, 2 * dim)
        for points in grid.pick_points(tuple(dict.fromkeys(some))):
            if least(points, dim) is not None:
                yield How.PREDICTION, Instance("B12", SoftmaxCode(), points, dim)


THEOREM = Theorem(
    "B12",
    "The limit of InfoNCE at small temperature: softmax codes",
    "Let g(U,V) = max over i != j of u_i.v_j - u_i.v_i for M >= 2 pairs in dimension d, and g* its minimum. For M <= d+1 g* "
    "= -M/(M-1), at the aligned simplex alone. For d+2 <= M <= 2d g* = -1, exactly where u_i = v_i for all i and u_i.u_j "
    "<= 0 for all i != j, such as M of the 2d points +-e_i; for M = 2d these alone, the cross-polytope. For M > 2d g* > -1. "
    "At every temperature tau log min InfoNCE lies between g* + tau log(log(2)/M) and g* + tau log(M-1), as g* <= 0.",
    Status.THEOREM,
    "by Radon's theorem for M >= d+2; that at most 2d points have no angle below 90 "
    "degrees, with equality at +-e_i alone, is Rankin's, The closest packing of spherical caps in n dimensions, Proc. "
    "Glasgow Math. Assoc. 2 (1955); softmax codes: Jiang et al., Generalized Neural Collapse for a Large Number of Classes "
    "(arXiv 2310.05351)",
    Stated(_say),
    instances=_instances,
    formula=r"g(U,V) = \max\limits_{i \ne j} \, (u_i \cdot v_j - u_i \cdot v_i), \quad \min\limits_{U,V} \, g = "
    r"-\frac{M}{M-1} \;\; (M \le d+1), \quad -1 \;\; (d+2 \le M \le 2d) \\ "
    r"g^* + \tau \log \frac{\log 2}{M} \le \tau \log \min\limits_{U,V} \, \mathrm{InfoNCE} \le g^* + \tau \log(M-1)",
)
