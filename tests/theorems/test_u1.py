"""U1: the metric against an independent formula, its bound against a search of its own, and what the bound is not of."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from scipy.optimize import minimize

import hyperenergy as he
from hyperenergy import ArgumentError
from hyperenergy.metrics.spectrum import w2_uniformity
from hyperenergy.theorems.instances import Grid, Instance
from hyperenergy.theorems.prediction import Outcome
from hyperenergy.theorems.u1 import attained, least_w2
from hyperenergy.verify import designs

torch.set_num_threads(1)


def naive(X: np.ndarray) -> float:
    """|m|^2 + tr S + 1 - 2 tr (C S C)^{1/2}, C = d^{-1/2} I, term by term."""
    N, d = X.shape
    m = X.mean(0)
    S = sum(np.outer(x - m, x - m) for x in X) / N
    C = np.eye(d) / math.sqrt(d)
    return float(m @ m + np.trace(S) + 1 - 2 * np.trace(np.real(sqrtm(C @ S @ C + 1e-18 * np.eye(d)))))


@pytest.mark.parametrize(("N", "d"), [(5, 3), (12, 3), (9, 4)])
def test_the_metric(draw, N: int, d: int) -> None:
    X = draw(N, d)
    assert float(w2_uniformity(X)) == pytest.approx(naive(X.numpy()), abs=1e-8)


@pytest.mark.parametrize("name", ["cross-polytope-3", "icosahedron", "24-cell", "clebsch", "polygon-7", "schlaefli"])
def test_designs_have_zero(name: str) -> None:
    X = he.codes.get(name).points
    assert least_w2(*X.shape) == 0.0 and attained(*X.shape)
    assert abs(float(w2_uniformity(X))) < 1e-14


@pytest.mark.parametrize(("N", "d"), [(2, 2), (2, 7), (4, 3), (4, 5), (9, 8)])
def test_simplexes_have_the_bound(N: int, d: int) -> None:
    X = he.codes.simplex(N, d).points
    assert float(w2_uniformity(X)) == pytest.approx(2 - 2 * math.sqrt((N - 1) / d), abs=1e-14) == least_w2(N, d)


@pytest.mark.parametrize(("N", "d"), [(3, 2), (3, 3), (4, 3), (5, 3), (6, 3), (5, 4)])
def test_against_a_search_of_its_own(N: int, d: int) -> None:
    """Free coordinates by BFGS, from several starts: the bound, nothing below, and with five points of the sphere more."""

    def value(z: np.ndarray) -> tuple[float, np.ndarray]:
        x = torch.tensor(z.reshape(N, d), requires_grad=True)
        y = w2_uniformity(x, normalize=True)
        y.backward()
        assert x.grad is not None
        return float(y.detach()), x.grad.numpy().ravel()

    rng = np.random.default_rng(0)
    found = [minimize(value, rng.standard_normal(N * d), jac=True, method="BFGS", tol=1e-12).fun for _ in range(6)]
    assert all(y >= least_w2(N, d) - 1e-13 for y in found)
    above = sorted(found)[0] - least_w2(N, d)
    assert above < 1e-11 if attained(N, d) else above > 1e-3


def test_it_is_not_of_the_second_moment() -> None:
    X = torch.eye(4, dtype=torch.float64)
    second = 2 - 2 / math.sqrt(4) * float(torch.linalg.svdvals(X).sum()) / math.sqrt(4)
    assert second == pytest.approx(0, abs=1e-15) and second < least_w2(4, 4) == pytest.approx(2 - math.sqrt(3))
    # Of the covariance, the basis is a simplex without the center: above.
    assert float(w2_uniformity(X)) > least_w2(4, 4) + 0.1


def test_only_simplexes_and_designs(draw) -> None:
    """Tight frames that are not centered, and centered sets that are not tight, lie above."""
    basis = torch.cat([torch.eye(3), torch.eye(3)]).double()
    flat = torch.tensor([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]], dtype=torch.float64)
    assert float(w2_uniformity(basis)) > least_w2(6, 3) + 0.1
    assert float(w2_uniformity(flat)) > least_w2(4, 3) + 0.1


@pytest.mark.parametrize(("N", "d"), [(4, 3), (5, 3), (8, 3)])
@pytest.mark.parametrize("wrong", [1e-6, -1e-6])
def test_a_falsified_bound_is_seen(N: int, d: int, wrong: float, monkeypatch: pytest.MonkeyPatch) -> None:
    instance, grid = Instance("U1", he.Energy(he.Polynomial(2), "mean"), N, d), Grid(restarts=2)
    assert designs.check_covariance(instance, grid).outcome is Outcome.CONSISTENT
    if not attained(N, d):  # what is seen there is that the bound is not attained
        monkeypatch.setattr(designs, "attained", lambda points, dim: True)
    else:
        monkeypatch.setattr(designs, "least_w2", lambda points, dim: least_w2(points, dim) + wrong)
    assert designs.check_covariance(instance, grid).outcome is Outcome.REFUTED


def test_a_design_where_there_is_none_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(designs, "attained", lambda points, dim: False)
    instance = Instance("U1", he.Energy(he.Polynomial(2), "mean"), 6, 3)
    assert designs.check_covariance(instance, Grid(restarts=2)).outcome is Outcome.REFUTED


def test_bad_input() -> None:
    with pytest.raises(ArgumentError, match="points: got 0"):
        least_w2(0, 3)
    with pytest.raises(ArgumentError, match="dim: got 0"):
        least_w2(3, 0)
    assert least_w2(1, 3) == 2.0
