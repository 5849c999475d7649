"""Values and gradients are numbers, and near to those of float64: every type, place and temperature; a million keys."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

import hyperenergy as he
from tests.losses.test_training import PAIRS, SIZES, each, pair

HALVES = [torch.float16, torch.bfloat16]
CLOUDS: dict[str, Callable[[Any], tuple[Tensor, Tensor]]] = {
    "generic": lambda draw: (draw(256, 16), draw(256, 16)),
    "collapsed": lambda draw: (x := draw(1, 16).repeat(256, 1), x.clone()),
    "duplicates": lambda draw: (x := draw(8, 16).repeat(32, 1), x.clone()),
    "aligned": lambda draw: (x := draw(256, 16), x.clone()),
    "antipodal": lambda draw: (x := draw(256, 16), -x),
    "two pairs": lambda draw: (draw(2, 16), draw(2, 16)),
    "one pair": lambda draw: (draw(1, 16), draw(1, 16)),
}


def with_temperature(tau: float) -> list[Callable[..., Tensor]]:
    made: list[Any] = [
        he.InfoNCE(tau),
        he.InfoNCE(tau, symmetric=True),
        he.SimCLR(tau),
        he.NTXent(tau),
        he.DCL(tau),
        he.DCL(tau, symmetric=True),
        he.DCLW(tau),
        he.DHEL(tau),
        he.DHEL(tau, two_view=True),
        he.KCL(he.Gaussian(1 / tau)),
        he.KCL(he.Laplace(1 / tau), alignment_kernel=he.Gaussian(1 / tau)),
        he.KCL(he.InverseMultiquadric(tau)),
        he.KCL(he.RegularizedLogarithmic(1 / tau)),
        he.KCL(he.Riesz(-1)),
        he.KCL(he.Polynomial(3)),
        he.AlignUniform(t=1 / tau),
        he.AlignUniform(alpha=1),
        he.SigLIP(1 / tau, -2),
        he.SpectralContrastive(),
        he.PhiPsi(torch.log1p, torch.exp),
    ]

    def labeled(u: Tensor, v: Tensor) -> Tensor:
        return he.SupCon(tau)(torch.cat([u, v]), torch.arange(len(u)).repeat(2) % 2)

    def views(kind: type) -> Callable[[Tensor, Tensor], Tensor]:
        return lambda u, v: kind(tau)(torch.stack([u, v, u]))

    return [*made, labeled, views(he.MultiViewInfoNCE), views(he.MultiViewDHEL)]


@pytest.mark.parametrize("dtype", [*HALVES, torch.float32, torch.float64])
@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("tau", [0.005, 0.05, 1.0, 10.0])
def test_values_and_gradients_are_finite(dtype: torch.dtype, cloud: str, tau: float, draw) -> None:
    """Of every loss, at every place where a formula could leave its numbers; and near to those of float64."""
    U, V = (x.to(dtype) for x in CLOUDS[cloud](draw))
    for loss in with_temperature(tau):
        u, v = U.clone().requires_grad_(True), V.clone().requires_grad_(True)
        value = loss(u, v)
        value.backward()
        assert bool(value.isfinite()), loss
        assert u.grad is not None and bool(u.grad.isfinite().all()) and u.grad.dtype == dtype, loss
        wide = torch.float64 if dtype == torch.float64 else torch.float32
        assert value.dtype == wide
        exact = loss(U.double(), V.double()).item()
        if dtype != torch.float64 and not isinstance(loss, he.KCL):
            assert abs(value.item() - exact) <= 8 * 1.2e-7 * (1 + 1 / tau) * (1 + abs(exact)), loss


@pytest.mark.parametrize("M", [8, 700])
@pytest.mark.parametrize("loss", PAIRS[:12], ids=repr)
def test_autocast_changes_nothing(loss: he.PairLoss, M: int, draw) -> None:
    """Neither around the loss nor around its backward pass: products are in float32."""
    U, V = (x.float() for x in pair(draw, M))

    def run(on: bool) -> tuple[Tensor, Tensor]:
        u = U.clone().requires_grad_(True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=on):
            value = loss(u, V)
            value.backward()
        assert u.grad is not None
        return value.detach(), u.grad

    for one, other in zip(run(True), run(False), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


KEYS = 10**6


@pytest.mark.parametrize("tau", [0.05, 1.0])
def test_a_million_keys(tau: float) -> None:
    """Closed values where sums of single precision would be off: all in one place, at two poles, on a simplex."""
    anchors = torch.zeros(16, 3)
    anchors[:, 0] = 1
    for code, similarity in (
        (torch.tensor([[1.0, 0, 0]]), [1.0]),
        (torch.tensor([[1.0, 0, 0], [-1, 0, 0]]), [1.0, -1.0]),
        (torch.tensor([[1.0, 0, 0], [-0.5, math.sqrt(0.75), 0], [-0.5, -math.sqrt(0.75), 0]]), [1.0, -0.5, -0.5]),
    ):
        keys = code.repeat(KEYS // len(code) + 1, 1)[:KEYS]
        keys[:16] = anchors  # the positives
        counts = [int((keys @ anchors[0] - s).abs().lt(1e-6).sum()) for s in sorted(set(similarity))]
        exact = math.log(sum(n * math.exp((s - 1) / tau) for n, s in zip(counts, sorted(set(similarity)), strict=True)))
        bound = 8 * 1.2e-7 * (1 + 1 / tau) * (1 + abs(exact))
        assert abs(he.InfoNCE(tau)(anchors, keys).item() - exact) <= bound
        gradient = torch.func.grad(lambda u, keys=keys: he.InfoNCE(tau)(u, keys))(anchors)
        assert bool(gradient.isfinite().all())


@pytest.mark.slow
def test_a_hundred_thousand_pairs_in_one_place() -> None:
    """All pairs in one place: the logarithm of how many others there are, and gamma - 1 of kernels."""
    M = 10**5
    X = torch.zeros(M, 16)
    X[:, 0] = 1
    for loss, exact in (
        (he.DHEL(0.1), math.log(M - 1)),
        (he.NTXent(0.1), math.log(2 * M - 1)),
        (he.KCL(he.Gaussian(2)), 15.0),
        (he.SupCon(0.1), math.log(M - 1)),
    ):
        value = loss(X, torch.zeros(M).long()) if isinstance(loss, he.SupCon) else loss(X, X)
        assert value.item() == pytest.approx(exact, rel=1e-6), loss


GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device, and there is none here")


@GPU
@each
@SIZES
def test_a_gpu_has_the_values_of_the_cpu(loss: he.PairLoss, M: int, draw) -> None:
    U, V = pair(draw, M)
    found = []
    for device in ("cpu", "cuda"):
        u = U.to(device).requires_grad_(True)
        value = loss(u, V.to(device))
        found.append((value.detach().cpu(), torch.autograd.grad(value, u)[0].cpu()))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-10)


@GPU
@each
@SIZES
def test_no_call_waits_for_a_gpu(loss: he.PairLoss, M: int, draw) -> None:
    U, V = (x.float().cuda().requires_grad_(True) for x in pair(draw, M))
    loss(U, V).backward()
    torch.cuda.set_sync_debug_mode("error")
    try:
        loss(U, V).backward()
    finally:
        torch.cuda.set_sync_debug_mode("default")
