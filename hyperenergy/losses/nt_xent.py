"""NT-Xent, SimCLR over all anchors.  Formula, module and facts."""

from __future__ import annotations

from torch import Tensor

from hyperenergy.geometry.sphere import Points
from hyperenergy.losses.checks import declaration, positive_number
from hyperenergy.losses.facts import SoftmaxFacts
from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.log_space import Loss, symmetrized
from hyperenergy.losses.sim_clr import sim_clr


def nt_xent(anchors: Points, positives: Points, *, temperature: float = 0.1) -> Loss:
    """NT-Xent: SimCLR averaged over all 2M anchors, (U,V) and (V,U).  Source and minimum: those of ``sim_clr``."""
    return symmetrized(sim_clr, anchors, positives, temperature=temperature)


class NTXent(PairLoss):
    __doc__ = nt_xent.__doc__
    positive = True
    hyperparameters = declaration(temperature=positive_number)

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__(temperature=temperature)

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return nt_xent(anchors, positives, **self.options)

    def theory(self) -> SoftmaxFacts:
        return SoftmaxFacts(float(self.temperature), own=True, within=True, across=True, symmetrized=True)
