"""Closed forms, hypotheses, and verdicts on true and falsified predictions."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

import hyperenergy as he
from hyperenergy.prediction import Outcome, Prediction
from tests.cases import KERNELS, Exp, LossCase, loss_cases


@pytest.mark.parametrize("tau", [0.05, 0.5])
@pytest.mark.parametrize("index", range(13))
@pytest.mark.parametrize(("M", "d"), [(2, 2), (4, 3), (4, 6), (6, 5)])
def test_b1_closed_forms(index: int, tau: float, M: int, d: int) -> None:
    case: LossCase = loss_cases(tau)[index]
    prediction = he.predict(case.loss, M, d)
    assert prediction is not None and case.least is not None
    assert (prediction.theorem, prediction.status, prediction.unique) == ("B1", "theorem", True)
    assert prediction.value == pytest.approx(case.least(M), rel=1e-13, abs=1e-13)
    # The configuration has the value, by the loss itself.
    attained = float(case.loss(prediction.anchors, prediction.positives))
    assert attained == pytest.approx(prediction.value, rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.label)
def test_b2_closed_forms(kernel: he.Kernel) -> None:
    kappa = KERNELS[kernel]
    simplex = he.predict(he.Energy(kernel, "mean"), 4, 3)
    cross = he.predict(he.Energy(kernel, "ordered"), 8, 4)
    if not (kernel.completely_monotone or kernel.strictly_convex_decreasing):
        assert simplex is None and cross is None
        return
    assert simplex is not None and simplex.theorem == "B2a" and simplex.value == pytest.approx(kappa(8 / 3), rel=1e-14)
    assert cross is not None and cross.theorem == "B2b"
    assert cross.value == pytest.approx(8 * (kappa(4) + 6 * kappa(2)), rel=1e-14)
    if not kernel.singular:
        loss = he.KCL(kernel, gamma=5.0)
        prediction = he.predict(loss, 4, 3)
        assert prediction is not None and prediction.value == pytest.approx(-kappa(0.0) + 5 * kappa(8 / 3), rel=1e-13)


def test_b2c_covers_the_catalogue() -> None:
    for name in ("polygon-7", "icosahedron", "clebsch", "schlaefli", "e7-56", "600-cell", "e8-roots"):
        code = he.codes.get(name)
        for objective in (he.Energy(he.Gaussian(1)), he.KCL(he.InverseMultiquadric(1)), he.AlignUniform()):
            prediction = he.predict(objective, code.size, code.dim)
            assert prediction is not None and (prediction.theorem, prediction.unique) == ("B2c", True)
        energy = he.predict(he.Energy(he.Gaussian(1)), code.size, code.dim)
        assert energy is not None
        assert float(he.energy(code.points, he.Gaussian(1))) == pytest.approx(energy.value, rel=1e-13)


@pytest.mark.parametrize(
    ("objective", "points", "dim"),
    [
        (he.DCL(0.1), 5, 3),  # beyond d+1, off the universal optima
        (he.Energy(he.Riesz(1)), 5, 3),
        (he.Energy(he.Riesz(-3)), 4, 3),  # not convex: F1
        (he.Energy(he.Riesz(-3)), 12, 3),
        (he.KCL(he.Riesz(-3)), 4, 3),
        (he.Energy(he.Gaussian(1)), 24, 4),  # the 24-cell is not universally optimal
        (he.SpectralContrastive(), 4, 4),  # F2
        (he.FixedAnchors(he.DCL(0.1), torch.eye(3).double()), 3, 3),  # B3 is for decoupled losses
        (he.FixedAnchors(he.DHEL(0.1, two_view=True), torch.eye(3).double()), 3, 3),
        (he.PhiPsi(torch.log, torch.exp), 4, 3),  # nobody vouches for convexity
        (he.DHEL(0.05), 7, 2),  # F3
        (he.DCL(0.05), 6, 2),
    ],
    ids=lambda x: getattr(x, "label", str(x)),
)
def test_where_hypotheses_fail_nothing_is_predicted(objective, points: int, dim: int) -> None:
    assert he.predict(objective, points, dim) is None


def test_uniqueness_is_claimed_only_where_it_holds() -> None:
    identity = he.predict(he.PhiPsi(torch.clone, torch.clone, convexity="weak"), 4, 3)
    assert identity is not None and not identity.unique  # every centered aligned batch is optimal
    assert he.predict(he.PhiPsi(torch.log, Exp(0.3), convexity="strict"), 4, 3).unique  # type: ignore[union-attr]
    centroid = he.predict(he.Energy(he.Riesz(-2)), 4, 3)
    assert centroid is not None and not centroid.unique
    design = he.predict(he.Energy(he.Polynomial(3)), 12, 3)
    assert design is not None and not design.unique


def test_conjectures_are_labelled() -> None:
    prediction = he.predict(he.InfoNCE(0.3), 12, 3)
    assert prediction is not None and (prediction.theorem, prediction.status) == ("B4", "conjecture")
    assert he.theorems.get("B4").status.value == "conjecture"
    assert he.theorems.get("B5").status.value == "false"


def test_b3_prediction(draw) -> None:
    U = draw(7, 3)
    prediction = he.predict(he.FixedAnchors(he.DHEL(0.05), U), 7, 3)
    assert prediction is not None and prediction.theorem == "B3" and torch.equal(prediction.positives, U)


def test_b3_for_every_fixed_anchors_fails_in_the_two_view_form(draw) -> None:
    """The energy of the positives moves them away from anchors that are no minimizer: only the joint minimum aligns."""
    U = draw(5, 3)
    best = he.minimize(he.FixedAnchors(he.DHEL(0.3, two_view=True), U), 5, 3, restarts=8)
    aligned = float(he.DHEL(0.3, two_view=True)(U, U))
    assert best.value < aligned - 1e-3


# ---- verdicts ----


@pytest.fixture(scope="module")
def found() -> tuple[he.Minimum, Prediction]:
    loss = he.DHEL(0.5)
    prediction = he.predict(loss, 4, 3)
    assert prediction is not None
    return he.minimize(loss, 4, 3, restarts=8), prediction


def test_a_true_prediction_is_consistent(found) -> None:
    match = he.compare(*found)
    assert match.outcome is Outcome.CONSISTENT
    assert abs(match.value_gap) <= 1e-11 and match.misalignment <= 1e-6 and match.congruence <= 1e-6


@pytest.mark.parametrize("error", [1e-6, -1e-6, 1e-10, -1e-10])
def test_a_falsified_value_is_not_consistent(found, error: float) -> None:
    best, prediction = found
    wrong = dataclasses.replace(prediction, value=prediction.value + error)
    assert he.compare(best, wrong).outcome is Outcome.REFUTED


@pytest.mark.parametrize("tau", [0.05, 0.1])
def test_a_relatively_falsified_tiny_value_is_not_consistent(tau: float) -> None:
    """Values of 1e-11 and below, of which one per million is far below any absolute tolerance."""
    loss = he.InfoNCE(tau)
    prediction, best = he.predict(loss, 4, 3), he.minimize(loss, 4, 3, restarts=8)
    assert prediction is not None and he.compare(best, prediction).outcome is Outcome.CONSISTENT
    for factor in (1 + 1e-6, 1 - 1e-6):
        wrong = dataclasses.replace(prediction, value=prediction.value * factor)
        assert he.compare(best, wrong).outcome is not Outcome.CONSISTENT


def test_a_code_that_is_not_optimal_is_not_consistent(found) -> None:
    best, prediction = found
    square = he.normalize(torch.tensor([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]], dtype=torch.float64))
    keeps_value = dataclasses.replace(prediction, configuration=(square, square))
    assert he.compare(best, keeps_value).outcome is Outcome.REFUTED
    own_value = dataclasses.replace(keeps_value, value=float(he.DHEL(0.5)(square, square)))
    match = he.compare(best, own_value)
    assert match.outcome is Outcome.REFUTED and match.value_gap < 0 and match.congruence > 0.5


def test_a_second_minimizer_is_not_consistent_with_uniqueness() -> None:
    """Two of the many minimizers of s = -2, the centroid energy: same value, different sets."""
    objective = he.Energy(he.Riesz(-2))
    prediction, best = he.predict(objective, 4, 3), he.minimize(objective, 4, 3, restarts=4)
    assert prediction is not None and he.compare(best, prediction).outcome is Outcome.CONSISTENT
    claimed = dataclasses.replace(prediction, unique=True)
    assert he.compare(best, claimed).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("objective", [he.Energy(he.Gaussian(1e-3)), he.DHEL(100.0), he.AlignUniform(alpha=8)], ids=str)
def test_a_landscape_too_flat_to_tell_refutes_nothing(objective) -> None:
    best = he.minimize(objective, 12 if isinstance(objective, he.Energy) else 4, 3, restarts=4, throw=False)
    match = he.compare(best, he.predict(objective, len(best.points), 3))
    assert match.outcome is not Outcome.REFUTED


class Negated(he.DHEL):
    def formula(self, anchors: torch.Tensor, positives: torch.Tensor) -> torch.Tensor:
        return -super().formula(anchors, positives)


class Increasing(he.Kernel):
    def profile(self, r, m):  # type: ignore[no-untyped-def]
        return r


def test_subclasses_inherit_no_theorem() -> None:
    assert he.predict(Negated(0.5), 4, 3) is None
    assert he.predict(Negated(0.5), 12, 3) is None
    for objective in (he.Energy(Increasing()), he.KCL(Increasing())):
        assert he.predict(objective, 4, 3) is None and he.predict(objective, 12, 3) is None


def test_predictions_cannot_be_spoiled() -> None:
    first = he.predict(he.InfoNCE(0.5), 4, 3)
    assert first is not None
    first.anchors.zero_()
    he.codes.get("icosahedron").points.zero_()
    again = he.predict(he.InfoNCE(0.5), 4, 3)
    assert again is not None and float(again.anchors.norm()) == pytest.approx(2)
    assert float(he.codes.get("icosahedron").points.norm()) == pytest.approx(12**0.5)


def test_f3_numbers() -> None:
    """DHEL at the heptagon: below tau = 0.05 points pile up.  The claimed value and the limit, by hand."""
    claimed = he.theorems.get("F3").predict(he.minimize(he.DHEL(0.05), 7, 2, restarts=2).objective, 7, 2)
    assert claimed is not None
    best = he.minimize(he.DHEL(0.05), 7, 2, restarts=16)
    assert he.compare(best, claimed).outcome is Outcome.REFUTED and best.value < claimed.value - 0.5
    piled = torch.tensor([[1, 0]] * 4 + [[0, 1], [-1, 0], [0, -1]], dtype=torch.float64)
    tau = 1e-3
    assert tau * float(he.DHEL(tau)(piled, piled)) == pytest.approx(-1 + 4 / 7, abs=tau * math.log(6))
    assert -1 + 4 / 7 < -1 + math.cos(2 * math.pi / 7)


def test_a_search_that_falls_short_is_inconclusive(found) -> None:
    _, prediction = found
    best = he.minimize(he.DHEL(0.5), 4, 3, restarts=1, max_iterations=2, throw=False)
    assert he.compare(best, prediction).outcome is Outcome.INCONCLUSIVE


def test_a_misaligned_minimum_is_not_consistent(found) -> None:
    best, prediction = found
    moved = he.normalize(best.rows + 1e-4 * torch.eye(8, 3, dtype=torch.float64))
    value = float(he.DHEL(0.5)(*moved.split(4)))
    tampered = dataclasses.replace(best, rows=moved, value=value)
    assert he.compare(tampered, prediction, tolerance=1.0).outcome is Outcome.INCONCLUSIVE


def test_nothing_to_compare_with() -> None:
    best = he.minimize(he.DCL(0.1), 5, 3, restarts=2)
    with pytest.raises(he.ArgumentError, match="no result speaks here"):
        he.compare(best, he.predict(he.DCL(0.1), 5, 3))
    with pytest.raises(he.ArgumentError, match=r"prediction: got anchors of shape \(4, 3\); must be \(5, 3\)"):
        he.compare(best, he.predict(he.DCL(0.1), 4, 3))


def test_unknown_names() -> None:
    with pytest.raises(he.ArgumentError, match="theorem: got 'B5x'; did you mean B5"):
        he.theorems.get("B5x")
    assert "simplex" in he.theorems.get("B2a").statement


def test_f1_numbers() -> None:
    """Two antipodal pairs against the simplex: -16/3 and -(8/3)^{3/2}."""
    best = he.minimize(he.Energy(he.Riesz(-3), "mean"), 4, 3, restarts=16)
    assert best.value == pytest.approx(-16 / 3, rel=1e-13)
    claimed = he.theorems.get("F1").predict(he.Energy(he.Riesz(-3), "mean"), 4, 3)
    assert claimed is not None and claimed.value == pytest.approx(-((8 / 3) ** 1.5), rel=1e-14)
    assert he.compare(best, claimed).outcome is Outcome.REFUTED


def test_f2_numbers() -> None:
    loss = he.SpectralContrastive()
    best = he.minimize(loss, 4, 4, restarts=16)
    assert best.value == pytest.approx(-2, abs=1e-13)
    gram = best.anchors @ best.anchors.T
    torch.testing.assert_close(gram, torch.eye(4).double(), rtol=0, atol=1e-7)
    simplex = he.codes.simplex(4, 4).points
    assert float(loss(simplex, simplex)) == pytest.approx(-17 / 9, rel=1e-14)


def test_b5_example() -> None:
    """(5, 3, 0.1): one-sided DCL is better misaligned, by 5e-3; the symmetrized loss is not."""
    for loss, expected in ((he.DCL(0.1), True), (he.DCL(0.1, symmetric=True), False)):
        free, aligned = (he.minimize(o, 5, 3, restarts=16) for o in (loss, he.Aligned(loss)))
        assert (free.value < aligned.value - 1e-3) is expected
    assert math.isclose(free.value, aligned.value, rel_tol=1e-12)
