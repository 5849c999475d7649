"""B22: SimCLR and DCL, both views free, at universal optima above a temperature."""

from __future__ import annotations

from hyperenergy.losses.dcl import DCL
from hyperenergy.losses.facts import SoftmaxFacts, facts
from hyperenergy.losses.nt_xent import NTXent
from hyperenergy.losses.sim_clr import SimCLR
from hyperenergy.objectives.base import BatchLoss, Objective
from hyperenergy.theorems.cases import chosen
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.known import universal_optimum
from hyperenergy.theorems.log_bound import proved_free
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import Said, Stated, Theorem, say_aligned


def _say(objective: Objective, points: int, dim: int) -> Said:
    if type(objective) is not BatchLoss or points <= dim + 1:
        return None
    said = facts(objective.loss)
    if not isinstance(said, SoftmaxFacts) or not (said.within and said.across):
        return None
    if not proved_free(points, dim, float(said.temperature), said.own):
        return None
    known = universal_optimum(points, dim)
    return None if known is None else say_aligned("B22", Status.THEOREM, objective, known, unique=True)


def _instances(grid: Grid) -> Instances:
    cases: tuple[tuple[int, int], ...] = ((2, 5), (3, 6), (3, 12))
    if grid.full:
        cases += ((2, 4), (2, 8), (4, 8), (5, 16), (6, 27))
    for dim, points in chosen(cases, grid):
        for tau in grid.pick_temperatures((1.7,), (1.45, 1.7, 3.0)):
            few = (SimCLR(tau), DCL(tau))
            for loss in (*few, NTXent(tau), DCL(tau, symmetric=True)) if grid.full else few:
                if THEOREM.predict(BatchLoss(loss), points, dim) is not None:
                    yield How.PREDICTION, Instance("B22", loss, points, dim)


THEOREM = Theorem(
    "B22",
    "SimCLR and DCL, both views free, at universal optima above a temperature",
    "Let C, M, f, h, E, B and rho be those of B21, kappa = 2E/(2E + a), a = e^{1/tau} for SimCLR and 0 for DCL, c = "
    "(h(1) - h_0)/E = 1/(M rho), gamma = 1 - exp(-2 (h(1) - h_0)/(tau h'(1))) and beta = 1/(4 (c + gamma (1-B))). If 2 "
    "beta B <= 1 and (rho - beta)/kappa > r(kappa B), SimCLR (DCL with the sum within views) with anchors and "
    "positives free is least at C, aligned, and only there or at codes with its inner products, as often; so are "
    "NT-Xent (symmetric DCL). It holds for tau >= 1.7 at the square, the pentagon, the octahedron, the icosahedron and "
    "the Schlaefli code, for SimCLR at the octahedron for tau = 1.4 on, as far as tried. Of InfoNCE and cross-view DCL "
    "nothing is proved here.",
    Status.THEOREM,
    "derived here; universal optimality: Cohn and Kumar, Universally optimal distribution of points on spheres, 2007",
    Stated(_say),
    instances=_instances,
    formula=r"\frac{\rho - \beta}{\kappa} > r(\kappa B) \; \Rightarrow \; \min\limits_{U,V} L = -\frac{1}{\tau} + \log(a + "
    r"2E), \quad \beta = \frac{1}{4 (c + \gamma (1-B))}, \\ \gamma = 1 - e^{-2 (h(1)-h_0)/(\tau h'(1))}, \quad c = "
    r"\frac{h(1)-h_0}{E}",
)
