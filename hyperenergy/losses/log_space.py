"""How the formulas of the losses are written: in log space and without argument checks.

U (anchors) and V (positives) have shape (*batch, M, dim), rows of unit norm; the value has shape (*batch,).
s_i = u_i.v_i, tau the temperature.  Negatives enter relative to s_i: with a = logsumexp over the negatives of
(similarity - s_i)/tau, a softmax loss is log(1 + e^a) and a decoupled one is a.  So written, a loss of 1e-18 keeps
full relative accuracy, and none overflows at small temperatures.

Source of the table: Koromilas et al., "Bridging Mini-Batch and Asymptotic Analysis in Contrastive Learning"
(ICML 2024, arXiv 2405.18045), and the paper named per loss.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from hyperenergy.geometry.sphere import Points

Loss = Float[Tensor, "*batch"]


def off_diagonal(square: Tensor) -> Tensor:
    """The entries x_ij, j != i, of M x M matrices, shape (*batch, M, M-1).

    Left out, not filled in: minus infinity on the diagonal makes every derivative that reaches it 0 * inf, not a number.
    """
    M = square.shape[-1]
    # In row-major order the diagonal is the first of every M + 1 entries.
    rest = square.flatten(-2)[..., 1:].unflatten(-1, (M - 1, M + 1))[..., :-1]
    return rest.flatten(-2).unflatten(-1, (M, M - 1))


def relative_negatives(U: Points, V: Points, *, cross: bool, within: bool) -> Tensor:
    """u_i.x_j - s_i for the negatives x_j of anchor i: v_j (cross) and/or u_j (within), j != i; shape (*batch, M, K)."""
    cross_similarity = U @ V.mT
    s = cross_similarity.diagonal(dim1=-2, dim2=-1).unsqueeze(-1)
    parts = []
    if cross:
        parts.append(off_diagonal(cross_similarity) - s)
    if within:
        parts.append(off_diagonal(U @ U.mT) - s)
    return torch.cat(parts, -1)


def log_one_plus_exp(a: Tensor) -> Tensor:
    """log(1 + e^a) for every a.  Beyond 40 it is a to round-off of any type; torch's own threshold of 20 costs digits.
    Not by logaddexp, whose second derivative is not a number below -710."""
    return torch.nn.functional.softplus(a, threshold=40.0)


def log_sum_exp_within(U: Points, temperature: float) -> Tensor:
    """log sum_{j != i} exp(u_i.u_j / tau), shape (*batch, M)."""
    return torch.logsumexp(off_diagonal(U @ U.mT) / temperature, -1)


def symmetrized(loss: Callable[..., Tensor], U: Points, V: Points, **options: object) -> Tensor:
    """The mean of loss(U, V) and loss(V, U)."""
    return (loss(U, V, **options) + loss(V, U, **options)) / 2
