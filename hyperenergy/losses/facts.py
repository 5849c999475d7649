"""What theory needs of a loss: which form it has, as data.

A class says it in its own body, with a method ``theory``.  Subclasses do not inherit it: they may have another formula.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hyperenergy.kernels.base import Kernel
from hyperenergy.losses.base import Loss


@dataclass(frozen=True)
class SoftmaxFacts:
    """mean_i of -s_i/tau + log( own e^{s_i/tau} + sum_{j != i} exp(x_ij/tau) ), x_ij = u_i.u_j (within), u_i.v_j (across).

    own: the positive is in the denominator.  views: 2 where the logarithm occurs once more, for the positives.
    symmetrized: the mean of (U, V) and (V, U).
    """

    temperature: float
    own: bool
    within: bool
    across: bool
    views: int = 1
    symmetrized: bool = False

    pairwise = False

    @property
    def copies(self) -> int:
        """How many sums over j != i are in the logarithm."""
        return self.within + self.across

    @property
    def sides(self) -> tuple[float, float]:
        """The weights of the logarithms of anchors and of positives."""
        return (0.5, 0.5) if self.symmetrized else (1.0, float(self.views == 2))

    @property
    def decoupled(self) -> bool:
        """Whether s_i occurs in the alignment term alone."""
        return not self.own and not self.across

    aligning = strictly_aligning = decoupled

    def normalizer(self, batch: int) -> float:
        """The loss of ``batch`` pairs where all similarities are 0."""
        return self.views * math.log(self.own + self.copies * (batch - 1))

    def aligned(self, a: float) -> float:
        """The loss of aligned pairs of which each has a = log sum_{j != i} exp((u_i.u_j - 1)/tau)."""
        a += math.log(self.copies)
        return self.views * (float(np.logaddexp(0.0, a)) if self.own else a) + (self.views - 1) / self.temperature


@dataclass(frozen=True)
class KernelFacts:
    """-views mean_i K_A(|u_i-v_i|^2) + weight E, E = mean_{i != j} K(|u_i-u_j|^2) or its logarithm.

    views: 2 where E is the sum of those of anchors and positives; symmetrized: where it is their mean.
    """

    alignment: Kernel
    kernel: Kernel
    weight: float
    views: int = 1
    logarithm: bool = False
    symmetrized: bool = False

    decoupled = True

    @property
    def pairwise(self) -> bool:
        """Whether the loss is a mean over pairs, so that its expected value does not depend on the batch."""
        return not self.logarithm

    @property
    def aligning(self) -> bool:
        """Whether no positives are better than the anchors."""
        return self.alignment.decreasing

    @property
    def strictly_aligning(self) -> bool:
        """Whether all other positives are worse than the anchors."""
        return self.alignment.strictly_decreasing


@dataclass(frozen=True)
class FrameFacts:
    """-attraction mean_i s_i + mean_{i != j} (u_i.v_j)^2."""

    attraction: float

    pairwise = True
    decoupled = aligning = strictly_aligning = False


Facts = SoftmaxFacts | KernelFacts | FrameFacts


def facts(loss: object) -> Facts | None:
    """What the class of the loss declares in its own body; None where it declares nothing."""
    declared = type(loss).__dict__.get("theory") if isinstance(loss, Loss) else None
    return None if declared is None else declared(loss)
