"""SigLIP: each pair by itself.  Formula, module and facts."""

from __future__ import annotations

from torch import Tensor

from hyperenergy.geometry.sphere import Points
from hyperenergy.losses.checks import declaration, number, positive_number
from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.log_space import Loss, log_one_plus_exp, off_diagonal


def sig_lip(anchors: Points, positives: Points, *, scale: float = 10.0, bias: float = -10.0) -> Loss:
    """SigLIP: mean_i [ softplus(-x_ii) + sum_{j!=i} softplus(x_ij) ], with logits x_ij = scale u_i.v_j + bias.

    The sum over all M^2 pairs is divided by M.  Where the literature writes logits t u_i.v_j - b, b is -bias.
    Source: Zhai et al. 2023.  Minimum for M <= d (B9): that of a function of one variable; see ``theorems.b9``.
    """
    logits = scale * (anchors @ positives.mT) + bias
    positive = log_one_plus_exp(-logits.diagonal(dim1=-2, dim2=-1))
    return (positive + log_one_plus_exp(off_diagonal(logits)).sum(-1)).mean(-1)


class SigLIP(PairLoss):
    __doc__ = sig_lip.__doc__
    positive = True
    hyperparameters = declaration(scale=positive_number, bias=number)

    def __init__(self, scale: float = 10.0, bias: float = -10.0) -> None:
        super().__init__(scale=scale, bias=bias)

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return sig_lip(anchors, positives, **self.options)
