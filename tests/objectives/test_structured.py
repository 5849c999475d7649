"""Losses of labeled points and of several views, and the predictions B7, B9 and B10."""

from __future__ import annotations

import dataclasses
import math
import pickle
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

import hyperenergy as he
from hyperenergy import theorems
from hyperenergy.geometry.sphere import random_points
from hyperenergy.objectives.base import BatchLoss
from hyperenergy.theorems import b9
from hyperenergy.theorems.prediction import Outcome, Prediction
from hyperenergy.verify import checks
from hyperenergy.verify.grid import Grid, Instance
from tests import oracles

TAU = 0.3
VIEW_LOSSES = [
    (he.MultiViewInfoNCE(TAU), oracles.multi_view_info_nce),
    (he.MultiViewDHEL(TAU), oracles.multi_view_dhel),
]
each_view_loss = pytest.mark.parametrize(("loss", "oracle"), VIEW_LOSSES, ids=lambda x: getattr(x, "label", ""))
LABELS = torch.tensor([2, 0, 0, 2, 2, 1, 1])
CLOSE: dict[str, Any] = {"rtol": 1e-12, "atol": 1e-13}


# ---- the losses ----


def test_sup_con_against_the_naive_loop(draw) -> None:
    Z = draw(2, 3, 7, 4)
    labels = torch.stack([LABELS, LABELS.flip(0)])[:, None].expand(2, 3, 7)
    loss = he.SupCon(TAU)
    for given_labels, rows in ((labels, labels), (LABELS, LABELS.expand(2, 3, 7))):
        expected = [
            [oracles.sup_con(z, y, TAU) for z, y in zip(zs, ys, strict=True)]
            for zs, ys in zip(Z.tolist(), rows.tolist(), strict=True)
        ]
        torch.testing.assert_close(loss(Z, given_labels), torch.tensor(expected, dtype=torch.float64), **CLOSE)
    assert torch.equal(he.functional.sup_con(Z, LABELS, temperature=TAU), loss.formula(Z, LABELS))


@each_view_loss
@pytest.mark.parametrize(("K", "M", "d"), [(2, 2, 2), (3, 5, 3), (4, 3, 6)])
def test_views_against_the_naive_loop(loss, oracle, K: int, M: int, d: int, draw) -> None:
    X = draw(2, 3, K, M, d)
    expected = [[oracle(x, TAU) for x in xs] for xs in X.tolist()]
    torch.testing.assert_close(loss(X), torch.tensor(expected, dtype=torch.float64), **CLOSE)
    function = {"MultiViewInfoNCE": he.functional.multi_view_info_nce, "MultiViewDHEL": he.functional.multi_view_dhel}
    assert torch.equal(function[type(loss).__name__](X, temperature=TAU), loss.formula(X))


def test_two_views_are_two_view_dhel(draw) -> None:
    X = draw(2, 5, 3)
    torch.testing.assert_close(he.MultiViewDHEL(TAU)(X), he.DHEL(TAU, two_view=True)(X[0], X[1]), **CLOSE)


def test_sup_con_of_pairs_is_nt_xent(draw) -> None:
    """Classes of two: the other view is the only positive."""
    U, V = draw(5, 3), draw(5, 3)
    labels = torch.arange(5).repeat(2)
    torch.testing.assert_close(he.SupCon(TAU)(torch.cat([U, V]), labels), he.NTXent(TAU)(U, V), **CLOSE)


@pytest.mark.parametrize("N", [2, 5, 16])
@pytest.mark.parametrize("tau", [0.01, 1.0])
def test_sup_con_of_identical_features_is_log_of_all_others(N: int, tau: float) -> None:
    X = torch.zeros(2 * N, 3, dtype=torch.float64)
    X[:, 0] = 1
    assert float(he.SupCon(tau)(X, torch.arange(N).repeat(2))) == pytest.approx(math.log(2 * N - 1), rel=1e-14)


def test_gradients_against_finite_differences(draw) -> None:
    Z, X = draw(7, 3).requires_grad_(True), draw(3, 4, 3).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda z: he.SupCon(TAU).formula(z, LABELS), Z)
    assert torch.autograd.gradgradcheck(lambda z: he.SupCon(TAU).formula(z, LABELS), Z)
    for loss, _ in VIEW_LOSSES:
        assert torch.autograd.gradcheck(loss.formula, X)
        assert torch.autograd.gradgradcheck(loss.formula, X)


