from __future__ import annotations

import math
import sys

import pytest
import torch

import hyperenergy as he
from tests import oracles
from tests.cases import KERNELS


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.label)
def test_against_the_naive_loop(kernel: he.Kernel, draw) -> None:
    X = draw(2, 3, 7, 4)

    N = X.shape[-2]
    for pairs, factor in (("mean", 1.0), ("ordered", N * (N - 1)), ("unordered", N * (N - 1) / 2)):
        value = he.energy(X, kernel, pairs)  # type: ignore[arg-type]
        exact = [[factor * oracles.mean_energy(x, KERNELS[kernel]) for x in batch] for batch in X.tolist()]
        torch.testing.assert_close(value, torch.tensor(exact, dtype=torch.float64), rtol=1e-13, atol=0)


@pytest.mark.parametrize("kernel", [he.Riesz(1), he.Gaussian(2), he.Laplace(1)], ids=lambda k: k.label)
def test_blockwise_sum_equals_the_direct_one(kernel: he.Kernel, draw, monkeypatch) -> None:
    X = draw(2, 50, 3).requires_grad_(True)
    direct = he.energy(X, kernel)
    (expected,) = torch.autograd.grad(direct.sum(), X)
    monkeypatch.setattr(sys.modules["hyperenergy.blockwise"], "BLOCK", 300)  # blocks of 6 rows
    blockwise = he.energy(X, kernel)
    (found,) = torch.autograd.grad(blockwise.sum(), X)
    torch.testing.assert_close(blockwise, direct, rtol=1e-13, atol=0)
    torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-11)


def test_coincident_points_of_a_singular_kernel_have_infinite_energy() -> None:
    X = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    assert math.isinf(float(he.energy(X, he.Riesz(1))))
    assert math.isfinite(float(he.energy(X, he.Gaussian(1))))


def test_antipodal_and_aligned_points_have_finite_gradients() -> None:
    X = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0]], dtype=torch.float64, requires_grad=True)
    for kernel in (he.Laplace(1), he.Gaussian(1), he.Riesz(-1)):
        (gradient,) = torch.autograd.grad(he.energy(X, kernel), X)
        assert bool(gradient.isfinite().all())


def test_unknown_pair_convention() -> None:
    with pytest.raises(he.ArgumentError, match="pairs: got 'orderd'; did you mean ordered"):
        he.energy(torch.eye(3, dtype=torch.float64), he.Gaussian(1), "orderd")  # type: ignore[arg-type]
    with pytest.raises(he.ArgumentError, match="kernel: got 'gaussian'; must be a kernel"):
        he.Energy("gaussian")  # type: ignore[arg-type]
