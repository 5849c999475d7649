"""F5: best packings and what beats them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

import hyperenergy as he
from hyperenergy import theorems
from hyperenergy.objectives.base import BatchLoss
from hyperenergy.theorems import f5
from hyperenergy.theorems.instances import Grid
from hyperenergy.theorems.prediction import Outcome

torch.set_num_threads(1)
SIZES = [(5, 3), (6, 4), (7, 4), (7, 5), (8, 5), (9, 5), (13, 7)]


def products(X: torch.Tensor) -> torch.Tensor:
    return (X @ X.mT).fill_diagonal_(-math.inf)


@pytest.mark.parametrize(("M", "d"), SIZES)
def test_the_configurations(M: int, d: int) -> None:
    X, P = f5.apex(M, d)[0], f5.packing(M, d)[0]
    for Y in (X, P):
        assert Y.shape == (M, d) and torch.allclose(Y.norm(dim=-1), torch.ones(M, dtype=torch.float64), atol=1e-15)
    assert float(products(X).amax(-1).mean()) == pytest.approx(-1 / (4 * M * (M - 1)), abs=1e-16)
    assert torch.allclose(products(P).amax(-1), torch.zeros(M, dtype=torch.float64), atol=1e-15)
    if M == 2 * d - 1:
        assert f5.gap(M) == pytest.approx(1 / (8 * (d - 1) * (2 * d - 1)))


@pytest.mark.parametrize(("M", "d"), [(5, 3), (6, 4), (7, 4), (8, 4)])
def test_best_packings_have_right_angles(M: int, d: int) -> None:
    """A naive search of the largest product by steep energies finds nothing below 0, and its neighbors are at 0."""
    rng = np.random.default_rng(1)

    def steep(z: np.ndarray, p: float) -> float:
        X = z.reshape(M, d) / np.linalg.norm(z.reshape(M, d), axis=1, keepdims=True)
        inner = (X @ X.T)[np.triu_indices(M, 1)]
        return float(np.log(np.exp(p * (inner - inner.max())).sum()) / p + inner.max())

    found = []
    for _ in range(3):
        z = rng.standard_normal(M * d)
        for p in (5.0, 50.0, 500.0):
            z = minimize(steep, z, args=(p,), method="L-BFGS-B", options={"maxiter": 3000, "maxfun": 100000}).x
        X = torch.from_numpy(z.reshape(M, d))
        found.append(float(products(X / X.norm(dim=-1, keepdim=True)).max()))
    assert all(x > -1e-9 for x in found) and any(x < 2e-2 for x in found)


@pytest.mark.parametrize(("M", "d", "tau"), [(5, 3, 0.005), (7, 4, 0.002), (6, 4, 0.003)])
def test_what_it_claims_is_refuted(M: int, d: int, tau: float) -> None:
    prediction = theorems.get("F5").predict(BatchLoss(he.DHEL(tau)), M, d)
    assert prediction is not None and (prediction.theorem, prediction.status) == ("F5", "false")
    U, V = prediction.anchors, prediction.positives
    assert float(he.DHEL(tau)(U, V)) == pytest.approx(prediction.value, rel=1e-13)
    assert prediction.value > -1 / tau
    X, _ = f5.apex(M, d)
    assert tau * float(he.DHEL(tau)(X, X)) <= -1 - f5.gap(M) + tau * math.log(M - 1) < -1
    best = he.minimize(he.DHEL(tau), M, d, restarts=8, seed=0, throw=False)
    assert best.value <= float(he.DHEL(tau)(X, X)) + 1e-9
    assert he.compare(best, prediction).outcome is Outcome.REFUTED


def test_the_figures_of_the_source() -> None:
    """(5, 3), tau = .005: found, at the bipyramid, and at the square pyramid, which is a best packing, too."""
    best = he.minimize(he.DHEL(0.005), 5, 3, restarts=8, seed=0, throw=False)
    assert 0.005 * best.value == pytest.approx(-1.00834, abs=1e-5)
    assert 0.005 * f5.packing_value(5, 3, 0.005) == pytest.approx(-0.99572, abs=1e-5)
    pyramid = torch.tensor([[0, 0, 1], [1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]], dtype=torch.float64)
    assert 0.005 * float(he.DHEL(0.005)(pyramid, pyramid)) == pytest.approx(-0.99422, abs=1e-5)


@pytest.mark.parametrize(
    ("loss", "M", "d"),
    [
        (he.DHEL(0.02), 5, 3),  # too warm for the argument
        (he.DHEL(0.001), 4, 3),  # a simplex
        (he.DHEL(0.001), 6, 3),  # a cross-polytope
        (he.DHEL(0.001), 5, 2),
        (he.DHEL(0.001, two_view=True), 5, 3),
        (he.DCL(0.001), 5, 3),
        (he.InfoNCE(0.001), 5, 3),
    ],
    ids=lambda x: getattr(x, "label", str(x)),
)
def test_silent(loss: he.PairLoss, M: int, d: int) -> None:
    assert theorems.get("F5").predict(BatchLoss(loss), M, d) is None


def test_false_claims_do_not_predict() -> None:
    assert he.predict(he.DHEL(0.005), 5, 3) is None


def test_instances_are_where_it_speaks() -> None:
    sizes = {(i.points, i.dim) for _, i in theorems.get("F5").instances(Grid())}
    assert sizes == {(5, 3), (6, 4), (7, 4), (7, 5), (8, 5), (9, 5)}
    assert list(theorems.get("F5").instances(Grid(temperatures=(0.3,)))) == []
