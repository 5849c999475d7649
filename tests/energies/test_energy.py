from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import hyperenergy as he
from hyperenergy.energies import blockwise
from hyperenergy.energies.energy import _sum_in_one, pair_energy
from hyperenergy.objectives.base import BatchLoss
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
    monkeypatch.setattr(blockwise, "BLOCK", 300)  # blocks of 6 rows
    in_blocks = he.energy(X, kernel)
    (found,) = torch.autograd.grad(in_blocks.sum(), X)
    torch.testing.assert_close(in_blocks, direct, rtol=1e-13, atol=0)
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


# ---- second derivatives, across the switch from one expression to blocks ----

# With points 1e-4 apart, where 2 - 2 x.y would have lost eight digits.
DIMS = [3, 12]


def close_points(draw, dim: int) -> torch.Tensor:
    X = draw(2, 30, dim)
    X[:, 1] = he.normalize(X[:, 0] + 1e-4 * X[:, 2])
    return X


def second_derivatives(X: torch.Tensor, v: torch.Tensor, kernel: he.Kernel) -> list[torch.Tensor]:
    """Values, gradients, and Hessians: along v by double backward, and whole by functional transforms."""
    x = X.clone().requires_grad_(True)
    value = pair_energy(x, kernel)
    (gradient,) = torch.autograd.grad(value.sum(), x, create_graph=True)
    (along,) = torch.autograd.grad((gradient * v).sum(), x)

    def one(y: torch.Tensor) -> torch.Tensor:
        return pair_energy(y.reshape(1, *X.shape[1:]), kernel)[0]

    return [
        value.detach(),
        gradient.detach(),
        along,
        torch.func.jacrev(torch.func.grad(one))(X[0].flatten()),
        torch.func.vmap(torch.func.grad(lambda y: pair_energy(y, kernel)))(X),
        torch.func.grad(lambda y: torch.func.vmap(lambda z: pair_energy(z, kernel))(y).sum())(X),
    ]


@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.label)
def test_second_derivatives_in_blocks_are_those_of_one_expression(kernel: he.Kernel, dim, draw, monkeypatch) -> None:
    X, v = close_points(draw, dim), draw(2, 30, dim)
    expected = second_derivatives(X, v, kernel)
    for block in (200, 1800):  # some rows of one configuration; two configurations at once
        monkeypatch.setattr(blockwise, "BLOCK", block)
        for found, right in zip(second_derivatives(X, v, kernel), expected, strict=True):
            assert bool(right.isfinite().all())
            torch.testing.assert_close(found, right, rtol=0, atol=1e-14 * float(right.abs().max()))


@pytest.mark.parametrize("points", [295, 297])
def test_hessian_product_against_a_loop_on_both_sides_of_the_switch(points: int, draw) -> None:
    """The switch is at 2^18 = 295.6^2 * 3.  For exp(-2r): kappa' = -2 kappa, kappa'' = 4 kappa."""
    X, v = draw(points, 3), draw(points, 3)
    x = X.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(he.energy(x, he.Gaussian(2), "ordered"), x, create_graph=True)
    (found,) = torch.autograd.grad((gradient * v).sum(), x)
    for i in (0, points - 1):
        expected = [0.0, 0.0, 0.0]
        for j in range(points):
            e, f = (X[i] - X[j]).tolist(), (v[i] - v[j]).tolist()
            kappa = math.exp(-2 * oracles.dot(e, e))
            for k in range(3):
                expected[k] += 4 * (-2 * kappa * f[k] + 8 * kappa * oracles.dot(e, f) * e[k])
        assert found[i].tolist() == pytest.approx(expected, rel=1e-11)
        assert np.max(np.abs(expected)) > 1  # not the zero that a sum without second derivatives would give


def test_batch_dimensions_and_losses_have_second_derivatives_in_blocks(draw, monkeypatch) -> None:
    loss, U, V, along = he.KCL(he.Gaussian(2), two_view=True), draw(2, 3, 10, 3), draw(2, 3, 10, 3), draw(2, 3, 10, 3)

    def product() -> torch.Tensor:
        x = U.clone().requires_grad_(True)
        (gradient,) = torch.autograd.grad(loss(x, V).sum(), x, create_graph=True)
        return torch.autograd.grad((gradient * along).sum(), x)[0]

    expected, whole = product(), BatchLoss(loss).hessians(draw(2, 20, 3))
    monkeypatch.setattr(blockwise, "BLOCK", 50)
    torch.testing.assert_close(product(), expected, rtol=1e-12, atol=1e-12)
    assert float(whole.abs().max()) > 1 and float(expected.abs().max()) > 0.1


