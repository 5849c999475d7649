"""The losses of pairs as torch.nn.Module."""

from hyperenergy.losses.align_uniform import AlignUniform
from hyperenergy.losses.dcl import DCL
from hyperenergy.losses.dhel import DHEL
from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.info_nce import InfoNCE
from hyperenergy.losses.kcl import KCL
from hyperenergy.losses.nt_xent import NTXent
from hyperenergy.losses.phi_psi import PhiPsi
from hyperenergy.losses.sig_lip import SigLIP
from hyperenergy.losses.sim_clr import SimCLR
from hyperenergy.losses.spectral_contrastive import SpectralContrastive

__all__ = [
    "DCL",
    "DHEL",
    "KCL",
    "AlignUniform",
    "InfoNCE",
    "NTXent",
    "PairLoss",
    "PhiPsi",
    "SigLIP",
    "SimCLR",
    "SpectralContrastive",
]
