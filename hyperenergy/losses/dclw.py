"""DCLW: DCL that weighs positives by how far apart they are.  Formula and module."""

from __future__ import annotations

from torch import Tensor

from hyperenergy.geometry.sphere import Points
from hyperenergy.losses.base import Reduction, shown
from hyperenergy.losses.batch import ALONE, Batch
from hyperenergy.losses.checks import declaration, positive_number, switch
from hyperenergy.losses.dcl import repulsion
from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.learnable import Learnable
from hyperenergy.losses.log_space import Loss


def dclw(
    anchors: Points,
    positives: Points,
    *,
    temperature: float = 0.1,
    sigma: float = 0.5,
    within_view: bool = True,
    symmetric: bool = False,
    batch: Batch = ALONE,
) -> Loss:
    """DCLW: DCL with weights of the positives, mean_i -w_i s_i/tau + log(...),
    w_i = 2 - e^{s_i/sigma} / mean_j e^{s_j/sigma}.

    The weights have mean 1, and are larger for pairs that are farther apart; they are differentiated, too.  Negatives,
    symmetric form and "none": those of ``dcl``.
    Source: Yeh et al. 2022, equation 7.  Where all s_i are equal, as at a minimizer of DCL, it is DCL; no theorem here says
    what minimizes it.
    """
    if symmetric:
        return batch.both(dclw, anchors, positives, temperature=temperature, sigma=sigma, within_view=within_view)
    s = (anchors * positives).sum(-1)
    attraction = (s - 1) / sigma  # so that no exponential is above 1
    weights = 2 - (attraction - batch.log_mean(attraction).unsqueeze(-1)).exp()
    energy = repulsion(anchors, positives, temperature, within_view, batch)
    return batch.reduced(energy - batch.total(weights * s / temperature), anchors)


class DCLW(PairLoss):
    __doc__ = dclw.__doc__
    hyperparameters = declaration(
        temperature=positive_number, sigma=positive_number, within_view=switch, symmetric=switch
    )

    def __init__(
        self,
        temperature: Learnable = 0.1,
        sigma: Learnable = 0.5,
        within_view: bool = True,
        symmetric: bool = False,
        *,
        normalize: bool = True,
        reduction: Reduction = "mean",
    ) -> None:
        options = {"temperature": temperature, "sigma": sigma, "within_view": within_view, "symmetric": symmetric}
        super().__init__(normalize=normalize, reduction=reduction, **options)

    def formula(self, anchors: Tensor, positives: Tensor, batch: Batch = ALONE) -> Tensor:
        return dclw(anchors, positives, **self.options, batch=batch)

    @property
    def label(self) -> str:
        more = "" if self.within_view else ", within_view=False"
        more += ", symmetric=True" if self.symmetric else ""
        return f"DCLW(temperature={shown(self.temperature)}, sigma={shown(self.sigma)}{more})"
