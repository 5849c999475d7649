"""B12: softmax codes, by search, by an independent one, and as what InfoNCE tends to."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import minimize as scipy_minimize

import hyperenergy as he
from hyperenergy.geometry.sphere import random_points
from hyperenergy.objectives.base import BatchLoss
from hyperenergy.theorems.b12 import bounds, least
from hyperenergy.theorems.prediction import Outcome

B12 = he.theorems.get("B12")
SIZES = [(2, 2), (3, 2), (4, 2), (4, 3), (5, 3), (6, 3), (5, 4), (6, 4), (7, 4), (8, 4)]


@pytest.mark.parametrize(("points", "dim"), SIZES)
def test_a_search_finds_it(points: int, dim: int) -> None:
    prediction = he.predict(he.SoftmaxCode(), points, dim)
    assert prediction is not None and prediction.theorem == "B12" and prediction.value == least(points, dim)
    best = he.minimize(he.SoftmaxCode(), points, dim, restarts=8)
    assert abs(best.value - prediction.value) < 1e-12 and best.misalignment < 1e-9
    assert he.compare(best, prediction).outcome is Outcome.CONSISTENT
    assert prediction.unique == (points <= dim + 1 or points == 2 * dim)


@pytest.mark.parametrize(("points", "dim"), [(3, 2), (5, 3), (6, 4)])
def test_another_search_finds_nothing_lower(points: int, dim: int) -> None:
    """Log-sum-exp of the differences, by SciPy from random starts."""
    off = ~np.eye(points, dtype=bool)

    def value(x: np.ndarray) -> float:
        U, V = x.reshape(2, points, dim) / np.linalg.norm(x.reshape(2, points, dim), axis=-1, keepdims=True)
        f = (U @ V.T - (U * V).sum(1)[:, None])[off] / 0.02
        return float(0.02 * (f.max() + np.log(np.exp(f - f.max()).sum())))

    generator = np.random.default_rng(0)
    found = [scipy_minimize(value, generator.standard_normal(2 * points * dim)).fun for _ in range(3)]
    star, slack = least(points, dim), 0.02 * np.log(points * (points - 1))
    assert star is not None and all(star <= one for one in found)
    assert any(one <= star + slack + 1e-3 for one in found)


@pytest.mark.parametrize(("points", "dim"), [(5, 2), (7, 3), (9, 4)])
def test_it_is_silent_and_more_pairs_have_more(points: int, dim: int) -> None:
    assert he.predict(he.SoftmaxCode(), points, dim) is None and least(points, dim) is None
    assert he.minimize(he.SoftmaxCode(), points, dim, restarts=16).value > -1 + 1e-3


def test_it_speaks_of_nothing_else() -> None:
    assert B12.predict(BatchLoss(he.InfoNCE(0.01)), 4, 3) is None and B12.predict(he.Packing(), 4, 3) is None


@pytest.mark.parametrize(("points", "dim", "tau"), [(4, 3, 0.1), (5, 3, 0.1), (5, 3, 0.02), (6, 3, 0.5), (7, 4, 0.05)])
def test_info_nce_lies_between(points: int, dim: int, tau: float) -> None:
    best = he.minimize(he.InfoNCE(tau), points, dim, restarts=8)
    star = least(points, dim)
    assert star is not None and best.log_value is not None
    low, high = bounds(points, tau, star)
    assert low <= tau * best.log_value <= high
    assert abs(tau * best.log_value - star) <= tau * abs(np.log(points**2 / np.log(2)))


def test_a_wrong_value_is_refuted() -> None:
    best = he.minimize(he.SoftmaxCode(), 6, 3, restarts=4)
    prediction = he.predict(he.SoftmaxCode(), 6, 3)
    assert prediction is not None
    for wrong in (-0.99, -1.01):
        assert he.compare(best, replace(prediction, value=wrong)).outcome is Outcome.REFUTED


def test_the_bound_of_the_proof_at_random() -> None:
    """1 + g >= |x|^2/2 + (1/2) sum p |x - delta|^2 with Radon's p and x."""
    generator = torch.Generator().manual_seed(0)
    for points, dim in itertools.product((6, 8), (3, 4)):
        for _ in range(50):
            U, V = random_points(2, points, dim, generator=generator)
            system = torch.cat([V.T, torch.ones(1, points, dtype=V.dtype)])
            c = torch.linalg.svd(system).Vh[-1]
            p = c.clamp(min=0) / c.clamp(min=0).sum()
            x, delta = p @ V, V - U
            below = (x.square().sum() + p @ (x - delta).square().sum(-1)) / 2
            assert 1 + float(he.SoftmaxCode().value(torch.cat([U, V]))) >= float(below) - 1e-12


def test_bad_input() -> None:
    with pytest.raises(he.ArgumentError, match="points: got 1"):
        he.predict(he.SoftmaxCode(), 1, 3)
    prediction = he.predict(he.SoftmaxCode(), 10**6, 10**6)
    assert prediction is not None and prediction.value == -(10**6) / (10**6 - 1)
    with pytest.raises(he.ArgumentError, match="are not built"):
        _ = prediction.anchors
