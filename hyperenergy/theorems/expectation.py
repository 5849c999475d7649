"""Results about random batches: E1-E4 about the expectation over a law, B8 about the mini-batches of a data set."""

from __future__ import annotations

import math
from functools import partial

import torch

from hyperenergy.losses import modules as losses
from hyperenergy.objectives.base import Objective
from hyperenergy.objectives.expected import Expected
from hyperenergy.theorems.known import check_room, simplex, simplex_points
from hyperenergy.theorems.prediction import Status, Views
from hyperenergy.theorems.registry import PAPER, Said, Stated, Theorem, say
from hyperenergy.theorems.values import Value, loss_value, simplex_distribution

E1 = Theorem(
    "E1",
    "The limit of large batches",
    "For pairs drawn iid from a law with both marginals mu, the expected InfoNCE less log M, SimCLR less log(2M-1), DCL "
    "less log 2(M-1) and DHEL less log(M-1) tend to F = -E s/tau + E log Z as M -> infinity, Z(u) = E e^{u.u'/tau}. F is "
    "least for u = v and the uniform law alone, with the value -1/tau + log 0F1(; d/2; 1/(4 tau^2)).",
    Status.THEOREM,
    f"Wang and Isola 2020; {PAPER}",
    formula=r"\lim\limits_{M \to \infty} (\mathbb{E} \, L_M - c_M) = F = -\frac{1}{\tau} \, \mathbb{E}[u \cdot v] + "
    r"\mathbb{E}_u \log \mathbb{E}_{u'} \, e^{u \cdot u'/\tau} \\ "
    r"c_M = \log M, \; \log(2M-1), \; \log 2(M-1), \; \log(M-1) \text{ for InfoNCE, SimCLR, DCL, DHEL} \\ "
    r"F \ge -\frac{1}{\tau} + \log \; \text{}_0F_1(; d/2; 1/(4\tau^2))",
)
E2 = Theorem(
    "E2",
    "How fast the limit of large batches is reached",
    "With rho = Var(e^{u.u'/tau} | u) / Z^2, for aligned pairs under the uniform law the coefficient of 1/M is -rho/2 for "
    "DHEL and DCL, e^{1/tau}/Z - 1 - rho/2 for InfoNCE, and (e^{1/tau}/Z - 1)/2 - rho/2 for SimCLR.",
    Status.THEOREM,
    "second-order delta method; proved in proofs_check",
    formula=r"\mathbb{E} \, L_M - c_M = F + \frac{a}{M} + O(M^{-2}) \\ "
    r"a = -\frac{\rho}{2} \text{ for DHEL, DCL} \\ "
    r"a = \frac{e^{1/\tau}}{Z} - 1 - \frac{\rho}{2} \text{ for InfoNCE} \\ "
    r"a = \frac{1}{2} (\frac{e^{1/\tau}}{Z} - 1) - \frac{\rho}{2} \text{ for SimCLR} \\ "
    r"Z = \, \text{}_0F_1(; d/2; 1/(4\tau^2)), \quad 1 + \rho = Z^{-2} \, \text{}_0F_1(; d/2; 1/\tau^2)",
)
E3 = Theorem(
    "E3",
    "The expected kernel loss does not depend on the batch size",
    "For every M >= 2 the expected KCL of M iid pairs is -E K_A + gamma E K_U over two independent anchors. At any M it is "
    "least for aligned pairs and the uniform law, alone if all Gegenbauer coefficients of K_U of degree >= 1 are positive, "
    "as they are for every kernel that is completely monotone on (0, infinity) up to a constant, and not constant.",
    Status.THEOREM,
    f"{PAPER}, expectation level; Schoenberg 1942",
    formula=r"\mathbb{E} \, \mathrm{KCL}_M = -\mathbb{E} \, K_A(\left|u-v\right|^2) + \gamma \, \mathbb{E} \, "
    r"K_U(\left|u-u'\right|^2) \text{ for every } M \ge 2 \\ "
    r"\mathbb{E} \, \mathrm{KCL}_M \ge -K_A(0) + \gamma \iint K_U(\left|x-y\right|^2) \, d\sigma(x) \, "
    r"d\sigma(y)",
)
E4 = Theorem(
    "E4",
    "The uniform law minimizes the expected InfoNCE and DHEL at every batch size",
    "Claimed: at finite M the uniform law has the least expected InfoNCE or DHEL. False: on the circle, M = 3, tau = 0.2, "
    "iid draws from the vertices of a regular triangle give DHEL -2.948 against -2.835, and from those of a regular "
    "pentagon, tau = 0.5, InfoNCE 0.43875 against 0.43937.",
    Status.FALSE,
    f"{PAPER} claims uniformity in the limit alone; the counterexamples show that it is needed",
    formula=r"\mathbb{E}_\sigma \, L_M = \min\limits_\mu \, \mathbb{E}_\mu \, L_M \text{ at every } M, \quad L \text{ "
    r"InfoNCE or DHEL}",
)


