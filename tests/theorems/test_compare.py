"""Verdicts: on numbers that are none, on both views, on terms that hide beside others, and on other objectives."""

from __future__ import annotations

import dataclasses
import math
import pickle
from fractions import Fraction

import pytest
import torch
from torch import Tensor

import hyperenergy as he
from hyperenergy.geometry.sameness import same
from hyperenergy.geometry.sphere import random_points
from hyperenergy.objectives.base import BatchLoss
from hyperenergy.theorems.prediction import Outcome, Prediction
from hyperenergy.theorems.subjects import Exp


def predicted(objective: object, points: int, dim: int) -> Prediction:
    prediction = he.predict(objective, points, dim)
    assert prediction is not None
    return prediction


def at(best: he.Minimum, rows: Tensor) -> he.Minimum:
    """The minimum moved to other rows, with their value."""
    return dataclasses.replace(best, rows=rows, value=best.objective.value(rows[None]).item())


def turned(X: Tensor, seed: int = 3) -> Tensor:
    """X, (..., dim), after an orthogonal map."""
    generator = torch.Generator().manual_seed(seed)
    return X @ torch.linalg.qr(torch.randn(X.shape[-1], X.shape[-1], generator=generator, dtype=torch.float64))[0]


# ---- numbers ----


@pytest.fixture(scope="module")
def info_nce() -> he.Minimum:
    return he.minimize(he.InfoNCE(0.5), 3, 2, restarts=4)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 0.0, 5e-324, 1e-310])
def test_what_is_no_number_or_has_underflowed_is_never_consistent(info_nce: he.Minimum, value: float) -> None:
    prediction = predicted(he.InfoNCE(0.5), 3, 2)
    assert he.compare(info_nce, prediction).outcome is Outcome.CONSISTENT
    match = he.compare(dataclasses.replace(info_nce, value=value), prediction)
    assert match.outcome is Outcome.INCONCLUSIVE and "no number to compare" in match.reason
    with pytest.raises(he.ArgumentError, match="value: got"):
        dataclasses.replace(prediction, value=value)


def test_points_that_are_no_numbers_are_never_consistent(info_nce: he.Minimum) -> None:
    for rows in (torch.full_like(info_nce.rows, math.nan), torch.full_like(info_nce.rows, math.inf)):
        match = he.compare(dataclasses.replace(info_nce, rows=rows), predicted(he.InfoNCE(0.5), 3, 2))
        assert match.outcome is not Outcome.CONSISTENT and match.congruence == math.inf


def test_a_prediction_whose_configuration_has_no_value_is_not_refuted() -> None:
    objective = he.Energy(he.Riesz(1))
    best, prediction = he.minimize(objective, 4, 3, restarts=2), predicted(objective, 4, 3)
    together = prediction.anchors[[0, 0, 1, 2]]
    match = he.compare(best, dataclasses.replace(prediction, configuration=(together, together)))
    assert match.outcome is Outcome.INCONCLUSIVE and "comes out as inf" in match.reason


def test_values_that_underflowed_are_compared_by_their_logarithms() -> None:
    """The least value is log 2 - 1.5/tau in logarithms, here e^-707, near the smallest number that float64 has in full."""
    loss = he.InfoNCE(1.5 / (707 + math.log(2)))
    prediction = predicted(loss, 3, 2)
    assert prediction.log_value == pytest.approx(-707, rel=1e-14)
    assert prediction.value == pytest.approx(math.exp(-707), rel=1e-12)
    best = he.minimize(loss, 3, 2, restarts=1, throw=False, max_iterations=1)
    rows = torch.cat([prediction.anchors] * 2)
    best = dataclasses.replace(best, value=0.0, rows=rows, status=type(best.status).CONVERGED)
    assert prediction.log_value is not None
    for log, outcome in (
        (prediction.log_value, Outcome.CONSISTENT),
        (prediction.log_value + 1e-6, Outcome.INCONCLUSIVE),
        (prediction.log_value - 1e-6, Outcome.REFUTED),
        (math.nan, Outcome.INCONCLUSIVE),
        (None, Outcome.INCONCLUSIVE),
    ):
        assert he.compare(dataclasses.replace(best, log_value=log), prediction).outcome is outcome
    for value in (math.nan, math.inf, -math.inf):  # of which that is not the logarithm
        contradictory = dataclasses.replace(best, value=value, log_value=prediction.log_value)
        assert he.compare(contradictory, prediction).outcome is Outcome.INCONCLUSIVE


