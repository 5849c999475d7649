"""B1 on the (phi,psi)-family: increasing means strictly, or the simplex is one minimizer among many."""

from __future__ import annotations

import pytest
import torch

import hyperenergy as he
from hyperenergy.theorems.convexity import strictly_increases
from hyperenergy.theorems.prediction import Outcome
from tests.cases import Exp

torch.set_num_threads(1)


def relu_of(x: torch.Tensor) -> torch.Tensor:
    return torch.relu(x + 1)


def barely(x: torch.Tensor) -> torch.Tensor:
    """Increases strictly, with a slope of 1e-9 below -1."""
    return torch.relu(x + 1) + 1e-9 * x


FLAT = he.PhiPsi(torch.clone, relu_of, convexity="weak")


@pytest.mark.parametrize("convexity", ["weak", "strict"])
@pytest.mark.parametrize("negatives", ["within", "cross"])
def test_a_misaligned_minimizer_at_two_pairs(negatives: str, convexity: str) -> None:
    loss = he.PhiPsi(torch.clone, relu_of, negatives=negatives, convexity=convexity)  # type: ignore[arg-type]
    prediction = he.predict(loss, 2, 3)
    assert prediction is not None and prediction.value == 0.0
    assert not prediction.unique and not prediction.aligned
    # Antipodal anchors, positives at 60 degrees from them: x = -1 - 1/2, or nearly -1 across views.
    U = torch.tensor([[1.0, 0, 0], [-1, 0, 0]], dtype=torch.float64)
    V = torch.tensor([[0.5, 0.75**0.5, 0], [-0.5, -(0.75**0.5), 0]], dtype=torch.float64)
    assert float(loss(U, V)) == 0.0 and float((U - V).norm(dim=-1).min()) > 0.9


@pytest.mark.parametrize("M", [2, 3, 5, 40])
def test_flat_at_every_number_of_pairs(M: int) -> None:
    prediction = he.predict(FLAT, M, 40)
    assert prediction is not None and prediction.value == 0.0 and not (prediction.unique or prediction.aligned)
    assert float(FLAT(prediction.anchors, prediction.positives)) == 0.0


@pytest.mark.parametrize("tau", [0.02, 0.05, 0.5, 5.0])
@pytest.mark.parametrize("phi", [torch.log, torch.log1p, torch.clone])
def test_strict_ones_stay_unique(phi, tau: float) -> None:
    for M in (2, 3, 8):
        prediction = he.predict(he.PhiPsi(phi, Exp(tau), convexity="strict"), M, 8)  # type: ignore[arg-type]
        assert prediction is not None and prediction.unique and prediction.aligned
    assert strictly_increases(he.PhiPsi(torch.clone, torch.clone, convexity="weak"), 4)
    assert strictly_increases(he.PhiPsi(torch.clone, barely, convexity="weak"), 1)


def test_weakly_convex_ones_stay_aligned() -> None:
    """psi(x) = x: not unique beyond two pairs, and aligned."""
    prediction = he.predict(he.PhiPsi(torch.clone, torch.clone, convexity="weak"), 4, 3)
    assert prediction is not None and prediction.aligned and not prediction.unique


def test_a_search_agrees() -> None:
    prediction = he.predict(FLAT, 3, 3)
    assert prediction is not None
    best = he.minimize(FLAT, 3, 3, restarts=4, seed=0, throw=False)
    assert best.value == 0.0 and he.compare(best, prediction).outcome is not Outcome.REFUTED
