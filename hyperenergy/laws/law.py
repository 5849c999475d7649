"""The law of the inner product T = x.y of two independent uniform points (or one and a fixed one) on S^{d-1}.

Its density is proportional to (1-t^2)^{(d-3)/2} on [-1, 1]: T = 2B - 1 with B ~ Beta((d-1)/2, (d-1)/2).  At d = 2 it is the
arcsine law, at d = 3 uniform.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from hyperenergy.checks import integer
from hyperenergy.errors import ArgumentError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class InnerProductLaw:
    """The law of T in R^dim, dim >= 2.  Functions take and return arrays of any shape, float64.

    Law: cdf(quantile(p)) = p; the quadrature is exact for polynomials of degree < 2 nodes.
    Raises ArgumentError for dim < 2: on S^0 an inner product is -1 or 1, with probability 1/2 each.
    """

    dim: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "dim", integer("dim", self.dim, 2))

    def pdf(self, t: ArrayLike) -> Floats:
        """The density; 0 outside [-1, 1], infinite at the ends for dim = 2."""
        t = np.asarray(t, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            inside = np.exp(self._log_constant + (self.dim - 3) / 2 * np.log1p(-t * t))
        if self.dim == 3:
            inside = np.full_like(t, 0.5)
        return np.asarray(np.where(abs(t) <= 1, inside, 0.0))

    def cdf(self, t: ArrayLike) -> Floats:
        """P(T <= t)."""
        from scipy.special import betainc

        half = (self.dim - 1) / 2
        return np.asarray(betainc(half, half, (np.clip(t, -1, 1) + 1) / 2))

    def quantile(self, p: ArrayLike) -> Floats:
        """The t with P(T <= t) = p.  ArgumentError for p outside [0, 1]."""
        from scipy.special import betaincinv

        p = np.asarray(p, dtype=np.float64)
        if not ((p >= 0) & (p <= 1)).all():
            raise ArgumentError("p", "values outside [0, 1]", "must be probabilities")
        half = (self.dim - 1) / 2
        # From the nearer end, so that the upper half keeps its digits too.
        low = 2 * betaincinv(half, half, np.minimum(p, 1 - p)) - 1
        return np.asarray(np.where(p <= 0.5, low, -low))

    def sample(self, shape: tuple[int, ...], *, generator: torch.Generator) -> Tensor:
        """Independent draws, float64: the first coordinate of uniform points, from a Gaussian and a chi-square law."""
        x = torch.randn(shape, generator=generator, dtype=torch.float64, device=generator.device)
        # The sum of dim - 1 squared Gaussians is twice a Gamma((dim-1)/2) variable.
        half = torch.full(shape, (self.dim - 1) / 2, dtype=torch.float64, device=generator.device)
        rest = 2 * torch._standard_gamma(half, generator=generator)
        return x / (x * x + rest).sqrt()

    def quadrature(self, nodes: int) -> tuple[Floats, Floats]:
        """Nodes and weights (of sum 1) of Gauss' rule for this law."""
        return _gauss(self.dim, integer("nodes", nodes, 1))

    def moment(self, order: int) -> float:
        """E[T^order]: 0 for odd orders, else the product of (2k-1)/(dim+2k-2) over k = 1..order/2."""
        order = integer("order", order, 0)
        return 0.0 if order % 2 else math.prod((2 * k - 1) / (self.dim + 2 * k - 2) for k in range(1, order // 2 + 1))

    @property
    def _log_constant(self) -> float:
        """Of 1/B(1/2, (d-1)/2)."""
        return math.lgamma(self.dim / 2) - math.lgamma((self.dim - 1) / 2) - math.log(math.pi) / 2


def _gauss(dim: int, nodes: int) -> tuple[Floats, Floats]:
    half = (dim - 3) / 2
    t, weights = gauss_jacobi(half, half, nodes)
    # The law is symmetric, and so is the rule.
    return (t - t[::-1]) / 2, (weights + weights[::-1]) / 2


@lru_cache(maxsize=64)
def gauss_jacobi(alpha: float, beta: float, nodes: int) -> tuple[Floats, Floats]:
    """Nodes and weights, of sum 1, of Gauss' rule for the weight (1-x)^alpha (1+x)^beta on [-1, 1].

    Golub and Welsch 1969: the nodes are the eigenvalues of the Jacobi matrix, whose entries are the coefficients of the
    recurrence of the orthonormal polynomials; the weights are Christoffel's, the reciprocals of their sums of squares.
    SciPy's rule carries the integral of the weight, which overflows for exponents in the hundreds.
    """
    from scipy.linalg import eigvalsh_tridiagonal

    total = alpha + beta
    k = np.arange(1, nodes, dtype=np.float64)
    diagonal = np.append((beta - alpha) / (total + 2), (beta**2 - alpha**2) / ((2 * k + total) * (2 * k + total + 2)))
    k = k[1:]
    square = 4 * k * (k + alpha) * (k + beta) * (k + total) / ((2 * k + total) ** 2 * ((2 * k + total) ** 2 - 1))
    # The first one without the factor (1 + total), which it has above and below and which may be 0.
    square = np.append(4 * (1 + alpha) * (1 + beta) / ((2 + total) ** 2 * (3 + total)), square)[: nodes - 1]
    off = np.sqrt(square)
    x = eigvalsh_tridiagonal(diagonal, off)
    # Where the squares overflow, far in the tail of a large exponent, the weight is 0.
    with np.errstate(over="ignore", invalid="ignore"):
        previous, current = np.zeros_like(x), np.ones_like(x)
        squares = np.ones_like(x)
        for row in range(nodes - 1):
            rest = off[row - 1] * previous if row else 0.0
            previous, current = current, ((x - diagonal[row]) * current - rest) / off[row]
            squares += current * current
        weights = np.nan_to_num(1 / squares, nan=0.0)
    weights /= weights.sum()
    x.flags.writeable = weights.flags.writeable = False
    return x, weights
