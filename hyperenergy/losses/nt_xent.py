"""NT-Xent, SimCLR over all anchors.  Formula, module and facts."""

from __future__ import annotations

import torch
from torch import Tensor

from hyperenergy.geometry.sphere import Points
from hyperenergy.losses.base import Reduction
from hyperenergy.losses.batch import ALONE, Batch, Keys
from hyperenergy.losses.checks import declaration, positive_number
from hyperenergy.losses.engine.sums import log_sums
from hyperenergy.losses.facts import SoftmaxFacts
from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.learnable import Learnable
from hyperenergy.losses.log_space import Loss
from hyperenergy.losses.sim_clr import sim_clr


def nt_xent(anchors: Points, positives: Points, *, temperature: float = 0.1, batch: Batch = ALONE) -> Loss:
    """NT-Xent: SimCLR averaged over all 2M anchors, (U,V) and (V,U), so symmetric.

    "none": 2M values, of the anchors U and then of V.  Source and minimum: those of ``sim_clr``.
    """
    if batch.stackable(anchors):
        z, s = torch.cat([anchors, positives], -2), (anchors * positives).sum(-1)
        both = torch.cat([s, s], -1)
        value = log_sums(z, [Keys(z, 0, None, anchors.shape[-2])], temperature, batch, shift=both, own=True)
        return value / 2 / anchors.shape[-2] if batch.reduction == "mean" else value
    return batch.both(sim_clr, anchors, positives, temperature=temperature)


class NTXent(PairLoss):
    __doc__ = nt_xent.__doc__
    positive = True
    hyperparameters = declaration(temperature=positive_number)

    def __init__(self, temperature: Learnable = 0.1, *, normalize: bool = True, reduction: Reduction = "mean") -> None:
        super().__init__(temperature=temperature, normalize=normalize, reduction=reduction)

    def formula(self, anchors: Tensor, positives: Tensor, batch: Batch = ALONE) -> Tensor:
        return nt_xent(anchors, positives, **self.options, batch=batch)

    def theory(self) -> SoftmaxFacts:
        return SoftmaxFacts(float(self.temperature), own=True, within=True, across=True, symmetrized=True)
