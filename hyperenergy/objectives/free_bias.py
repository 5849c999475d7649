"""SigLIP where the bias is free, too."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from hyperenergy.checks import positive
from hyperenergy.geometry.sphere import Points
from hyperenergy.losses.log_space import log_one_plus_exp
from hyperenergy.objectives.base import Objective, Rows

# Newton's steps; each at least halves the bracket or comes from a slope of an almost linear function.
_STEPS = 40


@dataclass(frozen=True, eq=False)
class FreeBias(Objective):
    """SigLIP of anchors and positives, both free, at the bias that is best for them: min over bias of SigLIP(scale, bias).

    The value is strictly convex in the bias, and the best one lies in [-scale - log M, scale].
    Raises ArgumentError for a scale that is no positive number.
    """

    scale: float

    def __post_init__(self) -> None:
        positive("scale", self.scale)

    def rows(self, points: int) -> int:
        return 2 * points

    def views(self, z: Rows) -> tuple[Points, Points]:
        U, V = z.tensor_split(2, -2)
        return U, V

    def assemble(self, anchors: Points, positives: Points) -> Rows:
        return torch.cat([anchors, positives], -2)

    def value(self, z: Rows) -> Tensor:
        positives, negatives = self._similarities(z)
        bias = self._best(self.scale * positives, self.scale * negatives).unsqueeze(-1)
        pulled = log_one_plus_exp(-(self.scale * positives + bias)).sum(-1)
        return (pulled + log_one_plus_exp(self.scale * negatives + bias).sum(-1)) / positives.shape[-1]

    def bias(self, z: Rows) -> Tensor:
        """The best bias of configurations (*batch, rows, dim)."""
        positives, negatives = self._similarities(z)
        return self._best(self.scale * positives, self.scale * negatives)

    def _similarities(self, z: Rows) -> tuple[Tensor, Tensor]:
        """u_i.v_i, and u_i.v_j for all i != j."""
        U, V = self.views(z)
        products, points = U @ V.mT, U.shape[-2]
        apart = ~torch.eye(points, dtype=torch.bool, device=z.device)
        i, j = apart.nonzero(as_tuple=True)
        return (U * V).sum(-1), products[..., i, j]

    def _best(self, x: Tensor, y: Tensor) -> Tensor:
        """The zero of the slope in the bias, by the logarithm of the quotient of its two parts.

        The last step is Newton's at the zero, and differentiable: it has the zero's own first derivative, which makes the
        second derivative of the value right; the first does not depend on it.
        """
        with torch.no_grad():
            low = torch.full_like(x[..., 0], -self.scale - math.log(x.shape[-1]))
            high = torch.full_like(low, self.scale)
            bias = (low + high) / 2
            for _ in range(_STEPS):
                quotient, slope = _log_quotient(x, y, bias)
                low, high = torch.where(quotient < 0, bias, low), torch.where(quotient < 0, high, bias)
                newton = bias - quotient / slope
                bias = torch.where((newton >= low) & (newton <= high), newton, (low + high) / 2)
            slope = _log_quotient(x, y, bias)[1]
        return bias - _log_quotient(x, y, bias)[0] / slope

    @property
    def positive(self) -> bool:
        return True

    @property
    def label(self) -> str:
        return f"FreeBias(scale={self.scale:g})"


def _log_quotient(x: Tensor, y: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """log of sum sigmoid(y + bias) over sum sigmoid(-x - bias), which increases in the bias, and its slope there."""
    pulled, pushed = -(x + bias.unsqueeze(-1)), y + bias.unsqueeze(-1)
    logs = [-log_one_plus_exp(-part) for part in (pushed, pulled)]
    slopes = [(log.softmax(-1) * (-part).sigmoid()).sum(-1) for log, part in zip(logs, (pushed, pulled), strict=True)]
    return logs[0].logsumexp(-1) - logs[1].logsumexp(-1), slopes[0] + slopes[1]
