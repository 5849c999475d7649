"""Pair energies of a kernel, in bounded memory.

Pair conventions: "unordered" sums over i < j (the Thomson problem's), "ordered" over i != j (twice that), "mean" is
the average over pairs (the losses').
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from hyperenergy import compiled
from hyperenergy.errors import ArgumentError, unknown_name
from hyperenergy.kernels import Kernel
from hyperenergy.sphere import Points, check_points, pairwise_squared_distance

Pairs = Literal["unordered", "ordered", "mean"]

# Numbers in the largest temporary of a sum: 2^18 float64 are 2 MiB, which a CPU's cache holds; a GPU wants more at once.
_BLOCK, _GPU_BLOCK = 2**18, 2**26
# Pairs times dimensions of one configuration from which compiled code repays its compilation.
_COMPILED = 10**9


def pair_weight(pairs: str, points: int) -> float:
    """What one ordered pair contributes: 1/2, 1 or 1/(N(N-1))."""
    weights = {"unordered": 0.5, "ordered": 1.0, "mean": 1.0 / (points * (points - 1))}
    if pairs not in weights:
        raise unknown_name("pairs", str(pairs), get_args(Pairs))
    return weights[pairs]


def energy(X: Points, kernel: Kernel, pairs: Pairs = "unordered") -> Float[Tensor, "*batch"]:
    """Energy of the configurations ``X`` of shape (*batch, points, dim), differentiable in X.

    Invariant under a common orthogonal map and under permutations of the points.  Coincident points under a singular
    kernel give +inf.  Raises ArgumentError unless the rows are at least two unit vectors.
    """
    check_points(X, "X")
    check_energy_arguments(kernel, pairs)
    return pair_energy(X, kernel, pairs)


def pair_energy(X: Points, kernel: Kernel, pairs: Pairs = "unordered") -> Float[Tensor, "*batch"]:
    """``energy`` without the checks.

    Small sums are one expression (differentiable to any order).  Larger ones go block by block, with the gradient
    accumulated on the way, so that memory stays bounded at any N.
    """
    points, dim = X.shape[-2:]
    weight = pair_weight(pairs, points)
    if X.numel() * points <= _block(X):
        return weight * _rows_energy(X, X, 0, kernel).sum(-1)
    sums = _BlockwiseEnergy.apply(X.reshape(-1, points, dim), kernel)
    return weight * sums.reshape(X.shape[:-2])


def _rows_energy(rows: Points, X: Points, offset: int, kernel: Kernel) -> Float[Tensor, "*batch rows"]:
    """sum_{j != i} kappa(|x_i-x_j|^2) for the rows i = offset, offset+1, ... of X."""
    r = pairwise_squared_distance(rows, X)
    own = torch.zeros(r.shape[-2:], dtype=torch.bool, device=r.device)
    own.diagonal(offset).fill_(True)
    # 4, the antipode, is a harmless place to evaluate the kernel where the pair is dropped afterwards.
    return kernel(r.masked_fill(own, 4.0)).masked_fill(own, 0.0).sum(-1)


def _block(X: Tensor) -> int:
    return _GPU_BLOCK if X.is_cuda else _BLOCK


def _blocks(X: Tensor) -> Iterator[tuple[slice, slice]]:
    """Configurations and rows of one block: several whole configurations, or some rows of one."""
    batch, points, dim = X.shape
    together = max(1, _block(X) // (points * points * dim))
    rows = points if together > 1 else max(1, _block(X) // (points * dim))
    for first in range(0, batch, together):
        for start in range(0, points, rows):
            yield slice(first, first + together), slice(start, start + rows)


class _BlockwiseEnergy(torch.autograd.Function):
    """Sums over ordered pairs of configurations (batch, points, dim), and their gradient, one block at a time."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Kernel) -> Tensor:
        total = x.new_zeros(len(x))
        gradient = torch.zeros_like(x) if x.requires_grad else None
        if x.device.type == "cpu" and x.dtype == torch.float64 and x[0].numel() * x.shape[1] >= _COMPILED:
            if compiled.available() and compiled.readable(kernel):
                for k in range(len(x)):
                    total[k], forces = compiled.pair_sum(x[k].detach(), kernel)
                    if gradient is not None:
                        gradient[k] = forces
                ctx.save_for_backward(*([gradient] if gradient is not None else []))
                return total
        for some, rows in _blocks(x):
            with torch.enable_grad():
                block = x[some, rows].detach().requires_grad_(gradient is not None)
                value = _rows_energy(block, x[some].detach(), rows.start, kernel).sum(-1)
                if gradient is not None:
                    # kappa is symmetric: the derivative with respect to x_i as a row is half of the whole.
                    gradient[some, rows] = 2 * torch.autograd.grad(value.sum(), block)[0]
            total[some] += value.detach()
        if gradient is not None:
            ctx.save_for_backward(gradient)
        return total

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None]:
        (gradient,) = ctx.saved_tensors
        return upstream[0][:, None, None] * gradient, None


def check_energy_arguments(kernel: object, pairs: str) -> None:
    """Raise ArgumentError unless ``kernel`` is a Kernel and ``pairs`` a pair convention."""
    if not isinstance(kernel, Kernel):
        raise ArgumentError("kernel", repr(kernel), "must be a kernel such as Gaussian(t=2) or Riesz(s=1)")
    pair_weight(pairs, 2)
