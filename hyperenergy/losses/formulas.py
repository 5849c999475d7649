"""The formulas of the losses, in log space and without argument checks.

U (anchors) and V (positives) have shape (*batch, M, dim), rows of unit norm; the value has shape (*batch,).
s_i = u_i.v_i, tau the temperature.  Negatives enter relative to s_i: with a = logsumexp over the negatives of
(similarity - s_i)/tau, a softmax loss is log(1 + e^a) and a decoupled one is a.  So written, a loss of 1e-18 keeps
full relative accuracy, and none overflows at small temperatures.

Source of the table: Koromilas et al., "Bridging Mini-Batch and Asymptotic Analysis in Contrastive Learning"
(ICML 2024, arXiv 2405.18045), and the paper named per loss.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from hyperenergy.arithmetic.namespaces import TorchNamespace
from hyperenergy.energies.energy import pair_energy
from hyperenergy.geometry.sphere import Points, squared_distance
from hyperenergy.kernels import Kernel

Loss = Float[Tensor, "*batch"]


def off_diagonal(square: Tensor) -> Tensor:
    """The entries x_ij, j != i, of M x M matrices, shape (*batch, M, M-1).

    Left out, not filled in: minus infinity on the diagonal makes every derivative that reaches it 0 * inf, not a number.
    """
    M = square.shape[-1]
    # In row-major order the diagonal is the first of every M + 1 entries.
    rest = square.flatten(-2)[..., 1:].unflatten(-1, (M - 1, M + 1))[..., :-1]
    return rest.flatten(-2).unflatten(-1, (M, M - 1))


def _relative_negatives(U: Points, V: Points, *, cross: bool, within: bool) -> Tensor:
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


def _log_sum_exp_within(U: Points, temperature: float) -> Tensor:
    """log sum_{j != i} exp(u_i.u_j / tau), shape (*batch, M)."""
    return torch.logsumexp(off_diagonal(U @ U.mT) / temperature, -1)


def info_nce(anchors: Points, positives: Points, *, temperature: float = 0.1, symmetric: bool = False) -> Loss:
    """InfoNCE: mean_i [ -s_i/tau + log sum_j exp(u_i.v_j/tau) ]; symmetric: the mean of (U,V) and (V,U).

    Source: van den Oord et al. 2018; symmetric as in CLIP (Radford et al. 2021).
    Minimum for M <= d+1 (B1): log(1 + (M-1) e^q), q = -M/((M-1) tau), at an aligned simplex.
    """
    if symmetric:
        return _symmetrized(info_nce, anchors, positives, temperature=temperature)
    a = _relative_negatives(anchors, positives, cross=True, within=False) / temperature
    return log_one_plus_exp(torch.logsumexp(a, -1)).mean(-1)


def sim_clr(anchors: Points, positives: Points, *, temperature: float = 0.1) -> Loss:
    """SimCLR, one-sided: mean_i -s_i/tau + log[ sum_j exp(u_i.v_j/tau) + sum_{j!=i} exp(u_i.u_j/tau) ].

    Source: Chen et al. 2020.  Minimum for M <= d+1 (B1): log(1 + 2(M-1) e^q).
    """
    a = _relative_negatives(anchors, positives, cross=True, within=True) / temperature
    return log_one_plus_exp(torch.logsumexp(a, -1)).mean(-1)


def nt_xent(anchors: Points, positives: Points, *, temperature: float = 0.1) -> Loss:
    """NT-Xent: SimCLR averaged over all 2M anchors, (U,V) and (V,U).  Source and minimum: those of ``sim_clr``."""
    return _symmetrized(sim_clr, anchors, positives, temperature=temperature)


def dcl(
    anchors: Points,
    positives: Points,
    *,
    temperature: float = 0.1,
    within_view: bool = True,
    symmetric: bool = False,
) -> Loss:
    """DCL: SimCLR without the positive in the denominator; ``within_view=False`` drops the within-view sum too.

    Source: Yeh et al. 2022.  Minimum for M <= d+1 (B1): log(2(M-1)) + q, cross-view only log(M-1) + q.
    """
    if symmetric:
        return _symmetrized(dcl, anchors, positives, temperature=temperature, within_view=within_view)
    a = _relative_negatives(anchors, positives, cross=True, within=within_view) / temperature
    return torch.logsumexp(a, -1).mean(-1)


def dhel(anchors: Points, positives: Points, *, temperature: float = 0.1, two_view: bool = False) -> Loss:
    """DHEL: mean_i -s_i/tau + log sum_{j!=i} exp(u_i.u_j/tau); two_view adds log sum_{j!=i} exp(v_i.v_j/tau).

    The two-view form is that of the authors' code.  It is not the mean of (U,V) and (V,U): the energy weighs twice.
    Source: Koromilas et al. 2024.  Minimum for M <= d+1 (B1): log(M-1) + q, two-view
    2 log(M-1) - (M+1)/((M-1) tau).  At any M, positives equal to anchors are optimal for every fixed U (B3).
    """
    s = (anchors * positives).sum(-1)
    value = _log_sum_exp_within(anchors, temperature) - s / temperature
    if two_view:
        value = value + _log_sum_exp_within(positives, temperature)
    return value.mean(-1)


def kcl(
    anchors: Points,
    positives: Points,
    *,
    kernel: Kernel,
    gamma: float = 16.0,
    alignment_kernel: Kernel | None = None,
    two_view: bool = False,
) -> Loss:
    """KCL: -mean_i K_A(u_i,v_i) + gamma mean_{i!=j} K_U(u_i,u_j), K_A = K_U = ``kernel`` unless given.

    two_view, the form of the authors' code: -2 mean K_A + gamma (mean_{i!=j} K_U(u) + mean_{i!=j} K_U(v)).
    Source: Koromilas et al. 2024; minima: B2.  The expected value does not depend on M (E3).
    """
    alignment = -(alignment_kernel or kernel)(squared_distance(anchors, positives)).mean(-1)
    uniformity = pair_energy(anchors, kernel, "mean")
    if two_view:
        return 2 * alignment + gamma * (uniformity + pair_energy(positives, kernel, "mean"))
    return alignment + gamma * uniformity


def phi_psi(
    anchors: Points,
    positives: Points,
    *,
    phi: Callable[[Tensor], Tensor],
    psi: Callable[[Tensor], Tensor],
    negatives: Literal["within", "cross"] = "within",
) -> Loss:
    """The (phi,psi)-family: mean_i phi( sum_{j!=i} psi(x_ij - s_i) ), x_ij = u_i.u_j (within) or u_i.v_j (cross).

    phi and psi act elementwise on tensors and increase.  DHEL is phi = log, psi = exp(./tau).
    Source: Tian 2022.  Minimum for M <= d+1, psi convex (B1): phi((M-1) psi(-M/(M-1))).
    """
    within = negatives == "within"
    x = _relative_negatives(anchors, positives, cross=not within, within=within)
    return phi(psi(x).sum(-1)).mean(-1)


def align_uniform(
    anchors: Points, positives: Points, *, alpha: float = 2.0, t: float = 2.0, weight: float = 1.0
) -> Loss:
    """Alignment and uniformity: mean |u_i-v_i|^alpha + weight * log mean_{i<j} exp(-t r_ij), the latter averaged over
    the two views.

    Source: Wang and Isola 2020.  Minimum for M <= d+1 (B1): -2 weight t M/(M-1).
    """
    alignment = distance_power(squared_distance(anchors, positives), alpha).mean(-1)
    return alignment + weight * (uniformity(anchors, t=t) + uniformity(positives, t=t)) / 2


def distance_power(r: Tensor, alpha: float | Tensor) -> Tensor:
    """|x-y|^alpha from r = |x-y|^2, with derivative 0 in r and in a learnable alpha where the points coincide."""
    if not isinstance(alpha, Tensor):
        return TorchNamespace.power(r, alpha / 2)
    apart = r > 0
    return torch.where(apart, torch.where(apart, r, 1.0) ** (alpha / 2), 0.0)


def uniformity(X: Points, *, t: float) -> Loss:
    """log mean_{i<j} exp(-t |x_i-x_j|^2) in log space.  Source: Wang and Isola 2020."""
    points = X.shape[-2]
    i, j = torch.triu_indices(points, points, 1, device=X.device)
    r = squared_distance(X[..., i, :], X[..., j, :])
    return torch.logsumexp(-t * r, -1) - math.log(points * (points - 1) / 2)


def spectral_contrastive(anchors: Points, positives: Points) -> Loss:
    """Spectral contrastive loss: -2 mean s_i + mean_{i!=j} (u_i.v_j)^2.

    Source: HaoChen et al. 2021.  x^2 does not increase in the similarity, so B1 does not apply: orthonormal sets beat
    the simplex (F2).
    """
    M = anchors.shape[-2]
    similarity = anchors @ positives.mT
    s = similarity.diagonal(dim1=-2, dim2=-1)
    return off_diagonal(similarity).square().sum((-2, -1)) / (M * (M - 1)) - 2 * s.mean(-1)


def sig_lip(anchors: Points, positives: Points, *, scale: float = 10.0, bias: float = -10.0) -> Loss:
    """SigLIP: mean_i [ softplus(-x_ii) + sum_{j!=i} softplus(x_ij) ], with logits x_ij = scale u_i.v_j + bias.

    The sum over all M^2 pairs is divided by M.  Where the literature writes logits t u_i.v_j - b, b is -bias.
    Source: Zhai et al. 2023.  Minimum for M <= d (B9): that of a function of one variable; see ``theorems.structured``.
    """
    logits = scale * (anchors @ positives.mT) + bias
    positive = log_one_plus_exp(-logits.diagonal(dim1=-2, dim2=-1))
    return (positive + log_one_plus_exp(off_diagonal(logits)).sum(-1)).mean(-1)


def _symmetrized(loss: Callable[..., Tensor], U: Points, V: Points, **options: object) -> Tensor:
    """The mean of loss(U, V) and loss(V, U)."""
    return (loss(U, V, **options) + loss(V, U, **options)) / 2
