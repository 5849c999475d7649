"""InfoNCE of several views.  Formula, module and facts."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hyperenergy.losses.base import Reduction
from hyperenergy.losses.batch import ALONE, Batch
from hyperenergy.losses.checks import declaration, positive_number
from hyperenergy.losses.engine.sums import log_sums
from hyperenergy.losses.families import MultiViewLoss, Views
from hyperenergy.losses.learnable import Learnable
from hyperenergy.losses.log_space import Loss, log_one_plus_exp


def multi_view_info_nce(views: Views, *, temperature: float = 0.1, batch: Batch = ALONE) -> Loss:
    """Multi-view InfoNCE: mean_i -log[ N_ii / sum_j N_ij ], N_ij the sum of exp(u_i^l.u_j^m/tau) over ordered pairs of
    views l != m.  The sum over j contains j = i.

    views (*batch, K, M, dim): row i of view l is u_i^l.
    Negatives: other objects in the other views.  Symmetric in the views.  "none": one value per object.
    Source: Koromilas et al. 2025 (arXiv 2507.06979).  Minimum for M <= d+1 (B10): log(1 + (M-1) e^q),
    q = -M/((M-1) tau), with coincident views on a simplex, whatever K.
    """
    each = views.unbind(-3)
    K, M = len(each), views.shape[-2]
    first, second = torch.triu_indices(K, K, 1, device=views.device)
    s = (views[..., first, :, :] * views[..., second, :, :]).sum(-1) / temperature
    positive = torch.logsumexp(s, -2) + math.log(2)
    if M == 1 and batch.pairs(views) == 1:
        return batch.reduced(batch.total(0 * positive), views)
    # Each view's sums over the others, with the positives' as the unit: relative to them, or a small loss is lost in 1 + x.
    keys = [[batch.keys(y) for m, y in enumerate(each) if m != own] for own in range(K)]
    sums = [log_sums(x, others, temperature, batch.apart) for x, others in zip(each, keys, strict=True)]
    return batch.reduced(batch.total(log_one_plus_exp(torch.logsumexp(torch.stack(sums), 0) - positive)), views)


class MultiViewInfoNCE(MultiViewLoss):
    __doc__ = multi_view_info_nce.__doc__
    positive = True
    hyperparameters = declaration(temperature=positive_number)

    def __init__(self, temperature: Learnable = 0.1, *, normalize: bool = True, reduction: Reduction = "mean") -> None:
        super().__init__(temperature=temperature, normalize=normalize, reduction=reduction)

    def formula(self, views: Tensor, batch: Batch = ALONE) -> Tensor:
        return multi_view_info_nce(views, **self.options, batch=batch)
