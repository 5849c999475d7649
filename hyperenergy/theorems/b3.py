"""B3: decoupled losses align."""

from __future__ import annotations

from hyperenergy.kernels.gaussian import Gaussian
from hyperenergy.kernels.inverse_multiquadric import InverseMultiquadric
from hyperenergy.kernels.laplace import Laplace
from hyperenergy.kernels.polynomial import Polynomial
from hyperenergy.kernels.regularized_logarithmic import RegularizedLogarithmic
from hyperenergy.kernels.riesz import Riesz
from hyperenergy.losses.dhel import DHEL
from hyperenergy.losses.facts import FrameFacts, facts
from hyperenergy.losses.kcl import KCL
from hyperenergy.objectives.base import FixedAnchors, Objective
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import PAPER, Said, Stated, Theorem, say
from hyperenergy.theorems.subjects import one_sided, symmetrized
from hyperenergy.theorems.values import Value


def _say(objective: Objective, points: int, dim: int) -> Said:
    said = facts(objective.loss) if type(objective) is FixedAnchors else None
    if said is None or isinstance(said, FrameFacts) or not said.aligning or said.views == 2 or said.symmetrized:
        return None  # with an energy of their own, positives do not go to fixed anchors
    assert isinstance(objective, FixedAnchors)
    U, strict = objective.anchors, said.strictly_aligning
    value = Value(float(objective.loss.formula(U, U)))
    return say("B3", Status.THEOREM, objective, value, (U.clone(), U.clone()), unique=strict, aligned=strict)


def _instances(grid: Grid) -> Instances:
    smooth, cusped = (Gaussian(2), InverseMultiquadric(1), RegularizedLogarithmic(1)), (Laplace(1), Riesz(-1))
    kcl = [KCL(kernel) for kernel in (*smooth, *cusped)]
    kcl += [KCL(Gaussian(2), alignment_kernel=Polynomial(degree)) for degree in (1, 3)] if grid.full else []
    for dim in grid.pick_dims((2, 3, 8)):
        for points in grid.pick_points((3, 7, 20)):
            decoupled = [*kcl, *(DHEL(tau) for tau in grid.pick_temperatures((0.05, 0.5)))]
            for loss in decoupled if dim > 1 else ():  # on S^0 nothing can move
                yield How.FIXED_ANCHORS, Instance("B3", loss, points, dim, {"part": "fixed anchors"})
            for loss in (*decoupled, DHEL(0.5, two_view=True), KCL(Gaussian(2), two_view=True)):
                yield How.MIXED_BLOCK, Instance("B3", loss, points, dim, {"part": "mixed block"})
            for loss in (*one_sided(0.5), *symmetrized(0.5)):
                yield How.MIXED_BLOCK, Instance("B3", loss, points, dim, {"part": "mixed block"})
            for loss in (DHEL(0.5, two_view=True), KCL(Gaussian(2), two_view=True)):
                yield How.ALIGNMENT, Instance("B3", loss, points, dim, {"part": "joint minimum"})


THEOREM = Theorem(
    "B3",
    "Decoupled losses align at every M, d and tau",
    "In one-sided DHEL and KCL the energy depends on the anchors alone, so that positives equal to anchors are optimal "
    "for every fixed U and every M, d, tau, where K_A decreases; alone where it does so strictly, as all kernels here do "
    "that are finite at 0, polynomial ones too. In their two-view forms this holds at the joint minimum. "
    "The mixed block d^2 L / du_i dv_j, j != i, vanishes identically; for InfoNCE, SimCLR and DCL it does not.",
    Status.THEOREM,
    PAPER,
    Stated(_say),
    instances=_instances,
    formula=r"\min\limits_V L(U,V) = L(U,U) \text{ for every } U, \quad L \text{ one-sided DHEL or KCL} \\ "
    r"\min\limits_{U,V} L(U,V) = \min\limits_U L(U,U), \quad \text{also in the two-view forms} \\ "
    r"\frac{\partial^2 L}{\partial u_i \, \partial v_j} = 0 \text{ for all } j \ne i",
)
