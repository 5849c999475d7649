"""How many dimensions points take up: functions of the singular values of the matrix of rows, or of its covariance."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor

from hyperenergy.checks import integer
from hyperenergy.geometry.sphere import Points
from hyperenergy.metrics.optimum import Optimum, optimum_of
from hyperenergy.metrics.rows import Metric, matrix, result, unit

Matrix = Float[Tensor, "*batch points dim"]

# Rows of a block, in units of the dimension: a QR decomposition of fewer would mostly work on the last one's triangle.
_BLOCK = 8
# What RankMe and LiDAR add to their probabilities, as published.
EPSILON = 1e-7


def triangle(x: Tensor, above: Tensor | None = None) -> Tensor:
    """R with R^T R = sum of x_i x_i^T, of the rows of x and of ``above``, a block of rows after the other, in float64: their
    singular values, without the squares that halve digits."""
    size = _BLOCK * x.shape[-1]
    for start in range(0, x.shape[-2], size):
        block = x[..., start : start + size, :].double()
        above = torch.linalg.qr(block if above is None else torch.cat([above, block], -2), mode="r").R
    assert above is not None
    return above


def singular_values(x: Tensor, center: bool) -> Tensor:
    """(*batch, min(points, dim)) in float64, the largest first."""
    if center:
        x = x.double() - x.double().mean(-2, keepdim=True)
    if not x.requires_grad and x.shape[-2] > 2 * x.shape[-1]:
        x = triangle(x)
    return torch.linalg.svdvals(x.double())


def rank(X: Matrix, *, tolerance: float | None = None, center: bool = False) -> Int[Tensor, "*batch"]:
    """Numerical rank: singular values above ``tolerance`` times the largest, in 0..min(N, d).  By default max(N, d) eps of
    the type, and of half precision 4 eps: what rounding its entries can do."""
    x = matrix(X)
    return rank_of(singular_values(x.detach(), center), default_tolerance(x) if tolerance is None else tolerance)


def default_tolerance(x: Tensor) -> float:
    eps = torch.finfo(x.dtype).eps
    return 4 * eps if x.dtype in (torch.float16, torch.bfloat16) else max(x.shape[-2:]) * eps


def rank_of(s: Tensor, tolerance: float) -> Tensor:
    largest = s[..., :1]
    return ((s > tolerance * largest) & (largest > 0)).sum(-1)


def effective_rank(X: Matrix, *, relative: bool = False, center: bool = False) -> Metric:
    """exp of the entropy of the singular values, normalized to sum 1; ``relative`` divides by min(N, d), the most there is.
    0 of a matrix of zeros.

    Law: 1 for points on a line, dim for an orthonormal basis.  Source: Roy and Vetterli 2007.
    """
    x = matrix(X)
    value = entropy_rank(singular_values(x, center), 0.0)
    return result(value / min(x.shape[-2:]) if relative else value, x)


def rankme(X: Matrix, *, center: bool = False) -> Metric:
    """exp(-sum p_k log p_k), p_k = s_k / sum_j s_j + 1e-7, s the singular values: effective rank, but for what is added.
    Not centered, as published.  Source: Garrido et al. 2023."""
    x = matrix(X)
    return result(entropy_rank(singular_values(x, center), EPSILON), x)


def entropy_rank(s: Tensor, added: float) -> Tensor:
    total = s.sum(-1, keepdim=True)
    nothing = total == 0
    p = s / total.masked_fill(nothing, 1.0) + added
    # -p log p has an infinite slope at 0: where a singular value vanishes, its own derivative is left out.
    entropy = torch.special.entr(torch.where(p > 0, p, 1.0)).sum(-1)
    return entropy.exp().masked_fill(nothing.squeeze(-1), 0.0)


def stable_rank(X: Matrix, *, center: bool = False) -> Metric:
    """sum_k s_k^2 / s_1^2, in [1, min(N, d)], and at most the rank; 0 of a matrix of zeros.  Source: Rudelson and Vershynin
    2007."""
    x = matrix(X)
    return result(stable_rank_of(singular_values(x, center)), x)


def stable_rank_of(s: Tensor) -> Tensor:
    largest = s[..., :1]
    nothing = largest == 0
    return (s / largest.masked_fill(nothing, 1.0)).square().sum(-1)


def alpha_req(X: Matrix, *, center: bool = True, first: int = 1, last: int | None = None) -> Metric:
    """alpha of the power law lambda_k = c k^-alpha that the eigenvalues of the covariance follow best: minus the slope of
    log lambda_k in log k, by least squares over k = first..last, of those that are not 0 to round-off.  0 where all are
    equal; nan where fewer than two are left.

    Centered, as a covariance is.  Source: Agrawal et al. 2022, who find that representations are best near 1.
    """
    x = matrix(X)
    first = integer("first", first, 1)
    end = min(x.shape[-2:]) if last is None else integer("last", last, first + 1)
    return result(alpha_of(singular_values(x, center), default_tolerance(x), first, end), x)


def alpha_of(s: Tensor, tolerance: float, first: int, last: int) -> Tensor:
    s = s[..., first - 1 : last]
    used = s > tolerance * s[..., :1].clamp(min=torch.finfo(s.dtype).tiny)
    y = 2 * torch.where(used, s, 1.0).log()
    x = torch.arange(first, first + s.shape[-1], device=s.device, dtype=s.dtype).log().expand_as(s)
    count = used.sum(-1, keepdim=True)
    x = (x - (x * used).sum(-1, keepdim=True) / count) * used
    return -(x * y).sum(-1) / x.square().sum(-1)


def w2_uniformity(X: Points, *, normalize: bool = False) -> Metric:
    """2 - (2/sqrt d) tr S^{1/2}, S the covariance (1/N) sum (x_i - m)(x_i - m)^T: the squared Wasserstein-2 distance of the
    Gaussian with the mean m and the covariance of the points from N(0, I/d), which uniform points of many dimensions are
    near to; 2 where all coincide.

    Theorem U1: at least 2 - 2 sqrt(min(N-1, d)/d), as tr S^{1/2} <= sqrt(rank S tr S) and tr S = 1 - |m|^2; with equality at
    the simplex for N <= d+1 and at spherical 2-designs beyond.  Of the second moment instead that is false: orthonormal
    bases would have 0.  Source: Fang et al. 2024, whose metric is its root.
    """
    x = unit(X, "X", normalize)
    return result(w2_of(singular_values(x, True), *x.shape[-2:]), x)


def w2_of(s: Tensor, points: int, dim: int) -> Tensor:
    return 2 - 2 * s.sum(-1) / math.sqrt(points * dim)


def _most(points: int, dim: int, center: bool) -> Optimum:
    most = float(min(points - center, dim))
    at = "rows of one length that are a tight frame: a simplex, a 2-design"
    return Optimum(most, most, float(dim), (0.0, float(min(points, dim))), at)


@optimum_of("rank")
def _rank(points: int, dim: int, center: bool = False) -> Optimum:
    return _most(points, dim, center)


@optimum_of("effective_rank")
def _effective_rank(points: int, dim: int, relative: bool = False, center: bool = False) -> Optimum:
    most = _most(points, dim, center)
    if not relative:
        return most
    share = float(min(points, dim))
    return Optimum(most.bound / share, most.bound / share, 1.0, (0.0, 1.0), most.at)


@optimum_of("rankme")
def _rankme(points: int, dim: int, center: bool = False) -> Optimum:
    most = _most(points, dim, center)
    k = int(most.bound)
    best = math.exp(-k * (1 / k + EPSILON) * math.log(1 / k + EPSILON))
    return Optimum(best, best, math.exp(-dim * (1 / dim + EPSILON) * math.log(1 / dim + EPSILON)), most.range, most.at)


@optimum_of("stable_rank")
def _stable_rank(points: int, dim: int, center: bool = False) -> Optimum:
    return _most(points, dim, center)


@optimum_of("alpha_req")
def _alpha(points: int, dim: int) -> Optimum:
    return Optimum(0.0, 0.0, 0.0, (0.0, math.inf), "equal eigenvalues; published as best in practice: near 1")


@optimum_of("w2_uniformity")
def _w2(points: int, dim: int) -> Optimum:
    bound = 2 - 2 * math.sqrt(min(points - 1, dim) / dim)
    # Spherical 2-designs of N >= d+1 points exist but for N = d+2 in odd dimensions (Mimura 1990).
    attained = not (points == dim + 2 and dim % 2)
    at = "U1: the simplex, and spherical 2-designs"
    return Optimum(bound if attained else None, bound, 0.0, (bound, 2.0), at)
