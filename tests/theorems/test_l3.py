"""L3: symmetrized losses resist where the two of each pair move apart."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import hyperenergy as he
from hyperenergy import codes, theorems
from hyperenergy.geometry.sphere import normalize, random_points
from hyperenergy.objectives.base import Aligned
from hyperenergy.theorems.instances import Grid
from hyperenergy.theorems.stiffness import aligns_locally, heaviness, stiffness, weights
from hyperenergy.theorems.subjects import one_sided, symmetrized

torch.set_num_threads(1)
FORMS = [(1, 0), (1, 1), (0, 1), (0, 0)]  # own, within, in the order of ``symmetrized``


def some(M: int, d: int, seed: int = 0) -> torch.Tensor:
    return random_points(M, d, generator=torch.Generator().manual_seed(seed))


def quadratic(U: np.ndarray, xi: np.ndarray, tau: float, own: int, within: int, sign: int) -> float:
    """The coefficient of e^2 in M times the loss at exp(e xi), exp(sign e xi), by the formula."""
    x = U @ U.T
    e = np.exp((x - 1) / tau)
    np.fill_diagonal(e, 0)
    p = e / (own + (1 + within) * e.sum(1, keepdims=True))
    a, c, n = xi @ U.T, xi @ xi.T, (xi**2).sum(1)
    mean = (n[:, None] + n) * x / 2
    cross, inner = (a + sign * a.T, sign * c - mean), (a + a.T, c - mean)
    total = 2 * (n * (1 - (own / (own + (1 + within) * e.sum(1))))).sum() / tau if sign < 0 else 0.0
    total += (p * (cross[1] + within * inner[1])).sum() / tau
    first = (p * (cross[0] + within * inner[0])).sum(1)
    return float(total + ((p * (cross[0] ** 2 + within * inner[0] ** 2)).sum() - (first**2).sum()) / (2 * tau**2))


def tangent(U: torch.Tensor, seed: int) -> torch.Tensor:
    x = torch.randn(U.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return x - (x * U).sum(-1, keepdim=True) * U


@pytest.mark.parametrize("k", range(4))
@pytest.mark.parametrize("sign", [1, -1])
def test_the_second_derivatives(k: int, sign: int) -> None:
    """The quadratic form of the proof, against differences along geodesics."""
    U, tau, loss = some(6, 3), 0.4, symmetrized(0.4)[k]
    xi = tangent(U, 1)
    n = xi.norm(dim=-1, keepdim=True)

    def moved(e: float) -> torch.Tensor:
        return torch.cos(e * n) * U + torch.sin(e * n) * xi / n

    h = 1e-3
    values = [float(loss.formula(moved(e), moved(sign * e))) for e in (-h, 0.0, h)]
    found = (values[0] - 2 * values[1] + values[2]) / h**2 / 2 * len(U)
    assert quadratic(U.numpy(), xi.numpy(), tau, *FORMS[k], sign) == pytest.approx(found, rel=1e-4)


@pytest.mark.parametrize("k", [1, 2])
def test_moving_apart_is_a_mean_over_signs_and_more(k: int) -> None:
    U, tau = some(5, 3, seed=3), 0.3
    xi = tangent(U, 2)
    signs = [torch.tensor([(n >> i) % 2 * 2 - 1 for i in range(5)], dtype=torch.float64)[:, None] for n in range(32)]
    mean = sum(quadratic(U.numpy(), (s * xi).numpy(), tau, *FORMS[k], 1) for s in signs) / len(signs)
    p = weights(U, symmetrized(tau)[k])
    assert p is not None
    more = 4 / tau * (p.sum(1) * (xi**2).sum(-1)).sum() + 2 / tau**2 * (p**2 * (xi @ U.mT).mT ** 2).sum()
    assert quadratic(U.numpy(), xi.numpy(), tau, *FORMS[k], -1) == pytest.approx(float(mean + more), rel=1e-12)


@pytest.mark.parametrize("tau", [0.1, 0.5])
@pytest.mark.parametrize(("M", "d"), [(5, 3), (7, 2), (9, 3), (6, 4)])
@pytest.mark.parametrize("k", range(4))
def test_it_holds_at_the_best_aligned_ones(k: int, M: int, d: int, tau: float) -> None:
    loss = symmetrized(tau)[k]
    U = he.minimize(Aligned(loss), M, d, restarts=8, seed=0, throw=False).anchors
    least, p = stiffness(U, loss), weights(U, loss)
    assert least > 0 and p is not None
    if FORMS[k][1]:
        assert aligns_locally(U, loss) and least >= 8 / (M * tau) * float(p.sum(1).min()) * (1 - 1e-9)
    if heaviness(U, loss) < 1:
        assert least >= (1 - heaviness(U, loss)) * 3 / (M * tau) * float(p.sum(1).min()) * (1 - 1e-9)


@pytest.mark.parametrize("name", ["icosahedron", "petersen", "24-cell", "polygon-7", "clebsch"])
def test_it_holds_at_codes(name: str) -> None:
    points = codes.get(name).points
    assert all(stiffness(points, loss) > 0 for tau in (0.1, 0.5) for loss in symmetrized(tau))


def test_info_nce_where_no_two_are_close() -> None:
    for M, d, tau in ((5, 3, 0.1), (9, 3, 0.05), (14, 5, 0.1)):
        loss = he.InfoNCE(tau, symmetric=True)
        U = he.minimize(Aligned(loss), M, d, restarts=4, seed=0, throw=False).anchors
        x = max(0.0, float((U @ U.mT).fill_diagonal_(-1).max()))
        assert (M - 1) * math.exp(-(1 - x) / tau) < 2 * (1 - x) / (1 + x) and aligns_locally(U, loss)


def test_it_needs_a_minimizer() -> None:
    """A point that many others are close to, and they not to each other: it pays to move its two apart, across all."""
    M = 12
    U = torch.zeros(M, M + 1, dtype=torch.float64)
    U[:, 0] = 1
    U[torch.arange(1, M), torch.arange(1, M)] = 1
    loss = he.DCL(0.05, symmetric=True)
    assert stiffness(normalize(U), loss) < -1 and heaviness(normalize(U), loss) > 1


def test_it_is_silent_of_others() -> None:
    U = some(5, 3)
    assert not any(aligns_locally(U, loss) for loss in (*one_sided(0.1), he.DHEL(0.1), he.SigLIP(5.0, 0.0)))
    heavy = torch.tensor([[1, 0]] * 4 + [[0, 1], [-1, 0], [0, -1]], dtype=torch.float64)
    assert not aligns_locally(heavy, he.DCL(0.02, within_view=False, symmetric=True))
    assert theorems.get("L3").predict(he.objectives.base.BatchLoss(he.NTXent(0.1)), 5, 3) is None
    with pytest.raises(he.ArgumentError, match=r"loss: got .*; must be a loss of pairs"):
        stiffness(U, he.SupCon(0.1))  # type: ignore[arg-type]


def test_few_instances() -> None:
    found = [instance for _, instance in theorems.get("L3").instances(Grid())]
    assert {(i.points, i.dim) for i in found} == {(5, 3), (6, 4)} and len(found) == 8


@pytest.mark.slow
def test_cross_view_dcl_has_no_soft_minimum() -> None:
    """Where it is open: all aligned minima that single starts find, heaps at small temperatures among them."""
    for M, d in ((5, 2), (9, 2), (14, 2), (20, 2), (9, 3), (19, 3), (17, 5)):
        for tau in (0.01, 0.03, 0.1):
            loss = he.DCL(tau, within_view=False, symmetric=True)
            for seed in range(6):
                best = he.minimize(Aligned(loss), M, d, restarts=1, hops=0, seed=seed, throw=False)
                assert stiffness(best.anchors, loss) > 0, (M, d, tau, seed)
