"""B5: one-sided coupled losses need not align."""

from __future__ import annotations

from hyperenergy.kernels.gaussian import Gaussian
from hyperenergy.kernels.inverse_multiquadric import InverseMultiquadric
from hyperenergy.losses.dhel import DHEL
from hyperenergy.losses.kcl import KCL
from hyperenergy.theorems.balance import balanced
from hyperenergy.theorems.cases import MISALIGNED_CASES, off_optima
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import Theorem
from hyperenergy.theorems.subjects import one_sided

__all__ = ["THEOREM", "balanced"]


def _instances(grid: Grid) -> Instances:
    for dim, points in off_optima(grid, MISALIGNED_CASES, tuple(range(5, 21))):
        for tau in grid.pick_temperatures((0.1, 0.25, 0.5), (0.05, 0.1, 0.25, 0.5, 1.0)):
            for loss in (*one_sided(tau), DHEL(tau)):
                yield How.ALIGNMENT, Instance("B5", loss, points, dim)
        for kernel in (Gaussian(2), InverseMultiquadric(1)):
            yield How.ALIGNMENT, Instance("B5", KCL(kernel), points, dim)


THEOREM = Theorem(
    "B5",
    "Every InfoNCE-family loss aligns perfectly at every batch size",
    "Claimed: the minimizers of InfoNCE, SimCLR, DCL, DHEL and KCL satisfy u_i = v_i at every M. False for M > d+1 off "
    "the universal optima: one-sided DCL, and far more weakly one-sided InfoNCE and SimCLR, have strictly better "
    "misaligned minimizers. DHEL and KCL never do (B3). Proved for cross-view DCL: at d = 2, M >= 13 and tau log(M-1) < "
    "(3/25 - 20/M^2)/M no minimizer is aligned. The reason: at V = U the force on v_j is -(1/tau) P_j sum_{i != j} p_ij "
    "u_i, p_ij the softmax weight of v_j for u_i, P_j the projection onto the tangent space at u_j. Where U is critical "
    "among aligned configurations of one-sided InfoNCE, SimCLR, DCL or cross-view DCL, (U, U) is critical if and only if "
    "all forces vanish (U is balanced), if and only if U is an equilibrium of the energy sum_{i<j} e^{u_i.u_j/tau}; "
    "with one normalizer for all anchors it is. Where no best aligned configuration is balanced, every minimizer is "
    "misaligned, to leading order by the inverse of second derivatives times the force. All codes of the catalogue are "
    "balanced at every tau; whether they are minimizers is another question (B4, F3).",
    Status.FALSE,
    "found numerically, each counterexample a configuration with a lower value than the best aligned one; the reason and a "
    "family of counterexamples proved by this package. Balanced configurations: Leech, Equilibrium of sets of particles on "
    "a sphere, Mathematical Gazette 41, 1957; Cohn, Elkies, Kumar and Schuermann, Point configurations that are asymmetric "
    "yet balanced, Proceedings of the AMS 138, 2010",
    instances=_instances,
    by_objective=True,
    formula=r"(U,V) \text{ minimizes } L \; \implies \; u_i = v_i \text{ for all } i, \quad \text{at every } M",
)