def test_derivatives_at_coincident_points_and_with_one_class_are_numbers() -> None:
    X = torch.tensor([[1.0, 0], [1, 0], [-1, 0], [-1, 0]], dtype=torch.float64)
    for labels in ([0, 0, 1, 1], [0, 1, 0, 1], [5, 5, 5, 5]):
        objective = he.Supervised(he.SupCon(1e-3), labels)
        gradient, hessian = objective.gradient_and_hessian(X)
        assert bool(gradient.isfinite().all()) and bool(hessian.isfinite().all())
    one_class = he.Supervised(he.SupCon(TAU), [5, 5, 5])
    assert he.minimize(one_class, 3, 3, restarts=2).value == pytest.approx(math.log(2), rel=1e-13)
    for loss, _ in VIEW_LOSSES:
        gradient, hessian = he.MultiView(loss, 2).gradient_and_hessian(X)
        assert bool(gradient.isfinite().all()) and bool(hessian.isfinite().all())


def test_second_derivatives_at_large_scales_are_numbers(draw) -> None:
    _, hessian = BatchLoss(he.SigLIP(1000, 0)).gradient_and_hessian(draw(6, 3))
    assert bool(hessian.isfinite().all())


@given(seed=st.integers(0, 2**32 - 1), K=st.integers(2, 4), M=st.integers(2, 5), d=st.integers(1, 4))
def test_invariances(seed: int, K: int, M: int, d: int) -> None:
    """A common orthogonal map, a permutation of the objects, one of the views, and new names for the classes."""
    generator = torch.Generator().manual_seed(seed)
    X = random_points(K, M, d, generator=generator)
    Q = torch.linalg.qr(torch.randn(d, d, generator=generator, dtype=torch.float64))[0]
    order, views = torch.randperm(M, generator=generator), torch.randperm(K, generator=generator)
    close: dict[str, Any] = {"rtol": 1e-9, "atol": 1e-10}
    for loss, _ in VIEW_LOSSES:
        value = loss(X)
        for other in (X[:, order], X[views]):
            torch.testing.assert_close(loss(other), value, **close)
        torch.testing.assert_close(loss.formula(X @ Q), value, **close)
    Z, labels = X.flatten(0, 1), torch.arange(M).repeat(K)
    value, shuffle = he.SupCon(TAU)(Z, labels), torch.randperm(K * M, generator=generator)
    torch.testing.assert_close(he.SupCon(TAU).formula(Z @ Q, labels), value, **close)
    torch.testing.assert_close(he.SupCon(TAU)(Z[shuffle], labels[shuffle]), value, **close)
    torch.testing.assert_close(he.SupCon(TAU)(Z, 7 - 2 * labels), value, **close)


def test_small_values_keep_their_digits() -> None:
    """Antipodal classes, views or pairs at tau = 0.05: values of about e^-40, where 1 + x rounds to 1."""
    a, q = torch.tensor([[1.0, 0], [-1, 0]], dtype=torch.float64), math.exp(-40)
    assert float(he.SupCon(0.05)(a.repeat(2, 1), torch.tensor([0, 1, 0, 1]))) == pytest.approx(2 * q, rel=1e-13)
    assert float(he.MultiViewInfoNCE(0.05)(a.expand(3, 2, 2))) == pytest.approx(q, rel=1e-13)
    assert float(he.SigLIP(40, 0)(a, a)) == pytest.approx(2 * q, rel=1e-13)
    # And large ones do not overflow: logits of 4000 on the wrong side.
    assert float(he.SigLIP(4000, 0)(a, -a)) == pytest.approx(8000, rel=1e-14)


def test_a_learnable_scale_and_bias_learn(draw) -> None:
    scale, bias = (torch.nn.Parameter(torch.tensor(x, dtype=torch.float64)) for x in (10.0, -10.0))
    loss = he.SigLIP(scale, bias)
    loss(draw(4, 3), draw(4, 3)).backward()
    assert len(list(loss.parameters())) == 2 and scale.grad is not None and bias.grad is not None
    with pytest.raises(he.ArgumentError, match="bias: got"):
        loss.bias = math.nan


