"""The spectral contrastive loss.  Formula, module and facts."""

from __future__ import annotations

import torch
from torch import Tensor

from hyperenergy.geometry.sphere import Points
from hyperenergy.losses.base import Reduction
from hyperenergy.losses.batch import ALONE, Batch
from hyperenergy.losses.engine.programs import Elementwise
from hyperenergy.losses.engine.sums import row_sums
from hyperenergy.losses.facts import FrameFacts
from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.log_space import Loss


def spectral_contrastive(anchors: Points, positives: Points, *, batch: Batch = ALONE) -> Loss:
    """Spectral contrastive loss: -2 mean s_i + mean_{i!=j} (u_i.v_j)^2.

    Negatives: the positives of other pairs; a mean over the ordered pairs i != j that are.  Symmetric.  "none": one value
    per anchor.
    Source: HaoChen et al. 2021.  x^2 does not increase in the similarity, so B1 does not apply: orthonormal sets beat
    the simplex (F2).  Minimum -2 for M <= d, and -2 + (M-d)/(d(M-1)) beyond.
    """
    s = (anchors * positives).sum(-1)
    return batch.reduced(batch.total(_mean_squares(anchors, positives, s, batch) - 2 * s), anchors)


def _mean_squares(u: Points, v: Points, s: Tensor, batch: Batch) -> Tensor:
    """Per anchor sum_{j != i} (u_i.v_j)^2, divided so that the mean over anchors is that over the pairs.

    sum_j (u_i.v_j)^2 = u_i.(V^T V) u_i: no similarity of two pairs is ever computed, but where ids leave some out.
    """
    if batch.ids is None:
        squares = (u @ batch.gram(v) * u).sum(-1) - s.square()
    else:
        squares = row_sums(Elementwise(_same, torch.square), u, [batch.keys(v)], 1.0, batch.apart)
    return batch.over_negatives(squares, u)


def _same(x: Tensor) -> Tensor:
    return x


class SpectralContrastive(PairLoss):
    __doc__ = spectral_contrastive.__doc__
    takes_negatives = False

    def __init__(self, *, normalize: bool = True, reduction: Reduction = "mean") -> None:
        super().__init__(normalize=normalize, reduction=reduction)

    def formula(self, anchors: Tensor, positives: Tensor, batch: Batch = ALONE) -> Tensor:
        return spectral_contrastive(anchors, positives, batch=batch)

    def theory(self) -> FrameFacts:
        return FrameFacts(attraction=2.0)
