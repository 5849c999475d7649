"""Contrastive losses as pure functions of (anchors, positives) and keyword hyperparameters; ``sup_con`` of (features,
labels), and the multi-view losses of (*batch, views, M, dim).

Each is the formula of the same name in ``hyperenergy.losses.formulas`` or ``structured``, with its arguments checked: unit
rows, equal shapes, at least two pairs, positive temperatures (ArgumentError otherwise).
"""

from __future__ import annotations

from hyperenergy.losses import formulas, modules, structured, structured_modules
from hyperenergy.losses.checks import check_labeled, check_views, checked

info_nce = checked(formulas.info_nce, modules.InfoNCE.checked_options)
sim_clr = checked(formulas.sim_clr, modules.SimCLR.checked_options)
nt_xent = checked(formulas.nt_xent, modules.NTXent.checked_options)
dcl = checked(formulas.dcl, modules.DCL.checked_options)
dhel = checked(formulas.dhel, modules.DHEL.checked_options)
kcl = checked(formulas.kcl, modules.KCL.checked_options)
phi_psi = checked(formulas.phi_psi, modules.PhiPsi.checked_options)
align_uniform = checked(formulas.align_uniform, modules.AlignUniform.checked_options)
spectral_contrastive = checked(formulas.spectral_contrastive, modules.SpectralContrastive.checked_options)
sig_lip = checked(formulas.sig_lip, modules.SigLIP.checked_options)
sup_con = checked(structured.sup_con, structured_modules.SupCon.checked_options, check_labeled)
multi_view_info_nce = checked(
    structured.multi_view_info_nce, structured_modules.MultiViewInfoNCE.checked_options, check_views
)
multi_view_dhel = checked(structured.multi_view_dhel, structured_modules.MultiViewDHEL.checked_options, check_views)

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
