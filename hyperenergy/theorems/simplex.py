"""B1: up to d+1 pairs, every loss of the family has the aligned simplex as its minimizer.  F2: the spectral loss is
not of the family.  F1: nor is every decreasing kernel."""

from __future__ import annotations

from hyperenergy.losses import modules as losses
from hyperenergy.objectives.base import Energy, Objective
from hyperenergy.theorems.convexity import check_convexity
from hyperenergy.theorems.known import simplex
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import PAPER, Said, Stated, Theorem, say_aligned
from hyperenergy.theorems.values import pair_loss

_FAMILY = (losses.InfoNCE, losses.SimCLR, losses.NTXent, losses.DCL, losses.DHEL, losses.AlignUniform)


def _say_b1(objective: Objective, points: int, dim: int) -> Said:
    loss, unique = pair_loss(objective), True
    if points > dim + 1:
        return None
    if type(loss) is losses.PhiPsi:
        if loss.convexity is None:
            return None  # nobody vouches for the hypothesis
        check_convexity(loss, points - 1)
        unique = loss.convexity == "strict" or points == 2
    elif type(loss) not in _FAMILY:
        return None
    return say_aligned("B1", Status.THEOREM, objective, simplex(points, dim), unique=unique)


B1 = Theorem(
    "B1",
    "Up to d+1 pairs, InfoNCE-family losses share the aligned simplex",
    "Let 2 <= M <= d+1 and let a loss be -s_i plus a contrastive term that is convex, symmetric and strictly increasing "
    "in the negative similarities relative to s_i = u_i.v_i, and strictly convex across their differences. Then its "
    "minimizers are exactly the configurations with u_i = v_i for all i and u_i.u_j = -1/(M-1) for all i != j.",
    Status.THEOREM,
    f"{PAPER}, batch-level theorem",
    Stated(_say_b1),
    formula=r"2 \le M \le d+1: \quad (U,V) \text{ minimizes } L \; \iff \\ "
    r"u_i = v_i \text{ for all } i, \\ u_i \cdot u_j = -\frac{1}{M-1} \text{ for all } i \ne j",
)


def _say_f1(objective: Objective, points: int, dim: int) -> Said:
    if type(objective) is not Energy or points > dim + 1:
        return None
    if not objective.kernel.strictly_decreasing or objective.kernel.strictly_convex_decreasing:
        return None
    return say_aligned("F1", Status.FALSE, objective, simplex(points, dim), unique=False)


F1 = Theorem(
    "F1",
    "The simplex is optimal for every decreasing kernel",
    "Claimed: for M <= d+1 and any decreasing kernel the simplex has the least energy. False without convexity in the "
    "squared distance: for Riesz s = -3, M = 4, d = 3, two antipodal pairs have the lower mean energy -16/3.",
    Status.FALSE,
    f"{PAPER} states the hypothesis of convexity; the counterexample shows that it is needed",
    Stated(_say_f1),
    formula=r"M \le d+1: \quad \min\limits_{x_1,\dots,x_M} \frac{1}{M(M-1)} \sum_{i \ne j} "
    r"\kappa(\left|x_i-x_j\right|^2) = \kappa(2M/(M-1)) \text{ for every decreasing } \kappa",
)


def _say_f2(objective: Objective, points: int, dim: int) -> Said:
    if type(pair_loss(objective)) is not losses.SpectralContrastive or points > dim + 1:
        return None
    return say_aligned("F2", Status.FALSE, objective, simplex(points, dim), unique=False, aligned=False)


F2 = Theorem(
    "F2",
    "The spectral contrastive loss shares the simplex minimizer",
    "Claimed: for M <= d+1 the aligned simplex minimizes -2 mean s_i + mean_{i!=j} (u_i.v_j)^2. False for M <= d: the "
    "square does not increase in the similarity, and an orthonormal aligned set has the lower value -2.",
    Status.FALSE,
    "misstatement in the literature on spectral contrastive learning (HaoChen et al. 2021 define the loss)",
    Stated(_say_f2),
    formula=r"M \le d+1: \quad \min\limits_{U,V} \, [ \, -\frac{2}{M} \sum_i u_i \cdot v_i + \frac{1}{M(M-1)} \sum_{i "
    r"\ne j} (u_i \cdot v_j)^2 \, ] = -2 + \frac{1}{(M-1)^2}",
)
