"""Values of aligned configurations from their distances alone.

In a distance-invariant code every point sees the same squared distances r with the same multiplicities m(r).  Aligned,
each loss is then a function of that distribution: with A = log sum_r m(r) e^{-r/(2 tau)}, InfoNCE is log(1 + e^A) and
so on.  The closed forms of B1 are the case of the simplex, r = 2M/(M-1) with m = M-1.

Distances, not inner products: of a polygon of 10^6 corners 2 - 2x keeps six digits for neighbors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hyperenergy.arithmetic.namespaces import NumpyNamespace
from hyperenergy.energies.energy import pair_weight
from hyperenergy.kernels.base import Kernel
from hyperenergy.losses.facts import FrameFacts, KernelFacts, SoftmaxFacts, facts
from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.phi_psi import PhiPsi
from hyperenergy.objectives.base import Aligned, BatchLoss, Energy, Objective

Floats = NDArray[np.float64]
# Terms below this can be added up, a million of them, without overflow.
_LARGEST = 1e300


@dataclass(frozen=True, eq=False)
class Distribution:
    """squared_distances, counts: how many of the others each point sees at which squared distance."""

    squared_distances: Floats
    counts: Floats

    @property
    def others(self) -> int:
        return round(float(self.counts.sum()))


def simplex_distribution(points: int, others: int | None = None) -> Distribution:
    """Of a regular simplex; with ``others``, of that many more points among its own."""
    count = points - 1 if others is None else others
    return Distribution(np.array([2 * points / (points - 1)]), np.array([float(count)]))


@dataclass(frozen=True)
class Value:
    """number: in float64, perhaps out of range.  log: of a positive quantity, right also where the number is not."""

    number: float
    log: float | None = None


def aligned_value(objective: Objective, distribution: Distribution) -> Value | None:
    """The value at the aligned code of that distribution; None for objectives without a formula here.

    By exact types: a subclass may have another formula, and inherits no theorem.
    """
    if type(objective) is Energy:
        points = 1 + distribution.others
        mean, log = mean_energy(objective.kernel, distribution)
        pairs = pair_weight(objective.pairs, points) * points * (points - 1)
        return Value(pairs * mean, None if log is None else math.log(pairs) + log)
    loss = pair_loss(objective)
    return None if loss is None else loss_value(loss, distribution)


def pair_loss(objective: Objective) -> PairLoss | None:
    """The loss of an objective on pairs, both free or aligned; None for any other."""
    if type(objective) is BatchLoss or type(objective) is Aligned:
        return objective.loss
    return None


def mean_energy(kernel: Kernel, distribution: Distribution) -> tuple[float, float | None]:
    """Mean over ordered pairs of the kernel, and the logarithm of it for positive kernels."""
    r, m = distribution.squared_distances, distribution.counts
    with np.errstate(all="ignore"):  # out of range is for the caller to see
        terms = m * kernel.profile(r, NumpyNamespace)
        # Kernels of both signs cancel on large polygons, so the sum is exact; it refuses what is infinite.
        mean = math.fsum(terms) / distribution.others if abs(terms).max() < _LARGEST else float(terms.sum())
        log = None
        if kernel.positive:
            log = _log_sum_exp(np.log(m) + kernel.log_profile(r, NumpyNamespace)) - math.log(distribution.others)
    return mean, log


def loss_value(loss: Any, distribution: Distribution) -> Value | None:
    """By the loss's facts; None where it declares none."""
    said = facts(loss)
    if isinstance(said, SoftmaxFacts):
        inverse = 1 / said.temperature
        a = _log_negatives(inverse, distribution) + math.log(said.copies)
        # Once the alignment, and for each view the logarithm, which is a + 1/tau without the positive.
        return softplus_value(a) if said.own else Value(said.views * a + (said.views - 1) * inverse)
    if isinstance(said, KernelFacts):
        mean, log = mean_energy(said.kernel, distribution)
        energy = log if said.logarithm else mean
        assert energy is not None  # the logarithm of a kernel that can be negative is no loss
        coincident = float(said.alignment(torch.zeros((), dtype=torch.float64)))
        return Value(said.views * (said.weight * energy - coincident))
    if isinstance(said, FrameFacts):
        x = 1 - distribution.squared_distances / 2
        return Value(float((distribution.counts * x * x).sum()) / distribution.others - said.attraction)
    if type(loss) is PhiPsi:
        r, m = (torch.from_numpy(x) for x in (distribution.squared_distances, distribution.counts))
        return Value(float(loss.phi((m * loss.psi(-r / 2)).sum())))
    return None


def _log_negatives(inverse: float, distribution: Distribution) -> float:
    """log sum_r m(r) e^{-r/(2 tau)}, by its largest term."""
    with np.errstate(all="ignore"):
        exponents = np.log(distribution.counts) - distribution.squared_distances / 2 * inverse
        return _log_sum_exp(exponents)


def _log_sum_exp(x: Floats) -> float:
    """By the largest term; infinite or not a number where that is."""
    top = float(x.max())
    return top + math.log(float(np.exp(x - top).sum())) if math.isfinite(top) else top


def softplus(x: float) -> float:
    """log(1 + e^x)."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def log_softplus(x: float) -> float:
    """log log(1 + e^x): x itself, to round-off, where e^x is below it."""
    return math.log(softplus(x)) if x > -37 else x


def softplus_value(x: float) -> Value:
    return Value(softplus(x), log_softplus(x))