# Forward mode has torch compile decompositions of its own.
@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
def test_derivatives_that_are_not_there_are_errors(draw, monkeypatch) -> None:
    """Zero would be silent; what does not need them goes on."""
    X, v = draw(1, 30, 3), draw(1, 30, 3).requires_grad_(True)
    kernel = he.Riesz(1)

    def product() -> tuple[torch.Tensor, torch.Tensor]:
        x = X.clone().requires_grad_(True)
        (gradient,) = torch.autograd.grad(pair_energy(x, kernel).sum(), x, create_graph=True)
        (along,) = torch.autograd.grad((gradient * v).sum(), x, create_graph=True)
        return x, along

    x, along = product()
    assert float(torch.autograd.grad((along * X).sum(), x)[0].abs().max()) > 0
    monkeypatch.setattr(blockwise, "BLOCK", 200)
    x, in_blocks = product()
    torch.testing.assert_close(in_blocks, along, rtol=1e-11, atol=1e-11)
    # Linear in v, with the symmetric Hessian again.
    (by_v,) = torch.autograd.grad((in_blocks * v.detach()).sum(), v, retain_graph=True)
    torch.testing.assert_close(by_v, along.detach(), rtol=1e-11, atol=1e-11)
    with pytest.raises(NotImplementedError, match=r"a third derivative of a pair energy .* is not implemented"):
        torch.autograd.grad((in_blocks * X).sum(), x)
    forward = torch.autograd.forward_ad
    with forward.dual_level():
        moved = forward.unpack_dual(pair_energy(forward.make_dual(X, v.detach()), kernel)).tangent
    (gradient,) = torch.autograd.grad(pair_energy(x, kernel).sum(), x)
    torch.testing.assert_close(moved, (gradient * v).sum((-2, -1)).detach(), rtol=1e-11, atol=1e-11)

    def by_forward(y: torch.Tensor) -> torch.Tensor:
        return torch.func.jvp(lambda z: pair_energy(z, kernel).sum(), (y,), (v.detach(),))[1]

    for again in (torch.func.grad(by_forward), lambda y: torch.func.jvp(by_forward, (y,), (X,))):
        with pytest.raises(NotImplementedError, match=r"a derivative of the forward mode .* use reverse mode"):
            again(X)


@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("block", [2**18, 40])
def test_coincident_points_spoil_no_other_gradient(dim: int, block: int, draw, monkeypatch) -> None:
    """+inf for a singular kernel, with numbers at all other points; a cusp has derivative zero at coincidence."""
    monkeypatch.setattr(blockwise, "BLOCK", block)
    X = draw(20, dim)
    X[7] = X[3]
    X.requires_grad_(True)
    value = he.energy(X, he.Riesz(1))
    (gradient,) = torch.autograd.grad(value, X)
    others = [i for i in range(20) if i not in (3, 7)]
    assert float(value.detach()) == math.inf and bool(gradient[others].isfinite().all())
    assert float(gradient[others].abs().max()) > 0
    (cusp,) = torch.autograd.grad(he.energy(X, he.Laplace(1)), X)
    assert bool(cusp.isfinite().all())
    torch.testing.assert_close(cusp[3], cusp[7], rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("dim", DIMS)
def test_single_precision_in_blocks(dim: int, draw, monkeypatch) -> None:
    X = close_points(draw, dim)
    single = X.float()
    exact, forces = blockwise.sums_and_forces(single.double(), he.Riesz(1))
    for block in (2**18, 200):
        monkeypatch.setattr(blockwise, "BLOCK", block)
        x = single.clone().requires_grad_(True)
        value = he.energy(x, he.Riesz(1), "ordered")
        (gradient,) = torch.autograd.grad(value.sum(), x)
        assert value.dtype == gradient.dtype == torch.float32
        torch.testing.assert_close(value.detach().double(), exact, rtol=1e-6, atol=0)
        torch.testing.assert_close(gradient.double(), forces, rtol=1e-5, atol=1e-5 * float(forces.abs().max()))


@pytest.mark.parametrize("dim", DIMS)
def test_an_objective_evaluates_in_blocks_as_in_one_expression(dim: int, draw) -> None:
    """``Energy`` has its values and gradients from kappa and kappa', the checked function from automatic differentiation."""
    X = close_points(draw, dim)
    for kernel in (he.Riesz(1), he.Laplace(1), he.Gaussian(2)):
        value, ambient = he.Energy(kernel, "mean").value_and_derivative(X)
        x = X.clone().requires_grad_(True)
        expected = _sum_in_one(x, kernel) / (30 * 29)
        torch.testing.assert_close(value, expected.detach(), rtol=1e-14, atol=0)
        (right,) = torch.autograd.grad(expected.sum(), x)
        torch.testing.assert_close(ambient, right, rtol=0, atol=1e-14 * float(right.abs().max()))
