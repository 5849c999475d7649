"""Many points, in bounded memory, on CPU and GPU."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import hyperenergy as he
from hyperenergy.energies import blockwise
from hyperenergy.geometry.sphere import random_points
from hyperenergy.objectives.base import BatchLoss, Objective, relative_norm
from hyperenergy.search.solvers import loop, trust_region
from hyperenergy.search.solvers.lbfgs import LBFGS
from tests.cases import COMPILED
from tests.zoo import THOMSON

# ---- scale ----


@pytest.mark.slow
@COMPILED
def test_a_hundred_thousand_points_within_a_gibibyte() -> None:
    import subprocess
    import sys

    code = """
import resource, torch, hyperenergy as he
from hyperenergy.geometry.sphere import random_points
x = random_points(100_000, 3, generator=torch.Generator().manual_seed(0)).requires_grad_(True)
value = he.energy(x, he.Riesz(1))
value.backward()
mean = float(value.detach()) / (100_000 * 99_999 / 2)
print(mean, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    mean, gibibytes = map(float, shown.stdout.split())
    assert gibibytes < 1
    assert mean == pytest.approx(1.0, abs=2e-3)  # the energy of the uniform law; the sampling error is 1/N of that


@pytest.mark.slow
@COMPILED
def test_energy_of_the_leech_vectors() -> None:
    from hyperenergy.codes.leech import leech

    counts = {-1.0: 1, -0.5: 4600, -0.25: 47104, 0.0: 93150, 0.25: 47104, 0.5: 4600}
    exact = 196560 / 2 * math.fsum(m * math.exp(-(2 - 2 * t)) for t, m in counts.items())
    assert float(he.energy(torch.from_numpy(leech().floats()), he.Gaussian(1))) == pytest.approx(exact, rel=1e-12)


def test_leech_vectors_are_minimal_vectors() -> None:
    from hyperenergy.codes.leech import golay, leech

    words = golay()
    weights, counts = np.unique(words.sum(1), return_counts=True)
    assert dict(zip(weights.tolist(), counts.tolist(), strict=True)) == {0: 1, 8: 759, 12: 2576, 16: 759, 24: 1}
    vectors = leech().a
    assert vectors.shape == (196560, 24) and set((vectors**2).sum(1).tolist()) == {32}
    for k in (0, 100_000, 196_000):  # one of each shape
        products, counts = np.unique(vectors @ vectors[k], return_counts=True)
        assert dict(zip(products.tolist(), counts.tolist(), strict=True)) == {
            -32: 1,
            -16: 4600,
            -8: 47104,
            0: 93150,
            8: 47104,
            16: 4600,
            32: 1,
        }


# ---- GPU ----

GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device, and there is none here")
# What runs on a GPU runs here, too, through the same code.
DEVICES = ["cpu", pytest.param("cuda", marks=GPU)]
OBJECTIVES = [
    (he.Energy(he.Riesz(1)), 40, 3),
    (he.Energy(he.Gaussian(2)), 30, 12),
    (BatchLoss(he.DHEL(0.1)), 14, 5),
    (BatchLoss(he.InfoNCE(0.5)), 12, 9),
    (BatchLoss(he.KCL(he.Gaussian(2))), 14, 5),
]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("objective", "points", "dim"), OBJECTIVES, ids=lambda x: getattr(x, "label", str(x)))
def test_minima_are_the_same_on_every_device(objective: Objective, points: int, dim: int, device: str) -> None:
    """From beside a minimum that the CPU found, down in float32 and to the end in float64, the same one to round-off."""
    z = random_points(4, objective.rows(points), dim, generator=torch.Generator().manual_seed(0))
    here = trust_region.refine(objective, loop.run(LBFGS(objective, 1e-6), z, 3000).z, 1e-12)
    assert float(here.gradient_norm.max()) <= 1e-12
    noise = random_points(*z.shape, generator=torch.Generator().manual_seed(1))
    beside = he.normalize(here.z + 1e-3 * noise).to(device)
    there = trust_region.refine(objective, loop.descend(objective, beside, 1e-6, 3000).z, 1e-12)
    assert there.z.device.type == device and there.z.dtype == torch.float64
    assert float(there.gradient_norm.max()) <= 1e-12
    torch.testing.assert_close(there.value.cpu(), here.value, rtol=1e-13, atol=1e-14)
    value, gradient, scale = objective.value_and_gradient(there.z.cpu())
    torch.testing.assert_close(there.value.cpu(), value, rtol=1e-13, atol=1e-14)
    assert float(relative_norm(gradient, scale).max()) <= 2e-12
    for k in range(4):
        assert he.congruent(there.z[k].cpu(), here.z[k]).residual < 1e-5


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dim", [3, 12])
def test_sums_are_the_same_on_every_device(dim: int, device: str, draw) -> None:
    """Values, gradients and products with Hessians, with points 1e-5 apart."""
    x, v = draw(3, 40, dim), draw(3, 40, dim)
    x[:, 1] = he.normalize(x[:, 0] + 1e-5 * x[:, 2])
    for kernel in (he.Riesz(1), he.Laplace(1), he.Gaussian(2)):
        y = x.clone().requires_grad_(True)
        value = he.energy(y, kernel, "ordered")
        (gradient,) = torch.autograd.grad(value.sum(), y, create_graph=True)
        (along,) = torch.autograd.grad((gradient * v).sum(), y)
        found = blockwise.sums_and_forces(x.to(device), kernel)
        product = blockwise.hessian_products(x.to(device), v.to(device), kernel)
        for a, b in zip((*found, product), (value.detach(), gradient.detach(), along), strict=True):
            torch.testing.assert_close(a.cpu(), b, rtol=0, atol=1e-13 * float(b.abs().max()))


def test_the_benchmark_of_the_gpu_runs_on_a_cpu(monkeypatch) -> None:
    from benchmarks import gpu

    cases = [gpu.Case(he.Energy(he.Riesz(1)), 12, 3, 4), gpu.Case(BatchLoss(he.DHEL(0.1)), 5, 3, 4)]
    monkeypatch.setattr(gpu, "cases", lambda: cases)
    lines: list[str] = []
    gpu.gpu(lines.append, 5.0, "cpu")
    rows = [line for line in lines if "stationary" in line]
    assert len(rows) == 2 and all("4 stationary, 0 to 1e-7, 0 not" in row for row in rows)
    assert sum("from beside it" in line for line in lines) == 2


@GPU
def test_gpu_finds_the_thomson_minimum() -> None:
    best = he.minimize(he.Energy(he.Riesz(1)), 32, 3, restarts=2048, hops=2, device="cuda")
    assert best.value == pytest.approx(THOMSON[32], abs=1e-9) and best.hits > 1500


@GPU
def test_a_million_points_on_the_gpu() -> None:
    generator = torch.Generator(device="cuda").manual_seed(0)
    X = random_points(1_000_000, 3, generator=generator).requires_grad_(True)
    value = he.energy(X, he.Riesz(1), "mean")
    (gradient,) = torch.autograd.grad(value, X)
    assert float(value.detach()) == pytest.approx(1.0, abs=1e-3) and bool(gradient.isfinite().all())


@pytest.mark.parametrize("dim", [2, 12])
def test_single_precision_adds_many_pairs(dim: int) -> None:
    """All points in one place have a mean energy of 1; added up in single precision it is off in the fifth digit."""
    X = torch.zeros(20_000, dim)
    X[:, 0] = 1
    assert float(he.energy(X, he.Gaussian(2), "mean")) == pytest.approx(1, rel=3e-7)
