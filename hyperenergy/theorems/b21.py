"""B21: DHEL at universal optima above a temperature, and aligned pairs under all losses with a logarithm."""

from __future__ import annotations

from hyperenergy.losses.dhel import DHEL
from hyperenergy.losses.facts import SoftmaxFacts, facts
from hyperenergy.losses.info_nce import InfoNCE
from hyperenergy.objectives.base import Aligned, BatchLoss, Objective
from hyperenergy.theorems.cases import chosen
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.known import universal_optimum
from hyperenergy.theorems.log_bound import proved
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import Said, Stated, Theorem, say_aligned
from hyperenergy.theorems.values import pair_loss


def decided(objective: Objective, points: int, dim: int) -> bool:
    """Whether the bound proves that the universal optimum, aligned, is the only minimizer up to what has its inner
    products."""
    said = facts(pair_loss(objective))
    if not isinstance(said, SoftmaxFacts) or points <= dim + 1:
        return False
    if type(objective) is not Aligned and not said.decoupled:
        return False
    # Without the positive the number of copies adds a constant.
    copies = said.copies if said.own else 1
    return proved(points, dim, float(said.temperature), copies, said.own)


def _say(objective: Objective, points: int, dim: int) -> Said:
    if not decided(objective, points, dim):
        return None
    known = universal_optimum(points, dim)
    return None if known is None else say_aligned("B21", Status.THEOREM, objective, known, unique=True)


def _instances(grid: Grid) -> Instances:
    """DHEL a little above the thresholds; aligned InfoNCE at all temperatures where that is proved."""
    cases: tuple[tuple[int, int], ...] = ((2, 4), (2, 7), (3, 6), (3, 12))
    if grid.full:
        cases += ((2, 5), (2, 6), (2, 12), (4, 8), (5, 10), (5, 16), (6, 27), (7, 56))
    for dim, points in chosen(cases, grid):
        for tau in grid.pick_temperatures((0.1, 0.3, 0.95, 1.1), (0.05, 0.1, 0.3, 0.5, 0.95, 1.1, 2.0)):
            for subject in (DHEL(tau), Aligned(InfoNCE(tau))):
                if (
                    THEOREM.predict(BatchLoss(subject) if isinstance(subject, DHEL) else subject, points, dim)
                    is not None
                ):
                    yield How.PREDICTION, Instance("B21", subject, points, dim)


THEOREM = Theorem(
    "B21",
    "DHEL, and aligned pairs, at universal optima above a temperature",
    "Let C be a universally optimal code of M > d+1 points that this package proves to be so, f(t) = e^{t/tau}, h the "
    "polynomial of that proof, which interpolates f at the inner products of C, E = sum_{j != i} f(c_i.c_j), kappa = "
    "1, B = 1 - (M-1) e^{-1/tau}/E and rho = E/((M-1) h(1) - E). If rho > r(B) = -log(1-B^2)/(B log((1+B)/(1-B))), "
    "DHEL is least at C, aligned, and only there or at codes with its inner products, as often. This holds from a "
    "temperature tau* on: .934 for the octahedron, .918 for the icosahedron, .912 for the Schlaefli code, .909 for the "
    "roots of E8, .852 for the 600-cell, 1.041 for the square, less for polygons of more corners (rounded up). Among "
    "aligned pairs the same is true of each loss mean_i log(a e^{1/tau} + nu sum_{j != i} f(x_i.x_j)) - 1/tau, a = 1 "
    "for InfoNCE (nu = 1) and SimCLR (nu = 2), a = 0 for DCL, with kappa = nu E/(nu E + a e^{1/tau}), wherever "
    "rho/kappa > r(kappa B): for InfoNCE at every temperature at the cross-polytopes of R^2 to R^5, elsewhere again at "
    "low ones.",
    Status.THEOREM,
    "derived here; universal optimality: Cohn and Kumar, Universally optimal distribution of points on spheres, 2007",
    Stated(_say),
    instances=_instances,
    formula=r"\rho = \frac{E}{(M-1) \, h(1) - E} > r(B) \; \Rightarrow \; \min\limits_{U,V} \mathrm{DHEL} = -\frac{1}{\tau} "
    r"+ \log E, \quad E = \sum\limits_{j \ne i} e^{c_i \cdot c_j / \tau} \\ "
    r"r(B) = \frac{-\log(1-B^2)}{B \log\frac{1+B}{1-B}}, \quad B = 1 - \frac{(M-1) e^{-1/\tau}}{E}",
)
