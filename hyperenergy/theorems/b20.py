"""B20: multi-view DHEL decouples."""

from __future__ import annotations

import math

from hyperenergy.losses.dhel import DHEL
from hyperenergy.losses.multi_view_dhel import MultiViewDHEL
from hyperenergy.objectives.base import Aligned, Objective
from hyperenergy.objectives.structured import MultiView
from hyperenergy.theorems.b4 import THEOREM as B4
from hyperenergy.theorems.b21 import THEOREM as B21
from hyperenergy.theorems.cases import chosen
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.prediction import Prediction, Status
from hyperenergy.theorems.registry import Said, Stated, Theorem, say
from hyperenergy.theorems.values import Value

# What names the least energy of one view beyond d+1 points, theorems first; up to d+1 points B10 speaks.
ENERGIES: tuple[Theorem, ...] = (B21, B4)


def value(views: int, tau: float, energy: float) -> float:
    """Multi-view DHEL where all views are one, of that energy E."""
    return views * energy - math.log(views * (views - 1) / 2) - 1 / tau


def _say(objective: Objective, points: int, dim: int) -> Said:
    """By what is said of DHEL, which is E - 1/tau where pairs coincide; with the status that this has."""
    if type(objective) is not MultiView or type(objective.loss) is not MultiViewDHEL or points <= dim + 1:
        return None
    tau = float(objective.loss.temperature)
    for theorem in ENERGIES:
        said = theorem.predict(Aligned(DHEL(tau)), points, dim)
        if said is not None:
            return _with_views(objective, tau, said)
    return None


def _with_views(objective: MultiView, tau: float, said: Prediction) -> Said:
    known = Value(value(objective.n_views, tau, said.value + 1 / tau))
    status, unique = Status(said.status), said.unique
    return say("B20", status, objective, known, lambda: (said.anchors, said.positives), unique=unique, aligned=True)


def _instances(grid: Grid) -> Instances:
    """At universal optima the value; elsewhere that it comes from the energy of one view."""
    at_optima = ((2, 4), (3, 6)) + (((3, 12), (4, 8)) if grid.full else ())
    elsewhere = ((3, 5), (3, 7)) + (((2, 7), (4, 6), (4, 9), (5, 8)) if grid.full else ())
    for cases, how in ((at_optima, How.PREDICTION), (elsewhere, How.EQUAL_VIEWS)):
        for dim, points in chosen(cases, grid):
            for tau in grid.pick_temperatures((0.5,), (0.2, 0.5, 1.0)):
                for views in (2, 3, 4) if grid.full else (3,):
                    subject = MultiView(MultiViewDHEL(tau), views)
                    if how is How.EQUAL_VIEWS or THEOREM.predict(subject, points, dim) is not None:
                        yield how, Instance("B20", subject, points, dim)


THEOREM = Theorem(
    "B20",
    "Multi-view DHEL decouples at every number of objects",
    "Let M >= 2 objects have K >= 2 views U^1, ..., U^K, in any dimension, and let E(X) = mean_i log sum_{j != i} "
    "e^{x_i.x_j/tau}. Multi-view DHEL is at least the mean of its values K E(U^l) - log(K(K-1)/2) - 1/tau with all "
    "views equal to one of them, with equality exactly where all views are equal. So its minimum is K min_X E(X) - "
    "log(K(K-1)/2) - 1/tau, and its minimizers are exactly the minimizers of E, taken for all views. Where min E is "
    "conjectured (B4), so is the value.",
    Status.THEOREM,
    "Koromilas et al., A Principled Framework for Multi-View Contrastive Learning, 2025 (arXiv 2507.06979), for the "
    "loss and M <= d+1; at every M the argument of B3",
    Stated(_say),
    instances=_instances,
    formula=r"\min \text{ MV-DHEL} = K \min\limits_X E(X) - \log(K(K-1)/2) - \frac{1}{\tau}, \quad E(X) = \frac{1}{M} "
    r"\sum_i \log \sum_{j \ne i} e^{x_i \cdot x_j / \tau}",
)