GOOD = torch.eye(4, dtype=torch.float64)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: he.SupCon(0), "temperature: got 0"),
        (lambda: he.MultiViewDHEL(-1), "temperature: got -1"),
        (lambda: he.functional.multi_view_info_nce(GOOD.expand(2, 4, 4), temperature=math.nan), "temperature: got nan"),
        (lambda: he.functional.sup_con(2 * GOOD, torch.tensor([0, 0, 1, 1])), "features: got a row of norm 2"),
        (lambda: he.SupCon(1)(GOOD, [0, 0, 1, 1]), "labels: got list; must be a tensor of integers"),
        (lambda: he.SupCon(1)(GOOD, GOOD[0]), "labels: got torch.float64 tensor; must be a tensor of integers"),
        (lambda: he.SupCon(1)(GOOD, torch.tensor([0, 0, 1])), r"labels: got shape \(3,\); must be \(4,\)"),
        (lambda: he.SupCon(1)(GOOD.expand(2, 4, 4), torch.zeros(3, 4).int()), r"labels: got shape \(3, 4\)"),
        (lambda: he.SupCon(1, "error")(GOOD, torch.tensor([0, 0, 0, 7])), "labels: got a single feature of class 7"),
        (
            lambda: he.MultiViewDHEL(1)(GOOD),
            r"views: got shape \(4, 4\); must have shape \(\*batch, views, points, dim\)",
        ),
        (lambda: he.MultiViewDHEL(1)(GOOD[None]), r"views: got shape \(1, 4, 4\)"),
        (
            lambda: he.MultiViewInfoNCE(1)(GOOD[None, :0].expand(2, 0, 4)),
            r"views: got shape \(2, 0, 4\); at least one row",
        ),
        (lambda: he.Supervised(he.DHEL(1), [0, 0]), "loss: got DHEL.*such as SupCon"),  # type: ignore[arg-type]
        (lambda: he.Supervised(he.SupCon(1), [0, 1, 1]), "labels: got a single point of class 0"),
        (lambda: he.Supervised(he.SupCon(1), [0.5, 0.5]), "labels: got 0.5"),  # type: ignore[list-item]
        (lambda: he.Supervised(he.SupCon(1), "aabb"), "labels: got 'aabb'"),  # type: ignore[arg-type]
        (lambda: he.minimize(he.Supervised(he.SupCon(1), [0, 0, 1, 1]), 5, 3), "points: got 5; there are 4 labels"),
        (lambda: he.MultiView(he.DHEL(1), 3), "loss: got DHEL.*such as MultiViewDHEL"),  # type: ignore[arg-type]
        (lambda: he.MultiView(he.MultiViewDHEL(1), 1), "n_views: got 1"),
        (lambda: he.minimize(he.SupCon(1), 4, 3), "objective: got SupCon.*as in Supervised"),
    ],
)
def test_bad_input(call, message: str) -> None:
    with pytest.raises(he.ArgumentError, match=message):
        call()


# ---- the objectives ----


def test_objectives_read_rows_as_the_losses_do(draw) -> None:
    z = draw(5, 6, 3)
    views = he.MultiView(he.MultiViewDHEL(TAU), 3)
    torch.testing.assert_close(views.value(z), he.MultiViewDHEL(TAU)(z.reshape(5, 3, 2, 3)), **CLOSE)
    assert views.rows(2) == 6 and torch.equal(views.views(z)[1], z[:, 2:4])
    U, V = views.views(views.assemble(z[0, :2], z[0, 2:4]))
    assert torch.equal(U, z[0, :2]) and torch.equal(V, z[0, 2:4])
    labels = [0, 1, 0, 1, 0, 1]
    supervised = he.Supervised(he.SupCon(TAU), torch.tensor(labels))
    torch.testing.assert_close(supervised.value(z), he.SupCon(TAU)(z, torch.tensor(labels)), **CLOSE)
    assert supervised.label == "Supervised(SupCon(temperature=0.3), labels=[0, 1, 0, 1, 0, 1])"


def test_misalignment_sees_every_view_and_every_member_of_a_class() -> None:
    X = he.codes.simplex(3, 2).points
    for objective, copies in (
        (he.MultiView(he.MultiViewDHEL(TAU), 4), 4),
        (he.Supervised(he.SupCon(TAU), [0, 1, 2] * 4), 4),
    ):
        z = X.repeat(copies, 1)
        assert float(objective.misalignment(z[None]).max()) == 0
        z[-1] = z[0]  # of the last view, or of the last class
        assert float(objective.misalignment(z[None]).max()) == pytest.approx(math.sqrt(3), rel=1e-12)


