"""SupCon: positives by label.  Formula, module and facts."""

from __future__ import annotations

import torch
from jaxtyping import Int
from torch import Tensor

from hyperenergy.geometry.sphere import Points
from hyperenergy.losses.checks import declaration, positive_number
from hyperenergy.losses.families import LabeledLoss
from hyperenergy.losses.log_space import Loss, log_one_plus_exp, off_diagonal


def sup_con(features: Points, labels: Int[Tensor, "*labeled points"], *, temperature: float = 0.1) -> Loss:
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


class SupCon(LabeledLoss):
    __doc__ = sup_con.__doc__
    positive = True
    hyperparameters = declaration(temperature=positive_number)

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__(temperature=temperature)

    def formula(self, features: Tensor, labels: Tensor) -> Tensor:
        return sup_con(features, labels, **self.options)
