"""The result of a minimization."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

from jaxtyping import Float, Int
from torch import Tensor

from hyperenergy.objectives.base import Objective
from hyperenergy.search.contacts import Contacts
from hyperenergy.search.solvers.newton import Signature
from hyperenergy.search.unseen import Unseen
from hyperenergy.search.ways import Way

if TYPE_CHECKING:
    from hyperenergy.bounds.bound import Bound


class Status(Enum):
    """How a start ended; the value is the message."""

    CONVERGED = "stationary: the gradient norm is below the tolerance"
    ROUND_OFF = "stationary: the gradient is small, though not below the tolerance"
    SADDLE = "stationary, but a saddle: the Hessian has a negative eigenvalue"
    STALLED = "not stationary: no further decrease can be resolved, although the gradient is not small"
    MAX_ITERATIONS = "not stationary: the iteration limit was reached"
    UNDERFLOW = "not stationary: value and gradient underflow; raise the temperature or rescale the kernel"
    NOT_FINITE = "value or gradient is not finite: coincident points, or a kernel that overflows"

    @property
    def stationary(self) -> bool:
        """Whether the start ended at a local minimum, as far as derivatives can tell."""
        return self in (Status.CONVERGED, Status.ROUND_OFF)


class Stop(Enum):
    """Why the search ended; the value is the message."""

    EXHAUSTED = "all starts and hops were used"
    SEEN = "little is left unseen: the limit fell below that asked for"
    BUDGET = "the budget of evaluations was spent"
    BOUND = "the given lower bound was attained"
    HITS = "enough starts reached the best value"


class Origin(Enum):
    """Where the starts came from; the value is the message."""

    RANDOM = "independent uniform random points"
    ANTIPODAL = "random points with their antipodes: symmetric, not an unbiased sample"
    GIVEN = "given by the caller"


@dataclass(frozen=True, eq=False)
class Progress:
    """What a callback sees of a search: the starts that still run, before the first iteration of a descent and now and then
    after it, and at the end each one that Newton's method is about to finish.

    finishing: whether this is such an end.  objective: an easier one on the way, or the one that is meant.  starts: their
    numbers, from 0 on, among all starts of the search.  z: unit rows.  value: of that objective.  gradient_norm: as in
    ``Minimum``.  iteration: of this descent; of starts that ended since the last call perhaps a few less.
    """

    objective: Objective
    starts: Int[Tensor, "running"]
    z: Float[Tensor, "running rows dim"]
    value: Float[Tensor, "running"]
    gradient_norm: Float[Tensor, "running"]
    finishing: bool = False
    iteration: int = 0


@dataclass(frozen=True)
class LocalMinimum:
    """One of the distinct minima that the starts ended at.

    value; count: how many starts; rows: one configuration; signature: of its Hessian, None where there is none (a pair
    on a kink, S^0) or it would be too large.  index is 0 wherever it is known: saddles are not listed.
    """

    value: float
    count: int
    rows: Float[Tensor, "rows dim"]
    signature: Signature | None


@dataclass(frozen=True)
class Minimum:
    """The best configuration found, and what the starts ended at.

    value: of the objective, in its own pair convention; 0 or infinite where it leaves the range of float64.  log_value: the
    logarithm of a positive value, right also there; None of objectives that can be negative.  anchors, positives: (points,
    dim), float64, unit rows; both are the points where the objective has no pairs.  gradient_norm: Riemannian, relative to
    the scale that ``Objective.value_and_gradient`` states.  restarts: starts made; hits: stationary starts that reached the
    best value, with their hops; minima: distinct local minima, best first.
    ways: starts and hits by way, those of starts without their hops.  path: labels of the easier objectives where all starts
    went by way of the same.  unseen: the probability that one more start ends in a minimum of a value not seen yet, with its
    limit; None where starts were given.  hops: jumps made, of all starts together.  iterations: of the longest descents;
    evaluations: of one configuration each; budget: of evaluations, where the number of starts was left open.
    contacts: of objectives that are a largest term, such as ``Packing``, and None elsewhere; their gradient norm is the
    length of the shortest weighted mean of derivatives.
    """

    objective: Objective
    value: float
    rows: Float[Tensor, "rows dim"]
    status: Status
    gradient_norm: float
    restarts: int
    hits: int
    minima: tuple[LocalMinimum, ...]
    iterations: int
    evaluations: int
    seed: int | None
    origin: Origin
    path: tuple[str, ...]
    hops: int
    stop: Stop
    log_value: float | None = None
    ways: tuple[Way, ...] = ()
    unseen: Unseen | None = None
    budget: int | None = None
    contacts: Contacts | None = None

    @property
    def anchors(self) -> Float[Tensor, "points dim"]:
        return self.objective.views(self.rows)[0]

    @property
    def positives(self) -> Float[Tensor, "points dim"]:
        return self.objective.views(self.rows)[1]

    @property
    def points(self) -> Float[Tensor, "points dim"]:
        """The points; of a loss on pairs, the anchors."""
        return self.anchors

    @property
    def misalignment(self) -> float:
        """The largest |u_i - v_i|, or distance of points that belong together (``Objective.misalignment``)."""
        return float(self.objective.misalignment(self.rows[None]).max())

    @cached_property
    def certified(self) -> Bound | None:
        """The certified lower bound of what was minimized, with its certificate; None where there is none.  Made when it is
        first asked for."""
        from hyperenergy.bounds.bound import known_bound

        points, dim = self.anchors.shape
        return known_bound(self.objective, points, dim)

    @property
    def bound(self) -> float | None:
        """Its value, rounded down."""
        return None if self.certified is None else self.certified.value

    @property
    def gap(self) -> float | None:
        """(value - bound) relative to the larger one of both; 0 where they differ by no more than round-off of the value:
        what was found is then proved to be the minimum."""
        return None if self.certified is None else self.certified.gap(self.value)
