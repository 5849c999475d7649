"""The formulas of the losses of pairs, and what they are written with."""

from hyperenergy.losses.align_uniform import align_uniform, distance_power, uniformity
from hyperenergy.losses.dcl import dcl
from hyperenergy.losses.dhel import dhel
from hyperenergy.losses.info_nce import info_nce
from hyperenergy.losses.kcl import kcl
from hyperenergy.losses.log_space import Loss, log_one_plus_exp, off_diagonal
from hyperenergy.losses.nt_xent import nt_xent
from hyperenergy.losses.phi_psi import phi_psi
from hyperenergy.losses.sig_lip import sig_lip
from hyperenergy.losses.sim_clr import sim_clr
from hyperenergy.losses.spectral_contrastive import spectral_contrastive

__all__ = [
    "Loss",
    "align_uniform",
    "dcl",
    "dhel",
    "distance_power",
    "info_nce",
    "kcl",
    "log_one_plus_exp",
    "nt_xent",
    "off_diagonal",
    "phi_psi",
    "sig_lip",
    "sim_clr",
    "spectral_contrastive",
    "uniformity",
]
