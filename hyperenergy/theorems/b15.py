"""B15: labeled points with classes of different sizes."""

from __future__ import annotations

import math
from collections import Counter
from functools import partial

import torch

from hyperenergy.checks import integer, positive
from hyperenergy.losses.sup_con import SupCon
from hyperenergy.objectives.base import Objective
from hyperenergy.objectives.structured import Supervised
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.prediction import Status, Views
from hyperenergy.theorems.registry import Said, Stated, Theorem, say
from hyperenergy.theorems.unequal import MOST_SIZES, Solution, least_sup_con
from hyperenergy.theorems.values import Value

# The part of the value that the certificate may leave open.
_OPEN = 1e-12
# Temperatures at which the program is solved; far beyond, exponents leave float64.
_LEAST, _MOST = 1e-5, 1e5
# What it may leave open of the size of f's gradient: products that are found to 1e-9.
_LOOSE = 1e-9


def minorities_collapse(majority: int, minority: int, classes: int, temperature: float) -> bool:
    """Whether of one class of ``majority`` points and classes-1 >= 2 of ``minority`` points all minorities coincide, at the
    antipode of the majority, at the minimum of SupCon.

    f with the majority's product -sqrt((1+(K-2)b)/(K-1)) is convex in b, the product of two minorities, and has a slope of
    at most 0 at b = 1 exactly if 2(K-1) m Z <= n e^{-2/tau} (z + Z), Z = n-1 + (K-1) m e^{-2/tau} and
    z = (K-1) m - 1 + n e^{-2/tau} the denominators.
    """
    n, m, K = integer("majority", majority, 2), integer("minority", minority, 2), integer("classes", classes, 3)
    apart = math.exp(-2 / positive("temperature", temperature))
    Z, z = n - 1 + (K - 1) * m * apart, (K - 1) * m - 1 + n * apart
    return 2 * (K - 1) * m * Z <= n * apart * (z + Z)


def _say(objective: Objective, points: int, dim: int) -> Said:
    if type(objective) is not Supervised or type(objective.loss) is not SupCon or points != len(objective.labels):
        return None
    loss, sizes = objective.loss, Counter(objective.labels)
    left_out = loss.ignore is not None and loss.ignore in sizes
    # Balanced classes are B7's.
    if left_out or not 2 <= len(set(sizes.values())) <= MOST_SIZES:
        return None
    if not _LEAST <= float(loss.temperature) <= _MOST:
        return None
    found = least_sup_con(list(sizes.values()), float(loss.temperature))
    if dim < found.rank or not found.gap <= _OPEN * found.value or not found.relative_gap <= _LOOSE:
        return None
    build = partial(_collapsed, found, objective.labels, dim)
    value = Value(found.value, found.log_value)
    return say("B15", Status.THEOREM, objective, value, build, unique=True, aligned=True)


def _collapsed(found: Solution, labels: tuple[int, ...], dim: int) -> Views:
    by_size = dict(zip(found.classes.sizes, map(iter, found.points(dim)), strict=True))
    of_class = {label: next(by_size[size]) for label, size in Counter(labels).items()}
    X = torch.stack([of_class[label] for label in labels])
    return X, X


def _labels(sizes: tuple[int, ...]) -> list[int]:
    return [c for c, size in enumerate(sizes) for _ in range(size)]


def _instances(grid: Grid) -> Instances:
    """Two classes, all different, some alike, and a majority before whom minorities coincide."""
    cases = [((5, 3), 0.5, 2), ((4, 2, 2), 0.5, 3), ((4, 3, 2), 1.0, 2), ((20, 2, 2), 2.0, 2)]
    if grid.full:
        cases += [((3, 2), 0.5, 1), ((5, 3, 2, 2), 0.5, 3), ((3, 3, 2, 2), 1.0, 5), ((24, 3, 2), 2.0, 2)]
    for sizes, tau, dim in cases:
        if dim in grid.pick_dims((dim,)) and grid.pick_points((sum(sizes),)):
            for temperature in grid.pick_temperatures((tau,)):
                subject = Supervised(SupCon(temperature), _labels(sizes))
                if THEOREM.predict(subject, sum(sizes), dim) is not None:
                    yield How.PREDICTION, Instance("B15", subject, sum(sizes), dim)


THEOREM = Theorem(
    "B15",
    "SupCon collapses classes of any sizes, and minorities where one class is large",
    "Let K >= 2 classes have n_c >= 2 points each, N in all, and d >= K-1. Then at the minimizers of SupCon the "
    "points of each class coincide, and the Gram matrix of the class points is the only minimizer of the strictly "
    "convex f(G) = (1/N) sum_c n_c log(n_c - 1 + sum_{c' != c} n_c' e^{(G_cc'-1)/tau}) over positive semidefinite "
    "matrices with unit diagonal, which is singular. In any d the bound holds, and the rank of G suffices. For K = 2 "
    "the classes are antipodal. With one class of n and K-1 >= 2 of m points, G_maj = -sqrt((1+(K-2)b)/(K-1)) between "
    "the first and the others and b among these, f is convex in b, and b = 1, the minorities in one point opposite to "
    "the majority, exactly if 2(K-1) m Z <= n e^{-2/tau} (z+Z), Z = n-1 + (K-1) m e^{-2/tau}, z = (K-1) m - 1 + n "
    "e^{-2/tau}. (20,2,2) at tau = 2 is such a case.",
    Status.THEOREM,
    "found with this package; balanced classes (B7): Graf, Hofer, Niethammer and Kwitt, Dissecting Supervised "
    "Contrastive Learning, ICML 2021; minority collapse in classification: Fang, He, Long and Su, Exploring Deep "
    "Neural Networks via Layer-Peeled Model, PNAS 2021",
    Stated(_say),
    instances=_instances,
    formula=r"\min \, \mathrm{SupCon} = \min\limits_{G \succeq 0, \, G_{cc}=1} \, \frac{1}{N} \sum_c n_c \log(n_c - 1 + "
    r"\sum_{c' \ne c} n_{c'} \, e^{(G_{cc'}-1)/\tau}) \\ "
    r"K = 2: \quad G_{12} = -1, \quad \frac{n_1 \log(n_1-1+n_2 \, e^{-2/\tau}) + n_2 \log(n_2-1+n_1 \, "
    r"e^{-2/\tau})}{n_1+n_2}",
)
