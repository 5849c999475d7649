"""How the inner products of points are distributed, against their law under uniform ones."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.sphere import Points
from hyperenergy.metrics.optimum import Optimum, optimum_of
from hyperenergy.metrics.rows import Metric, unit

# Up to so many points all inner products are sorted, 64 MiB of them; beyond, they are counted in as many cells.
_SORTED, _CELLS = 4096, 2**21
# Numbers of a block of inner products.
_BLOCK = 2**22


def wasserstein_uniformity(X: Points, *, normalize: bool = False) -> Metric:
    """Wasserstein-1 distance between the inner products x_i.x_j, i < j, and their law under uniform points, in [0, 2).

    That law is 2 Beta((d-1)/2, (d-1)/2) - 1.  Between laws on the line the distance is the integral of the difference of
    the distribution functions, which is in closed form from each sorted inner product to the next.  Of more than 4096
    points the inner products are counted in 2^21 cells, which moves the distance by 5e-7 at most.
    Without derivatives.  Raises ArgumentError for dim < 2.
    """
    x = unit(X, "X", normalize, 2).detach()
    points, dim = x.shape[-2:]
    if dim < 2:
        raise ArgumentError("X", f"dim {dim}", "must have dim >= 2: on S^0 inner products have no density")
    a, rows = (dim - 1) / 2, x.reshape(-1, points, dim)
    found = [_sorted(one, a) if points <= _SORTED else counted(one) for one in rows]
    return torch.tensor(found, dtype=x.dtype, device=x.device).reshape(x.shape[:-2])


def _sorted(x: Tensor, a: float) -> float:
    i, j = torch.triu_indices(len(x), len(x), 1, device=x.device)
    values = (x @ x.mT)[i, j].sort().values.double().cpu().numpy()
    edges = np.arange(len(values) + 1) / len(values)
    return _distance_to_beta(values, edges, a)


def counted(x: Tensor, cells: int = _CELLS) -> float:
    """Of unit rows (points, dim), with each inner product where the middle of its cell is: off by 1/cells at most."""
    counts = torch.zeros(cells, dtype=torch.float64, device=x.device)
    size = max(1, _BLOCK // len(x))
    for start in range(0, len(x), size):
        block = x[start : start + size] @ x[start:].mT
        row = torch.arange(len(block), device=x.device)
        later = torch.arange(block.shape[1], device=x.device) > row.unsqueeze(-1)
        cell = ((block[later] + 1) * (cells / 2)).long().clamp_(0, cells - 1)
        counts += torch.bincount(cell, minlength=cells)
    filled = counts.nonzero().squeeze(-1).cpu().numpy()
    weights = counts.cpu().numpy()[filled]
    edges = np.concatenate([[0.0], np.cumsum(weights) / weights.sum()])
    return _distance_to_beta((filled + 0.5) * (2 / cells) - 1, edges, (x.shape[-1] - 1) / 2)


def _distance_to_beta(values: NDArray[np.float64], edges: NDArray[np.float64], a: float) -> float:
    """The integral of |F_n - F| over [-1, 1]: F of the law of 2 Beta(a, a) - 1, F_n that of the sorted values, which is
    edges[k] from value k-1 to value k.

    With H(x) = int_{-1}^x F = x F(x) - int_{-1}^x t dF, between values where F does not cross the step it is the difference
    of H less the step's area, or minus that; where it does, at a quantile, it is one of either kind on either side.
    """
    from scipy import special

    ends = np.concatenate([[-1.0], values.clip(-1, 1), [1.0]])
    cdf = special.betainc(a, a, (1 + ends) / 2)
    # int_{-1}^{x} t dF(t) = -(1-x^2)^a / (2a B): the density is (1-t^2)^{a-1} / B with B = 2^{2a-1} B(a, a).
    log_b = (2 * a - 1) * np.log(2) + special.betaln(a, a)

    def H(x: NDArray[np.float64], F: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(divide="ignore"):
            return np.asarray(x * F + np.exp(a * np.log1p(-(x**2)) - log_b) / (2 * a))

    area = H(ends, cdf)
    over = np.diff(area) - edges * np.diff(ends)
    total = np.where(cdf[:-1] >= edges, over, -over)
    (crossed,) = np.nonzero((cdf[:-1] < edges) & (cdf[1:] > edges))
    level, low, high = edges[crossed], ends[:-1][crossed], ends[1:][crossed]
    q = np.clip(2 * special.betaincinv(a, a, level) - 1, low, high)
    middle = H(q, level)
    below = level * (q - low) - (middle - area[:-1][crossed])
    above = (area[1:][crossed] - middle) - level * (high - q)
    total[crossed] = below + above
    return float(np.abs(total).sum())


@optimum_of("wasserstein_uniformity")
def _wasserstein(points: int, dim: int) -> Optimum:
    return Optimum(None, 0.0, 0.0, (0.0, 2.0), "not known of finitely many points; it tends to 0")
