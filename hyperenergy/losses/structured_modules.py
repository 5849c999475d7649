"""The losses of labeled points and of several views as torch.nn.Module."""

from hyperenergy.losses.families import LabeledLoss, MultiViewLoss
from hyperenergy.losses.multi_view_dhel import MultiViewDHEL
from hyperenergy.losses.multi_view_info_nce import MultiViewInfoNCE
from hyperenergy.losses.sup_con import SupCon

__all__ = ["LabeledLoss", "MultiViewDHEL", "MultiViewInfoNCE", "MultiViewLoss", "SupCon"]
