"""B21: what is proved of losses with a logarithm at universal optima, and where nothing is said."""

from __future__ import annotations

import dataclasses
import time
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import torch

import hyperenergy as he
from hyperenergy import theorems
from hyperenergy.losses.multi_view_dhel import MultiViewDHEL
from hyperenergy.objectives.base import Aligned, as_objective
from hyperenergy.objectives.structured import MultiView
from hyperenergy.theorems.log_bound import proved, threshold
from hyperenergy.theorems.prediction import Outcome

torch.set_num_threads(1)

# Of theory.md, section 8, found there by linear programs in floating point to two digits; the square and the pentagon had
# better polynomials than the interpolant.
FLOATING = {
    (5, 2): 1.02,
    (6, 3): 0.93,
    (8, 4): 0.89,
    (12, 3): 0.92,
    (27, 6): 0.91,
    (240, 8): 0.91,
    (120, 4): 0.85,
}


@pytest.mark.parametrize(("size", "tau"), FLOATING.items(), ids=str)
def test_thresholds(size: tuple[int, int], tau: float) -> None:
    found = threshold(*size)
    assert found is not None and abs(float(found) - tau) < 0.0055
    assert proved(*size, found) and not proved(*size, found - Fraction(1, 1000))


def test_more_thresholds() -> None:
    assert [threshold(M, 2) for M in (4, 6, 7, 8, 12)] == [Fraction(n, 1000) for n in (1041, 972, 928, 894, 820)]
    assert threshold(24, 2) > threshold(25, 2) > threshold(100, 2) > Fraction(7, 10)  # type: ignore[operator]
    assert threshold(4, 3) is threshold(5, 3) is threshold(288, 16) is None


def chord_by_hand(points: np.ndarray, at_one: float, tau: float) -> float:
    """The least value over 0 < Y <= 1/rho of B21's inequality, by its definition, on a grid."""
    inner = points[0] @ points[1:].T
    M = len(points)
    E, z = float(np.exp(inner / tau).sum()), (M - 1) * np.exp(-1 / tau)
    rho = E / ((M - 1) * at_one - E)
    Y = np.linspace(0, 1 / rho, 20001)[1:]
    b = np.minimum(np.minimum(Y, 1 - z / E), 1 - 1e-12)
    value = ((Y - rho * Y**2) * np.log1p(-b) + (b + rho * Y**2) * np.log1p(Y)) / (Y + b)
    return float((value / Y**2).min())


def test_the_decision_is_that_of_the_inequality() -> None:
    """At the octahedron h(1) = e^{-1/tau} + 2/tau."""
    X = he.codes.get("cross-polytope-3").points.numpy()
    for tau in (0.7, 0.9, 0.925, 0.94, 1.0, 2.0, 10.0):
        least = chord_by_hand(X, np.exp(-1 / tau) + 2 / tau, tau)
        assert (least > 0) is proved(6, 3, tau)


def test_the_interpolant_by_an_independent_computation() -> None:
    """h of the icosahedron by linear equations in 60 digits; DHEL is proved iff rho > r(B)."""
    with mpmath.workdps(60):
        t = [mpmath.mpf(-1), -1 / mpmath.sqrt(5), 1 / mpmath.sqrt(5)]
        for tau, expected in ((mpmath.mpf("0.9"), False), (mpmath.mpf("0.93"), True)):
            rows = [[x**k for k in range(5)] for x in t]
            rows += [[k * x ** (k - 1) if k else mpmath.mpf(0) for k in range(5)] for x in t[1:]]
            right = [mpmath.exp(x / tau) for x in t] + [mpmath.exp(x / tau) / tau for x in t[1:]]
            at_one = sum(mpmath.lu_solve(mpmath.matrix(rows), mpmath.matrix(right)))
            E = mpmath.exp(-1 / tau) + 5 * mpmath.exp(t[1] / tau) + 5 * mpmath.exp(t[2] / tau)
            B = 1 - 11 * mpmath.exp(-1 / tau) / E
            r = -mpmath.log(1 - B**2) / (B * mpmath.log((1 + B) / (1 - B)))
            assert (E / (11 * at_one - E) > r) is expected is proved(12, 3, float(tau))


