"""B2: kernel losses and energies at universally optimal codes.  B4: the same codes for the losses with a logarithm."""

from __future__ import annotations

from functools import partial

from hyperenergy.codes.catalogue import BALLINGER, COHN_KUMAR
from hyperenergy.kernels import Gaussian, Kernel
from hyperenergy.losses import modules as losses
from hyperenergy.objectives.base import Aligned, BatchLoss, Energy, Objective
from hyperenergy.theorems.alignment import aligns, strictly_aligns
from hyperenergy.theorems.known import Known, conjectured_optimum, simplex, universal_optimum
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import PAPER, Said, Stated, Theorem, say_aligned
from hyperenergy.theorems.values import pair_loss


def energy_kernel(objective: Objective) -> Kernel | None:
    """The kernel whose pair energy the objective minimizes over aligned configurations, up to a monotone map, where these
    are among its minimizers.

    KCL is alignment plus gamma times the mean energy.  Alignment and uniformity is |u-v|^alpha plus the logarithm of a
    Gaussian energy per view; both parts are least at once.
    """
    if type(objective) is Energy:
        return objective.kernel
    loss = pair_loss(objective)
    if type(loss) is losses.KCL and (type(objective) is Aligned or aligns(loss)):
        return loss.kernel
    return Gaussian(loss.t) if type(loss) is losses.AlignUniform else None


def _say(id: str, status: Status, objective: Objective, known: Known | None, *, strict: bool) -> Said:
    """strict: whether the energy is least at the known distances alone.  One that does not align strictly has other
    minimizers."""
    if known is None:
        return None
    aligned = type(objective) is not BatchLoss or strictly_aligns(objective.loss)
    return say_aligned(id, status, objective, known, unique=strict and aligned, aligned=aligned)


def _say_b2a(objective: Objective, points: int, dim: int) -> Said:
    kernel = energy_kernel(objective)
    if kernel is None or points > dim + 1 or not (kernel.completely_monotone or kernel.strictly_convex_decreasing):
        return None
    strict = kernel.strictly_convex_decreasing
    return _say("B2a", Status.THEOREM, objective, simplex(points, dim), strict=strict)


def _say_b2bc(theorem: str, objective: Objective, points: int, dim: int) -> Said:
    kernel = energy_kernel(objective)
    if kernel is None or points <= dim + 1 or not kernel.completely_monotone:
        return None
    if (points == 2 * dim) != (theorem == "B2b"):
        return None
    strict = kernel.strictly_completely_monotone
    return _say(theorem, Status.THEOREM, objective, universal_optimum(points, dim), strict=strict)


def _say_b2d(objective: Objective, points: int, dim: int) -> Said:
    kernel = energy_kernel(objective)
    if kernel is None or not kernel.completely_monotone:
        return None
    return _say("B2d", Status.CONJECTURE, objective, conjectured_optimum(points, dim), strict=False)


B2A = Theorem(
    "B2a",
    "Kernel losses and energies: the simplex up to d+1 points",
    "Let M <= d+1, K_U strictly convex and decreasing in r = |x-y|^2, K_A strictly decreasing. Then the aligned simplex "
    "alone minimizes KCL, with the value -K_A(0) + gamma K_U(2M/(M-1)), and the simplex alone the energy of K_U.",
    Status.THEOREM,
    PAPER,
    Stated(_say_b2a),
    formula=r"M \le d+1: \quad \min\limits_{U,V} \, \mathrm{KCL}(U,V) = -K_A(0) + \gamma \, K_U(2M/(M-1)) \\ "
    r"\min\limits_{x_1,\dots,x_M} \frac{1}{M(M-1)} \sum_{i \ne j} K_U(\left|x_i-x_j\right|^2) = K_U(2M/(M-1))",
)
B2B = Theorem(
    "B2b",
    "Kernel losses and energies: the cross-polytope at 2d points",
    "Let M = 2d, K_U be strictly completely monotone and K_A strictly decreasing. Then the (aligned) cross-polytope alone "
    "minimizes, with mean energy [K_U(4) + (2d-2) K_U(2)] / (2d-1).",
    Status.THEOREM,
    f"{PAPER}; {COHN_KUMAR}",
    Stated(partial(_say_b2bc, "B2b")),
    formula=r"M = 2d: \quad \min\limits_{x_1,\dots,x_M} \frac{1}{M(M-1)} \sum_{i \ne j} K_U(\left|x_i-x_j\right|^2) = "
    r"\frac{K_U(4) + (2d-2) \, K_U(2)}{2d-1}",
)
B2C = Theorem(
    "B2c",
    "Kernel losses and energies: sharp codes and the 600-cell",
    "Let K_U be completely monotone, K_A decreasing, and let a sharp code of M points (m inner products, a spherical "
    "(2m-1)-design) or the 600-cell exist in R^d. Then it minimizes the energy of K_U and, aligned, KCL; if strictly so, "
    "every minimizer has its inner products.",
    Status.THEOREM,
    COHN_KUMAR,
    Stated(partial(_say_b2bc, "B2c")),
    formula=r"\sum_{i \ne j} K_U(\left|x_i-x_j\right|^2) \ge \sum_{i \ne j} K_U(\left|c_i-c_j\right|^2), \quad "
    r"c_1,\dots,c_M \text{ the code} \\ "
    r"\mathrm{KCL}(U,V) \ge \mathrm{KCL}(C,C)",
)
B2D = Theorem(
    "B2d",
    "Kernel losses and energies: 40 points in R^10 and 64 in R^14",
    "Conjectured: for every completely monotone K_U, 40 points in R^10 (inner products -1/2, -1/3, 0, 1/6) and 64 points in "
    "R^14 (-3/7, -1/7, 1/7) minimize the energy of K_U and, aligned, KCL. Neither code is sharp.",
    Status.CONJECTURE,
    BALLINGER,
    Stated(_say_b2d),
    formula=r"\sum_{i \ne j} K_U(\left|x_i-x_j\right|^2) \ge \sum_{i \ne j} K_U(\left|c_i-c_j\right|^2), \quad "
    r"\mathrm{KCL}(U,V) \ge \mathrm{KCL}(C,C) \\ "
    r"(d,M) = (10,40): \; c_i \cdot c_j \in \{-\frac12, -\frac13, 0, \frac16\} \text{ for } i \ne j \\ "
    r"(d,M) = (14,64): \; c_i \cdot c_j \in \{-\frac37, -\frac17, \frac17\} \text{ for } i \ne j",
)


