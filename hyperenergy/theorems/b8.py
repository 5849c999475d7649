"""B8: mini-batches of a data set."""

from __future__ import annotations

import math
from functools import partial

import torch

from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.info_nce import InfoNCE
from hyperenergy.objectives.base import Objective
from hyperenergy.objectives.expected import Expected
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.known import check_room, simplex, simplex_points
from hyperenergy.theorems.prediction import Status, Views
from hyperenergy.theorems.registry import Said, Stated, Theorem, say
from hyperenergy.theorems.values import Value, loss_value, simplex_distribution


def _say(objective: Objective, points: int, dim: int) -> Said:
    if type(objective) is not Expected or type(objective.loss) is not InfoNCE:
        return None
    if objective.partition is not False:
        parts = objective.parts(points)
        if max(map(len, parts)) > dim + 1:
            return None
        build = partial(_simplexes, parts, points, dim)
        values = [_simplex_value(objective.loss, len(part), len(part)) for part in parts]
        # Batches may be turned against each other.
        unique = len(parts) == 1
        return say("B8", Status.THEOREM, objective, _mean(values), build, unique=unique, aligned=True)
    if objective.replace or points > dim + 1 or not objective.exact(points):
        return None
    value, known = _simplex_value(objective.loss, objective.batch, points), simplex(points, dim)
    return say("B8", Status.THEOREM, objective, value, known.aligned, unique=True, aligned=True)


def _simplexes(parts: list[list[int]], points: int, dim: int) -> Views:
    check_room(points, dim)
    X = torch.zeros(points, dim, dtype=torch.float64)
    for part in parts:
        X[part] = simplex_points(len(part), dim)
    return X, X


def _simplex_value(loss: PairLoss, batch: int, points: int) -> Value:
    """The loss of ``batch`` aligned vertices of a simplex of ``points``."""
    value = loss_value(loss, simplex_distribution(points, others=batch - 1))
    assert value is not None
    return value


def _mean(values: list[Value]) -> Value:
    """Of positive numbers, in logarithms, too."""
    logs = torch.tensor([value.log for value in values], dtype=torch.float64)
    mean = math.fsum(value.number for value in values) / len(values)
    return Value(mean, float(logs.logsumexp(0)) - math.log(len(values)))


def _instances(grid: Grid) -> Instances:
    for points, batch, dim in ((4, 2, 3), (6, 3, 5), (6, 2, 5), (6, 3, 8)):
        if dim not in grid.pick_dims((dim,)) or not grid.pick_points((points,)):
            continue
        for tau in grid.pick_temperatures((0.2, 0.5, 1.0)):
            loss = InfoNCE(tau)
            for subject in (Expected(loss, batch, replace=False), Expected(loss, batch, partition=True)):
                yield How.PREDICTION, Instance("B8", subject, points, dim)


THEOREM = Theorem(
    "B8",
    "Mini-batches of a data set",
    "Let N <= d+1. The mean InfoNCE over all subsets of size B of N pairs is least at the aligned simplex of N points "
    "alone, with the value log(1 + (B-1) e^{-N/((N-1) tau)}). Over the batches of a fixed partition of any number of pairs "
    "into n parts, of 2 <= B_k <= d+1 pairs each, equally many or not, it is least exactly where each batch is an aligned "
    "simplex of its own, with the value (1/n) sum_k log(1 + (B_k-1) e^{-B_k/((B_k-1) tau)}), lower if all are B.",
    Status.THEOREM,
    "Cho et al. 2024; Lee et al. 2025 (arXiv 2506.09781)",
    Stated(_say),
    instances=_instances,
    formula=r"\min\limits_{U,V} \, \underset{|S|=B}{\mathrm{mean}} \, \mathrm{InfoNCE}(U_S,V_S) = \log(1 + (B-1) \, "
    r"e^{-N/((N-1)\tau)}) \\ "
    r"\min\limits_{U,V} \frac{1}{n} \sum_{k=1}^{n} \mathrm{InfoNCE}(U_{S_k},V_{S_k}) = \frac{1}{n} \sum_{k=1}^{n} \log(1 + "
    r"(B_k-1) \, e^{-B_k/((B_k-1)\tau)}), \quad S_k \text{ a fixed partition, } B_k = |S_k| \le d+1",
)
