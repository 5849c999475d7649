"""B7: labeled points."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from functools import partial

from hyperenergy.losses.sup_con import SupCon
from hyperenergy.objectives.base import Objective
from hyperenergy.objectives.structured import Supervised
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.known import check_room, simplex_points
from hyperenergy.theorems.prediction import Status, Views
from hyperenergy.theorems.registry import Said, Stated, Theorem, say
from hyperenergy.theorems.values import Value, softplus_value


def _say(objective: Objective, points: int, dim: int) -> Said:
    if type(objective) is not Supervised or type(objective.loss) is not SupCon:
        return None
    labels = objective.labels
    classes = list(dict.fromkeys(labels))
    sizes = set(Counter(labels).values())
    if points != len(labels) or len(sizes) != 1 or not 2 <= len(classes) <= dim + 1:
        return None
    n, K = sizes.pop(), len(classes)
    # Points of one class alone, or that are passed over, are no part of the sum.
    if n < 2 or objective.loss.ignore in classes:
        return None
    # The negatives relative to the other members of the class.
    relative = softplus_value(math.log(n * (K - 1) / (n - 1)) - K / (K - 1) * (1 / float(objective.loss.temperature)))
    value = relative if n == 2 else Value(math.log(n - 1) + relative.number)
    index = {c: k for k, c in enumerate(classes)}
    build = partial(_collapsed, K, dim, tuple(index[label] for label in labels))
    return say("B7", Status.THEOREM, objective, value, build, unique=True, aligned=True)


def _collapsed(classes: int, dim: int, members: tuple[int, ...]) -> Views:
    check_room(len(members), dim)
    X = simplex_points(classes, dim)[list(members)]
    return X, X


def _instances(grid: Grid) -> Instances:
    for dim in grid.pick_dims((2, 3, 5), (2, 3, 4, 5, 8)):
        for classes, size in itertools.product(range(2, dim + 2), (2, 3, 5) if grid.full else (2, 3)):
            if not grid.pick_points((classes * size,)):
                continue
            # Two distant classes repel with e^(-2/tau), beside which log(n-1) > 0 leaves no digits at small tau.
            for tau in grid.pick_temperatures((0.1, 0.5) if size == 2 else (0.25, 1.0)):
                subject = Supervised(SupCon(tau), [c for c in range(classes) for _ in range(size)])
                yield How.PREDICTION, Instance("B7", subject, classes * size, dim)


THEOREM = Theorem(
    "B7",
    "SupCon collapses balanced classes onto a simplex",
    "Let 2 <= K <= d+1 classes have n >= 2 points each. Then the minimizers of SupCon are exactly the configurations in "
    "which the points of each class coincide and the K class points form a regular simplex; the minimum is "
    "log(n-1 + n(K-1) e^{-K/((K-1) tau)}).",
    Status.THEOREM,
    "Graf, Hofer, Niethammer and Kwitt, Dissecting Supervised Contrastive Learning, ICML 2021; the loss: Khosla et al., "
    "Supervised Contrastive Learning, NeurIPS 2020",
    Stated(_say),
    instances=_instances,
    formula=r"2 \le K \le d+1: \quad \min \, \mathrm{SupCon} = \log(n-1 + n(K-1) \, e^{-K/((K-1)\tau)})",
)
