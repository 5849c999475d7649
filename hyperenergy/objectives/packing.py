"""Objectives that are no smooth functions: the largest of many inner products, minimized.  Best packing and softmax codes.

A minimizer is a point where several of the products are largest at once.  A search comes near it by smooth and steep
objectives (``steep``) and solves for it at the end (``search.packing``).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from hyperenergy.geometry.sphere import project
from hyperenergy.kernels.riesz import Riesz
from hyperenergy.losses.info_nce import InfoNCE
from hyperenergy.objectives.base import BatchLoss, Energy, Objective, Rows

# Terms within this of the largest one are largest, too: a minimizer is known to 1e-12.
ACTIVE = 1e-10
# Exponent and temperature at which nearly all starts still find their way, and at which minimizers lie within a few
# hundredths of those of the limit.
_EXPONENT, _TEMPERATURE = 80, 0.02
# The same for a look around from what is found: minima that are lower for the limit alone are minima there.
_STEEPER = {"exponent": 2000, "temperature": 0.004}

# A coefficient, and of each term the two rows whose product it multiplies.
Product = tuple[float, Int[Tensor, " terms"], Int[Tensor, " terms"]]


@dataclass(frozen=True)
class LargestTerm(Objective):
    """The largest of terms that are sums of inner products of rows, or an increasing function of it."""

    @abstractmethod
    def products(self, points: int) -> tuple[Product, ...]:
        """What adds up to the terms."""

    @abstractmethod
    def steep(self, around: bool = False) -> Objective:
        """A smooth objective whose minimizers are near to this one's; around: a steeper one, which random starts would
        find too rugged."""

    @abstractmethod
    def temperature(self, largest: float, around: bool = False) -> float:
        """The temperature tau at which log-sum-exp of the terms over tau is as steep as ``steep`` near its minimum."""

    def of_largest(self, largest: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch"]:
        """The value where that is the largest term."""
        return largest

    def slope(self, largest: float) -> float:
        """The derivative of the value by the largest term."""
        return 1.0

    def terms(self, z: Rows) -> Float[Tensor, "*batch terms"]:
        """All of them, differentiable."""
        points = len(self.views(z)[0]) if z.ndim == 2 else self.views(z)[0].shape[-2]
        parts = [c * (z[..., a, :] * z[..., b, :]).sum(-1) for c, a, b in self.products(points)]
        return torch.stack(parts).sum(0)

    def value(self, z: Rows) -> Tensor:
        return self.of_largest(self.terms(z).amax(-1))

    def value_and_derivative(self, z: Rows) -> tuple[Tensor, Rows]:
        """Values, and of the derivatives of the largest terms the mean that is shortest along the spheres."""
        found = [self._least_subgradient(x, terms) for x, terms in zip(z.detach(), self.terms(z.detach()), strict=True)]
        return self.value(z.detach()), torch.stack(found)

    def value_and_gradient(self, z: Rows) -> tuple[Tensor, Rows, Tensor]:
        """As of any objective, with the subgradient of least norm, which vanishes at minima."""
        value, ambient = self.value_and_derivative(z)
        scale = torch.hypot(ambient.square().sum((-2, -1)).sqrt(), value.abs() / z.shape[-2] ** 0.5)
        return value, project(z.detach(), ambient), scale

    def derivatives(self, z: Float[Tensor, "rows dim"], some: Tensor) -> Float[Tensor, "some rows dim"]:
        """Of some of the terms, by the coordinates in R^dim."""
        found = torch.zeros(len(some), *z.shape, dtype=z.dtype, device=z.device)
        k = torch.arange(len(some), device=z.device)
        for c, a, b in self.products(len(self.views(z)[0])):
            a, b = a.to(z.device)[some], b.to(z.device)[some]
            found.index_put_((k, a), c * z[b], accumulate=True)
            found.index_put_((k, b), c * z[a], accumulate=True)
        return found

    def _least_subgradient(self, z: Tensor, terms: Tensor) -> Tensor:
        largest = float(terms.max())
        some = torch.nonzero(terms >= largest - ACTIVE).squeeze(-1)
        ambient = self.derivatives(z, some)
        weights, _ = shortest_mean(project(z.expand_as(ambient), ambient).flatten(1).cpu().numpy())
        return self.slope(largest) * torch.einsum("k,kia->ia", torch.from_numpy(weights).to(z), ambient)


def shortest_mean(rows: Float[np.ndarray, "k n"]) -> tuple[Float[np.ndarray, " k"], float]:
    """Weights >= 0 of sum 1 with which the mean of the rows is shortest, and its length.

    By nonnegative least squares: of weights of the sum s the least of |mean|^2 + (s-1)^2 is where mean/s is the shortest.
    """
    from scipy.optimize import nnls

    above = np.vstack([rows.T, np.ones(len(rows))])
    weights, _ = nnls(above, np.append(np.zeros(rows.shape[1]), 1.0), maxiter=50 * len(rows) + 100)
    weights = weights / weights.sum()
    return weights, float(np.linalg.norm(weights @ rows))


@dataclass(frozen=True)
class Packing(LargestTerm):
    """Best packing: minus the least distance of two points, -min_{i<j} |x_i - x_j|, the chord of the least angle.

    Law: its minimizers are limits of those of Riesz energies as s -> infinity.
    """

    def products(self, points: int) -> tuple[Product, ...]:
        i, j = torch.triu_indices(points, points, 1)
        return ((1.0, i, j),)

    def value(self, z: Rows) -> Tensor:
        (_, i, j), = self.products(z.shape[-2])  # fmt: skip
        return -(z[..., i, :] - z[..., j, :]).norm(dim=-1).amin(-1)  # not by products, which lose half of its digits

    def of_largest(self, largest: Tensor) -> Tensor:
        return -(2 - 2 * largest).clamp(min=0).sqrt()

    def slope(self, largest: float) -> float:
        return 1 / math.sqrt(max(2 - 2 * largest, 1e-30))

    def steep(self, around: bool = False) -> Objective:
        return Energy(Riesz(_STEEPER["exponent"] if around else _EXPONENT))

    def temperature(self, largest: float, around: bool = False) -> float:
        # The logarithm of r^{-s/2}, r = 2 - 2x, has the slope s/r in x.
        return max(2 - 2 * largest, 1e-12) / (_STEEPER["exponent"] if around else _EXPONENT)

    @property
    def label(self) -> str:
        return "Packing()"


@dataclass(frozen=True)
class SoftmaxCode(LargestTerm):
    """max over i != j of u_i.v_j - u_i.v_i, of pairs (u_i, v_i): what tau log InfoNCE tends to as tau -> 0, where that is
    negative at its minimum.

    Source: Jiang et al. 2023, Generalized Neural Collapse for a Large Number of Classes (softmax codes).
    """

    def rows(self, points: int) -> int:
        return 2 * points

    def views(self, z: Rows) -> tuple[Tensor, Tensor]:
        U, V = z.tensor_split(2, -2)
        return U, V

    def assemble(self, anchors: Tensor, positives: Tensor) -> Rows:
        return torch.cat([anchors, positives], -2)

    def products(self, points: int) -> tuple[Product, ...]:
        i, j = torch.nonzero(~torch.eye(points, dtype=torch.bool)).T
        return (1.0, i, points + j), (-1.0, i, points + i)

    def steep(self, around: bool = False) -> Objective:
        return BatchLoss(InfoNCE(self.temperature(0.0, around)))

    def temperature(self, largest: float, around: bool = False) -> float:
        return _STEEPER["temperature"] if around else _TEMPERATURE

    @property
    def label(self) -> str:
        return "SoftmaxCode()"


def least_angle(x: Float[Tensor, "points dim"]) -> float:
    """The least angle between two of the points, in degrees; from their distance, so that none is too small to tell."""
    return math.degrees(2 * math.asin(min(1.0, -float(Packing().value(x)) / 2)))
