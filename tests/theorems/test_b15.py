"""B15: the convex program against closed forms, loops and searches over points; its certificate; where it is silent."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar

import hyperenergy as he
from hyperenergy.geometry.sphere import random_points
from hyperenergy.theorems.b15 import minorities_collapse
from hyperenergy.theorems.sup_con_solver import duality_gap
from hyperenergy.theorems.unequal import MOST_SIZES, least_sup_con


def labels(*sizes: int) -> list[int]:
    return [c for c, size in enumerate(sizes) for _ in range(size)]


def supervised(tau: float, *sizes: int) -> he.Supervised:
    return he.Supervised(he.SupCon(tau), labels(*sizes))


def naive(sizes: tuple[int, ...], tau: float, G: np.ndarray) -> float:
    """f by its definition."""
    total = 0.0
    for c, n in enumerate(sizes):
        others = sum(m * math.exp((G[c, k] - 1) / tau) for k, m in enumerate(sizes) if k != c)
        total += n * math.log(n - 1 + others)
    return total / sum(sizes)


def one_majority(n: int, m: int, K: int, tau: float) -> float:
    """The least f over b in [-1/(K-1), 1], by one variable."""

    def value(b: float) -> float:
        g = -math.sqrt(max(0.0, 1 + (K - 2) * b) / (K - 1))
        G = np.full((K, K), b)
        G[0], G[:, 0] = g, g
        return naive((n, *[m] * (K - 1)), tau, G)

    found = minimize_scalar(value, bounds=(-1 / (K - 2), 1), method="bounded", options={"xatol": 1e-12})
    return float(np.min([found.fun, value(1.0)]))


def test_the_figure_of_the_theory() -> None:
    prediction = he.predict(supervised(0.5, 5, 3), 8, 2)
    assert prediction is not None and (prediction.theorem, prediction.status) == ("B15", "theorem")
    assert prediction.value == pytest.approx(1.1516805846462763, rel=1e-15)
    assert prediction.unique and prediction.aligned


@pytest.mark.parametrize("tau", [0.05, 0.5, 3.0])
@pytest.mark.parametrize("sizes", [(3, 2), (7, 2), (100, 3)])
def test_two_classes(sizes: tuple[int, int], tau: float) -> None:
    n, m = sizes
    expected = (n * math.log(n - 1 + m * math.exp(-2 / tau)) + m * math.log(m - 1 + n * math.exp(-2 / tau))) / (n + m)
    found = least_sup_con(sizes, tau)
    assert found.value == pytest.approx(expected, rel=1e-14) and found.rank == 1
    assert found.gap <= 1e-13 * expected


@pytest.mark.parametrize(
    ("n", "m", "K", "tau"), [(4, 2, 3, 0.5), (20, 2, 3, 0.5), (20, 2, 3, 2.0), (9, 3, 5, 0.3), (2, 7, 4, 1.0)]
)
def test_one_majority(n: int, m: int, K: int, tau: float) -> None:
    found = least_sup_con((n, *[m] * (K - 1)), tau)
    assert found.value == pytest.approx(one_majority(n, m, K, tau), rel=1e-13)
    assert found.gap <= 1e-12 * found.value


def test_the_minorities_collapse_where_it_is_said() -> None:
    """From the first size of the majority at which they do, and not before."""
    assert minorities_collapse(20, 2, 3, 2) and not minorities_collapse(20, 2, 3, 0.5)
    for m, K, tau in ((2, 3, 2.0), (3, 4, 1.0), (2, 3, 0.7)):
        first = next(n for n in range(2, 10_000) if minorities_collapse(n, m, K, tau))
        before, after = (least_sup_con((n, *[m] * (K - 1)), tau) for n in (first - 1, first))
        b = [found.products[found.classes.sizes.index(m)][found.classes.sizes.index(m)] for found in (before, after)]
        assert b[0] < 1 - 1e-6 and b[1] == pytest.approx(1, abs=1e-12)
        assert (before.rank, after.rank) == (K - 1, 1)


@pytest.mark.parametrize(
    ("sizes", "tau"),
    [((5, 3, 2), 0.5), ((4, 4, 2, 2), 0.7), ((9, 4, 3, 2), 0.2), ((3, 3, 3), 0.5), ((6, 5, 4, 3, 2, 2), 1.0)],
)
def test_certified_and_below_everything_else(sizes: tuple[int, ...], tau: float) -> None:
    found = least_sup_con(sizes, tau)
    assert 0 <= found.gap <= 1e-12 * found.value and found.rank <= len(sizes) - 1
    rng = np.random.default_rng(0)
    for _ in range(200):
        X = rng.normal(size=(len(sizes), 3))
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        assert naive(sizes, tau, X @ X.T) >= found.bound - 1e-15


def test_the_certificate_of_another_matrix_is_open() -> None:
    """Negative control: what is not the minimizer has a gap, at least as large as its excess."""
    found = least_sup_con((5, 3, 2), 0.5)
    for change in (1e-3, 1e-1):
        g = found.products + change * (1 - np.eye(3))
        relative, scale = duality_gap(found.classes, g)
        excess = found.classes.value(g)[0] - found.value
        assert relative * math.exp(scale) >= excess > 0 and relative > 1e-2 * change


@pytest.mark.parametrize(
    ("sizes", "tau", "dim"),
    [((5, 3), 0.5, 3), ((4, 2, 2), 0.5, 2), ((4, 3, 2), 1.0, 4), ((20, 2, 2), 2.0, 2), ((3, 3, 2, 2), 0.7, 3)],
)
def test_against_searches(sizes: tuple[int, ...], tau: float, dim: int) -> None:
    objective = supervised(tau, *sizes)
    prediction = he.predict(objective, sum(sizes), dim)
    best = he.minimize(objective, sum(sizes), dim, restarts=6)
    assert prediction is not None and best.value == pytest.approx(prediction.value, rel=1e-11)
    assert he.compare(best, prediction).outcome is he.Outcome.CONSISTENT
    for error in (1e-6, -1e-6):
        wrong = dataclasses.replace(prediction, value=prediction.value + error)
        assert he.compare(best, wrong).outcome is he.Outcome.REFUTED


def test_the_configuration_is_that_of_the_labels() -> None:
    """Classes of one size in any order, and points of a class anywhere."""
    mixed = [7, 1, 7, 3, 1, 3, 7, 9, 9, 9]
    objective = he.Supervised(he.SupCon(0.5), mixed)
    prediction = he.predict(objective, 10, 4)
    assert prediction is not None
    X = prediction.points
    assert float(objective.value(X[None])) == pytest.approx(prediction.value, rel=1e-14)
    assert float(objective.misalignment(X[None]).max()) == 0
    again = least_sup_con((3, 3, 2, 2), 0.5)
    assert prediction.value == again.value


def test_fewer_dimensions_suffice_where_minorities_collapse() -> None:
    objective = supervised(2.0, 20, 2, 2)
    one, two = (he.predict(objective, 24, dim) for dim in (1, 2))
    assert one is not None and two is not None and one.value == two.value
    assert float(objective.value(one.points[None])) == pytest.approx(one.value, rel=1e-14)
    assert he.predict(supervised(0.5, 20, 2, 2), 24, 1) is None
    with pytest.raises(he.ArgumentError, match="dim: got 1; must be at least 2"):
        least_sup_con((20, 2, 2), 0.5).points(1)


class SubSupCon(he.SupCon):
    pass


def test_where_it_is_silent() -> None:
    b15 = he.theorems.get("B15")
    assert b15.predict(supervised(0.5, 3, 3, 3), 9, 2) is None  # B7's
    assert he.predict(supervised(0.5, 3, 3, 3), 9, 2).theorem == "B7"  # type: ignore[union-attr]
    assert he.predict(supervised(0.5, 5, 4, 3, 2), 14, 2) is None  # K - 1 = 3 dimensions are needed
    assert he.predict(he.Supervised(SubSupCon(0.5), labels(5, 3)), 8, 2) is None
    assert b15.predict(supervised(0.5, 5, 3), 9, 2) is None
    ignoring = he.Supervised(he.SupCon(0.5, ignore=0), labels(5, 3, 2))
    assert he.predict(ignoring, 10, 3) is None
    assert he.predict(he.Supervised(he.SupCon(0.5, ignore=8), labels(5, 3, 2)), 10, 3) is not None
    for tau in (1e-300, 1e300):
        assert b15.predict(supervised(tau, 5, 3), 8, 2) is None


@pytest.mark.parametrize("tau", [1e-5, 1e-4, 1e-3, 1e3, 1e5])
def test_extreme_temperatures(tau: float) -> None:
    """The products are still those of the minimizer: near the simplex at small tau, where all slopes underflow."""
    found = least_sup_con((5, 3, 2), tau)
    assert found.relative_gap <= 1e-9 and found.rank == 2
    small = (5 * math.log(4) + 3 * math.log(2)) / 10  # all exponentials gone
    assert found.value == pytest.approx(small, rel=1e-12) if tau < 1 else found.value == pytest.approx(2.2, rel=1e-2)
    if tau < 1:
        assert float(np.abs(found.products[~np.eye(3, dtype=bool)] + 0.5).max()) < 10 * tau
    assert found.log_value == pytest.approx(math.log(found.value), rel=1e-13, abs=1e-14)


def test_many_classes_of_few_sizes() -> None:
    sizes = [2] * 1500 + [3] * 500
    found = least_sup_con(sizes, 0.5)
    assert found.gap <= 1e-12 * found.value and found.rank == 1999
    prediction = he.predict(supervised(0.5, *[2] * 150, *[3] * 50), 450, 200)
    assert prediction is not None
    value = supervised(0.5, *[2] * 150, *[3] * 50).value(prediction.points[None])
    assert float(value) == pytest.approx(prediction.value, rel=1e-12)


def test_random_cases_are_all_certified() -> None:
    rng = np.random.default_rng(1)
    for _ in range(40):
        sizes = rng.choice([2, 2, 3, 4, 8, 50, 1000], rng.integers(2, 7)).tolist()
        found = least_sup_con(sizes, float(10 ** rng.uniform(-2, 1.5)))
        assert found.gap <= 1e-12 * found.value and found.relative_gap <= 1e-9
        assert found.rank <= len(sizes) - 1


def test_no_random_points_are_lower() -> None:
    objective = supervised(0.5, 4, 3, 2)
    X = random_points(2000, 9, 3, generator=torch.Generator().manual_seed(0))
    assert float(objective.value(X).min()) > least_sup_con((4, 3, 2), 0.5).value


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: least_sup_con((3, 1), 0.5), "sizes: got 1; must be an integer >= 2"),
        (lambda: least_sup_con((3,), 0.5), "sizes: got .3.; must be of at least two classes"),
        (lambda: least_sup_con((3, 2), 0), "temperature: got 0"),
        (lambda: least_sup_con(range(2, 3 + MOST_SIZES), 0.5), f"sizes: got {MOST_SIZES + 1} different ones; at most"),
        (lambda: he.Supervised(he.SupCon(0.5), [0, 0, 1]), "labels: got a single point of class 1; each class needs"),
        (lambda: minorities_collapse(20, 1, 3, 2), "minority: got 1"),
        (lambda: minorities_collapse(20, 2, 2, 2), "classes: got 2"),
    ],
)
def test_bad_input(call, message: str) -> None:
    with pytest.raises(he.ArgumentError, match=message):
        call()
