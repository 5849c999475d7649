"""InfoNCE of several views.  Formula, module and facts."""

from __future__ import annotations

import torch
from torch import Tensor

from hyperenergy.losses.checks import declaration, positive_number
from hyperenergy.losses.families import MultiViewLoss, Views
from hyperenergy.losses.log_space import Loss, log_one_plus_exp, off_diagonal


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


class MultiViewInfoNCE(MultiViewLoss):
    __doc__ = multi_view_info_nce.__doc__
    positive = True
    hyperparameters = declaration(temperature=positive_number)

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__(temperature=temperature)

    def formula(self, views: Tensor) -> Tensor:
        return multi_view_info_nce(views, **self.options)
