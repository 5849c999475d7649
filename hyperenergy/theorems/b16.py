"""B16: mini-batches that are the blocks of a design."""

from __future__ import annotations

from hyperenergy.losses.facts import SoftmaxFacts, facts
from hyperenergy.losses.info_nce import InfoNCE
from hyperenergy.losses.sim_clr import SimCLR
from hyperenergy.objectives.base import Objective
from hyperenergy.objectives.batches import is_design
from hyperenergy.objectives.expected import Expected
from hyperenergy.theorems.designs import affine_plane, only_simplex, projective_plane, simplex_value
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.known import simplex
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import Said, Stated, Theorem, say
from hyperenergy.theorems.subjects import softmax_losses


def _say(objective: Objective, points: int, dim: int) -> Said:
    if type(objective) is not Expected or objective.batches is None or points > dim + 1:
        return None
    said = facts(objective.loss)
    if not isinstance(said, SoftmaxFacts) or not is_design(objective.batches, points):
        return None
    value = simplex_value(objective.loss, objective.batch, points)
    unique = only_simplex(said, objective.batches, points)
    return say("B16", Status.THEOREM, objective, value, simplex(points, dim).aligned, unique=unique, aligned=True)


def _instances(grid: Grid) -> Instances:
    """The Fano plane, the affine plane of order 3, and with ``full`` its lines twice over and the plane of order 3."""
    fano, affine = projective_plane(2), affine_plane(3)
    designs = [(7, 6, fano), (7, 8, fano), (9, 8, affine)]
    if grid.full:
        designs += [(9, 9, affine * 2), (13, 12, projective_plane(3))]
    for points, dim, blocks in designs:
        if dim not in grid.pick_dims((dim,)) or not grid.pick_points((points,)):
            continue
        for tau in grid.pick_temperatures((0.5, 1.0), (0.2, 0.5, 1.0)):
            for loss in softmax_losses(tau) if grid.full and tau == 0.5 else (InfoNCE(tau), SimCLR(tau)):
                yield How.PREDICTION, Instance("B16", Expected(loss, len(blocks[0]), batches=blocks), points, dim)


THEOREM = Theorem(
    "B16",
    "Mini-batches from a block design do what all subsets do",
    "Let N <= d+1, and let batches of size B >= 2 be such that every pair of the N points lies in equally many of "
    "them, at least one (a 2-design, repeated blocks admitted). Then the mean InfoNCE over the batches is least at "
    "the aligned simplex of N points alone, with the value log(1 + (B-1) e^{-N/((N-1) tau)}) of all C(N,B) subsets. "
    "The mean SimCLR, NT-Xent, DCL and DHEL have the minima that they have over all subsets (B17), at the aligned "
    "simplex, too: alone for SimCLR and NT-Xent, and for DCL and DHEL exactly if the products of a centered aligned "
    "set that are equal within each batch are all equal: so for the 7 lines of the Fano plane, and not for the 12 of "
    "the affine plane of order 3.",
    Status.THEOREM,
    "found with this package; B8 (Cho et al. 2024; Lee et al. 2025, arXiv 2506.09781) is the design of all subsets",
    Stated(_say),
    instances=_instances,
    formula=r"\left|\{k : i, j \in S_k\}\right| = \lambda \ge 1 \text{ for all } i \ne j \; \Rightarrow \; "
    r"\min\limits_{U,V} \, \underset{k}{\mathrm{mean}} \, \mathrm{InfoNCE}(U_{S_k},V_{S_k}) = \log(1 + (B-1) \, "
    r"e^{-N/((N-1)\tau)})",
)
