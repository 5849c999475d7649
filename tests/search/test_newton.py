"""Newton's method, signatures of Hessians, and what is listed as a minimum."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import hyperenergy as he
from hyperenergy.geometry import sphere
from hyperenergy.geometry.sphere import random_points
from hyperenergy.objectives.base import BatchLoss, Objective
from hyperenergy.search.minimum import Status
from hyperenergy.search.solvers import curvature, loop, newton, trust_region
from hyperenergy.search.solvers.lbfgs import LBFGS
from tests.cases import loss_cases
from tests.zoo import THOMSON

# ---- Newton's method ----


class Own(he.DHEL):
    """A subclass with another formula, of which the closed form does not speak."""

    def formula(self, anchors: torch.Tensor, positives: torch.Tensor) -> torch.Tensor:  # type: ignore[override]  # takes no batch
        return 2 * super().formula(anchors, positives)


CLOSED_FORMS = [
    he.Energy(he.Riesz(1)),
    he.Energy(he.Gaussian(2), "mean"),
    he.Energy(he.Riesz(-2)),
    he.Energy(he.Laplace(1)),
    *(BatchLoss(case.loss) for case in loss_cases(0.3)),
    BatchLoss(he.SimCLR(0.01)),
    BatchLoss(he.KCL(he.Gaussian(2), two_view=True)),
    BatchLoss(he.KCL(he.Riesz(1), gamma=3.0, alignment_kernel=he.Gaussian(1))),
    BatchLoss(he.KCL(he.Laplace(1))),
    BatchLoss(Own(0.3)),
    he.Supervised(he.SupCon(0.5), [0, 0, 0, 1, 1, 1]),
    he.MultiView(he.MultiViewDHEL(0.5), 3),
]


@pytest.mark.parametrize("objective", CLOSED_FORMS, ids=lambda o: o.label)
def test_hessians_are_the_second_derivatives(objective: Objective, draw) -> None:
    """Closed forms and products, of a batch, against automatic differentiation twice through the values."""
    z = draw(3, 6, 3)
    found, v = objective.hessians(z), draw(3, 6, 3)
    x = z.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(objective.value(x).sum(), x, create_graph=True)
    rows = [
        torch.autograd.grad(gradient[:, i, k].sum(), x, retain_graph=True, materialize_grads=True)[0]
        if gradient.requires_grad
        else torch.zeros_like(x)
        for i in range(6)
        for k in range(3)
    ]
    expected = torch.stack(rows, 1).reshape(3, 6, 3, 6, 3)
    size = max(float(expected.abs().max()), 1e-3)
    assert size > 1e-3 or objective.label.startswith("Energy(Riesz(s=-2")
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-13 * size)
    ambient, product = objective.linearize(z)
    torch.testing.assert_close(ambient, gradient.detach(), rtol=0, atol=1e-13 * float(ambient.abs().max()))
    torch.testing.assert_close(product(v), torch.einsum("niajb,njb->nia", expected, v), rtol=0, atol=1e-12 * size)
    tangent = sphere.project(z, v)
    basis = curvature.tangent_bases(z)
    matrix, *_ = curvature.riemannian_hessians(objective, z, basis)
    along = torch.einsum("npq,nq->np", matrix, curvature.coordinates(basis, tangent))
    torch.testing.assert_close(
        objective.hessian_product(z, tangent), curvature.vectors(basis, along), rtol=0, atol=1e-12 * size
    )


def test_riemannian_hessian_is_the_second_derivative_along_geodesics(draw) -> None:
    """d^2/dt^2 f(exp(t v)) by central differences, at a point where the gradient does not vanish."""
    objective = BatchLoss(he.DCL(0.3))
    z = draw(8, 3)
    hessian, _, basis = newton.riemannian_hessian(objective, z)
    coordinates = torch.randn(16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    v = torch.einsum("iap,ip->ia", basis, coordinates.reshape(8, 2))
    length = v.norm(dim=-1, keepdim=True)

    def along(t: float) -> float:
        return float(objective.value((z * (t * length).cos() + v / length * (t * length).sin())[None]))

    h = 1e-4
    second = (along(h) - 2 * along(0) + along(-h)) / h**2
    assert float(coordinates @ hessian @ coordinates) == pytest.approx(second, rel=1e-5)


def test_newton_converges_quadratically() -> None:
    """Errors e, e^2, e^4 from a point 1e-2 beside the icosahedron, down to round-off."""
    objective = he.Energy(he.Riesz(1))
    noise = random_points(12, 3, generator=torch.Generator().manual_seed(0))
    z = he.normalize(he.codes.get("icosahedron").points + 1e-2 * noise)
    norms = []
    for _ in range(4):
        hessian, gradient, basis = newton.riemannian_hessian(objective, z)
        norms.append(float(gradient.norm()))
        step = -torch.linalg.pinv(hessian, rtol=1e-6) @ gradient
        z = sphere.retract(z, torch.einsum("iap,ip->ia", basis, step.reshape(12, 2)))
    assert norms[2] < 10 * norms[1] ** 2 / norms[0] and norms[3] < 1e-10
    polished, signature = newton.polish(objective, z)
    value, gradient, scale = objective.value_and_gradient(polished[None])
    assert float(gradient.norm() / scale) < 1e-15 * 10
    assert signature is not None
    assert (signature.index, signature.zero_modes, signature.orbit) == (0, 3, 3)
    assert float(value) >= THOMSON[12] - 1e-9


@pytest.mark.parametrize(
    "loss", [he.InfoNCE(0.05), he.NTXent(0.05), he.InfoNCE(0.05, symmetric=True)], ids=lambda x: x.label
)
def test_hessians_of_tiny_losses_have_full_relative_accuracy(loss: he.PairLoss) -> None:
    """Beside two aligned, antipodal pairs the loss is e^{-40}; 1 minus the softmax of the positive would be round-off."""
    noise = random_points(1, 4, 3, generator=torch.Generator().manual_seed(0))
    x = torch.tensor([[0.0, 0, 1], [0, 0, -1]], dtype=torch.float64)
    z = he.normalize(torch.cat([x, x])[None] + 1e-3 * noise)
    objective = BatchLoss(loss)
    found, expected = objective.hessians(z), Objective.hessians(objective, z)
    size = float(expected.abs().max())
    assert 0 < size < 1e-13
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12 * size)


@pytest.mark.parametrize(("rows", "dim", "rank"), [(6, 3, 3), (6, 5, 2), (2, 4, 2), (9, 2, 2), (4, 3, 1)])
def test_rotations_are_an_orthonormal_basis_of_the_orbit(rows: int, dim: int, rank: int, draw) -> None:
    """z A for random antisymmetric A lies in it; the planes in which nothing turns are left out."""
    z = torch.zeros(1, rows, dim, dtype=torch.float64)
    z[..., :rank] = draw(1, rows, rank)
    z = z @ torch.linalg.qr(draw(dim, dim)).Q
    basis = curvature.tangent_bases(z)
    found = curvature.rotations(z, basis)[0]
    kept = found[:, found.norm(dim=0) > 0.5]
    assert kept.shape[1] == newton.orbit_dimension(z[0]) == (dim * (dim - 1) - (dim - rank) * (dim - rank - 1)) // 2
    torch.testing.assert_close(kept.T @ kept, torch.eye(kept.shape[1]).double(), rtol=0, atol=1e-13)
    A = draw(dim, dim)
    turned = curvature.coordinates(basis, z @ (A - A.T))[0]
    torch.testing.assert_close(kept @ (kept.T @ turned), turned, rtol=0, atol=1e-13)


def spectra(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the symmetric matrices whose spectra are taken from here on."""
    sizes: list[int] = []
    eigh = torch.linalg.eigh

    def noted(matrix: torch.Tensor) -> object:
        sizes.append(matrix.shape[-1])
        return eigh(matrix)

    monkeypatch.setattr(torch.linalg, "eigh", noted)
    return sizes


