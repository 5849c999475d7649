"""SimCLR, one-sided.  Formula, module and facts."""

from __future__ import annotations

from torch import Tensor

from hyperenergy.geometry.sphere import Points
from hyperenergy.losses.base import Reduction
from hyperenergy.losses.batch import ALONE, Batch
from hyperenergy.losses.checks import declaration, positive_number
from hyperenergy.losses.engine.sums import log_sums
from hyperenergy.losses.facts import SoftmaxFacts
from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.learnable import Learnable
from hyperenergy.losses.log_space import Loss


def sim_clr(anchors: Points, positives: Points, *, temperature: float = 0.1, batch: Batch = ALONE) -> Loss:
    """SimCLR, one-sided: mean_i -s_i/tau + log[ sum_j exp(u_i.v_j/tau) + sum_{j!=i} exp(u_i.u_j/tau) ].

    Negatives: all other points of both views; the positive is in the denominator.  Not symmetric: see NT-Xent.  "none": one
    value per anchor.
    Source: Chen et al. 2020.  Minimum for M <= d+1 (B1): log(1 + 2(M-1) e^q), at an aligned simplex.
    """
    s = (anchors * positives).sum(-1)
    keys = [batch.keys(positives), batch.keys(anchors), *batch.further]
    return batch.reduced(log_sums(anchors, keys, temperature, batch, shift=s, own=True), anchors)


class SimCLR(PairLoss):
    __doc__ = sim_clr.__doc__
    positive = True
    hyperparameters = declaration(temperature=positive_number)

    def __init__(self, temperature: Learnable = 0.1, *, normalize: bool = True, reduction: Reduction = "mean") -> None:
        super().__init__(temperature=temperature, normalize=normalize, reduction=reduction)

    def formula(self, anchors: Tensor, positives: Tensor, batch: Batch = ALONE) -> Tensor:
        return sim_clr(anchors, positives, **self.options, batch=batch)

    def theory(self) -> SoftmaxFacts:
        return SoftmaxFacts(float(self.temperature), own=True, within=True, across=True)
