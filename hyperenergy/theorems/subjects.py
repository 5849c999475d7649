"""The losses and kernels that most claims run over, by how they treat the two views."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from hyperenergy.kernels import (
    Gaussian,
    InverseMultiquadric,
    Kernel,
    Laplace,
    Logarithmic,
    RegularizedLogarithmic,
    Riesz,
)
from hyperenergy.losses import modules as losses


def one_sided(tau: float) -> list[losses.PairLoss]:
    """The losses of B1 that treat anchors and positives differently."""
    return [losses.InfoNCE(tau), losses.SimCLR(tau), losses.DCL(tau), losses.DCL(tau, within_view=False)]


def symmetrized(tau: float) -> list[losses.PairLoss]:
    """The mean over both directions of each of them."""
    return [
        losses.InfoNCE(tau, symmetric=True),
        losses.NTXent(tau),
        losses.DCL(tau, symmetric=True),
        losses.DCL(tau, within_view=False, symmetric=True),
    ]


def dhel(tau: float) -> list[losses.PairLoss]:
    return [losses.DHEL(tau), losses.DHEL(tau, two_view=True)]


def softmax_losses(tau: float) -> list[losses.PairLoss]:
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


def phi_psi(tau: float) -> list[losses.PairLoss]:
    """DHEL and InfoNCE as members of the family: log-sum-exp is strictly convex across differences."""
    return [
        losses.PhiPsi(torch.log, Exp(tau), convexity="strict"),
        losses.PhiPsi(torch.log1p, Exp(tau), negatives="cross", convexity="strict"),
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


def kernel_losses(kernel: Kernel) -> list[losses.PairLoss]:
    """KCL in both forms; singular kernels cannot align and get a Gaussian for that."""
    alignment = SMOOTH_ALIGNMENT if kernel.singular else None
    return [losses.KCL(kernel, alignment_kernel=alignment, two_view=two) for two in (False, True)]
