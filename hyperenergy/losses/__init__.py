"""Contrastive losses, one file each, which is found here: formula, torch module, and the facts that theory needs.

``functional`` has the formulas behind checks of their arguments.
"""

import importlib
import pkgutil

from hyperenergy.losses.base import Loss
from hyperenergy.losses.families import LabeledLoss, MultiViewLoss, PairLoss

for _module in pkgutil.iter_modules(__path__):
    if _module.name != "functional":  # which is made of all others
        importlib.import_module(f"{__name__}.{_module.name}")

LOSSES: dict[str, type[Loss]] = {
    loss.__name__: loss for family in (PairLoss, LabeledLoss, MultiViewLoss) for loss in family.__subclasses__()
}