def test_regular_minima_need_no_spectrum(monkeypatch) -> None:
    """Cholesky's factorization tells that all eigenvalues are positive; of a degenerate minimum they must be counted."""
    sizes = spectra(monkeypatch)
    icosahedron = he.codes.get("icosahedron").points
    _, signature = newton.polish(he.Energy(he.Riesz(1)), icosahedron)
    assert signature == newton.Signature(0, 3, 3) and np.max(sizes) <= 3
    _, flat = newton.polish(he.Energy(he.Riesz(-2)), icosahedron)
    # The centroid alone counts: three of 24 directions have a curvature.
    assert flat == newton.Signature(0, 21, 3) and np.max(sizes) == 24


def test_small_eigenvalues_are_told_from_zero() -> None:
    """DHEL(0.5) of 50 pairs in space: the least eigenvalues beside the rotations' are 1e-8 of the largest, and count."""
    objective = BatchLoss(he.DHEL(0.5))
    z = random_points(1, 100, 3, generator=torch.Generator().manual_seed(0))
    ends = trust_region.refine(objective, loop.run(LBFGS(objective, 1e-4), z, 2000).z, 1e-12)
    polished, signature = newton.polish(objective, ends.z[0])
    assert signature == newton.Signature(0, 3, 3)
    _, gradient, scale = objective.value_and_gradient(polished[None])
    assert float(gradient.norm() / scale) < 1e-14
    hessian, _, _ = newton.riemannian_hessian(objective, polished)
    eigenvalues = torch.linalg.eigvalsh(hessian) / hessian.abs().max()
    assert float(eigenvalues[2].abs()) < 1e-14 and 1e-9 < float(eigenvalues[3]) < 1e-6


