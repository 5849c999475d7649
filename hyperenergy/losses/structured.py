"""The formulas of the losses of labeled points and of several views."""

from hyperenergy.losses.families import Views
from hyperenergy.losses.multi_view_dhel import multi_view_dhel
from hyperenergy.losses.multi_view_info_nce import multi_view_info_nce
from hyperenergy.losses.sup_con import sup_con

__all__ = ["Views", "multi_view_dhel", "multi_view_info_nce", "sup_con"]
