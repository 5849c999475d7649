"""Pair energies of a kernel, in bounded memory.

Pair conventions: "unordered" sums over i < j (the Thomson problem's), "ordered" over i != j (twice that), "mean" is
the average over pairs (the losses').
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from hyperenergy.energies import blockwise
from hyperenergy.energies.elementwise import DROPPED
from hyperenergy.errors import ArgumentError, unknown_name
from hyperenergy.geometry.sphere import Points, check_points, pairwise_squared_distance, tensor
from hyperenergy.kernels.base import Kernel

Pairs = Literal["unordered", "ordered", "mean"]


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
    X = tensor(X)
    check_points(X, "X")
    check_energy_arguments(kernel, pairs)
    return pair_energy(X, kernel, pairs)


def pair_energy(X: Points, kernel: Kernel, pairs: Pairs = "unordered") -> Float[Tensor, "*batch"]:
    """``energy`` without the checks.

    Small sums are one expression, differentiable to any order.  Larger ones go block by block, with the gradient computed on
    the way, so that memory stays bounded at any N; they are differentiable twice, and a third derivative is an error.
    """
    if X.dtype in (torch.float16, torch.bfloat16):  # whose sums leave the type long before their mean does
        return pair_energy(X.float(), kernel, pairs)
    points, dim = X.shape[-2:]
    weight = pair_weight(pairs, points)
    if X.numel() * points <= blockwise.block_size(X):
        return weight * _sum_in_one(X, kernel)
    wanted = X.requires_grad and torch.is_grad_enabled()
    sums, _ = blockwise.PairSums.apply(X.reshape(-1, points, dim), kernel, wanted)
    return weight * sums.reshape(X.shape[:-2])


def charged_sum(X: Points, kernel: Kernel, charges: Float[Tensor, " points"]) -> Float[Tensor, "*batch"]:
    """sum_{i != j} q_i q_j kappa(|x_i-x_j|^2): differentiable, in memory for all pairs; in bounded memory where no
    derivative is asked for."""
    if X.requires_grad or X.numel() * X.shape[-2] <= blockwise.block_size(X):
        return (_of_pairs(X, kernel) * (charges[:, None] * charges)).sum((-2, -1))
    points, dim = X.shape[-2:]
    return blockwise.sums(X.reshape(-1, points, dim), kernel, charges).reshape(X.shape[:-2])


def _sum_in_one(X: Points, kernel: Kernel) -> Float[Tensor, "*batch"]:
    """sum_{i != j} kappa(|x_i-x_j|^2)."""
    return _of_pairs(X, kernel).sum((-2, -1))


def _of_pairs(X: Points, kernel: Kernel) -> Float[Tensor, "*batch points points"]:
    """kappa(|x_i-x_j|^2), and 0 for a point with itself."""
    r = pairwise_squared_distance(X, X)
    own = torch.eye(X.shape[-2], dtype=torch.bool, device=r.device)
    return kernel(r.masked_fill(own, DROPPED)).masked_fill(own, 0.0)


def check_energy_arguments(kernel: object, pairs: str) -> None:
    """Raise ArgumentError unless ``kernel`` is a Kernel and ``pairs`` a pair convention."""
    if not isinstance(kernel, Kernel):
        raise ArgumentError("kernel", repr(kernel), "must be a kernel such as Gaussian(t=2) or Riesz(s=1)")
    pair_weight(pairs, 2)
