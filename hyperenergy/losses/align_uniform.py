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
from hyperenergy.losses.checks import declaration, positive_number
from hyperenergy.losses.facts import KernelFacts
from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.log_space import Loss


def align_uniform(
    anchors: Points, positives: Points, *, alpha: float = 2.0, t: float = 2.0, weight: float = 1.0
) -> Loss:
    """Alignment and uniformity: mean |u_i-v_i|^alpha + weight * log mean_{i<j} exp(-t r_ij), the latter averaged over
    the two views.

    Source: Wang and Isola 2020.  Minimum for M <= d+1 (B1): -2 weight t M/(M-1).
    """
    alignment = distance_power(squared_distance(anchors, positives), alpha).mean(-1)
    return alignment + weight * (uniformity(anchors, t=t) + uniformity(positives, t=t)) / 2


def distance_power(r: Tensor, alpha: float | Tensor) -> Tensor:
    """|x-y|^alpha from r = |x-y|^2, with derivative 0 in r and in a learnable alpha where the points coincide."""
    if not isinstance(alpha, Tensor):
        return TorchNamespace.power(r, alpha / 2)
    apart = r > 0
    return torch.where(apart, torch.where(apart, r, 1.0) ** (alpha / 2), 0.0)


def uniformity(X: Points, *, t: float) -> Loss:
    """log mean_{i<j} exp(-t |x_i-x_j|^2) in log space.  Source: Wang and Isola 2020."""
    points = X.shape[-2]
    i, j = torch.triu_indices(points, points, 1, device=X.device)
    r = squared_distance(X[..., i, :], X[..., j, :])
    return torch.logsumexp(-t * r, -1) - math.log(points * (points - 1) / 2)


class AlignUniform(PairLoss):
    __doc__ = align_uniform.__doc__
    hyperparameters = declaration(alpha=positive_number, t=positive_number, weight=positive_number)

    def __init__(self, alpha: float = 2.0, t: float = 2.0, weight: float = 1.0) -> None:
        super().__init__(alpha=alpha, t=t, weight=weight)

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return align_uniform(anchors, positives, **self.options)

    def theory(self) -> KernelFacts:
        alignment, kernel = Riesz(-float(self.alpha)), Gaussian(float(self.t))
        return KernelFacts(alignment, kernel, float(self.weight), logarithm=True, symmetrized=True)

    @property
    def alignment_term(self) -> tuple[float, Kernel]:
        return 1.0, Riesz(-self.alpha)
