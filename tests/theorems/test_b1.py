"""B1 for any convex symmetric G: what it says where G is flat, kinked or linear on a part, and of which losses it speaks."""

from __future__ import annotations

import math

import pytest
import torch

import hyperenergy as he
from hyperenergy.objectives.base import BatchLoss
from hyperenergy.theorems.convexity import strictly_convex_there
from hyperenergy.theorems.prediction import Outcome

torch.set_num_threads(1)


def hinge(x: torch.Tensor) -> torch.Tensor:
    return torch.relu(x + 1)


def kinked(x: torch.Tensor) -> torch.Tensor:
    """Convex and strictly increasing, and linear below -1: not strictly convex at the simplex."""
    return x + torch.relu(x + 1)


def squared_hinge(x: torch.Tensor) -> torch.Tensor:
    return torch.relu(x + 1.2) ** 2


def late(x: torch.Tensor) -> torch.Tensor:
    """Linear below -1/2, strictly convex beyond."""
    return x + torch.relu(x + 0.5) ** 2


def flat_outside(x: torch.Tensor) -> torch.Tensor:
    return torch.relu(x + 3)


def said(phi, psi, M: int, d: int, **options):
    prediction = he.predict(he.PhiPsi(phi, psi, **options), M, d)
    assert prediction is not None and prediction.theorem == "B1"
    return prediction


def test_the_hinge_at_two_pairs_is_not_said_to_be_unique() -> None:
    """It has a misaligned minimizer."""
    for convexity in ("weak", "strict"):
        prediction = said(torch.clone, hinge, 2, 3, convexity=convexity)
        assert (prediction.value, prediction.unique, prediction.aligned) == (0.0, False, False)
    U = torch.tensor([[1.0, 0, 0], [-1, 0, 0]], dtype=torch.float64)
    V = torch.tensor([[0.5, 0.75**0.5, 0], [-0.5, -(0.75**0.5), 0]], dtype=torch.float64)
    assert float(he.PhiPsi(torch.clone, hinge)(U, V)) == 0.0


def test_flat_at_the_simplex_of_few_pairs_alone() -> None:
    """-M/(M-1) is below the kink at -1.2 for M <= 5, and above it from M = 7 on."""
    for M in (2, 3, 4, 5):
        prediction = said(torch.clone, squared_hinge, M, 9, convexity="strict")
        assert (prediction.value, prediction.unique, prediction.aligned) == (0.0, False, False)
    for M in (7, 10):
        prediction = said(torch.clone, squared_hinge, M, 9, convexity="strict")
        assert prediction.unique and prediction.aligned
        assert prediction.value == pytest.approx((M - 1) * (1.2 - M / (M - 1)) ** 2, rel=1e-12)


def test_a_flat_outer_function() -> None:
    """phi constant at the least sum, psi strictly convex."""
    prediction = said(flat_outside, torch.exp, 4, 3, convexity="weak")
    assert prediction.unique is False
    prediction = said(lambda x: torch.relu(x - 3), torch.exp, 4, 3, convexity="weak")
    assert (prediction.value, prediction.unique, prediction.aligned) == (0.0, False, False)


@pytest.mark.parametrize("psi", [kinked, late])
@pytest.mark.parametrize("negatives", ["within", "cross"])
def test_linear_at_the_simplex_is_not_said_to_be_unique(psi, negatives: str) -> None:
    """Declared strict, which it is not where it matters: another centered aligned batch has the value."""
    loss = he.PhiPsi(torch.clone, psi, negatives=negatives, convexity="strict")  # type: ignore[arg-type]
    prediction = he.predict(loss, 4, 3)
    assert prediction is not None and prediction.aligned and not prediction.unique
    # A disphenoid: centered, with the products -0.2, -0.4, -0.4 at each point.
    corners = torch.tensor([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], dtype=torch.float64)
    U = corners * torch.tensor([0.4, 0.3, 0.3], dtype=torch.float64).sqrt()
    assert float(loss(U, U)) == pytest.approx(prediction.value, rel=1e-13)
    if psi is late:  # no kinks
        assert he.compare(he.minimize(loss, 4, 3, restarts=4, throw=False), prediction).outcome is not Outcome.REFUTED


def test_strict_where_it_matters() -> None:
    for M in (3, 4, 9):
        assert strictly_convex_there(he.PhiPsi(torch.clone, torch.exp), M - 1)
        assert not strictly_convex_there(he.PhiPsi(torch.clone, torch.clone), M - 1)
        assert not strictly_convex_there(he.PhiPsi(torch.clone, late), M - 1)
    assert strictly_convex_there(he.PhiPsi(torch.log, lambda x: (x / 0.02).exp()), 5)
    assert said(torch.clone, kinked, 2, 3, convexity="strict").unique  # one negative has no differences


@pytest.mark.parametrize("M", [2, 3, 5])
def test_any_convex_symmetric_function(M: int) -> None:
    """G, neither a sum nor smooth: the largest negative, plus a quarter of the mean; by a search over all pairs."""
    generator = torch.Generator().manual_seed(M)
    off = ~torch.eye(M, dtype=torch.bool)

    def loss(U: torch.Tensor, V: torch.Tensor, within: bool) -> torch.Tensor:
        x = (U @ (U if within else V).mT - (U * V).sum(-1, keepdim=True))[off].view(M, M - 1)
        return x.amax(-1).mean() + x.mean() / 4

    eye = he.predict(he.DHEL(0.5), M, M)
    assert eye is not None
    for within in (False, True):
        least = float(loss(eye.anchors, eye.positives, within))
        assert least == pytest.approx(-1.25 * M / (M - 1), rel=1e-14)
        for scale in (1e-3, 0.1, 1.0):
            for _ in range(100):
                U, V = (
                    he.normalize(X + scale * torch.randn(X.shape, generator=generator, dtype=torch.float64))
                    for X in (eye.anchors, eye.positives)
                )
                assert float(loss(U, V, within)) > least


def test_align_uniform_is_b2a_s() -> None:
    for alpha in (1.0, 2.0):
        loss = he.AlignUniform(alpha=alpha, t=1.5, weight=0.5)
        assert he.theorems.get("B1").predict(BatchLoss(loss), 4, 3) is None
        prediction = he.predict(loss, 4, 3)
        assert prediction is not None and (prediction.theorem, prediction.unique) == ("B2a", True)
        assert prediction.value == pytest.approx(-2 * 0.5 * 1.5 * 4 / 3, rel=1e-14)


def test_two_view_dhel_is_b1_s() -> None:
    prediction = he.predict(he.DHEL(0.5, two_view=True), 4, 3)
    assert prediction is not None and (prediction.theorem, prediction.unique, prediction.aligned) == ("B1", True, True)
    assert prediction.value == pytest.approx(2 * math.log(3) - 5 / (3 * 0.5), rel=1e-14)
