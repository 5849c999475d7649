"""B17: mini-batches of a data set, for the family."""

from __future__ import annotations

import math
from functools import partial

import torch

from hyperenergy.kernels.gaussian import Gaussian
from hyperenergy.losses.dhel import DHEL
from hyperenergy.losses.facts import KernelFacts, SoftmaxFacts, facts
from hyperenergy.losses.info_nce import InfoNCE
from hyperenergy.losses.kcl import KCL
from hyperenergy.losses.sim_clr import SimCLR
from hyperenergy.objectives.base import BatchLoss, Objective
from hyperenergy.objectives.batches import is_design
from hyperenergy.objectives.expected import Expected
from hyperenergy.theorems import b1, b2a, b2b, b2c
from hyperenergy.theorems.designs import simplex_value
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.known import check_room, simplex, universal_optimum
from hyperenergy.theorems.prediction import Prediction, Status, Views
from hyperenergy.theorems.registry import Said, Stated, Theorem, Unstated, say
from hyperenergy.theorems.subjects import softmax_losses
from hyperenergy.theorems.values import Value, mean_energy

# What is proved of one batch on its own.
_OF_A_BATCH = (b1, b2a, b2b, b2c)


def _say(objective: Objective, points: int, dim: int) -> Said:
    if type(objective) is not Expected:
        return None
    said, parts = facts(objective.loss), _parts(objective, points)
    if parts is not None:
        # InfoNCE is B8's.
        speaks = isinstance(said, SoftmaxFacts) and (
            type(objective.loss) is not InfoNCE or objective.batches is not None
        )
        kernel = isinstance(said, KernelFacts) and said.pairwise
        return _of_parts(objective, parts, points, dim) if speaks or kernel else None
    if isinstance(said, KernelFacts) and said.pairwise:
        return _of_kernel(objective, said, points, dim)
    return _of_softmax(objective, said, points, dim) if isinstance(said, SoftmaxFacts) else None


def _parts(objective: Expected, points: int) -> list[list[int]] | None:
    """The batches where each pair is in one of them; None where they are drawn or overlap."""
    if objective.partition is not False:
        return objective.parts(points)
    if objective.batches is None or sorted(i for batch in objective.batches for i in batch) != list(range(points)):
        return None
    return [list(batch) for batch in objective.batches]


def _of_parts(objective: Expected, parts: list[list[int]], points: int, dim: int) -> Said:
    """Batches without a pair in common: each has its own minimum."""
    kinds = {size: _of_a_batch(objective, size, dim) for size in {len(part) for part in parts}}
    found = [kinds[len(part)] for part in parts]
    if len(parts) == 1 and objective.batches is not None:
        return None  # all pairs at once: the design of B16
    numbers, logs, aligned = [], [], True
    for one in found:
        if one is None:
            return None
        numbers.append(one.value if isinstance(one, Prediction) else 0.0)
        logs.append(one.log_value)
        aligned = aligned and (isinstance(one, Unstated) or one.aligned)
    if any(isinstance(one, Unstated) for one in found) and (None in logs or not objective.positive):
        return Unstated("B17", None)
    log = None
    if None not in logs:
        log = float(torch.tensor(logs, dtype=torch.float64).logsumexp(0)) - math.log(len(logs))
    unique = len(found) == 1 and isinstance(found[0], Prediction) and found[0].unique
    value = Value(math.fsum(numbers) / len(numbers), log)
    build = partial(_side_by_side, parts, kinds, points, dim)
    return say("B17", Status.THEOREM, objective, value, build, unique=unique, aligned=aligned)


def _of_a_batch(objective: Expected, size: int, dim: int) -> Prediction | Unstated | None:
    for module in _OF_A_BATCH:
        said = module.THEOREM.predict
        assert isinstance(said, Stated)
        one = said.says(BatchLoss(objective.loss), size, dim)
        if one is not None:
            return one
    return None


def _side_by_side(
    parts: list[list[int]], kinds: dict[int, Prediction | Unstated | None], points: int, dim: int
) -> Views:
    check_room(points, dim)
    X = torch.zeros(points, dim, dtype=torch.float64)
    for part in parts:
        one = kinds[len(part)]
        X[part] = one.anchors if isinstance(one, Prediction) else simplex(len(part), dim).build()
    return X, X


def _of_softmax(objective: Expected, said: SoftmaxFacts, points: int, dim: int) -> Said:
    """All subsets; InfoNCE is B8's."""
    drawn = objective.replace or objective.batches is not None or not objective.exact(points)
    if type(objective.loss) is InfoNCE or points > dim + 1 or drawn:
        return None
    value = simplex_value(objective.loss, objective.batch, points)
    # Without the positive in the denominator pairs ask for any centered aligned set; three points have but one.
    unique = said.own or objective.batch > 2 or points <= 3
    return say("B17", Status.THEOREM, objective, value, simplex(points, dim).aligned, unique=unique, aligned=True)


