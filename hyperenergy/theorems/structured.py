"""B7: labeled points.  B9: the sigmoid loss.  B10: several views.  Where the minimizer is no aligned code of pairs."""

from __future__ import annotations

import math
from collections import Counter
from functools import partial

import torch

from hyperenergy.losses import modules as losses
from hyperenergy.losses import structured_modules as structured
from hyperenergy.objectives.base import BatchLoss, Objective
from hyperenergy.objectives.structured import MultiView, Supervised
from hyperenergy.theorems.known import check_room, simplex, simplex_points
from hyperenergy.theorems.prediction import Status, Views
from hyperenergy.theorems.registry import Said, Stated, Theorem, say
from hyperenergy.theorems.values import Value, log_softplus, loss_value, softplus, softplus_value


def _say_b7(objective: Objective, points: int, dim: int) -> Said:
    if type(objective) is not Supervised or type(objective.loss) is not structured.SupCon:
        return None
    labels = objective.labels
    classes = list(dict.fromkeys(labels))
    sizes = set(Counter(labels).values())
    if points != len(labels) or len(sizes) != 1 or not 2 <= len(classes) <= dim + 1:
        return None
    n, K = sizes.pop(), len(classes)
    # The negatives relative to the other members of the class.
    relative = softplus_value(math.log(n * (K - 1) / (n - 1)) - K / (K - 1) * (1 / float(objective.loss.temperature)))
    value = relative if n == 2 else Value(math.log(n - 1) + relative.number)
    index = {c: k for k, c in enumerate(classes)}
    build = partial(_collapsed, K, dim, tuple(index[label] for label in labels))
    return say("B7", Status.THEOREM, objective, value, build, unique=True, aligned=True)


def _collapsed(classes: int, dim: int, members: tuple[int, ...]) -> Views:
    check_room(len(members), dim)
    X = simplex_points(classes, dim)[list(members)]
    return X, X


B7 = Theorem(
    "B7",
    "SupCon collapses balanced classes onto a simplex",
    "Let 2 <= K <= d+1 classes have n >= 2 points each. Then the minimizers of SupCon are exactly the configurations in "
    "which the points of each class coincide and the K class points form a regular simplex; the minimum is "
    "log(n-1 + n(K-1) e^{-K/((K-1) tau)}).",
    Status.THEOREM,
    "Graf, Hofer, Niethammer and Kwitt, Dissecting Supervised Contrastive Learning, ICML 2021; the loss: Khosla et al., "
    "Supervised Contrastive Learning, NeurIPS 2020",
    Stated(_say_b7),
    formula=r"2 \le K \le d+1: \quad \min \, \mathrm{SupCon} = \log(n-1 + n(K-1) \, e^{-K/((K-1)\tau)})",
)


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


def _say_b9(objective: Objective, points: int, dim: int) -> Said:
    if type(objective) is not BatchLoss or type(objective.loss) is not losses.SigLIP:
        return None
    scale, bias = float(objective.loss.scale), float(objective.loss.bias)
    ratio = double_constant_ratio(scale, bias, points)
    if dim < dimensions(points, ratio):
        return None
    value = Value(double_constant_value(scale, bias, points, ratio), _log_value(scale, bias, points, ratio))
    build = partial(double_constant, points, dim, ratio)
    return say("B9", Status.THEOREM, objective, value, build, unique=True, aligned=ratio == 1)


B9 = Theorem(
    "B9",
    "The sigmoid loss is least on the double-constant family",
    "Let N >= 2 pairs lie in dimension d >= N. Then SigLIP with the logits t u_i.v_j + bias has exactly one minimizer up to "
    "rotation: u_i = (sqrt(R) w_i, sqrt(1-R)), v_i = (sqrt(R) w_i, -sqrt(1-R)) with w a regular simplex and R the only "
    "minimizer in [0,1] of the strictly convex softplus(-t(2R-1) - bias) + (N-1) softplus(t(R(N-2)/(N-1) - 1) + bias). The "
    "bound holds in every dimension, so that d = N-1 suffices where R = 1 (aligned simplex) and d >= 1 where R = 0 "
    "(antipodal constants).",
    Status.THEOREM,
    "Lee, Chang and Sohn, Analysis of Using Sigmoid Loss for Contrastive Learning, AISTATS 2024, where the bias enters as "
    "b = -bias; the loss: Zhai et al., Sigmoid Loss for Language Image Pre-Training, ICCV 2023",
    Stated(_say_b9),
    formula=r"\min\limits_{U,V} \, \mathrm{SigLIP} = \min\limits_{0 \le R \le 1} \, [ \, \zeta(-t(2R-1) - "
    r"\mathrm{bias}) + (N-1) \, \zeta(t(R(N-2)/(N-1) - 1) + \mathrm{bias}) \, ] \\ "
    r"\zeta(x) = \log(1+e^x), \quad u_i = (\sqrt{R} \, w_i, \sqrt{1-R}), \quad v_i = (\sqrt{R} \, w_i, "
    r"-\sqrt{1-R})",
)


def _say_b10(objective: Objective, points: int, dim: int) -> Said:
    if type(objective) is not MultiView or points > dim + 1:
        return None
    loss, K = objective.loss, objective.n_views
    if type(loss) not in (structured.MultiViewInfoNCE, structured.MultiViewDHEL):
        return None
    tau, known = float(loss.temperature), simplex(points, dim)
    if type(loss) is structured.MultiViewInfoNCE:
        value = loss_value(losses.InfoNCE(tau), known.distribution)
    else:
        energy = math.log(points - 1) - 1 / tau / (points - 1)  # of one view
        value = Value(K * energy - math.log(K * (K - 1) / 2) - 1 / tau)
    assert value is not None
    return say("B10", Status.THEOREM, objective, value, known.aligned, unique=True, aligned=True)


B10 = Theorem(
    "B10",
    "Multi-view losses make all views of up to d+1 objects one simplex",
    "Let 2 <= M <= d+1 objects have K >= 2 views. The minimizers of multi-view InfoNCE and of multi-view DHEL are exactly "
    "the configurations in which the views of each object coincide and the M objects form a regular simplex. The minima "
    "are log(1 + (M-1) e^{-M/((M-1) tau)}) and -log(K(K-1)/2) - 1/tau + K [log(M-1) - 1/((M-1) tau)].",
    Status.THEOREM,
    "Koromilas et al., A Principled Framework for Multi-View Contrastive Learning, 2025 (arXiv 2507.06979)",
    Stated(_say_b10),
    formula=r"2 \le M \le d+1: \quad \min \text{ MV-InfoNCE} = \log(1 + (M-1) \, e^{-M/((M-1)\tau)}) \\ "
    r"\min \text{ MV-DHEL} = -\log(K(K-1)/2) - \frac{1}{\tau} + K \, [ \, \log(M-1) - \frac{1}{(M-1)\tau} \, ]",
)
