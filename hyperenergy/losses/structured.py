"""The formulas of the losses of labeled points and of several views, in log space and without argument checks.

Values have shape (*batch,), tau is the temperature.  As in ``formulas``, negatives enter relative to the positives, so
that a value of 1e-18 keeps full relative accuracy.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from hyperenergy.geometry.sphere import Points
from hyperenergy.losses.formulas import Loss, log_one_plus_exp, off_diagonal

Views = Float[Tensor, "*batch views points dim"]


def sup_con(features: Points, labels: Int[Tensor, "*batch points"], *, temperature: float = 0.1) -> Loss:
    """SupCon: mean over anchors i of the mean over the others p of i's class of
    -z_i.z_p/tau + log sum_{a!=i} exp(z_i.z_a/tau).

    features (*batch, M, dim) and labels, (M,) for all or (*batch, M).
    Source: Khosla et al. 2020, the form with the mean outside the logarithm.  Minimum for K <= d+1 classes of n (B7):
    log(n-1 + n(K-1) e^{-K/((K-1) tau)}), with collapsed classes on a simplex.
    """
    similarity = features @ features.mT
    x = off_diagonal(similarity) / temperature
    same = off_diagonal((labels.unsqueeze(-1) == labels.unsqueeze(-2)).expand_as(similarity))
    # Relative to the mean positive.  With a single one, the sum over positives is then exactly 1.
    x = x - (x.where(same, 0.0).sum(-1) / same.sum(-1)).unsqueeze(-1)
    # e^nothing is 0, also where a single class has no negatives at all, and unlike minus infinity it has derivatives.
    nothing = torch.finfo(x.dtype).min / 2
    attraction = torch.logsumexp(x.masked_fill(~same, nothing), -1)
    repulsion = torch.logsumexp(x.masked_fill(same, nothing), -1)
    return (attraction + log_one_plus_exp(repulsion - attraction)).mean(-1)


def multi_view_info_nce(views: Views, *, temperature: float = 0.1) -> Loss:
    """Multi-view InfoNCE: mean_i -log[ N_ii / sum_j N_ij ], N_ij the sum of exp(u_i^l.u_j^m/tau) over ordered pairs of
    views l != m.  The sum over j contains j = i.

    views (*batch, K, M, dim): row i of view l is u_i^l.
    Source: Koromilas et al. 2025 (arXiv 2507.06979).  Minimum for M <= d+1 (B10): log(1 + (M-1) e^q),
    q = -M/((M-1) tau), with coincident views on a simplex, whatever K.
    """
    x = torch.einsum("...lid,...mjd->...ijlm", views, views)
    log_N = torch.logsumexp(off_diagonal(x) / temperature, (-2, -1))
    relative = log_N - log_N.diagonal(dim1=-2, dim2=-1).unsqueeze(-1)
    return log_one_plus_exp(torch.logsumexp(off_diagonal(relative), -1)).mean(-1)


def multi_view_dhel(views: Views, *, temperature: float = 0.1) -> Loss:
    """Multi-view DHEL: mean_i -log[ sum_{l<m} exp(u_i^l.u_i^m/tau) / prod_l sum_{j!=i} exp(u_i^l.u_j^l/tau) ].

    views (*batch, K, M, dim): row i of view l is u_i^l.  Two views give two-view DHEL.
    Source: Koromilas et al. 2025 (arXiv 2507.06979).  Minimum for M <= d+1 (B10): -log(K(K-1)/2) - 1/tau +
    K [log(M-1) - 1/((M-1) tau)], with coincident views on a simplex.
    """
    first, second = torch.triu_indices(views.shape[-3], views.shape[-3], 1, device=views.device)
    s = (views[..., first, :, :] * views[..., second, :, :]).sum(-1)
    energy = torch.logsumexp(off_diagonal(views @ views.mT) / temperature, -1)
    return (energy.sum(-2) - torch.logsumexp(s / temperature, -2)).mean(-1)
