"""Newton's method, signatures of Hessians, and what is listed as a minimum."""

from __future__ import annotations

import pytest
import torch

import hyperenergy as he
from hyperenergy import sphere
from hyperenergy.minimum import Status
from hyperenergy.objectives import BatchLoss, Objective
from hyperenergy.solvers import newton
from hyperenergy.sphere import random_points
from tests.zoo import THOMSON

# ---- Newton's method ----


@pytest.mark.parametrize(
    "objective",
    [he.Energy(he.Riesz(1)), he.Energy(he.Gaussian(2), "mean"), he.Energy(he.Riesz(-2)), he.Energy(he.Laplace(1))],
    ids=lambda o: o.label,
)
def test_energy_hessian_is_the_second_derivative(objective: he.Energy, draw) -> None:
    z = draw(6, 3)
    for found, expected in zip(
        objective.gradient_and_hessian(z), Objective.gradient_and_hessian(objective, z), strict=True
    ):
        torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-11)


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
    assert (signature.index, signature.zero_modes, signature.orbit) == (0, 3, 3)
    assert float(value) >= THOMSON[12] - 1e-9


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
    assert newton.polish(objective, square)[1].index > 0
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
    monkeypatch.setattr(sys.modules["hyperenergy.landscape"], "_MOST_ESCAPES", 0)
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
