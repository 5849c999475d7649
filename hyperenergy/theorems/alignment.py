"""B3: decoupled losses align.  B5: one-sided coupled losses need not.  B5s: symmetrized ones do, it seems."""

from __future__ import annotations

from hyperenergy.losses import modules as losses
from hyperenergy.objectives.base import FixedAnchors, Objective
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import PAPER, Said, Stated, Theorem, say
from hyperenergy.theorems.values import Value


def decoupled(loss: losses.PairLoss) -> bool:
    """The energy part depends on each view alone: the mixed block d^2 L / du_i dv_j, j != i, is identically zero."""
    return type(loss) in (losses.DHEL, losses.KCL, losses.AlignUniform)


def aligns(loss: losses.PairLoss) -> bool:
    """Decoupled, and no pair is better than one that coincides: aligned configurations are among the minimizers."""
    return decoupled(loss) and (type(loss) is not losses.KCL or loss.alignment.decreasing)


def strictly_aligns(loss: losses.PairLoss) -> bool:
    """And every other pair is worse: all minimizers are aligned."""
    return decoupled(loss) and (type(loss) is not losses.KCL or loss.alignment.strictly_decreasing)


def _say_b3(objective: Objective, points: int, dim: int) -> Said:
    if type(objective) is not FixedAnchors or not aligns(objective.loss):
        return None
    if isinstance(objective.loss, losses.AlignUniform) or objective.loss.two_view:
        # The positives have an energy of their own, so for fixed anchors they do not go to them.
        return None
    U, strict = objective.anchors, strictly_aligns(objective.loss)
    value = Value(float(objective.loss.formula(U, U)))
    return say("B3", Status.THEOREM, objective, value, (U.clone(), U.clone()), unique=strict, aligned=strict)


B3 = Theorem(
    "B3",
    "Decoupled losses align at every M, d and tau",
    "In one-sided DHEL and KCL the energy depends on the anchors alone, so that positives equal to anchors are optimal "
    "for every fixed U and every M, d, tau, where K_A decreases. In their two-view forms this holds at the joint minimum. "
    "The mixed block d^2 L / du_i dv_j, j != i, vanishes identically; for InfoNCE, SimCLR and DCL it does not.",
    Status.THEOREM,
    PAPER,
    Stated(_say_b3),
    formula=r"\min\limits_V L(U,V) = L(U,U) \text{ for every } U, \quad L \text{ one-sided DHEL or KCL} \\ "
    r"\min\limits_{U,V} L(U,V) = \min\limits_U L(U,U), \quad \text{also in the two-view forms} \\ "
    r"\frac{\partial^2 L}{\partial u_i \, \partial v_j} = 0 \text{ for all } j \ne i",
)
B5 = Theorem(
    "B5",
    "Every InfoNCE-family loss aligns perfectly at every batch size",
    "Claimed: the minimizers of InfoNCE, SimCLR, DCL, DHEL and KCL satisfy u_i = v_i at every M. False for M > d+1 off "
    "the universal optima: one-sided DCL, and far more weakly one-sided InfoNCE and SimCLR, have strictly better "
    "misaligned minimizers. DHEL and KCL never do (B3).",
    Status.FALSE,
    "found numerically; each counterexample is a configuration with a lower value than the best aligned one",
    formula=r"(U,V) \text{ minimizes } L \; \implies \; u_i = v_i \text{ for all } i, \quad \text{at every } M",
)
B5S = Theorem(
    "B5s",
    "Symmetrized losses align perfectly at every batch size",
    "The minimizers of symmetric InfoNCE, NT-Xent and symmetric DCL satisfy u_i = v_i at every M, d and tau.",
    Status.CONJECTURE,
    "numerical evidence only",
    formula=r"(U,V) \text{ minimizes } L \; \implies \; u_i = v_i \text{ for all } i, \quad \text{at every } M, d, \tau",
)
