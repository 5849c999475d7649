"""DHEL: negatives within a view alone.  Formula, module and facts."""

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


def dhel(
    anchors: Points, positives: Points, *, temperature: float = 0.1, two_view: bool = False, batch: Batch = ALONE
) -> Loss:
    """DHEL: mean_i -s_i/tau + log sum_{j!=i} exp(u_i.u_j/tau); two_view adds log sum_{j!=i} exp(v_i.v_j/tau).

    Negatives: other points of the same view; the positive is not in the denominator.  One-sided, or, in the two-view form,
    symmetric.  That one is of the authors' code, and not the mean of (U,V) and (V,U): the energy weighs twice.  "none": one
    value per pair.
    Source: Koromilas et al. 2024.  Minimum for M <= d+1 (B1): log(M-1) + q, two-view
    2 log(M-1) - (M+1)/((M-1) tau), at an aligned simplex.  At any M, positives equal to anchors are optimal for every fixed
    U (B3).
    """
    value = log_sums(anchors, [batch.keys(anchors), *batch.further], temperature, batch)
    value = value - batch.total((anchors * positives).sum(-1) / temperature)
    if two_view:
        value = value + log_sums(positives, [batch.keys(positives), *batch.further], temperature, batch)
    return batch.reduced(value, anchors)


class DHEL(PairLoss):
    __doc__ = dhel.__doc__
    hyperparameters = declaration(temperature=positive_number, two_view=switch)

    def __init__(
        self,
        temperature: Learnable = 0.1,
        two_view: bool = False,
        *,
        normalize: bool = True,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__(temperature=temperature, two_view=two_view, normalize=normalize, reduction=reduction)

    def formula(self, anchors: Tensor, positives: Tensor, batch: Batch = ALONE) -> Tensor:
        return dhel(anchors, positives, **self.options, batch=batch)

    def theory(self) -> SoftmaxFacts:
        return SoftmaxFacts(float(self.temperature), own=False, within=True, across=False, views=1 + self.two_view)
