"""What becomes of the logits of an anchor: the same function as an expression of tensors, and in place on a block of rows.

Logits are z_ij = scale (x_i.y_j - shift_i) + bias, for the keys j that are negatives of row i.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from hyperenergy.losses.log_space import log_one_plus_exp

# Puts a number where a key is no negative of a row.
Fill = Callable[[Tensor, float], None]


class Program(ABC):
    """A function of each row of logits."""

    @abstractmethod
    def value(self, logits: Tensor, masked: Tensor | None) -> Tensor:
        """(*batch, rows) of logits (*batch, rows, keys); those at ``masked`` do not count.  Differentiable at will."""

    def refine(self, block: Tensor, x: Tensor, y: Tensor) -> None:
        """Correct the products of some rows and keys, in place."""
        return

    def in_place(
        self, block: Tensor, shift: Tensor | None, fill: Fill, small: bool
    ) -> tuple[Tensor, Tensor | None, Tensor]:
        """Values of the rows of a block that has scale x_i.y_j + bias; overwrites it with W, the derivatives by the logits
        up to a factor of each row.  Returns (values, factors or None for 1, the rows' sums of the derivatives); ``shift``
        is in units of the logits; ``small``: their exponentials can be summed as they are."""
        masked = torch.zeros_like(block)
        fill(masked, 1.0)
        with torch.enable_grad():
            logits = block.detach() if shift is None else block.detach() - shift.unsqueeze(-1)
            logits.requires_grad_(True)
            values = self.value(logits, masked > 0)
            (slopes,) = torch.autograd.grad(values.sum(), logits, materialize_grads=True)
        block.copy_(slopes)
        return values.detach(), None, block.sum(-1)


@dataclass(frozen=True)
class LogSum(Program):
    """log sum_j e^{z_ij}, or log(1 + sum_j e^{z_ij}) where the positive is in the denominator (``own``).

    Where a row has no negatives the sum is left out, logarithm and all: 0.
    """

    own: bool = False

    def value(self, logits: Tensor, masked: Tensor | None) -> Tensor:
        if not logits.shape[-1]:
            return logits.sum(-1)
        if masked is not None:
            # e^nothing is 0, and unlike minus infinity it has derivatives.
            logits = logits.masked_fill(masked, torch.finfo(logits.dtype).min / 2)
        total = torch.logsumexp(logits, -1)
        if self.own:
            return log_one_plus_exp(total)
        return total if masked is None else total.masked_fill(masked.all(-1), 0.0)

    def in_place(self, block: Tensor, shift: Tensor | None, fill: Fill, small: bool) -> tuple[Tensor, Tensor, Tensor]:
        fill(block, -math.inf)
        largest = None
        if not small:
            largest = block.amax(-1, keepdim=True).clamp_(min=torch.finfo(block.dtype).min / 2)
            block.sub_(largest)
        return self.of_sums(block.exp_().sum(-1), None if largest is None else largest.squeeze(-1), shift)

    def of_sums(self, sums: Tensor, largest: Tensor | None, shift: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """As ``in_place``, from the sums of e^(logit - largest)."""
        logs = wide(sums).log()
        for number, sign in ((largest, 1), (shift, -1)):
            logs = logs if number is None else logs + sign * number
        some = sums > 0
        if self.own:
            values, slopes = log_one_plus_exp(logs), torch.sigmoid(logs)
        else:
            values, slopes = logs.masked_fill(~some, 0.0), some.to(logs.dtype)
        slopes = slopes.to(sums.dtype)
        return values, slopes / sums.where(some, 1.0), slopes


@dataclass(frozen=True)
class SoftplusSum(Program):
    """sum_j log(1 + e^{z_ij})."""

    def value(self, logits: Tensor, masked: Tensor | None) -> Tensor:
        terms = log_one_plus_exp(logits)
        return (terms if masked is None else terms.masked_fill(masked, 0.0)).sum(-1)

    def in_place(self, block: Tensor, shift: Tensor | None, fill: Fill, small: bool) -> tuple[Tensor, None, Tensor]:
        fill(block, -math.inf)
        if shift is not None:
            block.sub_(shift.unsqueeze(-1))
        values = log_one_plus_exp(block).sum(-1)
        return values, None, block.sigmoid_().sum(-1)


@dataclass(frozen=True)
class Elementwise(Program):
    """phi( sum_j psi(z_ij) )."""

    phi: Callable[[Tensor], Tensor]
    psi: Callable[[Tensor], Tensor]

    def value(self, logits: Tensor, masked: Tensor | None) -> Tensor:
        terms = self.psi(logits)
        return self.phi((terms if masked is None else terms.masked_fill(masked, 0.0)).sum(-1))


def wide(x: Tensor) -> Tensor:
    """In float64, where the device has it: the logarithm of a sum is where a row's round-off would add up."""
    return x if x.device.type == "mps" else x.double()


# By name, as compiled graphs keep them.
PROGRAMS: dict[str, Program] = {
    "log_sum": LogSum(),
    "log_sum_own": LogSum(own=True),
    "softplus_sum": SoftplusSum(),
}
