"""DCL: no positive in the denominator.  Formula, module and facts."""

from __future__ import annotations

import torch
from torch import Tensor

from hyperenergy.geometry.sphere import Points
from hyperenergy.losses.base import shown
from hyperenergy.losses.checks import declaration, positive_number, switch
from hyperenergy.losses.facts import SoftmaxFacts
from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.log_space import Loss, relative_negatives, symmetrized


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
        return symmetrized(dcl, anchors, positives, temperature=temperature, within_view=within_view)
    a = relative_negatives(anchors, positives, cross=True, within=within_view) / temperature
    return torch.logsumexp(a, -1).mean(-1)


class DCL(PairLoss):
    __doc__ = dcl.__doc__
    hyperparameters = declaration(temperature=positive_number, within_view=switch, symmetric=switch)

    def __init__(self, temperature: float = 0.1, within_view: bool = True, symmetric: bool = False) -> None:
        super().__init__(temperature=temperature, within_view=within_view, symmetric=symmetric)

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return dcl(anchors, positives, **self.options)

    def theory(self) -> SoftmaxFacts:
        tau, within = float(self.temperature), self.within_view
        return SoftmaxFacts(tau, own=False, within=within, across=True, symmetrized=self.symmetric)

    @property
    def label(self) -> str:
        cross_only = "" if self.within_view else ", within_view=False"
        symmetric = ", symmetric=True" if self.symmetric else ""
        return f"DCL(temperature={shown(self.temperature)}{cross_only}{symmetric})"
