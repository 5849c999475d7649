"""DCL: no positive in the denominator.  Formula, module and facts."""

from __future__ import annotations

import torch
from torch import Tensor

from hyperenergy.geometry.sphere import Points
from hyperenergy.losses.base import Reduction, shown
from hyperenergy.losses.batch import ALONE, Batch, Keys
from hyperenergy.losses.checks import declaration, positive_number, switch
from hyperenergy.losses.engine.sums import log_sums
from hyperenergy.losses.facts import SoftmaxFacts
from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.learnable import Learnable
from hyperenergy.losses.log_space import Loss


def dcl(
    anchors: Points,
    positives: Points,
    *,
    temperature: float = 0.1,
    within_view: bool = True,
    symmetric: bool = False,
    batch: Batch = ALONE,
) -> Loss:
    """DCL: mean_i -s_i/tau + log[ sum_{j!=i} exp(u_i.v_j/tau) + sum_{j!=i} exp(u_i.u_j/tau) ]; symmetric: the mean of (U,V)
    and (V,U).

    Negatives: all other points of both views, ``within_view=False``: of the other view alone; the positive is not in the
    denominator.  "none": one value per anchor, symmetric 2M.
    Source: Yeh et al. 2022.  Minimum for M <= d+1 (B1): log(2(M-1)) + q, cross-view only log(M-1) + q, at an aligned
    simplex; beyond, the one-sided form is paid for pulling positives apart (B5).
    """
    if symmetric and within_view and batch.stackable(anchors):
        z, s = torch.cat([anchors, positives], -2), (anchors * positives).sum(-1)
        energies = log_sums(z, [Keys(z, 0, None, anchors.shape[-2])], temperature, batch)
        value = energies - batch.total(torch.cat([s, s], -1) / temperature)
        return value / 2 / anchors.shape[-2] if batch.reduction == "mean" else value
    if symmetric:
        return batch.both(dcl, anchors, positives, temperature=temperature, within_view=within_view)
    energy = repulsion(anchors, positives, temperature, within_view, batch)
    return batch.reduced(energy - batch.total((anchors * positives).sum(-1) / temperature), anchors)


def repulsion(u: Points, v: Points, temperature: float, within_view: bool, batch: Batch) -> Tensor:
    """The logarithm of DCL for each anchor, or their sum."""
    within = [batch.keys(u)] if within_view else []
    return log_sums(u, [batch.keys(v), *within, *batch.further], temperature, batch)


class DCL(PairLoss):
    __doc__ = dcl.__doc__
    hyperparameters = declaration(temperature=positive_number, within_view=switch, symmetric=switch)

    def __init__(
        self,
        temperature: Learnable = 0.1,
        within_view: bool = True,
        symmetric: bool = False,
        *,
        normalize: bool = True,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__(
            temperature=temperature,
            within_view=within_view,
            symmetric=symmetric,
            normalize=normalize,
            reduction=reduction,
        )

    def formula(self, anchors: Tensor, positives: Tensor, batch: Batch = ALONE) -> Tensor:
        return dcl(anchors, positives, **self.options, batch=batch)

    def theory(self) -> SoftmaxFacts:
        tau, within = float(self.temperature), self.within_view
        return SoftmaxFacts(tau, own=False, within=within, across=True, symmetrized=self.symmetric)

    @property
    def label(self) -> str:
        cross_only = "" if self.within_view else ", within_view=False"
        symmetric = ", symmetric=True" if self.symmetric else ""
        return f"DCL(temperature={shown(self.temperature)}{cross_only}{symmetric})"
