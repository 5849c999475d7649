"""What is said of energies, and of losses with a logarithm, at universally optimal codes."""

from __future__ import annotations

from hyperenergy.kernels.base import Kernel
from hyperenergy.losses.facts import KernelFacts, SoftmaxFacts, facts
from hyperenergy.objectives.base import Aligned, BatchLoss, Energy, Objective
from hyperenergy.theorems.cases import chosen
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.known import Known, universal_optimum
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import Predictor, Said, say_aligned
from hyperenergy.theorems.subjects import dhel, one_sided, symmetrized
from hyperenergy.theorems.values import pair_loss


def energy_kernel(objective: Objective) -> Kernel | None:
    """The kernel whose pair energy the objective minimizes over aligned configurations, up to a monotone map, where these
    are among its minimizers.

    KCL is alignment plus gamma times the mean energy.  Alignment and uniformity is |u-v|^alpha plus the logarithm of a
    Gaussian energy per view; both parts are least at once.
    """
    if type(objective) is Energy:
        return objective.kernel
    said = facts(pair_loss(objective))
    if isinstance(said, KernelFacts) and (type(objective) is Aligned or said.aligning):
        return said.kernel
    return None


def all_align(loss: object) -> bool:
    """Whether its form alone says that the pairs of every minimizer coincide."""
    said = facts(loss)
    return said is not None and said.strictly_aligning


def say_energy(id: str, status: Status, objective: Objective, known: Known | None, *, strict: bool) -> Said:
    """strict: whether the energy is least at the known distances alone.  One that does not align strictly has other
    minimizers."""
    if known is None:
        return None
    aligned = type(objective) is not BatchLoss or all_align(objective.loss)
    return say_aligned(id, status, objective, known, unique=strict and aligned, aligned=aligned)


def say_energy_at_optimum(theorem: str, objective: Objective, points: int, dim: int) -> Said:
    kernel = energy_kernel(objective)
    if kernel is None or points <= dim + 1 or not kernel.completely_monotone:
        return None
    if (points == 2 * dim) != (theorem == "B2b"):
        return None
    strict = kernel.strictly_completely_monotone
    return say_energy(theorem, Status.THEOREM, objective, universal_optimum(points, dim), strict=strict)


def crowded(points: int, dim: int) -> bool:
    """Polygons with so many points that, for small tau, losses without the positive in the denominator prefer to pile
    points up (F3).  On three directions of a square one point each, and the rest on the fourth, the largest negative
    similarity is 1 for N-3 points and 0 for three: N-3 < N cos(2 pi/N) for N >= 7, with equality at N = 6."""
    return dim == 2 and points >= 6


# Above it nothing lower than a polygon was found, and no polygon ceases to be a local minimum (L2): of cross-view DCL at the
# heptagon, the last to become one, the temperature is .3228.
_COLD = 1 / 3


def cold(objective: Objective) -> bool:
    """Whether the temperature of a loss with a logarithm is below a third, as where polygons are refuted."""
    said = facts(pair_loss(objective))
    return isinstance(said, SoftmaxFacts) and said.temperature < _COLD


def say_at_code(id: str, status: Status, own: tuple[bool, ...], objective: Objective, points: int, dim: int) -> Said:
    """own: whether the positive is in the denominator of the losses about which it says something."""
    said = facts(pair_loss(objective))
    if points <= dim + 1 or not isinstance(said, SoftmaxFacts) or said.own not in own:
        return None
    known = universal_optimum(points, dim)
    return None if known is None else say_aligned(id, status, objective, known, unique=True)


def instances_at_codes(id: str, cases: list[tuple[int, int]], grid: Grid, predict: Predictor) -> Instances:
    """The losses about which the claim says something there."""
    for dim, points in chosen(tuple(cases), grid):
        for tau in grid.pick_temperatures((0.05, 0.3, 1.0)):
            for loss in (*one_sided(tau), *symmetrized(tau), *dhel(tau)):
                if predict(BatchLoss(loss), points, dim) is not None:
                    yield How.PREDICTION, Instance(id, loss, points, dim)
