"""The losses and kernels that most claims run over, by how they treat the two views."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from hyperenergy.kernels.base import Kernel
from hyperenergy.kernels.gaussian import Gaussian
from hyperenergy.kernels.inverse_multiquadric import InverseMultiquadric
from hyperenergy.kernels.laplace import Laplace
from hyperenergy.kernels.logarithmic import Logarithmic
from hyperenergy.kernels.regularized_logarithmic import RegularizedLogarithmic
from hyperenergy.kernels.riesz import Riesz
from hyperenergy.losses.dcl import DCL
from hyperenergy.losses.dhel import DHEL
from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.info_nce import InfoNCE
from hyperenergy.losses.kcl import KCL
from hyperenergy.losses.nt_xent import NTXent
from hyperenergy.losses.phi_psi import PhiPsi
from hyperenergy.losses.sim_clr import SimCLR


def one_sided(tau: float) -> list[PairLoss]:
    """The losses of B1 that treat anchors and positives differently."""
    return [InfoNCE(tau), SimCLR(tau), DCL(tau), DCL(tau, within_view=False)]


def symmetrized(tau: float) -> list[PairLoss]:
    """The mean over both directions of each of them."""
    return [
        InfoNCE(tau, symmetric=True),
        NTXent(tau),
        DCL(tau, symmetric=True),
        DCL(tau, within_view=False, symmetric=True),
    ]


def dhel(tau: float) -> list[PairLoss]:
    return [DHEL(tau), DHEL(tau, two_view=True)]


def softmax_losses(tau: float) -> list[PairLoss]:
    return [*one_sided(tau), *symmetrized(tau), *dhel(tau)]


@dataclass(frozen=True)
class Exp:
    """psi = exp(x / temperature), as a class so that it has a name and travels between processes."""

    temperature: float

    @property
    def __name__(self) -> str:
        return f"exp(x/{self.temperature})"

    def __call__(self, x: Tensor) -> Tensor:
        return (x / self.temperature).exp()


def phi_psi(tau: float) -> list[PairLoss]:
    """DHEL and InfoNCE as members of the family: log-sum-exp is strictly convex across differences."""
    return [
        PhiPsi(torch.log, Exp(tau), convexity="strict"),
        PhiPsi(torch.log1p, Exp(tau), negatives="cross", convexity="strict"),
    ]


KERNELS: tuple[Kernel, ...] = (
    Gaussian(2),
    Gaussian(Fraction(1, 2)),
    Laplace(1),
    InverseMultiquadric(1),
    Riesz(1),
    Riesz(-1),
    Logarithmic(),
    RegularizedLogarithmic(1),
)


SMOOTH_ALIGNMENT = Gaussian(2)


def kernel_losses(kernel: Kernel) -> list[PairLoss]:
    """KCL in both forms; singular kernels cannot align and get a Gaussian for that."""
    alignment = SMOOTH_ALIGNMENT if kernel.singular else None
    return [KCL(kernel, alignment_kernel=alignment, two_view=two) for two in (False, True)]
