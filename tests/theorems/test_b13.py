"""B13 and B14: where the sigmoid loss aligns, and what it can reach with a free bias; aligned pairs (B9)."""

from __future__ import annotations

import dataclasses
import math

import mpmath
import pytest
import torch
from scipy.optimize import minimize_scalar

import hyperenergy as he
from hyperenergy.objectives.base import BatchLoss
from hyperenergy.objectives.free_bias import FreeBias
from hyperenergy.objectives.recall import from_spec
from hyperenergy.theorems import b9, b13, b14
from hyperenergy.theorems.instances import Grid, How, Instance
from hyperenergy.theorems.prediction import Outcome
from hyperenergy.verify import checks
from hyperenergy.verify.free_bias import check_free_bias
from tests import oracles

SIZES = [(N, t) for N in (3, 4, 5, 8, 50) for t in (0.1, 1.0, 5.0, 20.0, 200.0)]


@pytest.mark.parametrize(("N", "t"), SIZES)
def test_boundaries_are_the_formulas_of_the_statement(N: int, t: float) -> None:
    """By 60 digits, cancellation and all."""
    with mpmath.workdps(60):
        e = mpmath.mpf(t)
        root = mpmath.sqrt((N - 4) ** 2 + 8 * (N - 2) * mpmath.exp(e * N / (N - 1)))
        aligned = mpmath.log((4 - N + root) / (2 * (N - 2) * mpmath.exp(e)))
        antipodal = e + mpmath.log(mpmath.mpf(2) / (N - 2))
        assert abs(b13.aligned_up_to(t, N) - aligned) <= 4e-15 * (1 + t)
        assert abs(b13.antipodal_from(t, N) - antipodal) <= 4e-15 * (1 + t)
        assert aligned < antipodal


@pytest.mark.parametrize(("N", "t"), SIZES)
def test_boundaries_are_those_of_the_numerical_minimizer(N: int, t: float) -> None:
    aligned, antipodal, beside = b13.aligned_up_to(t, N), b13.antipodal_from(t, N), 1e-7 * (1 + t)
    assert b9.double_constant_ratio(t, aligned - beside, N) == 1
    assert 0.99 < b9.double_constant_ratio(t, aligned + beside, N) < 1
    assert 0 < b9.double_constant_ratio(t, antipodal - beside, N) < 0.01
    assert b9.double_constant_ratio(t, antipodal + beside, N) == 0


@pytest.mark.parametrize("N", [3, 4])
def test_searches_on_either_side(N: int) -> None:
    for boundary, ratios in ((b13.aligned_up_to(3.0, N), (True, False)), (b13.antipodal_from(3.0, N), (False, True))):
        for bias, at_end in zip((boundary - 0.2, boundary + 0.2), ratios, strict=True):
            best = he.minimize(he.SigLIP(3.0, bias), N, N, restarts=4)
            said = b13.THEOREM.predict(BatchLoss(he.SigLIP(3.0, bias)), N, N)
            assert said is not None and best.value == pytest.approx(said.value, rel=1e-11)
            ratio = 1 - best.misalignment**2 / 4
            assert (abs(ratio - round(ratio)) < 1e-9) is at_end


def test_two_pairs_are_always_aligned_and_extremes_are_numbers() -> None:
    assert b13.phase(3.0, 1e6, 2) == 1.0 and b13.phase(3.0, -1e6, 2) == 1.0
    for t in (5e-324, 1e-300, 1e300, 1.7e308):
        for N in (3, 4, 5, 10**6):
            assert math.isfinite(b13.aligned_up_to(t, N)) and math.isfinite(b13.antipodal_from(t, N))


def test_b9_stays_the_predictor_and_a_wrong_boundary_is_refuted(monkeypatch) -> None:
    objective = BatchLoss(he.SigLIP(3.0, b13.aligned_up_to(3.0, 4) + 0.3))
    said = he.predict(objective, 4, 4)
    assert said is not None and said.theorem == "B9"
    assert b13.THEOREM.predict(objective, 4, 2) is None  # 0 < R < 1 takes four dimensions
    assert b13.THEOREM.predict(BatchLoss(he.SigLIP(3.0, 0.0)), 2, 2) is None
    assert b13.THEOREM.predict(he.Aligned(he.SigLIP(3.0, 0.0)), 4, 4) is None
    formula = b13.aligned_up_to
    monkeypatch.setattr(b13, "aligned_up_to", lambda scale, points: formula(scale, points) + 0.5)
    result = checks.check_prediction(Instance("B13", objective.loss, 4, 4), Grid(restarts=4))
    assert result.outcome is Outcome.REFUTED and result.reason == "a lower value was found"


