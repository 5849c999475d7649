"""B1: up to d+1 pairs, every loss of the family has the aligned simplex as its minimizer."""

from __future__ import annotations

from hyperenergy.kernels.gaussian import Gaussian
from hyperenergy.losses.align_uniform import AlignUniform
from hyperenergy.losses.facts import KernelFacts, SoftmaxFacts, facts
from hyperenergy.losses.phi_psi import PhiPsi
from hyperenergy.objectives.base import Objective
from hyperenergy.theorems.cases import DIMS, TEMPERATURES
from hyperenergy.theorems.convexity import check_convexity, strictly_increases
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.known import simplex
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import PAPER, Said, Stated, Theorem, say_aligned
from hyperenergy.theorems.subjects import dhel, one_sided, phi_psi, symmetrized
from hyperenergy.theorems.values import pair_loss


def _of_the_family(loss: object) -> bool:
    """Softmax losses, and alignment less the logarithm of a mean of exponentials."""
    said = facts(loss)
    exponential = isinstance(said, KernelFacts) and said.logarithm and type(said.kernel) is Gaussian
    return isinstance(said, SoftmaxFacts) or (exponential and said is not None and said.strictly_aligning)


def _say(objective: Objective, points: int, dim: int) -> Said:
    loss, unique, aligned = pair_loss(objective), True, True
    if points > dim + 1:
        return None
    if type(loss) is PhiPsi:
        if loss.convexity is None:
            return None  # nobody vouches for the hypothesis
        check_convexity(loss, points - 1)
        aligned = strictly_increases(loss, points - 1)
        unique = aligned and (loss.convexity == "strict" or points == 2)
    elif not _of_the_family(loss):
        return None
    return say_aligned("B1", Status.THEOREM, objective, simplex(points, dim), unique=unique, aligned=aligned)


def _instances(grid: Grid) -> Instances:
    for dim in grid.pick_dims(DIMS):
        for points in grid.pick_points(range(2, dim + 2)):
            yield How.PREDICTION, Instance("B1", AlignUniform(), points, dim)
            yield How.PREDICTION, Instance("B1", AlignUniform(alpha=1.0), points, dim)
            for tau in grid.pick_temperatures(TEMPERATURES):
                for loss in (*one_sided(tau), *symmetrized(tau), *dhel(tau), *phi_psi(tau)):
                    yield How.PREDICTION, Instance("B1", loss, points, dim)


THEOREM = Theorem(
    "B1",
    "Up to d+1 pairs, InfoNCE-family losses share the aligned simplex",
    "Let 2 <= M <= d+1 and let a loss be -s_i plus a contrastive term that is convex, symmetric and strictly increasing "
    "in the negative similarities relative to s_i = u_i.v_i, and strictly convex across their differences. Then its "
    "minimizers are exactly the configurations with u_i = v_i for all i and u_i.u_j = -1/(M-1) for all i != j.",
    Status.THEOREM,
    f"{PAPER}, batch-level theorem",
    Stated(_say),
    instances=_instances,
    formula=r"2 \le M \le d+1: \quad (U,V) \text{ minimizes } L \; \iff \\ "
    r"u_i = v_i \text{ for all } i, \\ u_i \cdot u_j = -\frac{1}{M-1} \text{ for all } i \ne j",
)
