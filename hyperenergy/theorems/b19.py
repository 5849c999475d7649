"""B19: high temperatures ask for 2-designs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from hyperenergy.checks import integer
from hyperenergy.errors import ArgumentError
from hyperenergy.losses.dhel import DHEL
from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.info_nce import InfoNCE
from hyperenergy.theorems.cases import chosen
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import Theorem

# Of the remainder, times tau^3: a sixth of the largest third central moment of a number in [-1, 1], which is at most 32/27.
REMAINDER = 16 / 81
LEAST_TEMPERATURE = 3.0


class Expansion(NamedTuple):
    """value: the terms up to 1/tau^2.  error: how far the minimum may lie from that."""

    value: float
    error: float


@dataclass(frozen=True)
class Moments:
    """Of the negatives of one anchor at a 2-design, the positive among them where the loss has it: how many, mean and
    variance."""

    count: int
    mean: float
    variance: float


def designs_exist(points: int, dim: int) -> bool:
    """Whether some points of the span of ``points`` are a spherical 2-design of it: a simplex up to dim+1 points, and
    beyond all but dim+2 points of an odd dimension (Mimura 1990); of S^0 alone even numbers."""
    if points <= dim + 1:
        return True
    return points % 2 == 0 if dim == 1 else not (points == dim + 2 and dim % 2)


def moments(loss: PairLoss, points: int, dim: int) -> Moments | None:
    """None for a loss of which B19 does not speak."""
    r = min(dim, points - 1)
    if type(loss) is InfoNCE:
        return Moments(points, 0.0, 1 / r)
    if type(loss) is DHEL and not loss.options["two_view"]:
        others = points - 1
        return Moments(others, -1 / others, (points / r - 1) / others - 1 / others**2)
    return None


def high_temperature(loss: PairLoss, points: int, dim: int) -> Expansion | None:
    """The least value of InfoNCE, one-sided or symmetric, or of one-sided DHEL, up to an error that B19 bounds.

    None where B19 is silent: other losses, temperatures below 3, and sizes without a 2-design.
    """
    points, dim = integer("points", points, 2), integer("dim", dim, 1)
    if not isinstance(loss, PairLoss):
        raise ArgumentError("loss", repr(loss), "must be a loss of pairs such as InfoNCE(8)")
    seen = moments(loss, points, dim)
    if seen is None or not designs_exist(points, dim):
        return None
    tau = float(loss.temperature)
    if tau < LEAST_TEMPERATURE:
        return None
    value = math.log(seen.count) + (seen.mean - 1 + seen.variance / (2 * tau)) / tau
    return Expansion(value, REMAINDER / tau**3)


def _instances(grid: Grid) -> Instances:
    cases = [(2, 3), (2, 5), (3, 4), (3, 6), (3, 7), (4, 6), (4, 9)]
    if grid.full:
        cases += [(d, M) for d in (2, 3, 4, 5, 6) for M in (4, 8, 10, 13, 20) if designs_exist(M, d)]
    temperatures = sorted(tau for tau in grid.pick_temperatures((8.0, 16.0, 32.0)) if tau >= LEAST_TEMPERATURE)
    if not temperatures:
        temperatures = [8.0, 16.0, 32.0]
    for dim, points in chosen(tuple(dict.fromkeys(cases)), grid):
        for loss in (InfoNCE(temperatures[-1]), InfoNCE(temperatures[-1], symmetric=True), DHEL(temperatures[-1])):
            parameters = {"temperatures": temperatures}
            yield How.HIGH_TEMPERATURE, Instance("B19", loss, points, dim, parameters)


THEOREM = Theorem(
    "B19",
    "High temperature asks for 2-designs",
    "Let M >= 2, d >= 2 and r = min(d, M-1), but not M = d+2 with d odd: then spherical 2-designs of M points exist in "
    "r dimensions. For tau >= 3 the minimum of InfoNCE, one-sided and symmetric, differs from log M - 1/tau + 1/(2 r "
    "tau^2), and that of one-sided DHEL from log(M-1) - 1/tau - 1/((M-1) tau) + [(M/r - 1)/(M-1) - 1/(M-1)^2]/(2 "
    "tau^2), by at most 16/(81 tau^3); aligned 2-designs come as near. Less 16/(81 tau^3) these are lower bounds at M "
    "= d+2 with d odd, too.",
    Status.THEOREM,
    "cumulants of the negatives; proved in proofs_check. Existence of the designs: Mimura, A construction of spherical "
    "2-design, Graphs and Combinatorics 6, 1990",
    instances=_instances,
    formula=r"\tau \ge 3: \quad \left| \min \, \mathrm{InfoNCE} - \log M + \frac{1}{\tau} - \frac{1}{2r\tau^2} \right| \le "
    r"\frac{16}{81\tau^3}, \quad r = \min(d, M-1) \\ "
    r"\left| \min \, \mathrm{DHEL} - \log(M-1) + \frac{M}{(M-1)\tau} - \frac{1}{2\tau^2} \left( \frac{M/r-1}{M-1} - "
    r"\frac{1}{(M-1)^2} \right) \right| \le \frac{16}{81\tau^3}",
)
