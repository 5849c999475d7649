"""Sums of a kernel over the negatives of each anchor."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from hyperenergy.energies.elementwise import DROPPED, derivatives, refine_close
from hyperenergy.energies.energy import pair_energy
from hyperenergy.geometry.sphere import pairwise_squared_distance, squared_distance
from hyperenergy.kernels.base import Kernel
from hyperenergy.kernels.gaussian import Gaussian
from hyperenergy.losses.batch import Batch, Keys, is_large, masks, without_own
from hyperenergy.losses.engine.by_rows import blocks
from hyperenergy.losses.engine.programs import Fill, LogSum, Program
from hyperenergy.losses.engine.sums import row_sums

# Exponents down to which a sum of exponentials keeps its digits in single precision: e^-60 is 1e-26, of 1e-38.
_LINEAR = 60.0


@dataclass(frozen=True)
class KernelSum(Program):
    """sum_j kappa(z_ij), of logits that are squared distances."""

    kernel: Kernel

    def value(self, logits: Tensor, masked: Tensor | None) -> Tensor:
        if masked is not None:
            logits = logits.masked_fill(masked, DROPPED)
        terms = self.kernel(logits.clamp(min=0))
        return (terms if masked is None else terms.masked_fill(masked, 0.0)).sum(-1)

    def in_place(self, block: Tensor, shift: Tensor | None, fill: Fill, small: bool) -> tuple[Tensor, None, Tensor]:
        fill(block, DROPPED)
        value, slope = derivatives(self.kernel, block.clamp_(min=0), 1)
        fill(value, 0.0)
        block.copy_(slope)
        fill(block, 0.0)
        return value.sum(-1), None, block.sum(-1)

    def refine(self, block: Tensor, x: Tensor, y: Tensor) -> None:
        """Distances of close pairs from differences, where the kernel feels them."""
        if self.kernel.singular or self.kernel.kinked:
            dim = y.shape[-1] - 2
            refine_close(block, x[:, :dim] / -2, y[:, :dim])


def kernel_sums(x: Tensor, kernel: Kernel, batch: Batch) -> Tensor:
    """sum_{j != i} kappa(|x_i-x_j|^2) over the negatives of each row, (*batch, M), or their sum where ``batch.fold``."""
    keys = batch.keys(x)
    learned = any(isinstance(getattr(kernel, f.name), Tensor) for f in dataclasses.fields(kernel))
    small = not is_large(x.numel() * keys.points.shape[-2])
    learned = learned or torch.compiler.is_compiling()
    if keys.points is x and keys.ids is None and batch.fold and (small or not learned):
        return pair_energy(x, kernel, "ordered") if x.shape[-2] > 1 else 0 * x.sum((-2, -1))
    if small:
        return batch.total(_expression(x, kernel, keys, batch.row_ids))
    if learned:
        return batch.total(_recomputed(x, kernel, keys, batch.row_ids))
    row, key = _as_products(x, keys)
    return row_sums(KernelSum(kernel), row, [key], 1.0, batch)


def log_gaussian_sum(x: Tensor, t: float | Tensor, batch: Batch) -> Tensor:
    """log of the sum over ordered pairs of exp(-t |x_i-x_j|^2), j a negative of i, (*batch,): also where each of them is
    below what a float can be.  A number without a meaning where there are no negatives."""
    keys = batch.keys(x)
    if not is_large(x.numel() * keys.points.shape[-2]):
        if keys.points is x and keys.ids is None:  # each pair once
            i, j = torch.triu_indices(x.shape[-2], x.shape[-2], 1, device=x.device)
            return torch.logsumexp(-t * squared_distance(x[..., i, :], x[..., j, :]), -1) + math.log(2)
        r = pairwise_squared_distance(x, keys.points)
        mask = masks(x.shape[-2], keys, batch.row_ids)
        logits = -t * (without_own(r, keys.own) if mask is None else r)
        if mask is not None:
            logits = logits.masked_fill(mask, torch.finfo(x.dtype).min / 2)
        return batch.log_total(torch.logsumexp(logits, -1), batch.fold)
    if not isinstance(t, Tensor) and 4 * t <= _LINEAR and not torch.compiler.is_compiling():
        total = batch.everywhere(kernel_sums(x, Gaussian(t), replace(batch, reduction="sum")), batch.fold)
        # Only where there are no negatives at all; the logarithm of 0 has no derivative.
        return total.masked_fill(total == 0, 1.0).log()
    row, key = _as_products(x, keys)
    return batch.log_total(row_sums(LogSum(), row, [key], -t, batch.apart), batch.fold)


def _as_products(x: Tensor, keys: Keys) -> tuple[Tensor, Keys]:
    """Rows and keys whose products are |x|^2 + |y|^2 - 2 x.y, with two more columns."""
    ones, square = torch.ones_like(x[..., :1]), x.square().sum(-1, keepdim=True)
    y = keys.points
    key = torch.cat([y, torch.ones_like(y[..., :1]), y.square().sum(-1, keepdim=True)], -1)
    return torch.cat([-2 * x, square, ones], -1), Keys(key, keys.own, keys.ids)


def _expression(x: Tensor, kernel: Kernel, keys: Keys, ids: Tensor | None) -> Tensor:
    r = pairwise_squared_distance(x, keys.points)
    mask = masks(x.shape[-2], keys, ids)
    return kernel(without_own(r, keys.own)).sum(-1) if mask is None else KernelSum(kernel).value(r, mask)


def _recomputed(x: Tensor, kernel: Kernel, keys: Keys, ids: Tensor | None) -> Tensor:
    """By blocks of rows, each computed again where it is differentiated: a kernel that is learned is differentiated, too."""
    found = []
    for rows in blocks(x.shape[-2], x[..., :1, :].numel() * keys.points.shape[-2], x.is_cuda):
        some = Keys(keys.points, None if keys.own is None else keys.own + rows.start, keys.ids)
        own = None if ids is None else ids[rows]

        def block(part: Tensor, some: Keys = some, own: Tensor | None = own) -> Tensor:
            return _expression(part, kernel, some, own)

        found.append(checkpoint(block, x[..., rows, :], use_reentrant=False))
    return torch.cat(found, -1)