@pytest.mark.parametrize(("points", "dim", "orbit"), [(3, 3, 3), (3, 5, 7), (12, 3, 3), (2, 4, 3)])
def test_zero_modes_are_the_rotations(points: int, dim: int, orbit: int) -> None:
    """Dimension of the orbit of r independent vectors under SO(d): d(d-1)/2 - (d-r)(d-r-1)/2, with r = N-1 here or d."""
    best = he.minimize(he.Energy(he.Riesz(1)), points, dim, restarts=4)
    signature = best.minima[0].signature
    assert signature is not None and (signature.index, signature.zero_modes, signature.orbit) == (0, orbit, orbit)


def test_a_degenerate_minimum_shows_its_other_zero_modes() -> None:
    """Four points of s = -2 need only be centered: many more zero modes than rotations."""
    signature = he.minimize(he.Energy(he.Riesz(-2)), 4, 3, restarts=4).minima[0].signature
    assert signature is not None and signature.index == 0 and signature.zero_modes > signature.orbit


def test_saddles_are_left_and_never_listed() -> None:
    """A square on the equator is a saddle of four charges in space, and a fixed point of every descent that starts there."""
    angles = torch.arange(4, dtype=torch.float64) * torch.pi / 2
    square = torch.stack([angles.cos(), angles.sin(), torch.zeros(4).double()], 1)
    objective = he.Energy(he.Riesz(1))
    signature = newton.polish(objective, square)[1]
    assert signature is not None and signature.index > 0
    best = he.minimize(objective, 4, 3, start=square[None])
    assert best.value == pytest.approx(THOMSON[4], abs=1e-9)
    assert all(m.signature is not None and m.signature.index == 0 for m in best.minima)


def test_rotations_beside_a_minimum_are_not_taken_for_descent() -> None:
    """At a relative gradient of 1e-7 rotations have eigenvalues of that size, of either sign, above round-off."""
    noise = random_points(120, 4, generator=torch.Generator().manual_seed(0))
    z = he.normalize(he.codes.get("600-cell").points + 1e-6 * noise)
    polished, signature = newton.polish(he.Energy(he.Gaussian(2)), z)
    assert signature is not None and (signature.index, signature.zero_modes) == (0, 6)
    assert he.congruent(polished, he.codes.get("600-cell").points).residual < 1e-12


def test_a_saddle_that_cannot_be_left_is_called_one(monkeypatch) -> None:
    import sys

    angles = torch.arange(4, dtype=torch.float64) * torch.pi / 2
    square = torch.stack([angles.cos(), angles.sin(), torch.zeros(4).double()], 1)
    monkeypatch.setattr(sys.modules["hyperenergy.search.finish"], "_MOST_ESCAPES", 0)
    best = he.minimize(he.Energy(he.Riesz(1)), 4, 3, start=square[None], throw=False)
    assert best.status is Status.SADDLE and best.minima == () and best.hits == 0


@pytest.mark.parametrize("name", ["icosahedron", "clebsch", "schlaefli"])
@pytest.mark.parametrize("kernel", [he.Gaussian(1), he.Riesz(1), he.Logarithmic()], ids=lambda k: k.label)
def test_nothing_is_found_below_a_proved_optimum(name: str, kernel: he.Kernel) -> None:
    code = he.codes.get(name)
    objective = he.Energy(kernel, "mean")
    prediction = he.predict(objective, code.size, code.dim)
    assert prediction is not None and prediction.status == "theorem"
    best = he.minimize(objective, code.size, code.dim, restarts=16, hops=2)
    for minimum in best.minima:
        # Round-off of a mean of N^2 terms: a few units.
        assert minimum.value >= prediction.value - 1e-13 * max(1, abs(prediction.value))
    assert best.value == pytest.approx(prediction.value, rel=1e-13, abs=1e-14)


def test_minima_of_one_value_are_kept_apart_unless_congruent() -> None:
    """s = -2 has a continuum of minimizers; Riesz(1) at 7 points has one, which turned copies do not multiply."""
    flat = he.minimize(he.Energy(he.Riesz(-2)), 5, 3, restarts=6)
    assert len(flat.minima) > 1 and flat.hits == 6
    assert not he.congruent(flat.minima[0].rows, flat.minima[1].rows).congruent
    assert len(he.minimize(he.Energy(he.Riesz(1)), 7, 3, restarts=16).minima) == 1
