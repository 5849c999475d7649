"""SimCLR, one-sided.  Formula, module and facts."""

from __future__ import annotations

import torch
from torch import Tensor

from hyperenergy.geometry.sphere import Points
from hyperenergy.losses.checks import declaration, positive_number
from hyperenergy.losses.facts import SoftmaxFacts
from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.log_space import Loss, log_one_plus_exp, relative_negatives


def sim_clr(anchors: Points, positives: Points, *, temperature: float = 0.1) -> Loss:
    """SimCLR, one-sided: mean_i -s_i/tau + log[ sum_j exp(u_i.v_j/tau) + sum_{j!=i} exp(u_i.u_j/tau) ].

    Source: Chen et al. 2020.  Minimum for M <= d+1 (B1): log(1 + 2(M-1) e^q).
    """
    a = relative_negatives(anchors, positives, cross=True, within=True) / temperature
    return log_one_plus_exp(torch.logsumexp(a, -1)).mean(-1)


class SimCLR(PairLoss):
    __doc__ = sim_clr.__doc__
    positive = True
    hyperparameters = declaration(temperature=positive_number)

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__(temperature=temperature)

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return sim_clr(anchors, positives, **self.options)

    def theory(self) -> SoftmaxFacts:
        return SoftmaxFacts(float(self.temperature), own=True, within=True, across=True)
