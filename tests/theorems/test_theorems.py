"""Closed forms, hypotheses, and verdicts on true and falsified predictions."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Iterator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import hyperenergy as he
from hyperenergy.objectives.base import as_objective
from hyperenergy.theorems.prediction import Outcome, Prediction
from tests.cases import KERNELS, Exp, LossCase, loss_cases


@pytest.mark.parametrize("tau", [0.05, 0.5])
@pytest.mark.parametrize("index", range(13))
@pytest.mark.parametrize(("M", "d"), [(2, 2), (4, 3), (4, 6), (6, 5)])
def test_b1_closed_forms(index: int, tau: float, M: int, d: int) -> None:
    case: LossCase = loss_cases(tau)[index]
    prediction = he.predict(case.loss, M, d)
    assert prediction is not None and case.least is not None
    by = "B2a" if isinstance(case.loss, he.AlignUniform) else "B1"
    assert (prediction.theorem, prediction.status, prediction.unique) == (by, "theorem", True)
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
        # Two antipodal heaps are lower (F1).
        for found, points in ((simplex, 4), (cross, 8)):
            assert (found is not None and found.theorem == "B2e") == (kernel == he.Riesz(-3)), points
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
        (he.Energy(he.Riesz(-3)), 5, 3),  # not convex (F1), and no two heaps of as many
        (he.Energy(he.Riesz(-3)), 13, 3),
        (he.KCL(he.Riesz(-3)), 5, 3),
        (he.Energy(he.Gaussian(1)), 24, 4),  # the 24-cell is not universally optimal
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
    assert he.predict(he.PhiPsi(torch.log, Exp(0.3), convexity="strict"), 4, 3).unique  # type: ignore[arg-type, union-attr]
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
    def formula(self, anchors: torch.Tensor, positives: torch.Tensor) -> torch.Tensor:  # type: ignore[override]  # takes no batch
        return -super().formula(anchors, positives)


@dataclasses.dataclass(frozen=True)
class Increasing(he.Kernel):
    def profile(self, r, m):
        return r


@dataclasses.dataclass(frozen=True)
class Rising(he.Gaussian):
    """A subclass of a completely monotone kernel that is none."""

    def profile(self, r, m):
        return m.number(self.t) * r


@dataclasses.dataclass(frozen=True)
class Level(he.Kernel):
    """A constant: it decreases weakly, and no pair is better than any other."""

    decreasing = True

    def profile(self, r, m):
        return 0 * r


class Sub(he.KCL):
    pass


class SubPhiPsi(he.PhiPsi):
    pass


class SubSpectral(he.SpectralContrastive):
    pass


class SubInfoNCE(he.InfoNCE):
    def formula(self, anchors: torch.Tensor, positives: torch.Tensor) -> torch.Tensor:  # type: ignore[override]  # takes no batch
        return super().formula(anchors, positives) - 1


class Doubled(he.Energy):
    def value(self, z: torch.Tensor) -> torch.Tensor:
        return 2 * super().value(z)


def test_subclasses_inherit_no_theorem() -> None:
    silent = [
        Negated(0.5),
        SubInfoNCE(0.5),
        he.Energy(Increasing()),
        he.KCL(Increasing()),
        he.Energy(Rising(2)),
        he.KCL(Rising(2)),
        Sub(he.Gaussian(2)),
        SubPhiPsi(torch.log, Exp(0.3), convexity="strict"),  # type: ignore[arg-type]
        Doubled(he.Gaussian(2)),
        he.Expected(SubInfoNCE(0.5), 2, replace=False),
        he.Aligned(Sub(he.Gaussian(2))),
    ]
    for objective in silent:
        for id in he.theorems.names():
            for points in (4, 6, 12):
                if not isinstance(objective, he.Expected) or points == 4:
                    assert he.theorems.get(id).predict(as_objective(objective), points, 3) is None, (id, objective)
    assert he.theorems.get("F2").predict(as_objective(SubSpectral()), 4, 4) is None


def test_facts_of_losses_are_not_inherited() -> None:
    assert he.InfoNCE(0.5).positive and not SubInfoNCE(0.5).positive
    assert he.KCL(he.Laplace(1)).alignment_term is not None and Sub(he.Laplace(1)).alignment_term is None
    # A mean over pairs whatever the batch size, and a subclass that nobody knows to be one.
    U = torch.eye(4).double()
    for loss, size in ((he.KCL(he.Gaussian(2)), 2), (Sub(he.Gaussian(2)), 3)):
        objective = he.Expected(loss, 3, replace=False, enumerate=1, samples=8)
        assert objective._batches(4)[0].shape[1] == size
        assert float(objective(U, U)) == pytest.approx(float(he.KCL(he.Gaussian(2))(U, U)), rel=1e-13)


def test_alignment_kernels_that_rise_get_no_theorem(draw) -> None:
    """Pairs apart are better there: the aligned simplex is no minimizer."""
    for rising in (Increasing(), Rising(1)):
        loss = he.KCL(he.Gaussian(2), alignment_kernel=rising)
        for points in (4, 6, 12):  # B2a, B2b, B2c
            assert he.predict(loss, points, 3) is None
        assert he.predict(he.FixedAnchors(loss, draw(5, 3)), 5, 3) is None
        assert "B3" not in he.theorems.unpredicted(loss, 5, 3)
        aligned = he.Aligned(loss)  # where all are aligned, the alignment kernel is a constant
        assert he.predict(aligned, 4, 3) is not None
    assert "B3" in he.theorems.unpredicted(he.KCL(he.Gaussian(2)), 5, 3)


def test_alignment_kernels_that_decrease_weakly_give_the_value_and_no_alignment(draw) -> None:
    loss = he.KCL(he.Gaussian(2), gamma=3.0, alignment_kernel=Level())
    for points, expected in ((4, math.exp(-16 / 3)), (6, (math.exp(-8) + 4 * math.exp(-4)) / 5)):
        prediction = he.predict(loss, points, 3)
        assert prediction is not None and not prediction.unique and not prediction.aligned
        assert prediction.value == pytest.approx(3 * expected, rel=1e-14)
    best = he.minimize(loss, 4, 3, restarts=4)
    assert best.misalignment > 0.1  # nothing moves the positives
    said = he.predict(loss, 4, 3)
    assert said is not None and he.compare(best, said).outcome is Outcome.CONSISTENT
    claimed = dataclasses.replace(said, aligned=True)
    assert he.compare(best, claimed).outcome is Outcome.INCONCLUSIVE
    fixed = he.predict(he.FixedAnchors(loss, draw(5, 3)), 5, 3)
    assert fixed is not None and not fixed.unique


def test_f1_claims_of_decreasing_kernels_alone() -> None:
    claim = he.theorems.get("F1")
    assert claim.predict(he.Energy(he.Riesz(-3)), 4, 3) is not None
    assert claim.predict(he.Energy(Increasing()), 4, 3) is None


@pytest.mark.parametrize(
    ("phi", "psi", "convexity", "against"),
    [
        (torch.log, Exp(0.3), "strict", None),
        (torch.log1p, Exp(0.01), "strict", None),
        (torch.log, Exp(0.01), "strict", None),
        (torch.clone, torch.clone, "weak", None),
        (torch.clone, torch.clone, "strict", "linear across differences"),
        (torch.neg, torch.exp, "weak", "decreases"),
        (torch.clone, torch.tanh, "weak", "above a chord"),
        (torch.clone, torch.square, "strict", "decreases"),
    ],
)
def test_a_convexity_that_samples_contradict_is_refused(phi, psi, convexity, against) -> None:
    loss = he.PhiPsi(phi, psi, convexity=convexity)
    if against is None:
        assert he.predict(loss, 4, 3) is not None
        return
    with pytest.raises(he.ArgumentError, match=f"convexity: got '{convexity}' of PhiPsi.*{against}"):
        he.predict(loss, 4, 3)


# ---- values that leave float64 ----


@pytest.mark.parametrize(
    ("objective", "points", "dim", "id", "log"),
    [
        # 21 = 7 * 6/2 pairs, of which 7 are neighbors, at r = 4 sin^2(pi/7).
        (he.Energy(he.Riesz(5000)), 7, 2, "B2c", math.log(7) - 2500 * math.log(4 * math.sin(math.pi / 7) ** 2)),
        (he.Energy(he.Riesz(3000)), 4, 3, "B2a", math.log(6) - 1500 * math.log(8 / 3)),
        (he.Energy(he.Riesz(3000), "mean"), 6, 3, "B2b", math.log(4 / 5) - 1500 * math.log(2)),
        (he.Energy(he.Gaussian(10**6), "ordered"), 4, 3, "B2a", math.log(12) - 8e6 / 3),
        (he.Energy(he.Laplace(1000)), 3, 2, "B2a", math.log(3) - 1000 * math.sqrt(3)),
        (he.InfoNCE(1e-4), 3, 2, "B1", math.log(2) - 1.5e4),
        (he.SimCLR(1e-4), 3, 2, "B1", math.log(4) - 1.5e4),
        (he.InfoNCE(1e-4), 4, 2, "B4", -1e4 + math.log(2)),
        (he.Expected(he.InfoNCE(1e-4), 2, replace=False), 3, 2, "B8", -1.5e4),
        (
            he.Expected(he.InfoNCE(1e-4), 3, partition=[(0, 1), (2, 3, 4)]),
            5,
            2,
            "B8",
            math.log(2) - 1.5e4 - math.log(2),
        ),
        (he.Supervised(he.SupCon(1e-4), [0, 0, 1, 1, 2, 2]), 6, 2, "B7", math.log(4) - 1.5e4),
        (he.MultiView(he.MultiViewInfoNCE(1e-4), 3), 3, 2, "B10", math.log(2) - 1.5e4),
        # R = 3/4, both logits equal: softplus(-t/2) four times.
        (he.SigLIP(1e4, 0), 4, 4, "B9", math.log(4) - 5000),
    ],
    ids=lambda x: getattr(x, "label", str(x)),
)
def test_values_beyond_float64_are_not_predicted_and_their_logarithm_is_said(objective, points, dim, id, log) -> None:
    assert he.predict(objective, points, dim) is None
    said = he.theorems.unpredicted(objective, points, dim)
    assert f"{id} gives leaves the range of float64" in said
    assert float(said.rpartition(" ")[2]) == pytest.approx(log, rel=1e-13)


def test_values_within_float64_have_the_logarithm_of_the_value() -> None:
    for objective, points, dim in (
        (he.InfoNCE(0.05), 4, 3),
        (he.InfoNCE(5.0), 12, 3),
        (he.SigLIP(10, -3), 4, 6),
        (he.Energy(he.Riesz(200)), 12, 3),
        (he.Energy(he.InverseMultiquadric(0.2), "mean"), 240, 8),
        (he.Supervised(he.SupCon(0.1), [0, 0, 1, 1]), 4, 3),
    ):
        prediction = he.predict(objective, points, dim)
        assert prediction is not None and prediction.log_value is not None
        assert prediction.log_value == pytest.approx(math.log(prediction.value), rel=1e-13, abs=1e-14)


EXTREME = st.floats(min_value=5e-324, max_value=1.7e308, allow_nan=False) | st.sampled_from(
    [5e-324, 1e-308, 1e-300, 1e-4, 1e4, 1e300, 1.7e308]
)
SIZES = st.sampled_from([(2, 1), (2, 2), (4, 3), (6, 3), (7, 2), (12, 3), (4, 4)])


def extremes(x: float, y: float) -> Iterator[object]:
    """Every kind of objective that has predictions, with parameters of any size."""
    tau = x
    yield from (he.InfoNCE(tau), he.SimCLR(tau), he.NTXent(tau), he.DCL(tau), he.DCL(tau, within_view=False))
    yield from (he.DHEL(tau), he.DHEL(tau, two_view=True), he.AlignUniform(t=x, weight=y), he.SigLIP(x, y))
    yield from (he.SigLIP(x, -y), he.MultiView(he.MultiViewInfoNCE(tau), 3), he.MultiView(he.MultiViewDHEL(tau), 3))
    kernels = [he.Gaussian(x), he.Laplace(x), he.InverseMultiquadric(x), he.Riesz(x), he.Riesz(-min(x, 2.0))]
    kernels += [he.RegularizedLogarithmic(x), he.Polynomial(min(int(x) + 1, 2**31 - 1), c=1 + y), he.Logarithmic()]
    for kernel in kernels:
        yield from (he.Energy(kernel), he.Energy(kernel, "mean"))
        yield he.KCL(kernel, gamma=y, alignment_kernel=he.Gaussian(2) if kernel.singular else None)
        yield he.KCL(kernel, gamma=y, alignment_kernel=he.Riesz(-1), two_view=True)


@given(x=EXTREME, y=EXTREME, size=SIZES)
@settings(max_examples=25, deadline=None)
def test_whatever_is_predicted_is_a_number_that_has_its_digits(x: float, y: float, size: tuple[int, int]) -> None:
    for objective in extremes(x, y):
        for theorem in map(he.theorems.get, he.theorems.names()):
            prediction = theorem.predict(as_objective(objective), *size)
            if prediction is not None:
                assert math.isfinite(prediction.value)
                assert not prediction.objective.positive or prediction.value >= sys.float_info.min
        assert he.theorems.unpredicted(objective, *size)


# ---- any size ----


@pytest.mark.parametrize(
    ("objective", "points", "dim", "id", "expected"),
    [
        (he.DHEL(0.5), 2001, 2001, "B1", math.log(2000) - 2001 / (2000 * 0.5)),
        (he.DHEL(0.5), 10**6, 10**6, "B1", math.log(10**6 - 1) - 10**6 / ((10**6 - 1) * 0.5)),
        (he.InfoNCE(0.1), 10**6, 10**6, "B1", math.log1p((10**6 - 1) * math.exp(-10 * 10**6 / (10**6 - 1)))),
        # The product of the distances from one corner to the others is N.
        (he.Energy(he.Logarithmic()), 10**6, 2, "B2c", -(10**6) / 2 * math.log(10**6)),
        # The sum of 1/sin^2(pi j/N) over j = 1..N-1 is (N^2-1)/3.
        (he.Energy(he.Riesz(2)), 10**6, 2, "B2c", 10**6 / 2 * (10**12 - 1) / 12),
        (he.Energy(he.Gaussian(2), "mean"), 10**6, 10**6, "B2a", math.exp(-4 * 10**6 / (10**6 - 1))),
        (he.Energy(he.Riesz(2), "mean"), 10**6, 5 * 10**5, "B2b", (0.25 + (10**6 - 2) / 2) / (10**6 - 1)),
        (he.KCL(he.Gaussian(1), gamma=2), 4002, 4002, "B2a", -1 + 2 * math.exp(-2 * 4002 / 4001)),
        (he.InfoNCE(0.5), 6000, 3000, "B4", math.log1p(math.exp(-4) + 5998 * math.exp(-2))),
        (
            he.Supervised(he.SupCon(0.5), list(range(2001)) * 2),
            4002,
            2001,
            "B7",
            math.log1p(4000 * math.exp(-2001 / 1000)),
        ),
        (he.Expected(he.InfoNCE(0.5), 2001, partition=True), 4002, 2000, "B8", math.log1p(2000 * math.exp(-2.001))),
        # R = 1 at so negative a bias: the aligned simplex.
        (he.SigLIP(1, -40), 3000, 3000, "B9", 39 + 2999 * math.exp(-40 - 1 / 2999) + math.log1p(math.exp(-39))),
        (he.MultiView(he.MultiViewDHEL(1.0), 3), 2500, 2500, "B10", -math.log(3) - 1 + 3 * (math.log(2499) - 1 / 2499)),
    ],
    ids=lambda x: getattr(x, "label", str(x))[:40],
)
def test_theorems_hold_where_codes_are_not_built(objective, points: int, dim: int, id: str, expected: float) -> None:
    prediction = he.predict(objective, points, dim)
    assert prediction is not None and prediction.theorem == id
    assert prediction.value == pytest.approx(expected, rel=2e-13)


def test_large_configurations_are_built_late_or_refused() -> None:
    prediction = he.predict(he.DHEL(0.5), 2001, 2001)
    assert prediction is not None and "_views" not in vars(prediction)
    U = prediction.anchors
    gram = U @ U.T
    assert float((gram - (1 + 1 / 2000) * torch.eye(2001).double() + 1 / 2000).abs().max()) < 1e-12
    assert float(he.DHEL(0.5)(U, prediction.positives)) == pytest.approx(prediction.value, rel=1e-13)
    square = he.predict(he.Energy(he.Riesz(1)), 4002, 2001)
    assert square is not None and sorted(set((square.anchors[:3] @ square.anchors.T).flatten().tolist())) == [-1, 0, 1]
    ring = he.predict(he.Energy(he.Riesz(-1)), 3000, 2)
    assert ring is not None
    assert float(he.energy(ring.anchors, he.Riesz(-1))) == pytest.approx(ring.value, rel=1e-12)
    for objective, points, dim in (
        (he.DHEL(0.5), 10**6, 10**6),
        (he.SigLIP(10, -3), 10**5, 10**5),
        (he.MultiView(he.MultiViewDHEL(0.5), 3), 10**5, 10**5),
    ):
        huge = he.predict(objective, points, dim)
        assert huge is not None and math.isfinite(huge.value)
        with pytest.raises(he.ArgumentError, match=rf"points: got {points} in R.*GiB and are not built"):
            _ = huge.anchors


@pytest.mark.parametrize("q", [4, 5, 7, 8, 9, 11])
def test_isotropic_subspaces_of_every_prime_power(q: int) -> None:
    """Known by their inner products -1/q and 1/q^2, and, from q = 4 on, not unique: no theorem or conjecture says so."""
    points, dim = (q + 1) * (q**3 + 1), q * (q**3 + 1) // (q + 1)
    values = []
    for objective in (he.Energy(he.Gaussian(1), "mean"), he.KCL(he.Gaussian(1)), he.InfoNCE(0.5), he.DHEL(0.5)):
        prediction = he.predict(objective, points, dim)
        assert prediction is not None and not prediction.unique and prediction.aligned
        assert prediction.theorem == ("B4" if isinstance(objective, he.InfoNCE | he.DHEL) else "B2c")
        values.append(prediction.value)
    near, far = q**4, q * (q**2 + 1)  # by hand, with 1 + near + far points
    assert 1 + near + far == points
    # Centered, and a 2-design.
    assert (near / q**2 - far / q) == -1 and math.isclose(near / q**4 + far / q**2, points / dim - 1)
    mean = (near * math.exp(-2 + 2 / q**2) + far * math.exp(-2 - 2 / q)) / (points - 1)
    assert values[0] == pytest.approx(mean, rel=1e-13)
    assert values[1] == pytest.approx(-1 + 16 * mean, rel=1e-13)
    total = near * math.exp(2 / q**2 - 2) + far * math.exp(-2 / q - 2)
    assert values[2] == pytest.approx(math.log1p(total), rel=1e-13)
    assert values[3] == pytest.approx(math.log(total), rel=1e-13)
    assert he.predict(he.Energy(he.Gaussian(1)), points, dim - 1) is None
    if q == 4:
        prediction = he.predict(he.InfoNCE(0.5), points, dim)
        assert prediction is not None and prediction.anchors.shape == (points, dim)
        assert float(he.InfoNCE(0.5)(prediction.anchors, prediction.positives)) == pytest.approx(values[2], rel=1e-12)
    if q > 5:
        with pytest.raises(he.ArgumentError, match=f"q: got {q}; must be at most 5"):
            _ = he.predict(he.DHEL(0.5), points, dim).anchors  # type: ignore[union-attr]


def test_six_is_no_prime_power() -> None:
    assert he.predict(he.Energy(he.Gaussian(1)), 7 * 217, 6 * 217 // 7) is None


def test_unique_codes_have_unique_minimizers() -> None:
    for name in ("icosahedron", "schlaefli", "mclaughlin-112", "higman-sims", "polygon-5"):
        code = he.codes.get(name)
        for objective in (he.InfoNCE(0.5), he.NTXent(0.5), he.Energy(he.Gaussian(1)), he.KCL(he.Gaussian(1))):
            prediction = he.predict(objective, code.size, code.dim)
            assert prediction is not None and prediction.unique is code.unique is True


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
    best, prediction = found
    moved = he.normalize(best.rows + 1e-3 * torch.eye(8, 3, dtype=torch.float64))
    above = dataclasses.replace(best, rows=moved, value=float(he.DHEL(0.5)(*moved.split(4))))
    match = he.compare(above, prediction)
    assert match.outcome is Outcome.INCONCLUSIVE and "stopped above" in match.reason
    unfinished = dataclasses.replace(best, status=type(best.status).MAX_ITERATIONS)
    match = he.compare(unfinished, prediction)
    assert match.outcome is Outcome.INCONCLUSIVE and "the value agrees, but not stationary" in match.reason


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
