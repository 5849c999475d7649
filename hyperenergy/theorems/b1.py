"""B1: up to d+1 pairs, every loss of the family has the aligned simplex as its minimizer."""

from __future__ import annotations

from hyperenergy.losses.facts import SoftmaxFacts, facts
from hyperenergy.losses.phi_psi import PhiPsi
from hyperenergy.objectives.base import Objective
from hyperenergy.theorems.cases import DIMS, TEMPERATURES
from hyperenergy.theorems.convexity import check_convexity, strictly_convex_there, strictly_increases
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.known import simplex
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import PAPER, Said, Stated, Theorem, say_aligned
from hyperenergy.theorems.subjects import dhel, one_sided, phi_psi, symmetrized
from hyperenergy.theorems.values import pair_loss


def _say(objective: Objective, points: int, dim: int) -> Said:
    loss, unique, aligned = pair_loss(objective), True, True
    if points > dim + 1:
        return None
    if type(loss) is PhiPsi:
        if loss.convexity is None:
            return None  # nobody vouches for the hypothesis
        check_convexity(loss, points - 1)
        aligned = strictly_increases(loss, points - 1)
        strict = loss.convexity == "strict" and strictly_convex_there(loss, points - 1)
        unique = aligned and (strict or points == 2)
    elif not isinstance(facts(loss), SoftmaxFacts):
        return None
    return say_aligned("B1", Status.THEOREM, objective, simplex(points, dim), unique=unique, aligned=aligned)


def _instances(grid: Grid) -> Instances:
    for dim in grid.pick_dims(DIMS):
        for points in grid.pick_points(range(2, dim + 2)):
            for tau in grid.pick_temperatures(TEMPERATURES):
                for loss in (*one_sided(tau), *symmetrized(tau), *dhel(tau), *phi_psi(tau)):
                    yield How.PREDICTION, Instance("B1", loss, points, dim)


THEOREM = Theorem(
    "B1",
    "Up to d+1 pairs, InfoNCE-family losses share the aligned simplex",
    "Let 2 <= M <= d+1 and let a loss be the mean over i of G(n_ij - s_i, j != i), or one G of all n_ij - s_i, s_i = "
    "u_i.v_i, n_ij = u_i.v_j or u_i.u_j or both; or the mean of that in both directions. Let G be convex, symmetric and "
    "nondecreasing. Then it is least at u_i = v_i, u_i.u_j = -1/(M-1) for all i != j. If G also increases strictly, at "
    "equal arguments from -M/(M-1) on, and is strictly convex across their differences, it is least there alone. So are "
    "-mean s/tau + G(u_i.u_j) + G(v_i.v_j), two-view DHEL.",
    Status.THEOREM,
    f"{PAPER}, batch-level theorem",
    Stated(_say),
    instances=_instances,
    formula=r"2 \le M \le d+1: \quad (U,V) \text{ minimizes } L = G(n_{ij} - s_i) \; \iff \\ "
    r"u_i = v_i \text{ for all } i, \\ u_i \cdot u_j = -\frac{1}{M-1} \text{ for all } i \ne j",
)
