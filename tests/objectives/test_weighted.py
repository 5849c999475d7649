"""Energies with unequal charges and with points that stay."""

from __future__ import annotations

import json
import math
import pickle

import numpy as np
import pytest
import torch
from torch import Tensor

import hyperenergy as he
from hyperenergy.energies import blockwise
from hyperenergy.energies.energy import Pairs
from hyperenergy.geometry.sphere import project, random_points, retract
from hyperenergy.objectives.base import ChargedEnergy
from hyperenergy.search.solvers import compiled_search

KERNELS = [he.Riesz(1), he.Gaussian(2), he.Logarithmic(), he.Riesz(-1), he.Projective(he.Riesz(2)), he.FramePotential()]
WEIGHTS = (1.0, 2.0, 0.5, 3.0, 1.5)
PAIRS: tuple[Pairs, ...] = ("unordered", "ordered", "mean")


def points(*shape: int, seed: int = 0) -> Tensor:
    return random_points(*shape, generator=torch.Generator().manual_seed(seed))


def naive(X: Tensor, kernel: he.Kernel, pairs: str, weights: list[float], fixed: Tensor | None) -> float:
    """Pair by pair."""
    rows = [*X, *([] if fixed is None else fixed)]
    charges = [*weights, *[1.0] * (len(rows) - len(weights))]
    total = 0.0
    for i in range(len(rows)):
        for j in range(len(rows)):
            if i != j:
                r = (rows[i] - rows[j]).square().sum()
                total += charges[i] * charges[j] * float(kernel(r))
    n = len(rows)
    return total * {"unordered": 0.5, "ordered": 1.0, "mean": 1 / (n * (n - 1))}[pairs]


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.label)
@pytest.mark.parametrize("pairs", PAIRS)
@pytest.mark.parametrize("held", [0, 3])
def test_values_pair_by_pair(kernel: he.Kernel, pairs, held: int) -> None:
    X = points(5, 3)
    fixed = points(held, 3, seed=1) if held else None
    energy = he.Energy(kernel, pairs, weights=WEIGHTS, fixed=fixed)
    expected = naive(X, kernel, pairs, list(WEIGHTS), fixed)
    assert type(energy) is ChargedEnergy and isinstance(energy, he.Energy)
    assert float(energy(X)) == pytest.approx(expected, rel=1e-12)
    value, _ = energy.value_and_derivative(X[None])
    assert float(value[0]) == pytest.approx(expected, rel=1e-12)
    batch = torch.stack([X, X.flip(0)])
    assert energy(batch).shape == (2,) and float(energy(batch)[0]) == pytest.approx(expected, rel=1e-12)


def test_charges_of_the_fixed_points() -> None:
    X, Y = points(4, 3), points(2, 3, seed=1)
    given = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    energy = he.Energy(he.Riesz(1), weights=given, fixed=Y)
    whole = he.Energy(he.Riesz(1), weights=given)
    assert float(energy(X)) == pytest.approx(float(whole(torch.cat([X, Y]))), rel=1e-14)


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.label)
def test_ones_are_no_charges_and_fixed_points_are_points(kernel: he.Kernel) -> None:
    X, Y = points(6, 4), points(3, 4, seed=1)
    for pairs in PAIRS:
        plain = he.energy(X, kernel, pairs)
        assert float(he.Energy(kernel, pairs, weights=[1] * 6)(X)) == pytest.approx(float(plain), rel=1e-13)
        both = he.energy(torch.cat([X, Y]), kernel, pairs)
        assert float(he.Energy(kernel, pairs, fixed=Y)(X)) == pytest.approx(float(both), rel=1e-13)
    # An energy of neither is what it was.
    assert type(he.Energy(kernel)) is he.Energy and he.Energy(kernel) == he.Energy(kernel, weights=None, fixed=None)
    assert he.Energy(kernel).spec() == {
        "type": "Energy",
        "kernel": he.Energy(kernel).spec()["kernel"],
        "pairs": "unordered",
    }


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.label)
@pytest.mark.parametrize("held", [0, 3])
def test_gradients_and_hessians_against_finite_differences(kernel: he.Kernel, held: int) -> None:
    X = points(5, 3)
    energy = he.Energy(kernel, "mean", weights=WEIGHTS, fixed=points(held, 3, seed=1) if held else None)
    v = project(X, points(5, 3, seed=2))
    h = 1e-4

    def along(t: float) -> float:
        return float(energy.value(retract(X, t * v)[None])[0])

    value, gradient, _ = energy.value_and_gradient(X[None])
    first = (8 * (along(h) - along(-h)) - (along(2 * h) - along(-2 * h))) / (12 * h)
    assert float((gradient[0] * v).sum()) == pytest.approx(first, rel=1e-8, abs=1e-9)

    _, forward = energy.value_and_derivative(X[None])
    product = energy.hessian_product(X[None], v[None])
    H = energy.hessians(X[None])[0].reshape(15, 15)
    automatic = torch.func.hessian(lambda z: energy.value(z.reshape(1, 5, 3))[0])(X.reshape(-1))
    torch.testing.assert_close(H, automatic, rtol=1e-10, atol=1e-12)
    normal = (forward[0] * X).sum(-1, keepdim=True)
    expected = project(X, (H @ v.reshape(-1)).reshape(5, 3) - normal * v)
    torch.testing.assert_close(product[0], expected, rtol=1e-9, atol=1e-11)
    assert math.isfinite(float(value))


