"""Sums over pairs in single precision: each pair once, by blocks of rows with the points from there on.

With r = |x_i|^2 + |x_j|^2 - 2 x_i.x_j, and w = kappa'(r), the gradient of the sum over ordered pairs is
4 sum_j w_ij (x_i - x_j): two products of matrices, whose round-off is that of the points.
"""

from __future__ import annotations

import torch
from torch import Tensor

from hyperenergy.energies.elementwise import DROPPED, derivatives, refine_close
from hyperenergy.kernels.base import Kernel

# Numbers of a block, and its most rows: several of its size have to find room in the caches of a CPU.
_BLOCK, _GPU_BLOCK, _MOST_ROWS = 2**20, 2**27, 512
# In fewer dimensions a pass per coordinate is as cheap as a product, and exact.
_FEW = 8


def suits(x: Tensor) -> bool:
    return x.dtype == torch.float32 and x.shape[-1] > _FEW


def sums(x: Tensor, kernel: Kernel, forces: Tensor | None) -> Tensor:
    """Sums over ordered pairs of the configurations x (batch, points, dim), (batch,); their gradients go to ``forces``."""
    return torch.stack([_one(x[k], kernel, None if forces is None else forces[k]) for k in range(len(x))])


def _one(x: Tensor, kernel: Kernel, forces: Tensor | None) -> Tensor:
    points = len(x)
    careful = kernel.singular or kernel.kinked
    square = x.square().sum(-1, keepdim=True)
    ones = torch.ones_like(square)
    left, right = torch.cat([-2 * x, square, ones], -1), torch.cat([x, ones, square], -1)
    total = x.new_zeros((), dtype=torch.float64)
    pulls = torch.zeros_like(x) if forces is not None else None
    start = 0
    while start < points:
        size = max(1, min(_MOST_ROWS, (_GPU_BLOCK if x.is_cuda else _BLOCK) // (points - start)))
        rows = slice(start, min(start + size, points))
        count, rest = rows.stop - start, slice(rows.stop, points)
        r = (left[rows] @ right[start:].mT).clamp_(min=0)
        close = refine_close(r, x[rows], x[start:]) if careful else []
        r.diagonal().fill_(DROPPED)
        found = derivatives(kernel, r, 0 if pulls is None else 1)
        for matrix in found:
            matrix.diagonal().fill_(0.0)
        value = found[0]
        total += value[:, :count].sum(dtype=torch.float64) + 2 * value[:, count:].sum(dtype=torch.float64)
        if pulls is not None:
            w = found[1]
            some, others = x[rows], x[start:]
            if close is None:
                for k in range(x.shape[-1]):
                    e = (some[:, k, None] - others[None, :, k]).mul_(w)
                    pulls[rows, k] += e.sum(1)
                    pulls[rest, k] -= e[:, count:].sum(0)
            else:
                for i, j in close:
                    e = w[i, j, None] * (some[i] - others[j])
                    w[i, j] = 0.0
                    pulls[rows].index_add_(0, i, e)
                    late = j >= count
                    pulls[start:].index_add_(0, j[late], e[late], alpha=-1)
                pulls[rows] += w.sum(1, keepdim=True) * some - w @ others
                w = w[:, count:]
                pulls[rest] += w.sum(0).unsqueeze(-1) * x[rest] - w.mT @ some
        start = rows.stop
    if forces is not None and pulls is not None:
        torch.mul(pulls, 4, out=forces)
    return total.to(x.dtype)