_COUPLED = (losses.InfoNCE, losses.SimCLR, losses.NTXent)
_DECOUPLED = (losses.DCL, losses.DHEL)


def _crowded(points: int, dim: int) -> bool:
    """Polygons with so many points that, for small tau, losses without the positive in the denominator prefer to pile
    points up (F3).  On three directions of a square one point each, and the rest on the fourth, the largest negative
    similarity is 1 for N-3 points and 0 for three: N-3 < N cos(2 pi/N) for N >= 7, with equality at N = 6."""
    return dim == 2 and points >= 6


def _say_at_code(id: str, status: Status, kinds: tuple[type, ...], objective: Objective, points: int, dim: int) -> Said:
    if points <= dim + 1 or type(pair_loss(objective)) not in kinds:
        return None
    known = universal_optimum(points, dim)
    return None if known is None else say_aligned(id, status, objective, known, unique=True)


def _say_b4(objective: Objective, points: int, dim: int) -> Said:
    kinds = _COUPLED if _crowded(points, dim) else (*_COUPLED, *_DECOUPLED)
    return _say_at_code("B4", Status.CONJECTURE, kinds, objective, points, dim)


def _say_f3(objective: Objective, points: int, dim: int) -> Said:
    if not _crowded(points, dim):
        return None
    return _say_at_code("F3", Status.FALSE, _DECOUPLED, objective, points, dim)


B4 = Theorem(
    "B4",
    "InfoNCE-family losses at universal optima",
    "At (M, d) of a universally optimal code, InfoNCE, SimCLR and NT-Xent are minimized by that code, aligned; so are DCL "
    "and DHEL, but for polygons of six points (of which the argument of F3 cannot tell) or more (F3). The logarithm breaks "
    "the pairwise structure, so the theorem on energies does not reach them. Where the code is not unique (isotropic "
    "subspaces from q = 4 on), neither is the minimizer.",
    Status.CONJECTURE,
    "numerical evidence only",
    Stated(_say_b4),
    formula=r"\min\limits_{U,V} L(U,V) = L(C,C), \quad C \text{ a universally optimal code of } M \text{ points in } "
    r"\mathbb{R}^d, \\ L \in \{\text{InfoNCE}, \text{SimCLR}, \text{NT-Xent}\}, \text{ or } "
    r"L \in \{\text{DCL}, \text{DHEL}\} \text{ unless } d = 2, M \ge 6",
)
F3 = Theorem(
    "F3",
    "DCL and DHEL are minimized by every universally optimal code",
    "Claimed: the conjecture B4 for the losses without the positive in the denominator at every polygon. False for M >= 7 "
    "at small tau: as tau -> 0, tau DHEL tends to -mean s_i + mean_i max_{j!=i} u_i.u_j, which is -1 + (M-3)/M where M-3 "
    "points coincide at a corner of a square and three take one corner each, and -1 + cos(2 pi/M) at the polygon, which is "
    "more.",
    Status.FALSE,
    "found numerically by this package, and exact in the limit",
    Stated(_say_f3),
    formula=r"d = 2: \quad \min\limits_{U,V} L(U,V) = L(C,C), \quad C \text{ the regular polygon of } M \text{ points}, "
    r"\quad L \text{ DCL or DHEL}",
)