@pytest.mark.parametrize("dim", [3, 12])
def test_blocks_agree_with_one_expression(monkeypatch: pytest.MonkeyPatch, dim: int) -> None:
    """Several blocks of rows, close pairs among them, in few dimensions and in many."""
    X = points(40, dim)
    X[1] = he.normalize(X[0] + 1e-4 * points(1, dim, seed=3)[0])
    charges = torch.linspace(0.5, 2, 40, dtype=torch.float64).tolist()
    energy = he.Energy(he.Riesz(1), weights=charges, fixed=points(7, dim, seed=4))
    whole, v = energy.value(X[None]), points(40, dim, seed=5)[None]
    value, force = energy.value_and_derivative(X[None])
    product = energy.linearize(X[None])[1](v)
    monkeypatch.setattr(blockwise, "BLOCK", 200)
    with torch.no_grad():
        torch.testing.assert_close(energy.value(X[None]), whole, rtol=1e-13, atol=0)
    again, forces = energy.value_and_derivative(X[None])
    torch.testing.assert_close(again, value, rtol=1e-13, atol=0)
    torch.testing.assert_close(forces, force, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(energy.linearize(X[None])[1](v), product, rtol=1e-9, atol=1e-6)
    leaf = X.clone().requires_grad_()
    (automatic,) = torch.autograd.grad(energy.value(leaf[None]).sum(), leaf)
    torch.testing.assert_close(automatic, force[0], rtol=1e-9, atol=1e-7)


def test_compiled_code_does_not_speak_for_charges(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes by the exact type; also where pairs are so many that sums of plain energies are compiled."""
    energy = he.Energy(he.Riesz(1), weights=WEIGHTS)
    assert not compiled_search.possible(energy, torch.device("cpu"), 5)
    monkeypatch.setattr(blockwise, "COMPILED", 1)
    monkeypatch.setattr(blockwise, "BLOCK", 1)
    X = points(5, 3)
    with torch.no_grad():
        found = float(energy.value(X[None])[0])
    assert found == pytest.approx(naive(X, he.Riesz(1), "unordered", list(WEIGHTS), None), rel=1e-12)
    value, force = energy.value_and_derivative(X[None])
    assert float(value[0]) == pytest.approx(found, rel=1e-12)
    single = energy.value_and_derivative(X[None].float())[1].double()
    torch.testing.assert_close(single, force, rtol=1e-4, atol=1e-4)
    wide = points(5, 12)  # more than eight dimensions in single precision: where plain energies go by tiles
    charged = he.Energy(he.Gaussian(1), weights=WEIGHTS).value_and_derivative(wide[None].float())[0]
    assert float(charged[0]) == pytest.approx(naive(wide, he.Gaussian(1), "unordered", list(WEIGHTS), None), rel=1e-5)


@pytest.mark.parametrize("charge", [0.5, 1.0, 2.0, 5.0])
def test_three_charges_on_a_circle(charge: float) -> None:
    """q at the pole, two of 1 at angles +-phi from its antipode: one variable, minimized by golden section."""
    from scipy.optimize import minimize_scalar

    def energy(phi: float) -> float:
        far, near = 2 * math.sin((math.pi - phi) / 2), 2 * math.sin(phi)
        return 2 * charge / far + 1 / near

    least = minimize_scalar(energy, bounds=(0.05, 1.5), method="bounded", options={"xatol": 1e-12})
    found = he.minimize(he.Energy(he.Riesz(1), weights=[charge, 1, 1]), 3, 2, restarts=8, seed=0)
    assert found.value == pytest.approx(float(least.fun), rel=1e-11)
    # From any labels of the points, the first is the charged one.
    assert float(found.points[1] @ found.points[2]) == pytest.approx(math.cos(2 * float(least.x)), abs=1e-6)


def test_three_free_points_find_the_rest_of_a_tetrahedron_and_fixed_ones_stay() -> None:
    tetrahedron = he.codes.simplex(4).points
    for kernel in (he.Riesz(1), he.Gaussian(1)):
        found = he.minimize(he.Energy(kernel, fixed=tetrahedron[:1]), 3, 3, restarts=8, seed=0)
        assert found.value == pytest.approx(float(he.energy(tetrahedron, kernel)), rel=1e-12)
        whole = torch.cat([found.points, tetrahedron[:1]])
        assert he.congruent(whole, tetrahedron).congruent and found.points.shape == (3, 3)
    # Beside two points at the poles, five lie on the equator.
    poles = torch.tensor([[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]], dtype=torch.float64)
    found = he.minimize(he.Energy(he.Riesz(1), fixed=poles), 5, 3, restarts=8, seed=0)
    assert found.points[:, 2].abs().amax() < 1e-6
    assert he.congruent(found.points[:, :2], he.codes.polygon(5).points).congruent


def test_search_against_scipy() -> None:
    """A naive optimization of the same sum over angles."""
    from scipy.optimize import minimize

    weights = np.array([1.0, 2.0, 3.0, 4.0])
    fixed = points(2, 3, seed=7)

    def energy(angles: np.ndarray) -> float:
        theta, phi = angles.reshape(2, 4)
        x = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], 1)
        x = np.concatenate([x, fixed.numpy()])
        q = np.concatenate([weights, [1.0, 1.0]])
        i, j = np.triu_indices(6, 1)
        return float((q[i] * q[j] / np.linalg.norm(x[i] - x[j], axis=1)).sum())

    rng = np.random.default_rng(0)
    ends = [minimize(energy, rng.uniform(0.2, 3, 8), method="BFGS", options={"gtol": 1e-9}).fun for _ in range(12)]
    found = he.minimize(he.Energy(he.Riesz(1), weights=weights, fixed=fixed), 4, 3, restarts=12, seed=0)
    assert found.value == pytest.approx(float(np.sort(ends)[0]), rel=1e-10)


def test_opposite_charges_under_a_bounded_kernel() -> None:
    """A negative charge sits on the positive one: exp(0) once with the sign of attraction."""
    found = he.minimize(he.Energy(he.Gaussian(1), weights=[1, -1]), 2, 3, restarts=4, seed=0)
    assert found.value == pytest.approx(-1.0, abs=1e-12)
    assert not he.Energy(he.Gaussian(1), weights=[1, -1]).positive
    assert he.Energy(he.Gaussian(1), weights=[-1, -1]).positive


@pytest.mark.parametrize(
    "energy",
    [
        he.Energy(he.Riesz("1/3"), "mean", weights=[1, 2, 3.5]),
        he.Energy(he.Gaussian(2), fixed=[[0.0, 1.0], [0.6, 0.8]]),
        he.Energy(he.Projective(he.Riesz(2), sine=True), "ordered", weights=[1, 2], fixed=[[0.0, 1.0]]),
    ],
    ids=lambda e: e.label,
)
def test_specs_come_back(energy: he.Energy) -> None:
    again = he.from_spec(json.loads(json.dumps(energy.spec())))
    assert again == energy and hash(again) == hash(energy) and again.label == energy.label
    assert pickle.loads(pickle.dumps(energy)) == energy
    assert he.from_spec({**energy.spec(), "type": "Energy"}) == energy
    assert he.Energy(energy.kernel, energy.pairs) != energy


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: he.Energy(he.Riesz(1), weights=[1, 0]), "weights: got a charge of 0"),
        (lambda: he.Energy(he.Riesz(1), weights=[1, -1]), "weights: got -1 and 1; opposite charges"),
        (lambda: he.Energy(he.Riesz(1), weights=[1, math.nan]), "weights: got nan"),
        (lambda: he.Energy(he.Riesz(1), weights=3), "weights: got 3; must be numbers, one charge per point"),
        (lambda: he.Energy(he.Riesz(1), weights=[]), r"weights: got \[\]"),
        (lambda: he.Energy(he.Riesz(1), fixed=[[1.0, 1.0]]), "fixed: got a row of norm 1.41421"),
        (lambda: he.Energy(he.Riesz(1), fixed="north"), "fixed: got 'north'"),
        (lambda: he.Energy(he.Riesz(1), fixed=[1.0, 0.0]), r"fixed: got shape \(2,\)"),
        (lambda: he.minimize(he.Energy(he.Riesz(1), weights=[1, 2]), 3, 3), "weights: got 2 of them; must be 3"),
        (
            lambda: he.minimize(he.Energy(he.Riesz(1), fixed=[[1.0, 0.0]]), 3, 3),
            "fixed: got points of R.2; must lie in R.3",
        ),
        (lambda: he.Energy(he.Riesz(1), weights=[1, 2])(torch.eye(3)), "weights: got 2 of them; must be 3"),
        (lambda: he.Energy(1.0, weights=[1, 2]), "kernel: got 1.0; must be a kernel"),  # type: ignore[arg-type]
    ],
)
def test_bad_input(make, message: str) -> None:
    with pytest.raises(he.ArgumentError, match=message):
        make()


def test_no_theorem_speaks_of_them() -> None:
    """Where one does of the plain energy: simplex, cross-polytope, icosahedron, polygon."""
    pole = [[0.0, 0.0, 1.0]]
    for N, dim in ((4, 3), (6, 3), (12, 3)):
        for kernel in (he.Riesz(1), he.Gaussian(1), he.Riesz(-2), he.Riesz(-3), he.Polynomial(2)):
            assert he.predict(he.Energy(kernel), N, dim) is not None
            assert he.predict(he.Energy(kernel, weights=[2.0] + [1.0] * (N - 1)), N, dim) is None
            assert he.predict(he.Energy(kernel, weights=[1.0] * N), N, dim) is None
            assert he.predict(he.Energy(kernel, fixed=pole), N, dim) is None
