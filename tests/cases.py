"""Every loss and every kernel, with its naive loop and its closed form."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

import hyperenergy as he
from hyperenergy import compiled
from tests import oracles


class LossCase(NamedTuple):
    """A loss, its oracle on nested lists, and for q = -M/((M-1) tau) its least value for M <= d+1 (B1) or None."""

    loss: he.PairLoss
    oracle: Callable[[oracles.Configuration, oracles.Configuration], float]
    least: Callable[[int], float] | None

    def __repr__(self) -> str:
        return self.loss.label


class Exp(NamedTuple):
    tau: float

    def __call__(self, x: Tensor, /) -> Tensor:
        return (x / self.tau).exp()


def _symmetric(oracle: Callable[..., float]) -> Callable[..., float]:
    return lambda U, V: (oracle(U, V) + oracle(V, U)) / 2


def loss_cases(tau: float) -> list[LossCase]:
    def q(M: int) -> float:
        return -M / ((M - 1) * tau)

    def info_nce(U, V):
        return oracles.info_nce(U, V, tau)

    def dcl(U, V):
        return oracles.dcl(U, V, tau, True)

    def cross(U, V):
        return oracles.dcl(U, V, tau, False)

    def one(M: int) -> float:
        return math.log1p((M - 1) * math.exp(q(M)))

    def two(M: int) -> float:
        return math.log1p(2 * (M - 1) * math.exp(q(M)))

    def decoupled(M: int) -> float:
        return math.log(M - 1) + q(M)

    def decoupled_two(M: int) -> float:
        return math.log(2 * (M - 1)) + q(M)

    def dhel_two(M: int) -> float:
        return 2 * math.log(M - 1) - (M + 1) / ((M - 1) * tau)

    return [
        LossCase(he.InfoNCE(tau), info_nce, one),
        LossCase(he.InfoNCE(tau, symmetric=True), _symmetric(info_nce), one),
        LossCase(he.SimCLR(tau), lambda U, V: oracles.sim_clr(U, V, tau), two),
        LossCase(he.NTXent(tau), lambda U, V: oracles.nt_xent(U, V, tau), two),
        LossCase(he.DCL(tau), dcl, decoupled_two),
        LossCase(he.DCL(tau, symmetric=True), _symmetric(dcl), decoupled_two),
        LossCase(he.DCL(tau, within_view=False), cross, decoupled),
        LossCase(he.DCL(tau, within_view=False, symmetric=True), _symmetric(cross), decoupled),
        LossCase(he.DHEL(tau), lambda U, V: oracles.dhel(U, V, tau, False), decoupled),
        LossCase(he.DHEL(tau, two_view=True), lambda U, V: oracles.dhel(U, V, tau, True), dhel_two),
        LossCase(
            he.PhiPsi(torch.log, Exp(tau), convexity="strict"),  # type: ignore[arg-type]
            lambda U, V: oracles.phi_psi(U, V, math.log, lambda x: math.exp(x / tau), "within"),
            decoupled,
        ),
        LossCase(
            he.PhiPsi(torch.log1p, Exp(tau), negatives="cross", convexity="strict"),  # type: ignore[arg-type]
            lambda U, V: oracles.phi_psi(U, V, math.log1p, lambda x: math.exp(x / tau), "cross"),
            one,
        ),
        LossCase(
            he.AlignUniform(alpha=2, t=3, weight=0.5),
            lambda U, V: oracles.align_uniform(U, V, 2, 3, 0.5),
            lambda M: -2 * 0.5 * 3 * M / (M - 1),
        ),
        LossCase(he.SpectralContrastive(), oracles.spectral_contrastive, None),
        LossCase(he.SigLIP(1 / tau, -2.0), lambda U, V: oracles.sig_lip(U, V, 1 / tau, -2.0), None),
    ]


# Kernel -> its formula in Python floats.
KERNELS: dict[he.Kernel, Callable[[float], float]] = {
    he.Gaussian(2): lambda r: math.exp(-2 * r),
    he.Gaussian("1/3"): lambda r: math.exp(-r / 3),
    he.Laplace(Fraction(3, 2)): lambda r: math.exp(-1.5 * math.sqrt(r)),
    he.InverseMultiquadric(0.7): lambda r: 0.7 / math.sqrt(0.49 + r),
    he.Riesz(1): lambda r: 1 / math.sqrt(r),
    he.Riesz(2.5): lambda r: r**-1.25,
    he.Riesz(-1): lambda r: -math.sqrt(r),
    he.Riesz(Fraction(-1, 2)): lambda r: -(r**0.25),
    he.Riesz(-3): lambda r: -(r**1.5),
    he.Logarithmic(): lambda r: -math.log(r) / 2,
    he.RegularizedLogarithmic(2): lambda r: -math.log1p(2 * r),
    he.Polynomial(3, c=1.5): lambda r: (1 - r / 2 + 1.5) ** 3,
}


def kcl_cases() -> list[LossCase]:
    cases = []
    for kernel, kappa in KERNELS.items():
        alignment = he.Laplace(1) if kernel.singular else None
        profile = (lambda r: math.exp(-math.sqrt(r))) if kernel.singular else kappa
        for two_view in (False, True):
            loss = he.KCL(kernel, gamma=3.0, alignment_kernel=alignment, two_view=two_view)
            cases.append(
                LossCase(
                    loss,
                    lambda U, V, k=kappa, a=profile, t=two_view: oracles.kcl(U, V, k, a, 3.0, t),  # type: ignore[misc]
                    None,
                )
            )
    return cases


COMPILED = pytest.mark.skipif(not compiled.available(), reason="needs Numba, which is not installed")
