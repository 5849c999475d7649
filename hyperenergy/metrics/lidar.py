"""LiDAR: how many dimensions tell objects apart, beyond what tells views of one object apart."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hyperenergy.checks import positive
from hyperenergy.errors import ArgumentError
from hyperenergy.losses.families import Views
from hyperenergy.metrics.optimum import Optimum, optimum_of
from hyperenergy.metrics.rows import Metric, matrix, result
from hyperenergy.metrics.spectrum import EPSILON, entropy_rank


def lidar(views: Views, *, delta: float = 1e-4) -> Metric:
    """The effective rank of linear discriminant analysis, in (0, min(M-1, d)]: exp of the entropy of the eigenvalues of
    S_w^{-1/2} S_b S_w^{-1/2}, normalized to sum 1, plus 1e-7 each.

    views (*batch, K, M, dim), row i of view l being object i.  S_b is the covariance of the means of the objects, centered,
    and S_w the mean of the views' covariances around their objects' means, plus delta I, all divided by how many there are.
    Source: Thilak et al. 2023.  Raises ArgumentError for fewer than two views or objects.
    """
    x = matrix(views)
    if x.ndim < 3 or x.shape[-3] < 2 or x.shape[-2] < 2:
        raise ArgumentError("views", f"shape {tuple(x.shape)}", "must be (*batch, views >= 2, objects >= 2, dim)")
    wide = x.double()
    means = wide.mean(-3)
    between = means - means.mean(-2, keepdim=True)
    within = (wide - means.unsqueeze(-3)).flatten(-3, -2)
    eye = torch.eye(x.shape[-1], dtype=wide.dtype, device=x.device)
    inner = within.mT @ within / within.shape[-2] + positive("delta", delta) * eye
    # The eigenvalues of S_w^{-1} S_b are the squared singular values of the means in the metric of S_w.
    scaled = torch.linalg.solve_triangular(torch.linalg.cholesky(inner), between.mT, upper=False)
    values: Tensor = torch.linalg.svdvals(scaled).square() / x.shape[-2]
    return result(entropy_rank(values, EPSILON), x)


@optimum_of("lidar")
def _lidar(points: int, dim: int) -> Optimum:
    def of(k: int, zeros: int) -> float:
        p = 1 / k + EPSILON
        return math.exp(-k * p * math.log(p) - zeros * EPSILON * math.log(EPSILON))

    k = min(points - 1, dim)
    best = of(k, min(points, dim) - k)
    at = "aligned views of objects whose covariance has equal eigenvalues: a simplex, a 2-design"
    return Optimum(best, best, of(dim, 0), (0.0, best), at)
