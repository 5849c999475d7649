"""Contrastive losses as pure functions of (anchors, positives) and keyword hyperparameters; ``sup_con`` of (features,
labels), and the multi-view losses of (*batch, views, M, dim).

Each is the formula in the file of its name, with its arguments checked: unit rows, equal shapes, at least one pair,
positive temperatures (ArgumentError otherwise).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from torch import Tensor

from hyperenergy.losses import LOSSES
from hyperenergy.losses.calls import check_labeled, check_pair, check_unit_views, checked
from hyperenergy.losses.families import LabeledLoss, MultiViewLoss, PairLoss

if TYPE_CHECKING:

    def __getattr__(name: str) -> Callable[..., Tensor]: ...


_CHECKS: dict[type, Callable[..., None]] = {
    PairLoss: check_pair,
    LabeledLoss: check_labeled,
    MultiViewLoss: check_unit_views,
}

__all__ = []
for _loss in LOSSES.values():
    _name = _loss.__module__.rpartition(".")[2]
    (_check,) = (check for family, check in _CHECKS.items() if issubclass(_loss, family))
    globals()[_name] = checked(getattr(sys.modules[_loss.__module__], _name), _loss.checked_options, _check)
    __all__.append(_name)