def test_objectives_travel_between_processes(draw) -> None:
    z = draw(2, 6, 3)
    for objective in (he.MultiView(he.MultiViewDHEL(TAU), 3), he.Supervised(he.SupCon(TAU), [0, 0, 0, 1, 1, 1])):
        assert torch.equal(pickle.loads(pickle.dumps(objective)).value(z), objective.value(z))


# ---- the predictions ----


def sup_con(tau: float, classes: int, size: int) -> he.Supervised:
    return he.Supervised(he.SupCon(tau), list(range(classes)) * size)


PREDICTED = [
    ("B7", sup_con(0.1, 3, 2), 6, 2),
    ("B7", sup_con(0.5, 4, 3), 12, 4),
    ("B9", he.SigLIP(5, 0), 4, 4),
    ("B9", he.SigLIP(10, -3), 4, 6),
    ("B9", he.SigLIP(10, -4), 4, 3),  # aligned: N-1 dimensions suffice
    ("B9", he.SigLIP(2, 3), 5, 2),  # antipodal constants, in any dimension
    ("B9", he.SigLIP(1, 0), 2, 2),
    ("B10", he.MultiView(he.MultiViewInfoNCE(0.1), 4), 3, 2),
    ("B10", he.MultiView(he.MultiViewDHEL(0.5), 3), 4, 5),
]
each_prediction = pytest.mark.parametrize(
    ("id", "objective", "points", "dim"), PREDICTED, ids=lambda x: getattr(x, "label", x)
)


@each_prediction
def test_found_minima_agree(id: str, objective, points: int, dim: int) -> None:
    prediction = he.predict(objective, points, dim)
    assert prediction is not None and (prediction.theorem, prediction.status, prediction.unique) == (
        id,
        "theorem",
        True,
    )
    best = he.minimize(objective, points, dim, restarts=8)
    match = he.compare(best, prediction)
    assert match.outcome is Outcome.CONSISTENT, match
    assert abs(match.value_gap) <= 1e-13 * max(1, abs(prediction.value))


@each_prediction
@pytest.mark.parametrize("error", [1e-6, -1e-6])
def test_a_wrong_value_is_rejected(id: str, objective, points: int, dim: int, error: float, monkeypatch) -> None:
    theorem = theorems.get(id)

    def predict(objective: he.Objective, points: int, dim: int) -> Prediction | None:
        right = theorem.predict(objective, points, dim)
        return right and dataclasses.replace(right, value=right.value + error * abs(right.value))

    monkeypatch.setitem(theorems._ALL, id, dataclasses.replace(theorem, predict=predict))
    result = checks.check_prediction(Instance(id, objective, points, dim), Grid(restarts=2))
    assert result.outcome is Outcome.REFUTED


@each_prediction
def test_a_wrong_configuration_is_rejected(id: str, objective, points: int, dim: int) -> None:
    best, right = he.minimize(objective, points, dim, restarts=4), he.predict(objective, points, dim)
    assert right is not None
    moved = he.normalize(right.anchors + 0.05 * torch.eye(points, dim, dtype=torch.float64))
    wrong = dataclasses.replace(right, configuration=(moved, moved))
    assert he.compare(best, wrong).outcome is Outcome.REFUTED
    own = wrong_value(objective, wrong)
    assert he.compare(best, dataclasses.replace(wrong, value=own)).outcome is Outcome.REFUTED


def wrong_value(objective, prediction: Prediction) -> float:
    target = objective if isinstance(objective, he.Objective) else BatchLoss(objective)
    return target.value(target.assemble(prediction.anchors, prediction.positives)[None]).item()


def test_an_unaligned_view_or_class_is_noticed() -> None:
    """The value within a large tolerance, the anchors where they should be, and one point elsewhere."""
    for objective, points in ((he.MultiView(he.MultiViewDHEL(0.5), 3), 3), (sup_con(0.5, 3, 2), 6)):
        best, prediction = he.minimize(objective, points, 2, restarts=4), he.predict(objective, points, 2)
        z: Tensor = best.rows.clone()
        z[-1] = he.normalize(z[-1] + 1e-3 * torch.ones(2, dtype=torch.float64))
        tampered = dataclasses.replace(best, rows=z, value=objective.value(z[None]).item())
        assert he.compare(tampered, prediction, tolerance=1.0).outcome is Outcome.INCONCLUSIVE
        assert he.compare(best, prediction).outcome is Outcome.CONSISTENT


