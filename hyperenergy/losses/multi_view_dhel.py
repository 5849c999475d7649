"""DHEL of several views.  Formula, module and facts."""

from __future__ import annotations

import torch
from torch import Tensor

from hyperenergy.losses.base import Reduction
from hyperenergy.losses.batch import ALONE, Batch
from hyperenergy.losses.checks import declaration, positive_number
from hyperenergy.losses.engine.sums import log_sums
from hyperenergy.losses.families import MultiViewLoss, Views
from hyperenergy.losses.learnable import Learnable
from hyperenergy.losses.log_space import Loss


def multi_view_dhel(views: Views, *, temperature: float = 0.1, batch: Batch = ALONE) -> Loss:
    """Multi-view DHEL: mean_i -log[ sum_{l<m} exp(u_i^l.u_i^m/tau) / prod_l sum_{j!=i} exp(u_i^l.u_j^l/tau) ].

    views (*batch, K, M, dim): row i of view l is u_i^l.  Two views give two-view DHEL.
    Negatives: other objects in the same view.  Symmetric in the views.  "none": one value per object.
    Source: Koromilas et al. 2025 (arXiv 2507.06979).  Minimum for M <= d+1 (B10): -log(K(K-1)/2) - 1/tau +
    K [log(M-1) - 1/((M-1) tau)], with coincident views on a simplex.
    """
    first, second = torch.triu_indices(views.shape[-3], views.shape[-3], 1, device=views.device)
    s = (views[..., first, :, :] * views[..., second, :, :]).sum(-1)
    energies = [log_sums(x, [batch.keys(x)], temperature, batch) for x in views.unbind(-3)]
    value = torch.stack(energies).sum(0) - batch.total(torch.logsumexp(s / temperature, -2))
    return batch.reduced(value, views)


class MultiViewDHEL(MultiViewLoss):
    __doc__ = multi_view_dhel.__doc__
    hyperparameters = declaration(temperature=positive_number)

    def __init__(self, temperature: Learnable = 0.1, *, normalize: bool = True, reduction: Reduction = "mean") -> None:
        super().__init__(temperature=temperature, normalize=normalize, reduction=reduction)

    def formula(self, views: Tensor, batch: Batch = ALONE) -> Tensor:
        return multi_view_dhel(views, **self.options, batch=batch)
