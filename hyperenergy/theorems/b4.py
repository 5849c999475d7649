"""B4: losses with a logarithm at universally optimal codes."""

from __future__ import annotations

from hyperenergy.objectives.base import Objective
from hyperenergy.theorems import fronts
from hyperenergy.theorems.at_codes import cold, crowded, instances_at_codes, say_at_code
from hyperenergy.theorems.instances import Grid, Instances
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import Said, Stated, Theorem


def _say(objective: Objective, points: int, dim: int) -> Said:
    own = (True,) if crowded(points, dim) and cold(objective) else (True, False)
    return say_at_code("B4", Status.CONJECTURE, own, objective, points, dim)


def _instances(grid: Grid) -> Instances:
    cases = [(2, 4), (2, 5), (3, 6), (4, 8), (3, 12)]
    if grid.full:
        cases += [(2, 6), (2, 8), (5, 10), (6, 12), (5, 16), (6, 27)]
    yield from instances_at_codes("B4", cases, grid, THEOREM.predict)


THEOREM = Theorem(
    "B4",
    "InfoNCE-family losses at universal optima",
    "At (M, d) of a universally optimal code, InfoNCE, SimCLR and NT-Xent are minimized by that code, aligned; so are "
    "DCL and DHEL, but for polygons of six points or more at temperatures below a third (F3, L2). The logarithm breaks "
    "the pairwise structure, so the theorem on energies does not reach them. What is proved: above a temperature DHEL "
    "(B21), SimCLR, NT-Xent and DCL with the sum within views (B22), for aligned pairs all of them (B21); at "
    "cross-polytopes, that they are local minima (L1). Where the code is not unique (isotropic subspaces from q = 4 on), "
    "neither is the minimizer.",
    Status.CONJECTURE,
    "numerical evidence only",
    Stated(_say),
    instances=_instances,
    fronts=fronts.table,
    formula=r"\min\limits_{U,V} L(U,V) = L(C,C), \quad C \text{ a universally optimal code of } M \text{ points in } "
    r"\mathbb{R}^d, \\ L \in \{\text{InfoNCE}, \text{SimCLR}, \text{NT-Xent}\}, \text{ or } "
    r"L \in \{\text{DCL}, \text{DHEL}\} \text{ unless } d = 2, M \ge 6, \tau < 1/3",
)
