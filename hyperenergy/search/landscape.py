"""What the starts of a search ended at: distinct minima, saddles, and which is best."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from hyperenergy.objectives.base import Objective
from hyperenergy.search.minimum import LocalMinimum, Status
from hyperenergy.search.solvers.ends import Ends
from hyperenergy.search.solvers.newton import Signature

# Relative gradient norm below which a start that round-off has stopped counts as stationary.
STATIONARY = 1e-7
# Values within this (relative where the objective is positive, else relative to max(1, |value|)) are the same minimum.
SAME_VALUE = 1e-9
# Potentials mean_j 1 / (2 - x_i.x_j), in which spherical harmonics of all degrees have a part, within this belong to
# congruent configurations: starts that stopped at a relative gradient of 1e-7 lie up to 1e-4 from their minimum along
# its softest directions.  Not compared beyond so many rows.
_SAME_POTENTIAL, _MOST_ROWS = 3e-5, 1000
# Gradients smaller than this cannot be squared.
_UNDERFLOW = 1e-150


@dataclass(frozen=True, eq=False)
class Found:
    """Fields of a ``Minimum``, which says what they are."""

    value: float
    rows: Tensor
    status: Status
    gradient_norm: float
    restarts: int
    hits: int
    minima: tuple[LocalMinimum, ...]


class Shapes:
    """What congruent configurations share, of the starts of a search: the sorted potentials at their points.  They are
    computed when they are asked for first, in float32, whose round-off is far below what counts as alike.  lines: x and -x
    are one."""

    def __init__(self, z: Tensor, lines: bool = False) -> None:
        self._lines = lines
        self._z, self._known = z, torch.zeros(len(z), dtype=torch.bool, device=z.device)
        self.rows = z.shape[1]
        self._potentials = torch.empty(*z.shape[:2], dtype=torch.float32, device=z.device)

    def of(self, members: Tensor) -> Tensor:
        unknown = members[~self._known[members]]
        for some in unknown.split(max(1, 2**18 // self.rows**2)):
            x = self._z[some].float()
            products = (x @ x.mT).abs_() if self._lines else x @ x.mT
            self._potentials[some] = products.neg_().add_(2).reciprocal_().mean(-1).sort(-1).values
        self._known[unknown] = True
        return self._potentials[members]


def groups(objective: Objective, ends: Ends, members: Tensor, shapes: Shapes) -> list[Tensor]:
    """Indices of the members that ended at the same minimum up to congruence, lowest value first."""
    return [group for same in by_value(objective, ends, members) for group in _by_potentials(shapes, same)]


def by_value(objective: Objective, ends: Ends, members: Tensor) -> list[Tensor]:
    """Indices of the members that ended at the same value, lowest first."""
    found: list[Tensor] = []
    chosen = torch.nonzero(members).squeeze(-1)
    chosen = chosen[ends.value[chosen].argsort(stable=True)]
    values = ends.value[chosen].tolist()
    begin = 0
    for k in range(1, len(values) + 1):
        if k == len(values) or values[k] - values[begin] > same_value_tolerance(objective, values[begin]):
            found.append(chosen[begin:k])
            begin = k
    return found


def _by_potentials(shapes: Shapes, members: Tensor) -> list[Tensor]:
    """Members of one value apart by their potentials."""
    if len(members) == 1 or shapes.rows > _MOST_ROWS:
        return [members]
    potentials = shapes.of(members)
    groups = []
    left = torch.ones(len(members), dtype=torch.bool, device=members.device)
    while bool(left.any()):
        first = potentials[left][0]
        same = left & ((potentials - first).abs().amax(-1) <= _SAME_POTENTIAL)
        groups.append(members[same])
        left &= ~same
    return sorted(groups, key=len, reverse=True)


def near_stationary(objective: Objective, ends: Ends, tolerance: float) -> Tensor:
    """Which starts ended where round-off stops them, or nearer to a stationary point."""
    underflows = (ends.scale < _UNDERFLOW) & objective.positive
    return ends.value.isfinite() & ~underflows & (ends.gradient_norm <= max(STATIONARY, 10 * tolerance))


def summarize(
    objective: Objective, ends: Ends, signatures: dict[int, Signature], shapes: Shapes, tolerance: float
) -> Found:
    """What follows from where the starts ended."""
    value = ends.value.cpu()
    statuses = [
        _status(v, norm, scale, failed, tolerance, objective.positive)
        for v, norm, scale, failed in zip(
            value.tolist(), ends.gradient_norm.tolist(), ends.scale.tolist(), ends.failed.tolist(), strict=True
        )
    ]
    for k, signature in signatures.items():
        if signature.index:
            statuses[k] = Status.SADDLE
    stationary = torch.tensor([status.stationary for status in statuses])
    # The lowest value, whatever its status; among equals one that is stationary, the one that Newton's method finished.
    lowest = torch.where(value.isfinite(), value, torch.inf)
    equal = lowest <= lowest.min() + same_value_tolerance(objective, lowest.min().item())
    preferred = stationary & equal if bool((stationary & equal).any()) else equal
    finished = torch.zeros_like(preferred)
    finished[list(signatures)] = True
    preferred = preferred & finished if bool((preferred & finished).any()) else preferred
    best = int(torch.where(preferred, lowest, torch.inf).argmin())
    minima = []
    found = groups(objective, ends, stationary.to(ends.z.device), shapes)
    # Of minima of one value the one that is shown comes first.
    for group in sorted(found, key=lambda group: best not in group.tolist()):
        members = group.tolist()
        shown = next((k for k in members if k in signatures), min(members, key=lambda k: float(value[k])))
        minima.append(LocalMinimum(value[shown].item(), len(group), ends.z[shown].cpu(), signatures.get(shown)))
    return Found(
        value=value[best].item(),
        rows=ends.z[best].cpu(),
        status=statuses[best],
        gradient_norm=ends.gradient_norm[best].item(),
        restarts=len(value),
        hits=int((stationary & equal).sum()),
        minima=tuple(minima),
    )


def same_value_tolerance(objective: Objective, value: float) -> float:
    """How far two values of one minimum may lie apart."""
    if objective.logarithmic:
        return SAME_VALUE
    return SAME_VALUE * (abs(value) if objective.positive else max(1.0, abs(value)))


def _status(
    value: float, gradient_norm: float, scale: float, failed: bool, tolerance: float, positive_values: bool
) -> Status:
    if not (math.isfinite(value) and math.isfinite(gradient_norm)):
        return Status.NOT_FINITE
    if positive_values and scale < _UNDERFLOW:
        return Status.UNDERFLOW
    if gradient_norm <= tolerance:
        return Status.CONVERGED
    if gradient_norm <= STATIONARY:
        return Status.ROUND_OFF
    return Status.STALLED if failed else Status.MAX_ITERATIONS
