"""F3: DCL and DHEL at polygons."""

from __future__ import annotations

from hyperenergy.objectives.base import Objective
from hyperenergy.theorems.at_codes import cold, crowded, instances_at_codes, say_at_code
from hyperenergy.theorems.instances import Grid, Instances
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import Said, Stated, Theorem


def _say(objective: Objective, points: int, dim: int) -> Said:
    if not crowded(points, dim) or not cold(objective):
        return None
    return say_at_code("F3", Status.FALSE, (False,), objective, points, dim)


def _instances(grid: Grid) -> Instances:
    yield from instances_at_codes("F3", [(2, N) for N in (6, 7, 8, 10)], grid, THEOREM.predict)


THEOREM = Theorem(
    "F3",
    "DCL and DHEL are minimized by every universally optimal code",
    "Claimed: the conjecture B4 for the losses without the positive in the denominator at every polygon, at "
    "temperatures below a third. False for M >= 7 at small tau: as tau -> 0, tau DHEL tends to -mean s_i + mean_i "
    "max_{j!=i} u_i.u_j, which is -1 + (M-3)/M where M-3 points coincide at a corner of a square and three take one "
    "corner each, and -1 + cos(2 pi/M) at the polygon, which is more. DHEL, and DCL, which is DHEL + log 2 where pairs "
    "are aligned, are lower there at every tau below (cos(2 pi/M) - (M-3)/M) / log(M-1). Cross-view DCL already at the "
    "hexagon: this is no local minimum at tau = .1, .2 and .3 (L2), where misaligned pairs are lower, at tau = .1 by "
    ".2908. For DHEL and DCL with the sum within views the hexagon is a tie in the limit, and not refuted.",
    Status.FALSE,
    "found numerically by this package, and exact in the limit",
    Stated(_say),
    instances=_instances,
    formula=r"d = 2, \, \tau < 1/3: \quad \min\limits_{U,V} L(U,V) = L(C,C), \quad C \text{ the regular polygon of } "
    r"M \text{ points}, \quad L \text{ DCL or DHEL}",
)
