"""Metrics of representations on the sphere: alignment, uniformity, rank.

Points have shape (*batch, points, dim) with unit rows unless said; results have shape (*batch,).
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from hyperenergy.checks import positive
from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.sphere import Points, check_points, squared_distance
from hyperenergy.losses import align_uniform
from hyperenergy.losses.calls import check_pair

Metric = Float[Tensor, "*batch"]


def alignment(anchors: Points, positives: Points, *, alpha: float = 2.0) -> Metric:
    """mean_i |u_i - v_i|^alpha: 0 where every pair coincides.  Source: Wang and Isola 2020."""
    check_pair(anchors, positives)
    return align_uniform.distance_power(squared_distance(anchors, positives), positive("alpha", alpha)).mean(-1)


def uniformity(X: Points, *, t: float = 2.0) -> Metric:
    """log mean_{i<j} exp(-t |x_i-x_j|^2).  Source: Wang and Isola 2020.

    Law: in expectation over iid uniform points its exponential is ``uniform_energy(Gaussian(t), dim)``.
    """
    check_points(X, "X")
    return align_uniform.uniformity(X, t=positive("t", t))


def wasserstein_uniformity(X: Points) -> Metric:
    """Wasserstein-1 distance between the inner products x_i.x_j, i < j, and their law under uniform points.

    That law is 2 Beta((d-1)/2, (d-1)/2) - 1.  Between laws on the line the distance is the integral of the difference of
    the quantile functions: sorted inner products against the exact mean of the quantile function over each of their
    n cells, which is the difference of the partial expectations at the cell's ends.  Within a cell the sorted value is
    constant, so that the absolute value is taken cell by cell at the point where the two cross.
    Raises ArgumentError for dim < 2.
    """
    check_points(X, "X")
    points, dim = X.shape[-2:]
    if dim < 2:
        raise ArgumentError("X", f"dim {dim}", "must have dim >= 2: on S^0 inner products have no density")
    upper = torch.triu_indices(points, points, 1, device=X.device)
    products = (X @ X.mT)[..., upper[0], upper[1]].sort(-1).values
    return _distance_to_beta(products, (dim - 1) / 2)


def _distance_to_beta(sorted_values: Tensor, a: float) -> Tensor:
    """Integral over q in (0, 1) of |value(q) - F^{-1}(q)|, F the law of 2 Beta(a, a) - 1.

    With c = F(value) clipped to the cell [lo, hi] and the partial expectation G(q) = int_0^q F^{-1}:
    int |value - F^{-1}| = value (c - lo) - (G(c) - G(lo)) + (G(hi) - G(c)) - value (hi - c).
    """
    import numpy as np
    from scipy import special

    values = sorted_values.detach().cpu().double().numpy().clip(-1, 1)
    n = values.shape[-1]
    edges = np.arange(n + 1) / n

    def partial(t: np.ndarray) -> np.ndarray:
        """int_{-1}^{t} x dF(x) = -(1-t^2)^a / (2a B): the density is (1-x^2)^{a-1} / B with B = 2^{2a-1} B(a, a)."""
        log_b = (2 * a - 1) * np.log(2) + special.betaln(a, a)
        with np.errstate(divide="ignore"):
            return -np.exp(a * np.log1p(-(t**2)) - log_b) / (2 * a)

    quantiles = 2 * special.betaincinv(a, a, edges) - 1
    lo, hi = edges[:-1], edges[1:]
    c = special.betainc(a, a, (1 + values) / 2).clip(lo, hi)
    crossing = np.clip(values, quantiles[:-1], quantiles[1:])
    G = partial(quantiles)
    below = values * (c - lo) - (partial(crossing) - G[:-1])
    above = G[1:] - partial(crossing) - values * (hi - c)
    return torch.from_numpy(np.asarray((below + above).sum(-1))).to(sorted_values)


def rank(X: Float[Tensor, "*batch points dim"], *, tolerance: float | None = None) -> Int[Tensor, "*batch"]:
    """Numerical rank: singular values above ``tolerance`` times the largest (by default max(N, d) eps)."""
    _check_matrix(X)
    return torch.linalg.matrix_rank(X, rtol=tolerance)


def effective_rank(X: Float[Tensor, "*batch points dim"], *, relative: bool = False) -> Metric:
    """exp of the entropy of the singular values, normalized to sum 1; ``relative`` divides by min(N, d), the most there is.

    Law: 1 for points on a line, dim for an orthonormal basis.  Source: Roy and Vetterli 2007.
    """
    _check_matrix(X)
    s = torch.linalg.svdvals(X)
    p = s / s.sum(-1, keepdim=True)
    # -p log p has an infinite slope at 0: where a singular value vanishes, its own derivative is left out.
    result = torch.special.entr(torch.where(p > 0, p, 1.0)).sum(-1).exp()
    return result / min(X.shape[-2:]) if relative else result


def _check_matrix(X: object) -> None:
    if not isinstance(X, Tensor) or not X.is_floating_point() or X.ndim < 2 or not X.numel():
        raise ArgumentError("X", repr(getattr(X, "shape", X)), "must be a floating-point tensor (*batch, points, dim)")
    if not bool(X.isfinite().all()):
        raise ArgumentError("X", "entries that are not finite", "remove them")
    if bool((X == 0).flatten(-2).all(-1).any()):
        raise ArgumentError("X", "a matrix of zeros", "it has no rank to speak of")
