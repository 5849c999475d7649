"""B18, B20 and B2e: tight frames, several views, and kernels that are linear or concave."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction

import pytest
import torch

import hyperenergy as he
from hyperenergy.objectives.base import as_objective
from hyperenergy.theorems import b2e, b18, b20
from hyperenergy.theorems.instances import Grid, Instance
from hyperenergy.theorems.prediction import Outcome
from hyperenergy.verify.views import check_equal_views
from tests import oracles


class Sub(he.SpectralContrastive):
    pass


# ---- B18 ----


@pytest.mark.parametrize("dim", [1, 2, 3, 4, 5, 8, 9])
@pytest.mark.parametrize("more", [0, 1, 2, 5, 30])
def test_harmonic_frames_are_tight_and_of_unit_norm(dim: int, more: int) -> None:
    X = b18.harmonic_frame(dim + more, dim)
    torch.testing.assert_close(X.norm(dim=-1), torch.ones(dim + more).double(), rtol=0, atol=1e-14)
    torch.testing.assert_close(X.T @ X, (dim + more) / dim * torch.eye(dim).double(), rtol=0, atol=1e-13)


@pytest.mark.parametrize(("points", "dim"), [(2, 1), (2, 3), (3, 3), (4, 3), (5, 3), (7, 3), (3, 2), (9, 4), (6, 5)])
def test_b18_values(points: int, dim: int) -> None:
    for objective in (as_objective(he.SpectralContrastive()), he.Aligned(he.SpectralContrastive())):
        said, best = he.predict(objective, points, dim), he.minimize(objective, points, dim, restarts=6)
        assert said is not None and (said.theorem, said.status, said.aligned) == ("B18", "theorem", True)
        assert said.unique is (points <= dim)
        exact = Fraction(-2) + (Fraction(points - dim, dim * (points - 1)) if points > dim else 0)
        assert said.value == pytest.approx(float(exact), rel=1e-15)
        X = said.anchors.tolist()
        assert oracles.spectral_contrastive(X, X) == pytest.approx(said.value, rel=1e-13)
        assert best.value == pytest.approx(said.value, rel=1e-11)
        assert he.compare(best, said).outcome is Outcome.CONSISTENT
        for error in (1e-6, -1e-6):
            wrong = dataclasses.replace(said, value=said.value + error)
            assert he.compare(best, wrong).outcome is Outcome.REFUTED


def test_b18_and_f2_agree_at_one_more_pair_than_dimensions() -> None:
    for dim in (2, 3, 6):
        claimed = he.theorems.get("F2").predict(as_objective(he.SpectralContrastive()), dim + 1, dim)
        said = he.predict(he.SpectralContrastive(), dim + 1, dim)
        assert claimed is not None and said is not None and claimed.value == pytest.approx(said.value, rel=1e-14)
        fewer = he.theorems.get("F2").predict(as_objective(he.SpectralContrastive()), dim, dim)
        least = he.predict(he.SpectralContrastive(), dim, dim)
        assert fewer is not None and least is not None and least.value < fewer.value - 1e-3


def test_b18_is_not_unique_beyond_d_pairs() -> None:
    loss = he.SpectralContrastive()
    said = he.predict(loss, 4, 3)
    assert said is not None
    X = said.anchors.clone()
    X[0] = -X[0]
    assert float(loss(X, X)) == pytest.approx(said.value, rel=1e-13)
    assert he.congruent(X, said.anchors).residual > 0.1  # no rotation and permutation makes one of the other
    other = he.minimize(loss, 4, 3, start=torch.cat([X, X]), throw=False)
    assert he.compare(other, said).outcome is Outcome.CONSISTENT
    assert he.compare(other, dataclasses.replace(said, unique=True)).outcome is Outcome.INCONCLUSIVE


def test_b18_is_of_its_loss_alone_and_of_any_size() -> None:
    assert he.predict(Sub(), 4, 4) is None and he.predict(Sub(), 7, 3) is None
    huge = he.predict(he.SpectralContrastive(), 10**6, 10**5)
    assert huge is not None and huge.value == pytest.approx(-2 + 9e5 / (1e5 * (1e6 - 1)), rel=1e-15)
    with pytest.raises(he.ArgumentError, match="GiB and are not built"):
        _ = huge.anchors


# ---- B20 ----


@pytest.mark.parametrize(
    ("views", "points", "dim", "tau"), [(2, 5, 3, 0.5), (3, 5, 3, 0.5), (4, 7, 3, 1.0), (3, 4, 2, 0.3)]
)
def test_views_are_one_at_any_number_of_objects(views: int, points: int, dim: int, tau: float) -> None:
    """By the two searches: over all views, and over one."""
    best = he.minimize(he.MultiView(he.MultiViewDHEL(tau), views), points, dim, restarts=12)
    one = he.minimize(he.Aligned(he.DHEL(tau)), points, dim, restarts=12)
    expected = views * (one.value + 1 / tau) - math.log(views * (views - 1) / 2) - 1 / tau
    assert best.value == pytest.approx(expected, rel=1e-11, abs=1e-11) and best.misalignment < 1e-7
    assert b20.value(views, tau, one.value + 1 / tau) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("views", [2, 3, 5])
def test_any_views_lose_to_the_best_of_them_for_all(draw, views: int) -> None:
    loss = he.MultiViewDHEL(0.4)
    for points in (3, 6, 11):
        all_views = torch.stack([draw(points, 3) for _ in range(views)])
        equal = [float(loss(all_views[k].expand(views, -1, -1))) for k in range(views)]
        assert float(loss(all_views)) > sum(equal) / views > sorted(equal)[0]


def test_one_fixed_view_that_is_no_minimizer_does_not_keep_the_others(draw) -> None:
    """For one view given, the others are not best at it: they have an energy of their own, as in two-view DHEL (B3)."""
    U = draw(5, 3)
    equal = float(he.MultiViewDHEL(0.5)(torch.stack([U, U])))
    best = he.minimize(he.FixedAnchors(he.DHEL(0.5, two_view=True), U), 5, 3, restarts=6)
    assert best.value < equal - 1e-3


@pytest.mark.parametrize(("points", "dim"), [(4, 2), (6, 3), (12, 3), (8, 4)])
def test_b20_at_codes_is_a_conjecture_as_b4_is(points: int, dim: int) -> None:
    objective = he.MultiView(he.MultiViewDHEL(0.5), 3)
    said, of_dhel = he.predict(objective, points, dim), he.predict(he.DHEL(0.5), points, dim)
    assert said is not None and of_dhel is not None
    assert (said.theorem, said.status, said.unique, said.aligned) == ("B20", of_dhel.status, of_dhel.unique, True)
    X = said.anchors
    assert float(he.MultiViewDHEL(0.5)(X.expand(3, -1, -1))) == pytest.approx(said.value, rel=1e-12, abs=1e-13)


def test_b20_is_silent_where_the_energy_is_not_known_and_where_b10_speaks() -> None:
    for points, dim, tau in ((5, 3, 0.5), (8, 2, 0.2), (7, 3, 0.5)):  # off the optima; F3
        assert he.predict(he.MultiView(he.MultiViewDHEL(tau), 3), points, dim) is None
    assert he.predict(he.MultiView(he.MultiViewInfoNCE(0.5), 3), 6, 3) is None  # it does not decouple
    simplex = he.predict(he.MultiView(he.MultiViewDHEL(0.5), 3), 4, 3)
    assert simplex is not None and (simplex.theorem, simplex.status) == ("B10", "theorem")
    assert b20.THEOREM.predict(he.MultiView(he.MultiViewDHEL(0.5), 3), 4, 3) is None
    assert b20.value(3, 0.5, math.log(3) - 2 / 3) == pytest.approx(simplex.value, rel=1e-14)


def test_a_wrong_value_of_equal_views_is_seen(monkeypatch) -> None:
    instance = Instance("B20", he.MultiView(he.MultiViewDHEL(0.5), 3), 5, 3)
    assert check_equal_views(instance, Grid(restarts=6)).outcome is Outcome.CONSISTENT
    formula = b20.value
    monkeypatch.setattr(b20, "value", lambda *a: formula(*a) + 1e-6)
    assert check_equal_views(instance, Grid(restarts=6)).outcome is Outcome.INCONCLUSIVE
    # Alignment lost: a loss of several views whose own value says that they are better apart.
    monkeypatch.setattr(b20, "value", lambda *a: formula(*a) + 1.0)
    monkeypatch.setattr("hyperenergy.verify.views._APART", -1.0)
    assert check_equal_views(instance, Grid(restarts=6)).outcome is Outcome.REFUTED


# ---- B2e ----


@pytest.mark.parametrize(("points", "dim"), [(2, 1), (4, 1), (4, 3), (5, 3), (7, 2), (8, 3), (9, 5)])
@pytest.mark.parametrize("kernel", [he.Riesz(-2), he.Polynomial(1), he.Polynomial(1, c=3)], ids=lambda k: k.label)
def test_linear_kernels_ask_for_a_centroid_at_zero(kernel: he.Kernel, points: int, dim: int) -> None:
    energy = he.Energy(kernel, "mean")
    said = b2e.THEOREM.predict(energy, points, dim)
    assert said is not None and not said.unique
    mean = 2 * points / (points - 1)
    expected = -mean if isinstance(kernel, he.Riesz) else 1 + float(kernel.c) - mean / 2  # type: ignore[attr-defined]
    assert said.value == pytest.approx(expected, rel=1e-13, abs=1e-13)
    assert float(energy(said.anchors)) == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert float(said.anchors.mean(0).norm()) < 1e-14
    first = he.predict(energy, points, dim)
    assert first is not None and first.value == pytest.approx(expected, rel=1e-13, abs=1e-13)  # B2a, B2b, B2c agree
    best = he.minimize(energy, points, dim, restarts=4, compiled=False)
    assert best.value == pytest.approx(expected, rel=1e-11, abs=1e-11)
    assert he.compare(best, said).outcome is Outcome.CONSISTENT


@pytest.mark.parametrize(("points", "dim"), [(2, 2), (4, 1), (4, 3), (6, 2), (8, 3)])
@pytest.mark.parametrize("s", [Fraction(-21, 10), -3, -6])
def test_concave_kernels_ask_for_two_heaps(s: Fraction | int, points: int, dim: int) -> None:
    energy = he.Energy(he.Riesz(s))
    said, best = he.predict(energy, points, dim), he.minimize(energy, points, dim, restarts=6, compiled=False)
    assert said is not None and (said.theorem, said.unique) == ("B2e", True)
    assert said.value == pytest.approx(-(points**2) / 4 * 2 ** float(-s), rel=1e-13)  # half^2 pairs at distance 2
    assert best.value == pytest.approx(said.value, rel=1e-11)
    assert he.compare(best, said).outcome is Outcome.CONSISTENT
    wrong = dataclasses.replace(said, value=said.value * (1 + 1e-6))
    assert he.compare(best, wrong).outcome is Outcome.REFUTED


def test_kernel_losses_follow() -> None:
    for kernel, least in ((he.Riesz(-2), -16 / 7), (he.Riesz(-3), -32 / 7)):
        loss = he.KCL(kernel, gamma=2.0, alignment_kernel=he.Gaussian(2))
        said, best = he.predict(loss, 8, 3), he.minimize(loss, 8, 3, restarts=4, compiled=False)
        assert said is not None and said.theorem == "B2e" and said.aligned
        assert said.value == pytest.approx(-1 + 2 * least, rel=1e-13)
        assert he.compare(best, said).outcome is Outcome.CONSISTENT


def test_b2e_is_silent_where_its_hypotheses_fail() -> None:
    predict = b2e.THEOREM.predict
    assert predict(he.Energy(he.Riesz(-3)), 5, 3) is None and he.predict(he.Energy(he.Riesz(-3)), 5, 3) is None  # odd
    assert predict(he.Energy(he.Riesz(-2)), 3, 1) is None  # no centroid at zero
    for kernel in (he.Riesz(-1.9), he.Polynomial(2), he.Gaussian(1)):
        assert predict(he.Energy(kernel), 4, 3) is None
    assert predict(as_objective(he.AlignUniform()), 4, 3) is None
    # Two heaps of an odd number are not best at every s: three points at s just below -2 are a triangle.
    best = he.minimize(he.Energy(he.Riesz(-2.1)), 3, 2, restarts=4, compiled=False)
    assert best.value < -2 * 2**2.1 - 1e-3
    huge = he.predict(he.Energy(he.Riesz(-2), "mean"), 10**6, 7)
    assert huge is not None and huge.value == pytest.approx(-2e6 / (1e6 - 1), rel=1e-15)
