"""Contrastive losses as pure functions of (anchors, positives) and keyword hyperparameters; ``sup_con`` of (features,
labels), and the multi-view losses of (*batch, views, M, dim).

Each is the formula of the same name in ``hyperenergy.losses.formulas`` or ``structured``, with its arguments checked: unit
rows, equal shapes, at least two pairs, positive temperatures (ArgumentError otherwise).
"""

from __future__ import annotations

from hyperenergy.losses import formulas, structured
from hyperenergy.losses.checks import check_labeled, check_views, checked

info_nce = checked(formulas.info_nce)
sim_clr = checked(formulas.sim_clr)
nt_xent = checked(formulas.nt_xent)
dcl = checked(formulas.dcl)
dhel = checked(formulas.dhel)
kcl = checked(formulas.kcl)
phi_psi = checked(formulas.phi_psi)
align_uniform = checked(formulas.align_uniform)
spectral_contrastive = checked(formulas.spectral_contrastive)
sig_lip = checked(formulas.sig_lip)
sup_con = checked(structured.sup_con, check_labeled)
multi_view_info_nce = checked(structured.multi_view_info_nce, check_views)
multi_view_dhel = checked(structured.multi_view_dhel, check_views)

__all__ = [
    "align_uniform",
    "dcl",
    "dhel",
    "info_nce",
    "kcl",
    "multi_view_dhel",
    "multi_view_info_nce",
    "nt_xent",
    "phi_psi",
    "sig_lip",
    "sim_clr",
    "spectral_contrastive",
    "sup_con",
]
