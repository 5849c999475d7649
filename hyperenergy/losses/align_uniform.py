"""Alignment and uniformity.  Formula, module and facts."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hyperenergy.arithmetic.namespaces import TorchNamespace
from hyperenergy.geometry.sphere import Points, squared_distance
from hyperenergy.kernels.base import Kernel
from hyperenergy.kernels.gaussian import Gaussian
from hyperenergy.kernels.riesz import Riesz
from hyperenergy.losses.base import Reduction
from hyperenergy.losses.batch import ALONE, Batch
from hyperenergy.losses.checks import declaration, positive_number
from hyperenergy.losses.engine.kernel_sums import log_gaussian_sum
from hyperenergy.losses.facts import KernelFacts
from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.learnable import Learnable
from hyperenergy.losses.log_space import Loss


def align_uniform(
    anchors: Points,
    positives: Points,
    *,
    alpha: float = 2.0,
    t: float = 2.0,
    weight: float = 1.0,
    batch: Batch = ALONE,
) -> Loss:
    """Alignment and uniformity: mean |u_i-v_i|^alpha + weight * log mean_{i<j} exp(-t r_ij), the latter averaged over
    the two views.

    Negatives: other points of the same view, in a mean over pairs.  Symmetric.  "none": per pair its own alignment, and the
    uniformity of the batch.
    Source: Wang and Isola 2020.  Minimum for M <= d+1 (B2a): -2 weight t M/(M-1), at an aligned simplex.
    """
    r = squared_distance(anchors, positives)
    alignment = batch.reduced(batch.total(distance_power(r, alpha)), anchors)
    spread = weight * (_uniformity(anchors, t, batch) + _uniformity(positives, t, batch)) / 2
    if batch.reduction == "none":
        spread = spread.unsqueeze(-1)
    return alignment + (batch.pairs(anchors) * spread if batch.reduction == "sum" else spread)


def distance_power(r: Tensor, alpha: float | Tensor) -> Tensor:
    """|x-y|^alpha from r = |x-y|^2, with derivative 0 in r and in a learnable alpha where the points coincide."""
    if not isinstance(alpha, Tensor):
        return TorchNamespace.power(r, alpha / 2)
    apart = r > 0
    return torch.where(apart, torch.where(apart, r, 1.0) ** (alpha / 2), 0.0)


def uniformity(X: Points, *, t: float) -> Loss:
    """log mean_{i<j} exp(-t |x_i-x_j|^2) in log space and linear memory.  Source: Wang and Isola 2020."""
    return _uniformity(X, t, ALONE)


def _uniformity(x: Points, t: float | Tensor, batch: Batch) -> Tensor:
    """Of all pairs of which one is a negative of the other; 0 where there are none."""
    points = batch.pairs(x)
    if points < 2:
        return 0 * x.sum((-2, -1))
    total = log_gaussian_sum(x, t, batch)
    if batch.ids is None:
        return total - math.log(points * (points - 1))
    pairs = batch.negative_pairs(x)
    return (total - pairs.clamp(min=1).to(total.dtype).log()).masked_fill(pairs == 0, 0.0)


class AlignUniform(PairLoss):
    __doc__ = align_uniform.__doc__
    takes_negatives = False
    hyperparameters = declaration(alpha=positive_number, t=positive_number, weight=positive_number)

    def __init__(
        self,
        alpha: Learnable = 2.0,
        t: Learnable = 2.0,
        weight: Learnable = 1.0,
        *,
        normalize: bool = True,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__(alpha=alpha, t=t, weight=weight, normalize=normalize, reduction=reduction)

    def formula(self, anchors: Tensor, positives: Tensor, batch: Batch = ALONE) -> Tensor:
        return align_uniform(anchors, positives, **self.options, batch=batch)

    def theory(self) -> KernelFacts:
        alignment, kernel = Riesz(-float(self.alpha)), Gaussian(float(self.t))
        return KernelFacts(alignment, kernel, float(self.weight), logarithm=True, symmetrized=True)

    @property
    def alignment_term(self) -> tuple[float, Kernel]:
        return 1.0, Riesz(-self.alpha)
