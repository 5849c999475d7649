"""Best packings: least angles of the literature, the equations of the contacts, rattlers and what is not isolated."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize as scipy_minimize

import hyperenergy as he
from hyperenergy.geometry.sphere import random_points
from hyperenergy.objectives.packing import LargestTerm, least_angle, shortest_mean
from hyperenergy.search.contacts import Isolation
from hyperenergy.search.minimum import Minimum, Status
from hyperenergy.search.packing.terms import Terms

# Least angles in degrees: Sloane's table (../shared/reference-values.md) and, to d+1 points and for 2d, closed forms.
ANGLES = {
    (3, 4): 109.4712206, (3, 5): 90.0, (3, 6): 90.0, (3, 7): 77.8695421, (3, 8): 74.8584922, (3, 9): 70.5287794,
    (3, 10): 66.1468220, (3, 11): 63.4349488, (3, 12): 63.4349488, (3, 13): 57.1367031, (3, 14): 55.6705700,
    (3, 15): 53.6578501, (3, 16): 52.2443957, (3, 20): 47.4310362, (3, 24): 43.6907671,
    (4, 5): 104.4775122, (4, 6): 90.0, (4, 7): 90.0, (4, 8): 90.0, (4, 24): 60.0,
}  # fmt: skip
QUICK = {(3, 5), (3, 7), (3, 8), (3, 9), (3, 10), (3, 12), (3, 24), (4, 24)}
SIZES = [size if size in QUICK else pytest.param(size, marks=pytest.mark.slow) for size in ANGLES]
SHIFTS = {"packing": (he.Packing(), 6, 3), "softmax code": (he.SoftmaxCode(), 4, 3)}


def found(size: tuple[int, int]) -> Minimum:
    dim, points = size
    return he.minimize(he.Packing(), points, dim)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[1]} in {size[0]}")
def test_angles_of_the_literature(size: tuple[int, int]) -> None:
    best = found(size)
    # Seven digits, of which some tables cut the rest off.
    assert abs(least_angle(best.points) - ANGLES[size]) < 1.5e-7
    assert abs(best.value + 2 * math.sin(math.radians(least_angle(best.points)) / 2)) < 1e-14
    assert best.status is Status.CONVERGED
    check_contacts(best)


def check_contacts(best: Minimum) -> None:
    """Against the points alone: equal distances, no nearer pair, and forces that balance at every point."""
    X, contacts = best.points, best.contacts
    assert contacts is not None
    i, j = contacts.pairs.T
    distances = (X[i] - X[j]).norm(dim=-1)
    assert float((distances + best.value).abs().max()) < 1e-12
    assert float(torch.pdist(X).min()) > -best.value - 1e-12
    assert len(torch.unique(contacts.pairs.sort(-1).values, dim=0)) == len(contacts.pairs)
    assert bool((contacts.weights >= 0).all()) and abs(float(contacts.weights.sum()) - 1) < 1e-12
    force = torch.zeros_like(X)
    force.index_add_(0, i, contacts.weights[:, None] * X[j]).index_add_(0, j, contacts.weights[:, None] * X[i])
    force -= (force * X).sum(-1, keepdim=True) * X
    assert float(force.norm()) < 1e-10 and contacts.residual < 1e-11 and contacts.spread < 1e-12
    assert set(contacts.rattlers) == set(range(len(X))) - set(contacts.pairs.flatten().tolist())


@pytest.mark.parametrize(
    ("size", "isolation"),
    [
        ((3, 4), Isolation.FIRST_ORDER),
        ((3, 5), Isolation.NOT_ISOLATED),
        ((4, 6), Isolation.NOT_ISOLATED),
        ((4, 7), Isolation.NOT_ISOLATED),
        ((3, 3), Isolation.SECOND_ORDER),  # a great circle: across it nothing is lost to first order
        ((3, 12), Isolation.FIRST_ORDER),
    ],
)
def test_isolation(size: tuple[int, int], isolation: Isolation) -> None:
    contacts = found(size).contacts
    assert contacts is not None and contacts.isolation is isolation
    assert contacts.isolation.isolated is (isolation is not Isolation.NOT_ISOLATED)


def test_undecided_is_neither() -> None:
    assert Isolation.UNDECIDED.isolated is None


def test_rattlers() -> None:
    """Of 20 points in R^3 two have room; where they are does not matter."""
    best = found((3, 20))
    assert best.contacts is not None and len(best.contacts.rattlers) == 2
    moved = best.points.clone()
    k = best.contacts.rattlers[0]
    moved[k] = he.normalize(moved[k] + 1e-3 * random_points(1, 3, generator=torch.Generator().manual_seed(0))[0])
    assert float(he.Packing().value(moved)) == best.value


@pytest.mark.parametrize(("objective", "points", "dim"), SHIFTS.values(), ids=SHIFTS)
def test_derivatives_against_differences(objective: LargestTerm, points: int, dim: int) -> None:
    """Of the terms, to second order along geodesics."""
    generator = torch.Generator().manual_seed(1)
    z = random_points(objective.rows(points), dim, generator=generator).numpy()
    terms = Terms(objective, points, dim)
    assert np.allclose(terms.values(z), objective.terms(torch.from_numpy(z)).numpy(), atol=1e-15)
    basis, some = terms.basis(z), np.arange(len(terms.pairs))
    y = np.random.default_rng(0).standard_normal(terms.freedoms)
    y /= np.linalg.norm(y)
    weights = np.random.default_rng(1).random(len(some))
    step = 1e-4
    there, back = (weights @ terms.values(terms.moved(z, basis, s * y)) for s in (step, -step))
    slope = weights @ terms.jacobian(z, basis, some) @ y
    assert abs((there - back) / (2 * step) - slope) < 1e-6
    bend = (there + back - 2 * weights @ terms.values(z)) / step**2
    assert abs(bend - y @ terms.hessian(z, basis, some, weights) @ y) < 1e-5


@pytest.mark.parametrize("objective", [he.Packing(), he.SoftmaxCode()], ids=lambda o: o.label)
def test_invariance_and_batches(objective: LargestTerm) -> None:
    generator = torch.Generator().manual_seed(2)
    z = random_points(5, 8, 3, generator=generator)
    Q = torch.linalg.qr(torch.randn(3, 3, generator=generator, dtype=torch.float64)).Q
    assert torch.allclose(objective.value(z), objective.value(z @ Q), atol=1e-14)
    assert torch.equal(objective.value(z)[2], objective.value(z[2]))
    value, gradient, scale = objective.value_and_gradient(z)
    assert torch.equal(value, objective.value(z)) and gradient.shape == z.shape and bool((scale > 0).all())
    ahead = he.normalize(z - 1e-6 * gradient)
    assert bool((objective.value(ahead) < value).all())


def test_by_definition() -> None:
    z = random_points(12, 3, generator=torch.Generator().manual_seed(3))
    assert float(he.Packing().value(z)) == pytest.approx(-float(torch.pdist(z).min()), abs=1e-15)
    U, V = z.tensor_split(2)
    largest = max(float(U[i] @ V[j] - U[i] @ V[i]) for i in range(6) for j in range(6) if i != j)
    assert float(he.SoftmaxCode().value(z)) == pytest.approx(largest, abs=1e-15)


def test_the_gradient_vanishes_at_minima_alone() -> None:
    best = found((3, 8))
    at = he.Packing().value_and_gradient(best.rows[None])[1]
    beside = he.normalize(best.rows + 1e-3 * random_points(8, 3, generator=torch.Generator().manual_seed(0)))
    assert float(at.norm()) < 1e-9 < 1e-2 < float(he.Packing().value_and_gradient(beside[None])[1].norm())


def test_another_search_finds_nothing_better() -> None:
    """Seven points by SciPy: the common bound t as a variable, SLSQP."""
    i, j = np.triu_indices(7, 1)
    lowest = float(found((3, 7)).value)
    for seed in range(4):
        x = np.random.default_rng(seed).standard_normal((7, 3))
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        constraints = [
            {"type": "ineq", "fun": lambda y: y[-1] - (y[:-1].reshape(7, 3)[i] * y[:-1].reshape(7, 3)[j]).sum(1)},
            {"type": "eq", "fun": lambda y: (y[:-1].reshape(7, 3) ** 2).sum(1) - 1},
        ]
        y = scipy_minimize(lambda y: y[-1], np.append(x, 1.0), method="SLSQP", constraints=constraints).x
        assert lowest <= -math.sqrt(2 - 2 * y[-1]) + 1e-6


def test_shortest_mean() -> None:
    weights, length = shortest_mean(np.array([[1.0, 0.0], [0.0, 1.0], [3.0, 3.0]]))
    assert np.allclose(weights, [0.5, 0.5, 0]) and length == pytest.approx(math.sqrt(0.5))


def test_from_a_given_start_and_again() -> None:
    best = found((3, 9))
    beside = he.normalize(best.points + 1e-2 * random_points(9, 3, generator=torch.Generator().manual_seed(0)))
    again = he.minimize(he.Packing(), 9, 3, start=beside)
    assert again.value == pytest.approx(best.value, abs=1e-13) and again.restarts == 1
    same = he.minimize(he.Packing(), 9, 3)
    assert same.value == best.value and torch.equal(same.points, best.points)


def test_few_points_and_few_dimensions() -> None:
    assert he.minimize(he.Packing(), 2, 3, restarts=2).value == pytest.approx(-2, abs=1e-15)
    assert he.minimize(he.Packing(), 7, 2, restarts=4).value == pytest.approx(-2 * math.sin(math.pi / 7), abs=1e-14)
    assert he.minimize(he.Packing(), 2, 1).value == -2 and he.minimize(he.Packing(), 3, 1).value == 0
    assert he.minimize(he.SoftmaxCode(), 2, 1).value == -2 and he.minimize(he.SoftmaxCode(), 3, 1).value == 0


@pytest.mark.parametrize("objective", [he.Packing(), he.SoftmaxCode()], ids=lambda o: o.label)
def test_as_data(objective: LargestTerm) -> None:
    assert he.from_spec(objective.spec()) == objective


def test_bad_input() -> None:
    for points, dim, name in ((1, 3, "points"), (4, 0, "dim")):
        with pytest.raises(he.ArgumentError, match=f"{name}: got"):
            he.minimize(he.Packing(), points, dim)
    with pytest.raises(he.ArgumentError, match="start"):
        he.minimize(he.Packing(), 4, 3, start=torch.eye(5, 3).double())
