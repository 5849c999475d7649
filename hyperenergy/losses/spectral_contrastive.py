"""The spectral contrastive loss.  Formula, module and facts."""

from __future__ import annotations

from torch import Tensor

from hyperenergy.geometry.sphere import Points
from hyperenergy.losses.facts import FrameFacts
from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.log_space import Loss, off_diagonal


def spectral_contrastive(anchors: Points, positives: Points) -> Loss:
    """Spectral contrastive loss: -2 mean s_i + mean_{i!=j} (u_i.v_j)^2.

    Source: HaoChen et al. 2021.  x^2 does not increase in the similarity, so B1 does not apply: orthonormal sets beat
    the simplex (F2).
    """
    M = anchors.shape[-2]
    similarity = anchors @ positives.mT
    s = similarity.diagonal(dim1=-2, dim2=-1)
    return off_diagonal(similarity).square().sum((-2, -1)) / (M * (M - 1)) - 2 * s.mean(-1)


class SpectralContrastive(PairLoss):
    __doc__ = spectral_contrastive.__doc__

    def __init__(self) -> None:
        super().__init__()

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return spectral_contrastive(anchors, positives)

    def theory(self) -> FrameFacts:
        return FrameFacts(attraction=2.0)