def _say_b8(objective: Objective, points: int, dim: int) -> Said:
    if type(objective) is not Expected or type(objective.loss) is not losses.InfoNCE:
        return None
    if objective.partition is not False:
        parts = objective.parts(points)
        if max(map(len, parts)) > dim + 1:
            return None
        build = partial(_simplexes, parts, points, dim)
        values = [_simplex_value(objective.loss, len(part), len(part)) for part in parts]
        # Batches may be turned against each other.
        unique = len(parts) == 1
        return say("B8", Status.THEOREM, objective, _mean(values), build, unique=unique, aligned=True)
    if objective.replace or points > dim + 1 or not objective.exact(points):
        return None
    value, known = _simplex_value(objective.loss, objective.batch, points), simplex(points, dim)
    return say("B8", Status.THEOREM, objective, value, known.aligned, unique=True, aligned=True)


def _simplexes(parts: list[list[int]], points: int, dim: int) -> Views:
    check_room(points, dim)
    X = torch.zeros(points, dim, dtype=torch.float64)
    for part in parts:
        X[part] = simplex_points(len(part), dim)
    return X, X


def _simplex_value(loss: losses.PairLoss, batch: int, points: int) -> Value:
    """The loss of ``batch`` aligned vertices of a simplex of ``points``."""
    value = loss_value(loss, simplex_distribution(points, others=batch - 1))
    assert value is not None
    return value


def _mean(values: list[Value]) -> Value:
    """Of positive numbers, in logarithms, too."""
    logs = torch.tensor([value.log for value in values], dtype=torch.float64)
    mean = math.fsum(value.number for value in values) / len(values)
    return Value(mean, float(logs.logsumexp(0)) - math.log(len(values)))


B8 = Theorem(
    "B8",
    "Mini-batches of a data set",
    "Let N <= d+1. The mean InfoNCE over all subsets of size B of N pairs is least at the aligned simplex of N points "
    "alone, with the value log(1 + (B-1) e^{-N/((N-1) tau)}). Over the batches of a fixed partition it is least where each "
    "batch is an aligned simplex of its own, with the lower value log(1 + (B-1) e^{-B/((B-1) tau)}).",
    Status.THEOREM,
    "Cho et al. 2024; Lee et al. 2025 (arXiv 2506.09781)",
    Stated(_say_b8),
    formula=r"\min\limits_{U,V} \, \underset{|S|=B}{\mathrm{mean}} \, \mathrm{InfoNCE}(U_S,V_S) = \log(1 + (B-1) \, "
    r"e^{-N/((N-1)\tau)}) \\ "
    r"\min\limits_{U,V} \frac{B}{N} \sum_{k=1}^{N/B} \mathrm{InfoNCE}(U_{S_k},V_{S_k}) = \log(1 + (B-1) \, "
    r"e^{-B/((B-1)\tau)}), \quad S_k \text{ a fixed partition}",
)
