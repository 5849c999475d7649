"""DHEL: negatives within a view alone.  Formula, module and facts."""

from __future__ import annotations

from torch import Tensor

from hyperenergy.geometry.sphere import Points
from hyperenergy.losses.checks import declaration, positive_number, switch
from hyperenergy.losses.facts import SoftmaxFacts
from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.log_space import Loss, log_sum_exp_within


def dhel(anchors: Points, positives: Points, *, temperature: float = 0.1, two_view: bool = False) -> Loss:
    """DHEL: mean_i -s_i/tau + log sum_{j!=i} exp(u_i.u_j/tau); two_view adds log sum_{j!=i} exp(v_i.v_j/tau).

    The two-view form is that of the authors' code.  It is not the mean of (U,V) and (V,U): the energy weighs twice.
    Source: Koromilas et al. 2024.  Minimum for M <= d+1 (B1): log(M-1) + q, two-view
    2 log(M-1) - (M+1)/((M-1) tau).  At any M, positives equal to anchors are optimal for every fixed U (B3).
    """
    s = (anchors * positives).sum(-1)
    value = log_sum_exp_within(anchors, temperature) - s / temperature
    if two_view:
        value = value + log_sum_exp_within(positives, temperature)
    return value.mean(-1)


class DHEL(PairLoss):
    __doc__ = dhel.__doc__
    hyperparameters = declaration(temperature=positive_number, two_view=switch)

    def __init__(self, temperature: float = 0.1, two_view: bool = False) -> None:
        super().__init__(temperature=temperature, two_view=two_view)

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return dhel(anchors, positives, **self.options)

    def theory(self) -> SoftmaxFacts:
        return SoftmaxFacts(float(self.temperature), own=False, within=True, across=False, views=1 + self.two_view)