def test_a_prediction_of_zero_is_compared_absolutely() -> None:
    """Two points under -|x-y| + 2, least at 0: relative gaps have no meaning there."""

    @dataclasses.dataclass(frozen=True)
    class Shifted(he.Kernel):
        def profile(self, r, m):
            return 2 - m.sqrt(r)

    objective = he.Energy(Shifted())
    best = he.minimize(objective, 2, 2, restarts=2)
    X = he.codes.polygon(2).points
    claim = Prediction("mine", "conjecture", objective, 0.0, (X, X), unique=True)
    assert he.compare(best, claim).outcome is Outcome.CONSISTENT
    assert he.compare(dataclasses.replace(best, value=-1e-9), claim).outcome is Outcome.REFUTED


# ---- alignment, where it is strict ----


def test_misalignment_below_the_tolerance_of_the_sum_is_judged_by_itself() -> None:
    """gamma = 1e13: the alignment term is below the round-off of the value, and the anchors are not unique."""
    loss = he.KCL(he.Riesz(-2), gamma=1e13, alignment_kernel=he.Gaussian(2))
    prediction = predicted(loss, 3, 2)
    assert (prediction.unique, prediction.aligned) == (False, True)
    best = he.minimize(loss, 3, 2, restarts=2)
    U = he.codes.polygon(3).points
    apart = he.compare(at(best, torch.cat([U, turned(U)])), prediction)
    assert apart.misalignment > 0.5 and abs(apart.relative_gap) < 1e-12
    assert apart.outcome is Outcome.INCONCLUSIVE and "every minimizer is aligned" in apart.reason
    assert he.compare(at(best, torch.cat([U, U])), prediction).outcome is Outcome.CONSISTENT


def test_energy_below_the_tolerance_of_the_sum_is_judged_by_itself() -> None:
    """The mirror image, gamma = 1e-13: any aligned anchors have the value, and only centered ones are minimizers."""
    loss = he.KCL(he.Riesz(-2), gamma=1e-13, alignment_kernel=he.Gaussian(2))
    prediction = predicted(loss, 3, 2)
    best = he.minimize(loss, 3, 2, restarts=1, throw=False, max_iterations=1)
    best = dataclasses.replace(best, status=type(best.status).CONVERGED)
    U = random_points(3, 2, generator=torch.Generator().manual_seed(0))
    match = he.compare(at(best, torch.cat([U, U])), prediction)
    assert match.outcome is Outcome.INCONCLUSIVE and "energy of the anchors" in match.reason
    centered = he.codes.polygon(3).points
    assert he.compare(at(best, torch.cat([centered, centered])), prediction).outcome is Outcome.CONSISTENT


# ---- both views ----


