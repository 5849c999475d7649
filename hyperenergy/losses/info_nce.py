"""InfoNCE.  Formula, module and facts."""

from __future__ import annotations

import torch
from torch import Tensor

from hyperenergy.geometry.sphere import Points
from hyperenergy.losses.checks import declaration, positive_number, switch
from hyperenergy.losses.facts import SoftmaxFacts
from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.log_space import (
    Loss,
    log_one_plus_exp,
    relative_negatives,
    symmetrized,
)


def info_nce(anchors: Points, positives: Points, *, temperature: float = 0.1, symmetric: bool = False) -> Loss:
    """InfoNCE: mean_i [ -s_i/tau + log sum_j exp(u_i.v_j/tau) ]; symmetric: the mean of (U,V) and (V,U).

    Source: van den Oord et al. 2018; symmetric as in CLIP (Radford et al. 2021).
    Minimum for M <= d+1 (B1): log(1 + (M-1) e^q), q = -M/((M-1) tau), at an aligned simplex.
    """
    if symmetric:
        return symmetrized(info_nce, anchors, positives, temperature=temperature)
    a = relative_negatives(anchors, positives, cross=True, within=False) / temperature
    return log_one_plus_exp(torch.logsumexp(a, -1)).mean(-1)


class InfoNCE(PairLoss):
    __doc__ = info_nce.__doc__
    positive = True
    hyperparameters = declaration(temperature=positive_number, symmetric=switch)

    def __init__(self, temperature: float = 0.1, symmetric: bool = False) -> None:
        super().__init__(temperature=temperature, symmetric=symmetric)

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return info_nce(anchors, positives, **self.options)

    def theory(self) -> SoftmaxFacts:
        return SoftmaxFacts(float(self.temperature), own=True, within=False, across=True, symmetrized=self.symmetric)
