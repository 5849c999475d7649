"""B14: the sigmoid loss with a free bias."""

from __future__ import annotations

import math

from hyperenergy.objectives.base import Objective
from hyperenergy.objectives.free_bias import FreeBias
from hyperenergy.theorems.cases import chosen
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.known import simplex
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import Said, Stated, Theorem, say
from hyperenergy.theorems.values import Value, log_softplus, softplus

SCALES = (10.0, 40.0, 160.0)


def best_bias(scale: float, points: int) -> float:
    """The bias that is best for the aligned simplex.

    With y = e^{t + bias} and w = e^{-tN/(N-1)}: (N-1) w y^2 + (N-2) w y = 1, so y = 2 / [(N-2) w + sqrt((N-2)^2 w^2 +
    4(N-1) w)]; the square root of w is taken out of the denominator.
    """
    half = scale * (points / (points - 1)) / 2
    root = math.sqrt(((points - 2) * math.exp(-half)) ** 2 + 4 * (points - 1))
    return math.log(2) + half - math.log((points - 2) * math.exp(-half) + root) - scale


def exponent(points: int, dim: int) -> float | None:
    """The limit m* of -log(min)/t; None for M > 2d, where it is not known here."""
    if points <= dim + 1:
        return points / (2 * (points - 1))
    return 0.5 if points <= 2 * dim else None


def bounds(scale: float, points: int, limit: float) -> tuple[float, float]:
    """Between which numbers the logarithm of the minimum lies: log(log 2/M) - t m* and log M - t m*."""
    return math.log(math.log(2) / points) - scale * limit, math.log(points) - scale * limit


def _say(objective: Objective, points: int, dim: int) -> Said:
    if type(objective) is not FreeBias or points > dim + 1:
        return None
    scale, bias = float(objective.scale), best_bias(float(objective.scale), points)
    positive, negative = -(scale + bias), bias - scale / (points - 1)
    number = softplus(positive) + (points - 1) * softplus(negative)
    logs = log_softplus(positive), math.log(points - 1) + log_softplus(negative)
    log = max(logs) + softplus(-abs(logs[0] - logs[1]))
    known = simplex(points, dim)
    return say("B14", Status.THEOREM, objective, Value(number, log), known.aligned, unique=True, aligned=True)


def _instances(grid: Grid) -> Instances:
    """The minimum at up to d+1 pairs, and the limit at d+2 to 2d."""
    for dim in grid.pick_dims((2, 4), (2, 3, 4, 5, 8)):
        for points in grid.pick_points(range(2, dim + 2) if grid.full else (2, 3, 5)):
            for tau in grid.pick_temperatures((0.2,), (0.05, 0.2, 1.0)):
                if points <= dim + 1:
                    yield How.PREDICTION, Instance("B14", FreeBias(1 / tau), points, dim)
    cases = ((2, 4), (3, 5), (3, 6)) + (((4, 6), (4, 7), (4, 8), (5, 9)) if grid.full else ())
    for dim, points in chosen(cases, grid):
        yield How.FREE_BIAS, Instance("B14", FreeBias(SCALES[-1]), points, dim, {"scales": list(SCALES)})


THEOREM = Theorem(
    "B14",
    "The sigmoid loss with a free bias: how fast it can vanish",
    "Let the bias of SigLIP, logits t u_i.v_j + bias, be minimized over, too. Up to M = d+1 pairs the aligned simplex "
    "alone is least at every t > 0, with one bias, e^{t + bias} = y the positive zero of (M-1) w y^2 + (M-2) w y = 1, "
    "w = e^{-tM/(M-1)}. In general log min lies between log(log 2/M) - t m* and log M - t m*, where m* is half of the "
    "largest difference of the least u_i.v_i and the largest u_i.v_j, i != j; so -(1/t) log min tends to m* as t -> "
    "infinity, which is M/(2(M-1)) for M <= d+1 and 1/2 for d+2 <= M <= 2d.",
    Status.THEOREM,
    "of this package; the least difference of similarities for d+2 <= M by Radon's theorem, as in B12 on softmax codes "
    "(compare Jiang et al., Generalized Neural Collapse for a Large Number of Classes, 2023)",
    Stated(_say),
    instances=_instances,
    formula=r"\lim\limits_{t \to \infty} -\frac{1}{t} \log \min\limits_{U,V,\mathrm{bias}} \mathrm{SigLIP} = m^* = "
    r"\max\limits_{U,V} \frac{1}{2} \, [ \, \min\limits_i u_i \cdot v_i - \max\limits_{i \ne j} u_i \cdot v_j \, ] \\ "
    r"M \le d+1: \; m^* = \frac{M}{2(M-1)}, \quad d+2 \le M \le 2d: \; m^* = \frac12",
)
