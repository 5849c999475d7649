"""B22: SimCLR and DCL with both views free."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import hyperenergy as he
from hyperenergy import theorems
from hyperenergy.objectives.base import Aligned, BatchLoss
from hyperenergy.theorems.log_bound import proved_free
from hyperenergy.theorems.prediction import Outcome

torch.set_num_threads(1)


def octahedron_condition(tau: float, own: bool) -> bool:
    """In closed form: h(1) = e^{-u} + 2u and h'(1) = 3u - 2(1 - e^{-u}) at the octahedron, u = 1/tau."""
    u = 1 / tau
    E, at_one, slope = math.exp(-u) + 4, math.exp(-u) + 2 * u, 3 * u - 2 * (1 - math.exp(-u))
    C = (5 * at_one - E) / 6
    rho, B, kappa = E / (6 * C), 1 - 5 * math.exp(-u) / E, 2 * E / (2 * E + own * math.exp(u))
    beta = 1 / (4 * (C / E + (1 - math.exp(-2 * u * C / slope)) * (1 - B)))
    b = kappa * B
    r = -math.log(1 - b * b) / (b * math.log((1 + b) / (1 - b)))
    return 2 * beta * B <= 1 and (rho - beta) / kappa > r


@pytest.mark.parametrize("own", [True, False])
def test_the_decision_is_that_of_the_closed_form(own: bool) -> None:
    for tau in (0.5, 1.0, 1.3, 1.38, 1.41, 1.5, 1.53, 1.56, 2.0, 5.0, 50.0):
        assert proved_free(6, 3, tau, own) is octahedron_condition(tau, own)


@pytest.mark.parametrize(
    "size", [(4, 2), (5, 2), (8, 2), (6, 3), (8, 4), (12, 3), (16, 5), (27, 6), (240, 8), (120, 4)]
)
def test_all_codes_are_proved_from_1_72_on(size: tuple[int, int]) -> None:
    for tau in (1.72, 2.0, 4.0, 20.0, 1000.0):
        assert proved_free(*size, tau, True) and proved_free(*size, tau, False)
    assert not proved_free(*size, 1.2, True) and not proved_free(*size, 1.5, False)


def test_the_bound_of_one_anchor() -> None:
    """The step that is new, on random pairs: Z e^{delta/tau} >= 2E max(1-B, T) with T = 1 + Y x - beta Y^2 (1 - x^2)."""
    u = 1 / 1.6
    a, b = 1 - math.exp(-u), u - 1 + math.exp(-u)  # h = e^{-u} + a s + b s (s - 1), s = 1 + t
    E, C = math.exp(-u) + 4, (5 * (math.exp(-u) + 2 * u) - math.exp(-u) - 4) / 6
    h_2 = b * 2 / 3  # of P_2 = (3 t^2 - 1)/2
    h_1 = a + b
    B = 1 - 5 * math.exp(-u) / E
    beta = 1 / (4 * (C / E + (1 - math.exp(-2 * u * C / (a + 3 * b))) * (1 - B)))
    rng = np.random.default_rng(0)

    def phi(X: np.ndarray) -> np.ndarray:
        """sqrt(h_1) x and sqrt(3 h_2/2) (x x^T - I/3)."""
        second = np.einsum("ij,ik->ijk", X, X) - np.eye(3) / 3
        return np.concatenate([math.sqrt(h_1) * X, math.sqrt(1.5 * h_2) * second.reshape(len(X), 9)], 1)

    for _ in range(300):
        U = rng.standard_normal((6, 3)) + 2 * rng.random() * rng.standard_normal(3)
        V = U + rng.random() * 3 * rng.standard_normal((6, 3))
        U, V = (X / np.linalg.norm(X, axis=1, keepdims=True) for X in (U, V))
        F, G = phi(U), phi(V)
        assert np.allclose((F**2).sum(1), C)
        P = (F + G).sum(0) / 2
        Y = math.sqrt(C) * np.linalg.norm(P) / E
        x = ((F + G) / 2) @ P / (math.sqrt(C) * np.linalg.norm(P))
        assert x.mean() == pytest.approx(E / (6 * C) * Y)
        across, within = np.exp(u * U @ V.T), np.exp(u * U @ U.T)
        np.fill_diagonal(across, 0)
        np.fill_diagonal(within, 0)
        left = (across + within).sum(1) * np.exp(u * (1 - (U * V).sum(1)))
        right = 2 * E * np.maximum(1 - B, 1 + Y * x - beta * Y**2 * (1 - x**2))
        assert (left >= right - 1e-9).all()


@pytest.mark.parametrize(
    ("loss", "M", "d"),
    [
        (he.SimCLR(1.45), 6, 3),
        (he.NTXent(1.45), 6, 3),
        (he.DCL(1.6), 6, 3),
        (he.DCL(1.6, symmetric=True), 6, 3),
        (he.SimCLR(1.6), 12, 3),
        (he.DCL(1.7), 5, 2),
        (he.SimCLR(1.6), 8, 2),
    ],
    ids=lambda x: getattr(x, "label", str(x)),
)
def test_against_search(loss: he.PairLoss, M: int, d: int) -> None:
    prediction = he.predict(loss, M, d)
    assert prediction is not None and prediction.standing == "B22, theorem"
    best = he.minimize(loss, M, d, restarts=8, seed=2)
    assert best.value == pytest.approx(prediction.value, rel=1e-11)
    assert he.compare(best, prediction).outcome is Outcome.CONSISTENT


@pytest.mark.parametrize(
    ("loss", "M", "d"),
    [
        (he.SimCLR(1.35), 6, 3),  # too cold
        (he.InfoNCE(3.0), 6, 3),
        (he.DCL(3.0, within_view=False), 6, 3),
        (he.DHEL(3.0), 6, 3),  # B21
        (he.SimCLR(3.0), 4, 3),
        (he.SimCLR(3.0), 7, 3),
        (he.SimCLR(3.0), 288, 16),
    ],
    ids=lambda x: getattr(x, "label", str(x)),
)
def test_silent(loss: he.PairLoss, M: int, d: int) -> None:
    assert theorems.get("B22").predict(BatchLoss(loss), M, d) is None
    assert theorems.get("B22").predict(Aligned(loss), M, d) is None