@dataclasses.dataclass(frozen=True, eq=False)
class Halfway(he.Objective):
    """(s_i - 1/2)^2 + DHEL(U): the positives may lie anywhere at 60 degrees from their anchors."""

    def rows(self, points: int) -> int:
        return 2 * points

    def views(self, z: Tensor) -> tuple[Tensor, Tensor]:
        U, V = z.tensor_split(2, -2)
        return U, V

    def assemble(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return torch.cat([anchors, positives], -2)

    def value(self, z: Tensor) -> Tensor:
        U, V = self.views(z)
        return ((U * V).sum(-1) - 0.5).square().mean(-1) + he.DHEL(0.5).formula(U, U)

    @property
    def label(self) -> str:
        return "Halfway()"


def test_unrelated_positives_are_not_consistent_with_a_unique_minimizer() -> None:
    best = he.minimize(Halfway(), 4, 3, restarts=2, tolerance=1e-9)
    assert float((best.anchors - best.positives).norm(dim=-1).sub(1).abs().max()) < 1e-5
    value = math.log(3) - 8 / 3
    U = best.anchors
    sideways = he.normalize(torch.linalg.cross(U, U.roll(1, 0)))
    V = U / 2 + math.sqrt(0.75) * sideways  # at the same distance from the anchors
    others = Prediction("mine", "conjecture", Halfway(), value, (U, V), unique=True)
    match = he.compare(best, others)
    assert match.misalignment < 1e-5 and match.congruence > 1e-2
    assert match.outcome is Outcome.INCONCLUSIVE
    # The control: the found views themselves, turned and in another order.
    order = torch.tensor([2, 0, 3, 1])
    views = turned(torch.stack([best.anchors, best.positives])[:, order])
    own = Prediction("mine", "conjecture", Halfway(), value, (views[0], views[1]), unique=True)
    match = he.compare(best, own)
    assert match.congruence < 1e-9 and match.outcome is Outcome.CONSISTENT
    # Each view by itself is congruent to its prediction; the two by one map and one order are not.
    for one in ((views[0], turned(views[1], 5)), (views[0], views[1].roll(1, 0))):
        apart = dataclasses.replace(own, configuration=one, value=Halfway().value(torch.cat(one)[None]).item())
        assert he.compare(best, apart, tolerance=1e3).outcome is Outcome.INCONCLUSIVE


def test_misaligned_predictions_are_judged_in_both_views() -> None:
    """SigLIP's double constants, R = 3/4: the views by one map, and no other map for the second."""
    loss = he.SigLIP(5, 0)
    prediction, best = predicted(loss, 4, 4), he.minimize(loss, 4, 4, restarts=4)
    assert not prediction.aligned and prediction.unique
    assert he.compare(best, prediction).outcome is Outcome.CONSISTENT
    U, V = turned(torch.stack([best.anchors, best.positives]))
    assert he.compare(at(best, torch.cat([U, V])), prediction).outcome is Outcome.CONSISTENT
    wrong = he.compare(at(best, torch.cat([U, V.roll(1, 0)])), prediction, tolerance=10.0)
    assert wrong.outcome is Outcome.INCONCLUSIVE and wrong.congruence > 0.1


def test_every_view_is_judged() -> None:
    objective = he.MultiView(he.MultiViewDHEL(0.5), 4)
    best, prediction = he.minimize(objective, 3, 2, restarts=4), predicted(objective, 3, 2)
    views = turned(objective.all_views(best.rows))
    assert he.compare(at(best, views.flatten(0, 1)), prediction).outcome is Outcome.CONSISTENT
    for view in range(4):
        moved = views.clone()
        moved[view] = turned(views[view], 5)
        match = he.compare(at(best, moved.flatten(0, 1)), prediction, tolerance=10.0)
        assert match.outcome is Outcome.INCONCLUSIVE and match.congruence > 1e-2


def test_points_of_two_classes_in_one_place_are_not_consistent() -> None:
    """The same points with the labels exchanged between two places: congruent, and yet no collapse of classes."""
    objective = he.Supervised(he.SupCon(0.5), [0, 0, 1, 1, 2, 2])
    best, prediction = he.minimize(objective, 6, 2, restarts=4), predicted(objective, 6, 2)
    assert he.compare(best, prediction).outcome is Outcome.CONSISTENT
    mixed = at(best, best.rows[[0, 2, 1, 3, 4, 5]])
    match = he.compare(mixed, prediction, tolerance=10.0)
    assert match.congruence < 1e-6 < 1 < match.misalignment and match.outcome is Outcome.INCONCLUSIVE
    renamed = at(best, best.rows[[4, 5, 0, 1, 2, 3]])
    assert he.compare(renamed, prediction).outcome is Outcome.CONSISTENT


def test_fixed_anchors_are_not_turned() -> None:
    U = random_points(5, 3, generator=torch.Generator().manual_seed(1))
    objective = he.FixedAnchors(he.DHEL(0.5), U)
    best, prediction = he.minimize(objective, 5, 3, restarts=2), predicted(objective, 5, 3)
    assert he.compare(best, prediction).outcome is Outcome.CONSISTENT
    assert he.compare(at(best, turned(U)), prediction, tolerance=10.0).outcome is Outcome.INCONCLUSIVE


# ---- the objective ----


def test_predictions_of_another_objective_are_refused() -> None:
    best = he.minimize(he.Energy(he.Riesz(1)), 4, 3, restarts=2)
    assert he.compare(best, predicted(he.Energy(he.Riesz(1)), 4, 3)).outcome is Outcome.CONSISTENT
    message = r"prediction: got one of Energy\(Riesz\(s=1\), pairs=mean\); must be of .*pairs=unordered"
    with pytest.raises(he.ArgumentError, match=message):
        he.compare(best, predicted(he.Energy(he.Riesz(1), "mean"), 4, 3))
    with pytest.raises(he.ArgumentError, match=r"prediction: got one of Energy\(Riesz\(s=2\)"):
        he.compare(best, predicted(he.Energy(he.Riesz(2)), 4, 3))
    aligned = predicted(he.Aligned(he.DHEL(0.5)), 4, 3)
    with pytest.raises(he.ArgumentError, match=r"prediction: got one of Aligned\(DHEL"):
        he.compare(he.minimize(he.DHEL(0.5), 4, 3, restarts=2), aligned)
    assert he.compare(he.minimize(he.DHEL("1/2"), 4, 3, restarts=2), predicted(he.DHEL(0.5), 4, 3)).outcome is (  # type: ignore[arg-type]
        Outcome.CONSISTENT
    )


def test_a_prediction_keeps_the_objective_as_it_was() -> None:
    loss = he.DHEL(0.5)
    prediction = predicted(loss, 4, 3)
    loss.temperature = 0.25
    best = he.minimize(loss, 4, 3, restarts=2)
    with pytest.raises(he.ArgumentError, match=r"prediction: got one of DHEL\(temperature=0.5\); must be of .*0.25"):
        he.compare(best, prediction)
    assert he.compare(best, predicted(loss, 4, 3)).outcome is Outcome.CONSISTENT


class Power(he.PairLoss):
    """A loss of one's own, whose label does not show its exponent."""

    def __init__(self, exponent: float) -> None:
        super().__init__()
        self.exponent = exponent

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return (anchors - positives).norm(dim=-1).pow(self.exponent).mean(-1)


def scaled(tau: float):
    return lambda x: (x / tau).exp()


@dataclasses.dataclass(frozen=True)
class Slow(he.Kernel):
    rate: float = 1.0

    def profile(self, r, m):
        return m.exp(-m.number(self.rate) * r)


SAME = [
    (he.DHEL(0.5), he.DHEL(0.5)),
    (he.DHEL(0.5), he.DHEL(torch.nn.Parameter(torch.tensor(0.5)).item())),
    (he.Energy(he.Gaussian("1/2")), he.Energy(he.Gaussian(Fraction(1, 2)))),
    (he.KCL(he.Gaussian(2), gamma=4), he.KCL(he.Gaussian(2.0), gamma=4.0)),
    (he.PhiPsi(torch.log, Exp(0.5)), he.PhiPsi(torch.log, Exp(0.5))),
    (he.PhiPsi(torch.log, scaled(0.5)), he.PhiPsi(torch.log, scaled(0.5))),
    (Power(2.0), Power(2.0)),
    (he.Energy(Slow(2.0)), he.Energy(Slow(2.0))),
    (he.FixedAnchors(he.DHEL(0.5), torch.eye(3).double()), he.FixedAnchors(he.DHEL(0.5), torch.eye(3))),
    (he.Expected(he.InfoNCE(0.5), 2), he.Expected(he.InfoNCE(0.5), 2)),
    (he.Supervised(he.SupCon(0.5), [0, 0, 1, 1]), he.Supervised(he.SupCon(0.5), torch.tensor([0, 0, 1, 1]))),
]
OTHER = [
    (he.DHEL(0.5), he.DHEL(0.5, two_view=True)),
    (he.DHEL(0.5), he.DCL(0.5)),
    (he.Energy(he.Gaussian(2)), he.Energy(he.Laplace(2))),
    (he.KCL(he.Gaussian(2), gamma=4), he.KCL(he.Gaussian(2), gamma=4, two_view=True)),
    (he.PhiPsi(torch.log, Exp(0.5)), he.PhiPsi(torch.log, Exp(0.25))),
    (he.PhiPsi(torch.log, scaled(0.5)), he.PhiPsi(torch.log, scaled(0.25))),
    (he.PhiPsi(torch.log, lambda x: x.exp()), he.PhiPsi(torch.log, lambda x: (2 * x).exp())),
    (Power(2.0), Power(3.0)),
    (he.Energy(Slow(2.0)), he.Energy(Slow(3.0))),
    (he.FixedAnchors(he.DHEL(0.5), torch.eye(3)), he.FixedAnchors(he.DHEL(0.5), torch.eye(3).roll(1, 0))),
    (he.Expected(he.InfoNCE(0.5), 2), he.Expected(he.InfoNCE(0.5), 2, replace=False)),
    (he.Supervised(he.SupCon(0.5), [0, 0, 1, 1]), he.Supervised(he.SupCon(0.5), [0, 1, 0, 1])),
    (he.MultiView(he.MultiViewDHEL(0.5), 3), he.MultiView(he.MultiViewDHEL(0.5), 4)),
]


@pytest.mark.parametrize(("a", "b"), SAME, ids=lambda x: getattr(x, "label", ""))
def test_objectives_made_twice_are_the_same(a: object, b: object) -> None:
    assert same(a, b) and same(b, a)
    if isinstance(a, he.Objective):
        a.check(len(a.labels) if isinstance(a, he.Supervised) else 3, 3)  # what is cached on the way does not count
        assert same(a, b)


@pytest.mark.parametrize(("a", "b"), OTHER, ids=lambda x: getattr(x, "label", ""))
def test_objectives_of_other_parts_are_not(a: object, b: object) -> None:
    assert not same(a, b) and not same(b, a)


def test_the_same_name_is_told_apart() -> None:
    """Two losses of one's own with the same label: the error says that the label is not all."""
    prediction = Prediction("mine", "conjecture", Power(3.0), 0.0, (torch.eye(3).double(),) * 2, unique=False)  # type: ignore[arg-type]
    best = he.minimize(Power(2.0), 3, 3, restarts=1, max_iterations=20, throw=False)
    assert best.objective.label == prediction.objective.label == "Power()"
    with pytest.raises(he.ArgumentError, match=r"the same name, with other parameters or functions"):
        he.compare(best, prediction)


def test_predictions_carry_their_objective_and_travel() -> None:
    prediction = predicted(he.DHEL(0.5), 4, 3)
    assert isinstance(prediction.objective, BatchLoss) and prediction.objective.label == "DHEL(temperature=0.5)"
    again = pickle.loads(pickle.dumps(prediction))
    assert again.value == prediction.value and torch.equal(again.anchors, prediction.anchors)
    assert same(again.objective, prediction.objective)
