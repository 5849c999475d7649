"""SigLIP: each pair by itself.  Formula, module and facts."""

from __future__ import annotations

from torch import Tensor

from hyperenergy.geometry.sphere import Points
from hyperenergy.losses.base import Reduction
from hyperenergy.losses.batch import ALONE, Batch
from hyperenergy.losses.checks import declaration, number, positive_number
from hyperenergy.losses.engine.programs import SoftplusSum
from hyperenergy.losses.engine.sums import row_sums
from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.learnable import Learnable
from hyperenergy.losses.log_space import Loss, log_one_plus_exp


def sig_lip(
    anchors: Points, positives: Points, *, scale: float = 10.0, bias: float = -10.0, batch: Batch = ALONE
) -> Loss:
    """SigLIP: mean_i [ softplus(-x_ii) + sum_{j!=i} softplus(x_ij) ], with logits x_ij = scale u_i.v_j + bias.

    Negatives: the positives of other pairs, each by itself.  Symmetric.  The sum over all M^2 pairs is divided by M; where
    the literature writes logits t u.v - b, b is -bias.  "none": one value per anchor.  scale and bias are learned where they
    are parameters; Zhai et al. start from 10 and -10.
    Source: Zhai et al. 2023.  Minimum for M <= d (B9): that of a function of one variable; see ``theorems.b9``.
    """
    s = (anchors * positives).sum(-1)
    keys = [batch.keys(positives), *batch.further]
    value = row_sums(SoftplusSum(), anchors, keys, scale, batch, bias=bias)
    return batch.reduced(value + batch.total(log_one_plus_exp(-(scale * s + bias))), anchors)


class SigLIP(PairLoss):
    __doc__ = sig_lip.__doc__
    positive = True
    hyperparameters = declaration(scale=positive_number, bias=number)

    def __init__(
        self, scale: Learnable = 10.0, bias: Learnable = -10.0, *, normalize: bool = True, reduction: Reduction = "mean"
    ) -> None:
        super().__init__(scale=scale, bias=bias, normalize=normalize, reduction=reduction)

    def formula(self, anchors: Tensor, positives: Tensor, batch: Batch = ALONE) -> Tensor:
        return sig_lip(anchors, positives, **self.options, batch=batch)