# ---- aligned pairs ----


@pytest.mark.parametrize(("points", "dim"), [(2, 1), (3, 2), (4, 3), (4, 6), (6, 5)])
@pytest.mark.parametrize("bias", [-4.0, 0.0, 9.0])
def test_aligned_pairs_make_a_simplex_at_every_bias(points: int, dim: int, bias: float) -> None:
    objective = he.Aligned(he.SigLIP(5.0, bias))
    said, best = he.predict(objective, points, dim), he.minimize(objective, points, dim, restarts=4)
    assert said is not None and (said.theorem, said.unique, said.aligned) == ("B9", True, True)
    X = he.codes.simplex(points, dim).points
    assert said.value == pytest.approx(oracles.sig_lip(X.tolist(), X.tolist(), 5.0, bias), rel=1e-13)
    assert best.value == pytest.approx(said.value, rel=1e-11) and he.compare(best, said).outcome is Outcome.CONSISTENT
    for error in (1e-6, -1e-6):
        wrong = dataclasses.replace(said, value=said.value * (1 + error))
        assert he.compare(best, wrong).outcome is Outcome.REFUTED


def test_aligned_pairs_beyond_the_simplex_get_nothing() -> None:
    assert he.predict(he.Aligned(he.SigLIP(5.0, 0.0)), 5, 3) is None
    # Free pairs are better there: R = 0 at so large a bias.
    free, aligned = (he.predict(o, 4, 3) for o in (he.SigLIP(5.0, 9.0), he.Aligned(he.SigLIP(5.0, 9.0))))
    assert free is not None and aligned is not None and free.value < aligned.value - 1


# ---- a free bias ----


@pytest.mark.parametrize(("points", "scale"), [(2, 1.0), (3, 5.0), (5, 40.0), (9, 0.3)])
def test_the_best_bias_of_the_simplex(points: int, scale: float) -> None:
    """By a search over R in [0, 1] and the bias, with B9's function of one variable."""
    said = b14.THEOREM.predict(FreeBias(scale), points, points)
    assert said is not None and said.log_value == pytest.approx(math.log(said.value), rel=1e-13, abs=1e-14)
    bias = b14.best_bias(scale, points)
    assert b9.double_constant_value(scale, bias, points, 1.0) == pytest.approx(said.value, rel=1e-13)

    def least(b: float) -> float:
        return b9.double_constant_value(scale, b, points, b9.double_constant_ratio(scale, b, points))

    found = minimize_scalar(least, bounds=(-scale - 3, scale), method="bounded", options={"xatol": 1e-10})
    assert found.fun == pytest.approx(said.value, rel=1e-11) and found.x == pytest.approx(bias, abs=1e-4)


@pytest.mark.parametrize(("points", "dim", "scale"), [(2, 1, 5.0), (4, 3, 2.0), (4, 3, 60.0), (3, 5, 8.0)])
def test_searches_with_a_free_bias(points: int, dim: int, scale: float) -> None:
    objective = FreeBias(scale)
    said, best = he.predict(objective, points, dim), he.minimize(objective, points, dim, restarts=4)
    assert said is not None and (said.theorem, said.unique) == ("B14", True)
    assert best.value == pytest.approx(said.value, rel=1e-11) and he.compare(best, said).outcome is Outcome.CONSISTENT
    wrong = dataclasses.replace(said, value=said.value * (1 + 1e-6))
    assert he.compare(best, wrong).outcome is Outcome.REFUTED


