"""Many points, in bounded memory, on CPU and GPU."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import hyperenergy as he
from hyperenergy.sphere import random_points
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
from hyperenergy.sphere import random_points
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
