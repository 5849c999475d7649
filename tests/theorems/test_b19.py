"""B19: the expansion at high temperature against searches, series and cumulants of designs."""

from __future__ import annotations

import dataclasses
import math

import mpmath
import pytest
import torch

import hyperenergy as he
from hyperenergy import ArgumentError
from hyperenergy.theorems.b19 import REMAINDER, designs_exist, high_temperature
from hyperenergy.theorems.instances import Grid, Instance
from hyperenergy.theorems.prediction import Outcome
from hyperenergy.verify import designs

torch.set_num_threads(1)
Family = type[he.InfoNCE] | type[he.DHEL]
LOSSES: tuple[Family, ...] = (he.InfoNCE, he.DHEL)


def value(loss: he.PairLoss, points: int, dim: int) -> tuple[float, float]:
    found = high_temperature(loss, points, dim)
    assert found is not None
    return found.value, found.error


@pytest.mark.parametrize("M", [2, 3, 5, 9])
@pytest.mark.parametrize("tau", [3, 8, 40])
def test_simplexes_by_the_closed_forms(M: int, tau: int) -> None:
    """B1's values in 40 digits; those of InfoNCE differ at order three, DHEL's not at all."""
    with mpmath.workdps(40):
        x = -mpmath.mpf(M) / ((M - 1) * tau)
        exact = mpmath.log(1 + (M - 1) * mpmath.exp(x))
        expanded, error = value(he.InfoNCE(tau), M, M + 2)
        assert abs(exact - expanded) <= error and error == REMAINDER / tau**3
        third = mpmath.taylor(lambda u: mpmath.log(1 + (M - 1) * mpmath.exp(-M * u / (M - 1))), 0, 3)[3]
        assert abs(exact - expanded - third / tau**3) <= 1.0 / tau**4
        assert abs(mpmath.log(M - 1) + x - value(he.DHEL(tau), M, M - 1)[0]) < 1e-14


@pytest.mark.parametrize("name", ["cross-polytope-3", "icosahedron", "polygon-7", "clebsch", "24-cell"])
@pytest.mark.parametrize("family", LOSSES)
def test_designs_have_its_two_orders(name: str, family: Family) -> None:
    """The loss itself at the aligned design: within the error, which at tau = 300 is 1/100 of the second order."""
    X = he.codes.get(name).points
    for tau in (3.0, 30.0, 300.0):
        expanded, error = value(family(tau), *X.shape)
        assert abs(float(family(tau)(X, X)) - expanded) <= error + 1e-14


@pytest.mark.parametrize("family", LOSSES)
@pytest.mark.parametrize(("M", "d"), [(4, 2), (5, 2), (6, 3), (7, 3), (6, 4), (8, 5)])
def test_against_search(family: Family, M: int, d: int) -> None:
    left = {}
    for tau in (8.0, 16.0, 32.0):
        best = he.minimize(family(tau), M, d, restarts=4, seed=1)
        expanded, error = value(family(tau), M, d)
        left[tau] = best.value - expanded
        assert abs(left[tau]) <= error
    for tau in (8.0, 16.0):  # order three at least
        assert abs(left[2 * tau]) <= abs(left[tau]) / 2**2.7 + 1e-14


def test_without_a_design_the_second_order_is_missed() -> None:
    """Five points of the sphere: no 2-design, silent, and the minimum leaves the interval above as tau grows."""
    tau = 256.0
    sums = {
        he.InfoNCE: math.log(5) - 1 / tau + 1 / (2 * 3 * tau**2),
        he.DHEL: math.log(4) - 1 / tau - 1 / (4 * tau) + ((5 / 3 - 1) / 4 - 1 / 16) / (2 * tau**2),
    }
    for family, expanded in sums.items():
        assert high_temperature(family(tau), 5, 3) is None
        best = he.minimize(family(tau), 5, 3, restarts=4, seed=0)
        assert best.value > expanded + 2 * REMAINDER / tau**3


@pytest.mark.parametrize(
    ("loss", "M", "d"),
    [
        (he.InfoNCE(2.9), 6, 3),
        (he.DHEL(1), 6, 3),
        (he.DHEL(8, two_view=True), 6, 3),
        (he.SimCLR(8), 6, 3),
        (he.DCL(8), 6, 3),
        (he.InfoNCE(8), 7, 5),
        (he.InfoNCE(8), 5, 1),
    ],
    ids=lambda x: getattr(x, "label", str(x)),
)
def test_silent(loss: he.PairLoss, M: int, d: int) -> None:
    assert high_temperature(loss, M, d) is None


def test_where_designs_are() -> None:
    assert [M for M in range(2, 12) if not designs_exist(M, 3)] == [5]
    assert all(designs_exist(M, 4) for M in range(2, 12))
    assert [M for M in range(2, 8) if designs_exist(M, 1)] == [2, 4, 6]


def test_bad_input() -> None:
    with pytest.raises(ArgumentError, match="points: got 1"):
        high_temperature(he.InfoNCE(8), 1, 3)
    with pytest.raises(ArgumentError, match="dim: got 0"):
        high_temperature(he.InfoNCE(8), 3, 0)
    with pytest.raises(ArgumentError, match="loss: got 'x'; must be a loss of pairs"):
        high_temperature("x", 3, 3)  # type: ignore[arg-type]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_falsified_expansion_is_seen(sign: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Off by twice the error at the second order's size."""
    instance = Instance("B19", he.InfoNCE(32), 6, 3, {"temperatures": [8.0, 16.0, 32.0]})
    grid = Grid(restarts=2)
    assert designs.check_high_temperature(instance, grid).outcome is Outcome.CONSISTENT

    def wrong(loss: he.PairLoss, points: int, dim: int) -> object:
        found = high_temperature(loss, points, dim)
        assert found is not None
        return found._replace(value=found.value + sign * 0.05 / float(loss.temperature) ** 2)

    monkeypatch.setattr(designs, "high_temperature", wrong)
    outcome = designs.check_high_temperature(instance, grid).outcome
    assert outcome is (Outcome.REFUTED if sign > 0 else Outcome.INCONCLUSIVE)


def test_a_value_of_lower_order_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within the error at all temperatures, and of order two."""
    instance = Instance("B19", he.InfoNCE(32), 6, 3, {"temperatures": [8.0, 16.0, 32.0]})

    def wrong(loss: he.PairLoss, points: int, dim: int) -> object:
        found = high_temperature(loss, points, dim)
        assert found is not None
        return found._replace(value=found.value - 1e-3 / float(loss.temperature) ** 2)

    monkeypatch.setattr(designs, "high_temperature", wrong)
    result = designs.check_high_temperature(instance, Grid(restarts=2))
    assert result.outcome is Outcome.INCONCLUSIVE and "tau^-3" in result.reason


def test_the_check_uses_the_losses_own_options() -> None:
    instance = Instance("B19", he.InfoNCE(32, symmetric=True), 4, 3, {"temperatures": [8.0, 32.0]})
    result = designs.check_high_temperature(instance, Grid(restarts=2))
    assert result.outcome is Outcome.CONSISTENT and dataclasses.asdict(result)["objective"].endswith("symmetric=True)")
