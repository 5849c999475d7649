"""L1 and L2: second derivatives at cross-polytopes and polygons, and what B4 and F3 say where polygons are no minima."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

import hyperenergy as he
from hyperenergy import theorems
from hyperenergy.losses.facts import SoftmaxFacts, facts
from hyperenergy.objectives.base import BatchLoss
from hyperenergy.theorems.instances import Grid, Instance
from hyperenergy.theorems.modes import cross_polytope_blocks, eigenvalues, least_at_polygon, polygon_blocks
from hyperenergy.theorems.prediction import Outcome
from hyperenergy.theorems.subjects import softmax_losses
from hyperenergy.verify.hessians import check_hessian, hessian_eigenvalues

torch.set_num_threads(1)
LOSSES = softmax_losses(0.3)


def said(loss: he.PairLoss) -> SoftmaxFacts:
    found = facts(loss)
    assert isinstance(found, SoftmaxFacts)
    return found


def by_differences(loss: he.PairLoss, X: np.ndarray, step: float = 1e-4) -> np.ndarray:
    """Eigenvalues of M times the loss at aligned points of the circle, by central differences of their angles."""
    M = len(X)
    start = np.concatenate([np.arctan2(X[:, 1], X[:, 0])] * 2)

    def value(angles: np.ndarray) -> float:
        Y = torch.from_numpy(np.stack([np.cos(angles), np.sin(angles)], 1))
        return M * float(loss(Y[:M], Y[M:]))

    H = np.zeros((2 * M, 2 * M))
    eye = step * np.eye(2 * M)
    for i in range(2 * M):
        for j in range(i + 1):
            four = [value(start + s * eye[i] + r * eye[j]) * s * r for s in (1, -1) for r in (1, -1)]
            H[i, j] = H[j, i] = sum(four) / (4 * step**2)
    return np.linalg.eigvalsh(H)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda x: x.label)
def test_polygons_against_differences(loss: he.PairLoss) -> None:
    stated = eigenvalues((1, block) for block in polygon_blocks(said(loss), 5))
    assert np.allclose(stated, by_differences(loss, he.codes.polygon(5).points.numpy()), rtol=0, atol=1e-5)


@pytest.mark.parametrize("tau", [0.15, 1.3])
@pytest.mark.parametrize("d", [2, 3, 4])
def test_cross_polytopes_against_the_hessian(d: int, tau: float) -> None:
    for loss in softmax_losses(tau):
        stated = eigenvalues(cross_polytope_blocks(said(loss), d))
        found = hessian_eigenvalues(loss, he.codes.cross_polytope(d).points).numpy()
        assert len(stated) == 4 * d * (d - 1)
        assert float(np.abs(stated - found).max()) < 1e-11 * float(stated[-1])


@pytest.mark.parametrize("tau", [0.02, 0.1, 0.3, 1.0, 10.0])
def test_cross_polytopes_are_local_minima_at_every_temperature(tau: float) -> None:
    for loss in softmax_losses(tau):
        for d in (2, 3, 5, 9):
            found = np.concatenate([np.linalg.eigvalsh(b) for n, b in cross_polytope_blocks(said(loss), d) if n])
            flat = np.sort(np.abs(found))[0]
            assert flat < 1e-12 * found.max() and float(np.sort(found)[1]) > 0


def test_the_closed_form_of_dhel() -> None:
    """Among aligned pairs, with multiplicities: 2d points, of the energy alone."""
    for d, tau in ((3, 0.4), (4, 1.1)):
        u, X = 1 / tau, he.codes.cross_polytope(d).points
        w = math.exp(-u)
        Z = 2 * d - 2 + w
        stated = [8 * u * u / Z] * (d * (d - 1) // 2) + [4 * u / Z * (u - 1 + w)] * (d * (d - 2))
        stated += [4 * u / Z * (d - 2 + w + u * (1 - (d - 1) / Z))] * d + [0.0] * (d * (d - 1) // 2)
        bases = torch.linalg.svd(X[:, None, :]).Vh[:, 1:]

        def value(z: torch.Tensor, X: torch.Tensor = X, bases: torch.Tensor = bases, tau: float = tau) -> torch.Tensor:
            Y = X + torch.einsum("mk,mkd->md", z.reshape(len(X), -1), bases)
            Y = Y / Y.norm(dim=-1, keepdim=True)
            return len(X) * he.DHEL(tau).formula(Y, Y)

        H = torch.func.hessian(value)(torch.zeros(2 * d * (d - 1), dtype=torch.float64))
        assert np.allclose(torch.linalg.eigvalsh(H), sorted(stated), rtol=0, atol=1e-10)


def edges(loss: he.PairLoss, M: int) -> tuple[float, float]:
    """The lowest and the highest temperature, of a grid, at which the polygon is no local minimum."""
    grid = np.arange(0.01, 0.6, 0.0005)
    bad = [tau for tau in grid if least_at_polygon(dataclasses.replace(said(loss), temperature=float(tau)), M) < -1e-9]
    return (min(bad), max(bad)) if bad else (math.nan, math.nan)


@pytest.mark.parametrize(
    ("loss", "M", "low", "high"),
    [
        (he.DHEL(0.1), 8, 0.10785, 0.20640),
        (he.DHEL(0.1), 9, 0.0633, 0.1967),
        (he.DHEL(0.1), 12, 0.0193, 0.1373),
        (he.DCL(0.1), 7, 0.1398, 0.2287),
        (he.DCL(0.1), 8, 0.0676, 0.2367),
        (he.DCL(0.1, within_view=False), 6, 0.01, 0.3226),
        (he.DCL(0.1, within_view=False), 7, 0.01, 0.3228),
        (he.DCL(0.1, within_view=False), 8, 0.01, 0.2885),
    ],
    ids=lambda x: getattr(x, "label", str(x)),
)
def test_where_polygons_cease_to_be_local_minima(loss: he.PairLoss, M: int, low: float, high: float) -> None:
    """The figures of theory.md, to the step of the grid."""
    found = edges(loss, M)
    assert found == pytest.approx((low, high), abs=6e-4)


@pytest.mark.slow
def test_others_are_local_minima() -> None:
    for loss in LOSSES:
        for M in (4, 5, 6, 7):
            known = said(loss).own or M < 6
            if known or (M == 6 and said(loss).within):
                assert math.isnan(edges(loss, M)[0]), (loss.label, M)


@pytest.mark.parametrize("id", ["L1", "L2"])
def test_instances_agree(id: str) -> None:
    grid = Grid()
    found = [check_hessian(instance, grid) for _, instance in theorems.get(id).instances(grid)]
    assert len(found) >= 12 and {result.outcome for result in found} == {Outcome.CONSISTENT}
    assert theorems.get(id).predict(BatchLoss(he.DHEL(0.1)), 6, 3) is None


def test_a_wrong_formula_is_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    from hyperenergy.verify import hessians

    def doubled(said: SoftmaxFacts, corners: int) -> list[np.ndarray]:
        return [2 * block for block in polygon_blocks(said, corners)]

    monkeypatch.setattr(hessians, "polygon_blocks", doubled)
    assert check_hessian(Instance("L2", he.DHEL(0.3), 5, 2), Grid()).outcome is Outcome.REFUTED


# ---- B4 and F3 ----


def test_b4_leaves_out_what_is_refuted() -> None:
    for loss in (he.DCL(0.3, within_view=False), he.DCL(0.2), he.DHEL(0.15)):
        for M in (6, 7, 8):
            assert he.predict(loss, M, 2) is None
            assert theorems.get("F3").predict(BatchLoss(loss), M, 2) is not None
    assert he.predict(he.DCL(0.3, within_view=False), 5, 2).standing == "B4, conjecture"  # type: ignore[union-attr]
    assert he.predict(he.InfoNCE(0.1), 8, 2).standing == "B4, conjecture"  # type: ignore[union-attr]


@pytest.mark.parametrize("M", [6, 7, 9])
def test_b4_speaks_of_polygons_at_higher_temperatures(M: int) -> None:
    for loss in (he.DCL(0.35, within_view=False), he.DCL(0.35), he.DHEL(0.35)):
        prediction = he.predict(loss, M, 2)
        assert prediction is not None and prediction.standing == "B4, conjecture"
        assert theorems.get("F3").predict(BatchLoss(loss), M, 2) is None
        best = he.minimize(loss, M, 2, restarts=12, seed=0, throw=False)
        assert he.compare(best, prediction).outcome is Outcome.CONSISTENT


def test_the_hexagon_is_not_least() -> None:
    """Cross-view DCL at tau = .1: .2908 lower, misaligned by .43."""
    loss = he.DCL(0.1, within_view=False)
    claimed = theorems.get("F3").predict(BatchLoss(loss), 6, 2)
    assert claimed is not None
    best = he.minimize(loss, 6, 2, restarts=16, seed=0, throw=False)
    assert claimed.value - best.value == pytest.approx(0.2908, abs=1e-4)
    assert best.misalignment == pytest.approx(0.43, abs=0.01)
    assert he.compare(best, claimed).outcome is Outcome.REFUTED
