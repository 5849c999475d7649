"""B9: the sigmoid loss."""

from __future__ import annotations

import math
from functools import partial

import torch

from hyperenergy.losses.sig_lip import SigLIP
from hyperenergy.objectives.base import Aligned, BatchLoss, Objective
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.known import check_room, simplex_points
from hyperenergy.theorems.prediction import Status, Views
from hyperenergy.theorems.registry import Said, Stated, Theorem, say
from hyperenergy.theorems.values import Value, log_softplus, pair_loss, softplus


def logits(scale: float, bias: float, points: int, ratio: float) -> tuple[float, float]:
    """Positive and negative logit of the double-constant family: u.v is 2R-1, and R(N-2)/(N-1) - 1 for a negative."""
    return scale * (2 * ratio - 1) + bias, scale * (ratio * (points - 2) / (points - 1) - 1) + bias


def double_constant_value(scale: float, bias: float, points: int, ratio: float) -> float:
    """SigLIP at the double-constant configuration of N = ``points`` pairs with R = ``ratio``."""
    positive, negative = logits(scale, bias, points, ratio)
    return softplus(-positive) + (points - 1) * softplus(negative)


def _log_value(scale: float, bias: float, points: int, ratio: float) -> float:
    """The logarithm of ``double_constant_value``."""
    positive, negative = logits(scale, bias, points, ratio)
    terms = log_softplus(-positive), math.log(points - 1) + log_softplus(negative)
    return max(terms) + softplus(-abs(terms[0] - terms[1]))


def double_constant_ratio(scale: float, bias: float, points: int) -> float:
    """The R in [0, 1] at which SigLIP is least on the double-constant family, to round-off.

    The value is strictly convex in R, so the sign of its slope decides: t times (N-2) sigmoid(negative logit) less
    2 sigmoid(-positive logit).  Bisection on it, in logarithms, is exact to round-off, where a search by values would
    lose half of the digits, and it neither overflows nor stops early at large scales.
    """

    def rises(ratio: float) -> bool:
        positive, negative = logits(scale, bias, points, ratio)
        return points > 2 and math.log(points - 2) - softplus(-negative) > math.log(2) - softplus(positive)

    if rises(0.0):
        return 0.0
    if not rises(1.0):
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (low, middle) if rises(middle) else (middle, high)
    return (low + high) / 2


def dimensions(points: int, ratio: float) -> int:
    """How many the double-constant configuration takes: N, N-1 for R = 1 and one for R = 0."""
    return 1 if ratio == 0 else points - (ratio == 1)


def double_constant(points: int, dim: int, ratio: float) -> Views:
    """The configuration u_i = (sqrt(R) w_i, sqrt(1-R)), v_i = (sqrt(R) w_i, -sqrt(1-R)), w a simplex."""
    check_room(points, dim)
    U = torch.zeros(points, dim, dtype=torch.float64)
    if ratio > 0:
        U[:, : points - 1] = math.sqrt(ratio) * simplex_points(points, points - 1)
    V = U.clone()
    if ratio < 1:
        U[:, -1], V[:, -1] = math.sqrt(1 - ratio), -math.sqrt(1 - ratio)
    return U, V


def say_ratio(id: str, objective: Objective, points: int, dim: int, scale: float, bias: float, ratio: float) -> Said:
    """That the double-constant configuration of that R is the minimizer; None where the dimension has no room for it."""
    if dim < dimensions(points, ratio):
        return None
    value = Value(double_constant_value(scale, bias, points, ratio), _log_value(scale, bias, points, ratio))
    build = partial(double_constant, points, dim, ratio)
    return say(id, Status.THEOREM, objective, value, build, unique=True, aligned=ratio == 1)


def _say(objective: Objective, points: int, dim: int) -> Said:
    loss = pair_loss(objective)
    if type(loss) is not SigLIP:
        return None
    scale, bias = float(loss.scale), float(loss.bias)
    # Of aligned pairs R is 1, whatever the bias.
    ratio = double_constant_ratio(scale, bias, points) if type(objective) is BatchLoss else 1.0
    return say_ratio("B9", objective, points, dim, scale, bias, ratio)


def _instances(grid: Grid) -> Instances:
    """Scales 1/tau; the biases make pairs aligned, partly aligned and antipodal.  Beyond d = N only where B9 speaks."""
    for dim in grid.pick_dims((2, 3, 5), (2, 3, 4, 5, 8)):
        for points in grid.pick_points(range(2, dim + 3)):
            for tau in grid.pick_temperatures((0.1, 0.5), (0.1, 0.2, 0.5, 1.0)):
                for bias in (-4, -1, 0, 3):
                    subject = SigLIP(1 / tau, bias)
                    if THEOREM.predict(BatchLoss(subject), points, dim) is not None:
                        yield How.PREDICTION, Instance("B9", subject, points, dim)
                if points <= dim + 1 and (tau == 0.5 or grid.full):
                    yield How.PREDICTION, Instance("B9", Aligned(SigLIP(1 / tau, -1)), points, dim)


THEOREM = Theorem(
    "B9",
    "The sigmoid loss is least on the double-constant family",
    "Let N >= 2 pairs lie in dimension d >= N. Then SigLIP with the logits t u_i.v_j + bias has exactly one minimizer up to "
    "rotation: u_i = (sqrt(R) w_i, sqrt(1-R)), v_i = (sqrt(R) w_i, -sqrt(1-R)) with w a regular simplex and R the only "
    "minimizer in [0,1] of the strictly convex softplus(-t(2R-1) - bias) + (N-1) softplus(t(R(N-2)/(N-1) - 1) + bias). The "
    "bound holds in every dimension, so that d = N-1 suffices where R = 1 (aligned simplex) and d >= 1 where R = 0 "
    "(antipodal constants). Among aligned pairs, u_i = v_i, the regular simplex of N <= d+1 points alone is least, whatever "
    "t and the bias, with the value at R = 1.",
    Status.THEOREM,
    "Lee, Chang and Sohn, Analysis of Using Sigmoid Loss for Contrastive Learning, AISTATS 2024, where the bias enters as "
    "b = -bias; the loss: Zhai et al., Sigmoid Loss for Language Image Pre-Training, ICCV 2023",
    Stated(_say),
    instances=_instances,
    formula=r"\min\limits_{U,V} \, \mathrm{SigLIP} = \min\limits_{0 \le R \le 1} \, [ \, \zeta(-t(2R-1) - "
    r"\mathrm{bias}) + (N-1) \, \zeta(t(R(N-2)/(N-1) - 1) + \mathrm{bias}) \, ] \\ "
    r"\zeta(x) = \log(1+e^x), \quad u_i = (\sqrt{R} \, w_i, \sqrt{1-R}), \quad v_i = (\sqrt{R} \, w_i, "
    r"-\sqrt{1-R})",
)
