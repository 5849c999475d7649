"""B13: the phases of the sigmoid loss."""

from __future__ import annotations

import itertools
import math

from hyperenergy.losses.sig_lip import SigLIP
from hyperenergy.objectives.base import BatchLoss, Objective
from hyperenergy.theorems.b9 import double_constant_ratio, say_ratio
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import Said, Stated, Theorem

# How far from a boundary, in the bias, instances lie: at the boundary itself the value is flat in R to second order.
_BESIDE = 0.1


def antipodal_from(scale: float, points: int) -> float:
    """The least bias at which R = 0, anchors opposite to positives; infinite for two pairs."""
    return scale + math.log(2 / (points - 2)) if points > 2 else math.inf


def aligned_up_to(scale: float, points: int) -> float:
    """The largest bias at which R = 1, aligned pairs; infinite for two pairs.

    The logarithm of 4 e^{t/(N-1)} / [N-4 + sqrt((N-4)^2 + 8(N-2) e^x)], x = tN/(N-1), which is the bound of the statement
    without its cancellation, with e^{x/2} taken out of the denominator so that nothing overflows.
    """
    if points == 2:
        return math.inf
    half = math.exp(-scale * (points / (points - 1)) / 2)
    root = math.sqrt(((points - 4) * half) ** 2 + 8 * (points - 2))
    return math.log(4) - scale * ((points - 2) / (points - 1) / 2) - math.log((points - 4) * half + root)


def phase(scale: float, bias: float, points: int) -> float | None:
    """R where it is 0 or 1, by the closed forms; None between."""
    if bias >= antipodal_from(scale, points):
        return 0.0
    return 1.0 if bias <= aligned_up_to(scale, points) else None


def _say(objective: Objective, points: int, dim: int) -> Said:
    """As B9, but that the phase is told by the closed forms."""
    if type(objective) is not BatchLoss or type(objective.loss) is not SigLIP or points < 3:
        return None
    scale, bias = float(objective.loss.scale), float(objective.loss.bias)
    ratio = phase(scale, bias, points)
    if ratio is None:
        ratio = double_constant_ratio(scale, bias, points)
    return say_ratio("B13", objective, points, dim, scale, bias, ratio)


def _instances(grid: Grid) -> Instances:
    """On either side of both boundaries."""
    for dim in grid.pick_dims((3, 5), (3, 4, 5, 8)):
        for points in grid.pick_points(range(3, dim + 1)):
            for tau in grid.pick_temperatures((0.2,), (0.1, 0.2, 0.5, 1.0)):
                boundaries = aligned_up_to(1 / tau, points), antipodal_from(1 / tau, points)
                for boundary, side in itertools.product(boundaries, (-_BESIDE, _BESIDE)):
                    subject = SigLIP(1 / tau, round(boundary + side, 6))
                    if THEOREM.predict(BatchLoss(subject), points, dim) is not None:
                        yield How.PREDICTION, Instance("B13", subject, points, dim)


THEOREM = Theorem(
    "B13",
    "The phases of the sigmoid loss: antipodal, mixed, aligned",
    "Let N >= 3 pairs lie in dimension d >= N, and let R be that of B9, logits t u_i.v_j + bias. Then R = 0 (all "
    "anchors at one point and all positives at its antipode) exactly for bias >= t + log(2/(N-2)), and R = 1 (the "
    "aligned simplex) exactly for e^bias <= [-(N-4) + sqrt((N-4)^2 + 8(N-2) e^{tN/(N-1)})] / (2(N-2) e^t), which is "
    "less; between, 0 < R < 1. For N = 2 pairs R = 1 always.",
    Status.THEOREM,
    "the slope at both ends of the convex function of one variable in Lee, Chang and Sohn, Analysis of Using Sigmoid "
    "Loss for Contrastive Learning, AISTATS 2024",
    Stated(_say),
    instances=_instances,
    formula=r"N \ge 3, \; d \ge N: \quad R = 0 \iff \mathrm{bias} \ge t + \log \frac{2}{N-2} \\ "
    r"R = 1 \iff e^{\mathrm{bias}} \le \frac{-(N-4) + \sqrt{(N-4)^2 + 8(N-2) \, e^{tN/(N-1)}}}{2(N-2) \, e^t}",
)
