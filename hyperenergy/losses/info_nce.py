"""InfoNCE.  Formula, module and facts."""

from __future__ import annotations

from torch import Tensor

from hyperenergy.geometry.sphere import Points
from hyperenergy.losses.base import Reduction
from hyperenergy.losses.batch import ALONE, Batch
from hyperenergy.losses.checks import declaration, positive_number, switch
from hyperenergy.losses.engine.sums import log_sums
from hyperenergy.losses.facts import SoftmaxFacts
from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.learnable import Learnable
from hyperenergy.losses.log_space import Loss


def info_nce(
    anchors: Points, positives: Points, *, temperature: float = 0.1, symmetric: bool = False, batch: Batch = ALONE
) -> Loss:
    """InfoNCE: mean_i [ -s_i/tau + log sum_j exp(u_i.v_j/tau) ]; symmetric: the mean of (U,V) and (V,U).

    Negatives: the positives v_j, j != i, of other pairs; the positive is in the denominator.  "none": one value per anchor,
    symmetric 2M, those of U and then those of V.
    Source: van den Oord et al. 2018; symmetric as in CLIP (Radford et al. 2021).
    Minimum for M <= d+1 (B1): log(1 + (M-1) e^q), q = -M/((M-1) tau), at an aligned simplex.
    """
    if symmetric:
        return batch.both(info_nce, anchors, positives, temperature=temperature)
    s = (anchors * positives).sum(-1)
    value = log_sums(anchors, [batch.keys(positives), *batch.further], temperature, batch, shift=s, own=True)
    return batch.reduced(value, anchors)


class InfoNCE(PairLoss):
    __doc__ = info_nce.__doc__
    positive = True
    hyperparameters = declaration(temperature=positive_number, symmetric=switch)

    def __init__(
        self,
        temperature: Learnable = 0.1,
        symmetric: bool = False,
        *,
        normalize: bool = True,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__(temperature=temperature, symmetric=symmetric, normalize=normalize, reduction=reduction)

    def formula(self, anchors: Tensor, positives: Tensor, batch: Batch = ALONE) -> Tensor:
        return info_nce(anchors, positives, **self.options, batch=batch)

    def theory(self) -> SoftmaxFacts:
        return SoftmaxFacts(float(self.temperature), own=True, within=False, across=True, symmetrized=self.symmetric)
