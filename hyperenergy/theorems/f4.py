"""F4: all batches are not needed."""

from __future__ import annotations

import math

from hyperenergy.losses.info_nce import InfoNCE
from hyperenergy.objectives.base import Objective
from hyperenergy.objectives.expected import Expected
from hyperenergy.theorems.designs import affine_plane, projective_plane, simplex_value
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.known import simplex
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import Said, Stated, Theorem, say


def _say(objective: Objective, points: int, dim: int) -> Said:
    """The simplex, of which it is claimed that something is lower."""
    if type(objective) is not Expected or type(objective.loss) is not InfoNCE or objective.batches is None:
        return None
    different = len({tuple(sorted(batch)) for batch in objective.batches})
    if not 3 <= objective.batch < points <= dim + 1 or different == math.comb(points, objective.batch):
        return None
    value = simplex_value(objective.loss, objective.batch, points)
    return say("F4", Status.FALSE, objective, value, simplex(points, dim).aligned, unique=True, aligned=True)


def _instances(grid: Grid) -> Instances:
    """Two planes, which refute it, and six of the seven lines of the first, where something is lower."""
    fano, affine = projective_plane(2), affine_plane(3)
    for points, dim, lines in ((7, 6, fano), (9, 8, affine), (7, 6, fano[:-1])):
        if dim in grid.pick_dims((dim,)) and grid.pick_points((points,)):
            for tau in grid.pick_temperatures((0.5,), (0.2, 0.5, 1.0)):
                yield How.NOT_LEAST, Instance("F4", Expected(InfoNCE(tau), 3, batches=lines), points, dim)


THEOREM = Theorem(
    "F4",
    "The simplex needs all C(N,B) batches",
    "Claimed, for 3 <= B < N <= d+1: the aligned simplex of N points minimizes the mean InfoNCE over a list of batches of "
    "size B only if all C(N,B) subsets are used. False: by B16 every pair equally often is enough. The 7 lines of the "
    "Fano plane (N = 7, B = 3) do what all 35 triples do, and the 12 lines of the affine plane of order 3 (N = 9) what all "
    "84 do.",
    Status.FALSE,
    "a reading of Cho et al., Mini-Batch Optimization of Contrastive Loss, 2024, where the scope may be narrower; the "
    "counterexample was found with this package",
    Stated(_say),
    instances=_instances,
    formula=r"3 \le B < N \le d+1: \quad \underset{k}{\mathrm{mean}} \, \mathrm{InfoNCE}(U_{S_k},V_{S_k}) \text{ is least "
    r"at the aligned simplex} \\ \Rightarrow \; \{S_k\} = \{S : \left|S\right| = B\}",
)