def test_beyond_the_simplex_there_are_bounds_and_no_minimum() -> None:
    assert he.predict(FreeBias(5.0), 5, 3) is None
    assert [b14.exponent(M, 3) for M in (2, 4, 5, 6, 7)] == [1.0, 2 / 3, 0.5, 0.5, None]
    for points in (2, 3, 7):
        limit = b14.exponent(points, points)
        for scale in (0.5, 5.0, 300.0):
            said = b14.THEOREM.predict(FreeBias(scale), points, points)
            assert said is not None and said.log_value is not None and limit is not None
            low, high = b14.bounds(scale, points, limit)
            assert low <= said.log_value <= high


def test_a_wrong_limit_is_seen(monkeypatch) -> None:
    instance = Instance("B14", FreeBias(40.0), 5, 3, {"scales": [10.0, 40.0]})
    assert check_free_bias(instance, Grid(restarts=2)).outcome is Outcome.CONSISTENT
    monkeypatch.setattr(b14, "exponent", lambda points, dim: 0.4)
    assert check_free_bias(instance, Grid(restarts=2)).outcome is Outcome.REFUTED
    monkeypatch.setattr(b14, "exponent", lambda points, dim: 0.6)
    assert check_free_bias(instance, Grid(restarts=2)).outcome is Outcome.INCONCLUSIVE
    monkeypatch.setattr(b14, "exponent", lambda points, dim: None)
    with pytest.raises(AssertionError, match="the grid of B14 contains"):
        check_free_bias(instance, Grid())
    assert {how for how, _ in b14.THEOREM.instances(Grid())} == {How.PREDICTION, How.FREE_BIAS}


def test_values_that_underflow_are_said_in_logarithms() -> None:
    assert he.predict(FreeBias(2000.0), 3, 3) is None
    said = he.theorems.unpredicted(FreeBias(2000.0), 3, 3)
    # 2 sqrt(M-1) e^{-t m*}, m* = 3/4, up to a factor 1 + O(e^{-t m*}).
    assert "B14 gives leaves the range" in said
    assert float(said.rpartition(" ")[2]) == pytest.approx(math.log(2 * math.sqrt(2)) - 1500, rel=1e-13)
    assert he.theorems.unpredicted(FreeBias(1e308), 3, 3)


# ---- the objective ----


def test_the_value_is_the_least_over_the_bias(draw) -> None:
    z = torch.cat([draw(4, 3), draw(4, 3)])[None]
    for scale in (0.2, 5.0, 80.0):
        objective = FreeBias(scale)
        U, V = objective.views(z[0])

        def at(bias: float, scale: float = scale, U: torch.Tensor = U, V: torch.Tensor = V) -> float:
            return float(he.SigLIP(scale, bias)(U, V))

        value, bias = objective.value(z).item(), objective.bias(z).item()
        assert value == pytest.approx(at(bias), rel=1e-13)
        found = minimize_scalar(at, bounds=(-scale - 2, scale), method="bounded", options={"xatol": 1e-9})
        assert value <= found.fun * (1 + 1e-13) and value == pytest.approx(found.fun, rel=1e-9)


def test_derivatives(draw) -> None:
    """First and second ones along a line against differences of values, which know nothing of the bias's own change."""
    objective, z = FreeBias(3.0), torch.cat([draw(3, 3), draw(3, 3)])[None]
    v = torch.cat([draw(3, 3), draw(3, 3)])[None]
    h = 1e-4
    values = [objective.value(z + k * h * v).item() for k in (-1, 0, 1)]
    gradient = objective.value_and_derivative(z)[1]
    assert float((gradient * v).sum()) == pytest.approx((values[2] - values[0]) / (2 * h), rel=1e-6)
    second = (values[2] - 2 * values[1] + values[0]) / h**2
    assert float((objective.linearize(z)[1](v) * v).sum()) == pytest.approx(second, rel=1e-5)
    full = objective.hessians(z)[0].reshape(18, 18)
    assert float(v.flatten() @ full @ v.flatten()) == pytest.approx(second, rel=1e-5)


def test_it_is_data_and_refuses_what_is_no_scale() -> None:
    again = from_spec(FreeBias(5.0).spec())
    assert type(again) is FreeBias and again.scale == 5.0 and again.label == "FreeBias(scale=5)"
    for scale in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(he.ArgumentError, match="scale: got"):
            FreeBias(scale)