class Shifted(he.SigLIP):
    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:  # type: ignore[override]  # takes no batch
        return super().formula(anchors, positives) + (anchors * positives).sum((-2, -1))


@pytest.mark.parametrize(
    ("objective", "points", "dim"),
    [
        (he.Supervised(he.SupCon(1), [0, 0, 0, 1, 1, 2, 2]), 7, 1),  # more classes than there is room for
        (he.Supervised(he.SupCon(0.5, ignore=0), [0, 0, 1, 1, 2, 2]), 6, 3),  # a class that is passed over
        (sup_con(1, 4, 2), 8, 2),  # too many classes
        (sup_con(1, 1, 3), 3, 3),  # a single class
        (he.SigLIP(5, 0), 4, 3),  # R = 3/4 takes four dimensions
        (he.SigLIP(10, -4), 6, 3),
        (Shifted(10, -4), 4, 4),
        (he.MultiView(he.MultiViewDHEL(1), 3), 5, 3),
    ],
    ids=lambda x: getattr(x, "label", x),
)
def test_where_hypotheses_fail_nothing_is_predicted(objective, points: int, dim: int) -> None:
    assert he.predict(objective, points, dim) is None


def test_the_bound_of_b9_needs_its_dimensions() -> None:
    """At d = N-1 no configuration reaches it where R < 1."""
    bound, best = he.predict(he.SigLIP(5, 0), 4, 4), he.minimize(he.SigLIP(5, 0), 4, 3, restarts=8)
    assert bound is not None and best.value > bound.value + 0.2


@pytest.mark.parametrize("scale", [0.5, 5.0, 50.0, 1e4])
def test_the_ratio_of_four_pairs_in_closed_form(scale: float) -> None:
    """R = (3/4)(1 - bias/scale), clipped to [0,1]: the last digits too, where values are flat."""
    for share in (-2, -1 / 3, -0.1, 0.0, 0.2, 0.9, 1.5):
        found = b9.double_constant_ratio(scale, share * scale, 4)
        assert found == pytest.approx(min(1.0, max(0.0, 0.75 * (1 - share))), abs=1e-15)


@given(scale=st.floats(0.1, 100), bias=st.floats(-50, 50), points=st.integers(2, 40))
def test_no_ratio_has_a_lower_value(scale: float, bias: float, points: int) -> None:
    ratio = b9.double_constant_ratio(scale, bias, points)
    least = b9.double_constant_value(scale, bias, points, ratio)
    for k in range(101):
        assert b9.double_constant_value(scale, bias, points, k / 100) >= least * (1 - 1e-12)


def test_the_bias_counts_in_the_convention_of_the_class() -> None:
    """Turning its sign, as where logits are written t x - b, turns aligned pairs into antipodal ones."""
    aligned, antipodal = he.predict(he.SigLIP(2, -4), 4, 4), he.predict(he.SigLIP(2, 4), 4, 4)
    assert aligned is not None and torch.equal(aligned.anchors, aligned.positives)
    assert antipodal is not None and torch.equal(antipodal.anchors, -antipodal.positives)
    for prediction, bias in ((aligned, -4), (antipodal, 4)):
        attained = oracles.sig_lip(prediction.anchors.tolist(), prediction.positives.tolist(), 2, bias)
        assert attained == pytest.approx(prediction.value, rel=1e-14)


def test_easier_objectives_help_several_views_together() -> None:
    objective = he.MultiView(he.MultiViewDHEL(0.1), 8)
    prediction = he.predict(objective, 3, 2)
    direct = he.minimize(objective, 3, 2, restarts=8, path="direct")
    warm = he.minimize(objective, 3, 2, restarts=8)
    assert he.compare(warm, prediction).outcome is Outcome.CONSISTENT
    (way,) = (way for way in warm.ways if way.label != "direct")
    assert way.label == "by way of MultiView(MultiViewInfoNCE(temperature=2.0), n_views=8)"
    assert way.hits == way.starts == 4
    assert direct.hits < 4 or direct.value > warm.value + 1e-3