def _of_kernel(objective: Expected, said: KernelFacts, points: int, dim: int) -> Said:
    """The kernel loss of the whole set; with iid draws the energy with its diagonal, which is a constant."""
    weights, batches = objective.weights, objective.batches
    if weights is not None and not bool((weights == weights[0]).all()):
        return None
    if batches is not None and not is_design(batches, points):
        return None
    whole, known = _of_a_batch(objective, points, dim), universal_optimum(points, dim)
    if not isinstance(whole, Prediction) or known is None:
        return None if whole is None else Unstated("B17", None)
    value = Value(whole.value)
    if objective.replace and batches is None:
        energy, _ = mean_energy(said.kernel, known.distribution)
        at_zero = torch.zeros((), dtype=torch.float64)
        both = (1 - 1 / points) * energy + float(said.kernel(at_zero)) / points
        value = Value(said.views * (said.weight * both - float(said.alignment(at_zero))))
    return say("B17", Status.THEOREM, objective, value, known.aligned, unique=whole.unique, aligned=whole.aligned)


def _instances(grid: Grid) -> Instances:
    sizes = ((5, 3, 4), (3, 2, 2), (4, 2, 3), (5, 2, 4), (6, 3, 8))
    for points, batch, dim in sizes if grid.full else sizes[:1]:
        if dim in grid.pick_dims((dim,)) and grid.pick_points((points,)):
            for tau in grid.pick_temperatures((0.5,), (0.2, 0.5, 1.0)):
                for loss in softmax_losses(tau):
                    subject = Expected(loss, batch, replace=False)
                    if THEOREM.predict(subject, points, dim) is not None:
                        yield How.PREDICTION, Instance("B17", subject, points, dim)
    kernels = (4, 3), (6, 3), (12, 3)
    for points, dim in kernels if grid.full else kernels[:2]:
        if dim in grid.pick_dims((dim,)) and grid.pick_points((points,)):
            # Many views that are paired wrongly are a local minimum of the two-view form.
            for two in (False, True) if grid.full and points < 12 else (False,):
                kcl = KCL(Gaussian(2), two_view=two)
                for subject in (Expected(kcl, 3, replace=False), Expected(kcl, 3)):
                    yield How.PREDICTION, Instance("B17", subject, points, dim)
    if 2 in grid.pick_dims((2,)) and grid.pick_points((6,)):
        for tau in grid.pick_temperatures((0.5,)):
            for loss in (DHEL(tau), SimCLR(tau)):
                yield How.PREDICTION, Instance("B17", Expected(loss, 3, partition=True), 6, 2)


THEOREM = Theorem(
    "B17",
    "Mini-batches of a data set, for the family",
    "Let 2 <= B <= N <= d+1 and q = -N/((N-1) tau). Over all subsets of size B of N pairs the mean DHEL and the mean "
    "cross-view DCL are at least log(B-1) + q, DCL log 2(B-1) + q, SimCLR and NT-Xent log(1 + 2(B-1) e^q), and "
    "two-view DHEL 2 log(B-1) - (N+1)/((N-1) tau), with equality at the aligned simplex of N points alone; DHEL and "
    "DCL have them at B = 2 exactly at all centered aligned sets, of which there are others for N >= 4. The mean KCL "
    "over batches that meet all pairs equally often, all subsets among them, is the KCL of the whole set, at any N. "
    "Over B iid draws from the N pairs it is least where that is, with the value -K_A(0) + gamma [(1-1/N) e_N + "
    "K_U(0)/N], e_N the least mean energy. Over the batches of a fixed partition each loss is least where it is on "
    "each batch.",
    Status.THEOREM,
    f"as B8 and E3, by the same proofs; {b1.THEOREM.source}",
    Stated(_say),
    instances=_instances,
    formula=r"q = -\frac{N}{(N-1)\tau}: \quad \min\limits_{U,V} \, \underset{|S|=B}{\mathrm{mean}} \, \mathrm{DHEL} = "
    r"\log(B-1) + q, \quad \mathrm{DCL} = \log 2(B-1) + q \\ "
    r"\min\limits_{U,V} \, \underset{|S|=B}{\mathrm{mean}} \, \mathrm{SimCLR} = \log(1 + 2(B-1) \, e^q) \\ "
    r"\min\limits_{U,V} \, \underset{\text{iid}}{\mathbb{E}} \, \mathrm{KCL} = -K_A(0) + \gamma \, [ \, (1-1/N) \, e_N + "
    r"K_U(0)/N \, ]",
)
