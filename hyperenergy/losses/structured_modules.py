"""Losses of labeled points and of several views as torch.nn.Module; the formulas are in ``structured``."""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor

from hyperenergy.losses import structured
from hyperenergy.losses.base import Loss
from hyperenergy.losses.checks import check_labeled, check_views, declaration, positive_number


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


class SupCon(LabeledLoss):
    __doc__ = structured.sup_con.__doc__
    positive = True
    hyperparameters = declaration(temperature=positive_number)

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__(temperature=temperature)

    def formula(self, features: Tensor, labels: Tensor) -> Tensor:
        return structured.sup_con(features, labels, **self.options)


class MultiViewInfoNCE(MultiViewLoss):
    __doc__ = structured.multi_view_info_nce.__doc__
    positive = True
    hyperparameters = declaration(temperature=positive_number)

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__(temperature=temperature)

    def formula(self, views: Tensor) -> Tensor:
        return structured.multi_view_info_nce(views, **self.options)


class MultiViewDHEL(MultiViewLoss):
    __doc__ = structured.multi_view_dhel.__doc__
    hyperparameters = declaration(temperature=positive_number)

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__(temperature=temperature)

    def formula(self, views: Tensor) -> Tensor:
        return structured.multi_view_dhel(views, **self.options)