@pytest.mark.parametrize(
    ("loss", "M", "d"),
    [
        (he.DHEL(1.05), 4, 2),
        (he.DHEL(0.93), 7, 2),
        (he.DHEL(0.94), 6, 3),
        (he.DHEL(0.94, two_view=True), 6, 3),
        (he.DHEL(0.92), 12, 3),
        (he.DHEL(0.94), 16, 5),
    ],
    ids=lambda x: getattr(x, "label", str(x)),
)
def test_against_search(loss: he.PairLoss, M: int, d: int) -> None:
    prediction = he.predict(loss, M, d)
    assert prediction is not None and (prediction.theorem, prediction.status) == ("B21", "theorem")
    assert float(loss(prediction.anchors, prediction.positives)) == pytest.approx(prediction.value, rel=1e-12)
    best = he.minimize(loss, M, d, restarts=8, seed=3)
    assert best.value == pytest.approx(prediction.value, rel=1e-11)
    assert he.compare(best, prediction).outcome is Outcome.CONSISTENT
    lower = dataclasses.replace(prediction, value=prediction.value + 1e-8)
    assert he.compare(best, lower).outcome is Outcome.REFUTED


@pytest.mark.parametrize("tau", [0.03, 0.1, 0.3, 0.5, 1.0, 5.0])
@pytest.mark.parametrize(("M", "d"), [(4, 2), (6, 3), (8, 4), (10, 5)])
def test_aligned_info_nce_at_cross_polytopes_at_every_temperature(M: int, d: int, tau: float) -> None:
    prediction = he.predict(Aligned(he.InfoNCE(tau)), M, d)
    assert prediction is not None and (prediction.theorem, prediction.status) == ("B21", "theorem")
    best = he.minimize(Aligned(he.InfoNCE(tau)), M, d, restarts=8, seed=1, throw=False)
    assert he.compare(best, prediction).outcome is Outcome.CONSISTENT


def test_aligned_losses_with_the_positive_are_proved_at_low_temperatures_again() -> None:
    said = {tau: he.predict(Aligned(he.InfoNCE(tau)), 12, 3).standing for tau in (0.1, 0.4, 1.0)}  # type: ignore[union-attr]
    assert said == {0.1: "B21, theorem", 0.4: "B4, conjecture", 1.0: "B21, theorem"}
    best = he.minimize(Aligned(he.InfoNCE(0.1)), 12, 3, restarts=16, seed=0)
    assert he.compare(best, he.predict(Aligned(he.InfoNCE(0.1)), 12, 3)).outcome is Outcome.CONSISTENT
    assert proved(12, 3, 0.1, 2, True) and not proved(12, 3, 0.1)


@pytest.mark.parametrize(
    ("objective", "M", "d"),
    [
        (he.DHEL(0.93), 6, 3),  # below the threshold
        (he.InfoNCE(1.5), 6, 3),  # both views free
        (he.DCL(1.5), 6, 3),
        (he.SimCLR(5.0), 6, 3),
        (he.DHEL(1.5), 4, 3),  # a simplex
        (he.DHEL(1.5), 8, 3),  # no universal optimum
        (he.DHEL(1.5), 288, 16),  # cited alone
        (he.KCL(he.Gaussian(2)), 6, 3),
        (he.Energy(he.Gaussian(2)), 6, 3),
        (he.DHEL(1e-5), 6, 3),
    ],
    ids=lambda x: getattr(x, "label", str(x)),
)
def test_silent(objective: object, M: int, d: int) -> None:
    subject = as_objective(objective)
    assert theorems.get("B21").predict(subject, M, d) is None


def test_conjecture_below() -> None:
    assert he.predict(he.DHEL(0.9), 6, 3).standing == "B4, conjecture"  # type: ignore[union-attr]
    assert he.predict(he.InfoNCE(1.5), 6, 3).standing == "B4, conjecture"  # type: ignore[union-attr]


def test_multi_view_dhel_has_the_status_of_its_energy() -> None:
    above, below = (he.predict(MultiView(MultiViewDHEL(tau), 3), 12, 3) for tau in (0.92, 0.9))
    assert above is not None and below is not None
    assert (above.standing, below.standing) == ("B20, theorem", "B20, conjecture")


def test_random_configurations_are_above() -> None:
    """At the threshold itself, also of heaps, which come nearest."""
    generator = torch.Generator().manual_seed(0)
    for M, d in ((4, 2), (6, 3), (12, 3)):
        loss = he.DHEL(float(threshold(M, d)))  # type: ignore[arg-type]
        least = he.predict(loss, M, d).value  # type: ignore[union-attr]
        X = torch.randn(200, M, d, generator=generator, dtype=torch.float64)
        X[100:, M // 2 :] = X[100:, :1]
        X = X / X.norm(dim=-1, keepdim=True)
        assert all(float(loss(x, x)) > least for x in X)


def test_decisions_are_fast() -> None:
    proved(27, 6, 1.0)
    begun = time.perf_counter()
    for n in range(10):
        proved(27, 6, 1.0 + n / 7)
    assert time.perf_counter() - begun < 2.0
