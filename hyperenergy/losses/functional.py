"""Contrastive losses as pure functions of (anchors, positives) and keyword hyperparameters.

Each is the formula of the same name in ``hyperenergy.losses.formulas``, with its arguments checked: unit rows, equal
shapes, at least two pairs, positive temperatures (ArgumentError otherwise).
"""

from __future__ import annotations

from hyperenergy.losses import formulas
from hyperenergy.losses.checks import checked

info_nce = checked(formulas.info_nce)
sim_clr = checked(formulas.sim_clr)
nt_xent = checked(formulas.nt_xent)
dcl = checked(formulas.dcl)
dhel = checked(formulas.dhel)
kcl = checked(formulas.kcl)
phi_psi = checked(formulas.phi_psi)
align_uniform = checked(formulas.align_uniform)
spectral_contrastive = checked(formulas.spectral_contrastive)

__all__ = [
    "align_uniform",
    "dcl",
    "dhel",
    "info_nce",
    "kcl",
    "nt_xent",
    "phi_psi",
    "sim_clr",
    "spectral_contrastive",
]
