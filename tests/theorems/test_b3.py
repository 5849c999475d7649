"""B3 with polynomial alignment kernels: anchors are the one best choice of positives."""

from __future__ import annotations

import pytest
import torch

import hyperenergy as he
from hyperenergy.theorems.prediction import Outcome

torch.set_num_threads(1)


@pytest.mark.parametrize(("degree", "c"), [(1, 1.0), (2, 1.0), (3, 2.5)])
def test_polynomial_alignment(draw, degree: int, c: float) -> None:
    U = draw(6, 3)
    loss = he.KCL(he.Gaussian(2), gamma=2.0, alignment_kernel=he.Polynomial(degree, c=c))
    objective = he.FixedAnchors(loss, U)
    prediction = he.predict(objective, 6, 3)
    assert prediction is not None
    assert (prediction.theorem, prediction.unique, prediction.aligned) == ("B3", True, True)
    energy = float(he.energy(U, he.Gaussian(2), pairs="mean"))
    assert prediction.value == pytest.approx(-((1 + c) ** degree) + 2 * energy, rel=1e-13)
    best = he.minimize(objective, 6, 3, restarts=4, seed=0, throw=False)
    assert he.compare(best, prediction).outcome is Outcome.CONSISTENT


def test_a_singular_alignment_kernel_is_refused_or_silent(draw) -> None:
    with pytest.raises(he.ArgumentError):
        he.KCL(he.Gaussian(2), alignment_kernel=he.Riesz(1))


@pytest.mark.parametrize("c", [0.5, 0.0, -1.0])
def test_polynomials_that_rise_somewhere_are_no_kernels(c: float) -> None:
    with pytest.raises(he.ArgumentError, match="must be >= 1"):
        he.Polynomial(2, c=c)
