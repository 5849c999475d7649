"""What losses are called on: pairs, labeled points, or several views.

``formula`` is the loss without the checks of the rows, for inner loops.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from jaxtyping import Float
from torch import Tensor

from hyperenergy.kernels import Kernel, declared
from hyperenergy.losses.base import Loss
from hyperenergy.losses.checks import check_labeled, check_pair, check_views

Views = Float[Tensor, "*batch views points dim"]


class PairLoss(Loss):
    """A loss of a batch of pairs."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        declared.forget(cls, PairLoss, ("alignment_term",))

    @abstractmethod
    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        """The loss, without checks of the rows."""

    def forward(self, anchors: Tensor, positives: Tensor) -> Tensor:
        check_pair(anchors, positives)
        return self.formula(anchors, positives)

    @property
    def alignment_term(self) -> tuple[float, Kernel] | None:
        """(weight, K_A) where the alignment term is -weight K_A(|u_i-v_i|^2); None for the linear ones, -s_i/tau."""
        return None


class LabeledLoss(Loss):
    """A loss of features (*batch, M, dim) with labels (M,) or (*batch, M) -> (*batch,)."""

    @abstractmethod
    def formula(self, features: Tensor, labels: Tensor) -> Tensor:
        """The loss, without checks of the arguments."""

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        check_labeled(features, labels)
        return self.formula(features, labels)


class MultiViewLoss(Loss):
    """A loss of all views of M objects, (*batch, views, M, dim) -> (*batch,)."""

    @abstractmethod
    def formula(self, views: Tensor) -> Tensor:
        """The loss, without checks of the rows."""

    def forward(self, views: Tensor) -> Tensor:
        check_views(views)
        return self.formula(views)
