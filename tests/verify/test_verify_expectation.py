"""Checks of the expectation level: what must refute a claim."""

from __future__ import annotations

import hyperenergy as he
from hyperenergy.theorems.prediction import Outcome
from hyperenergy.verify import expectation as module
from hyperenergy.verify.grid import Grid, Instance

SMALL = Grid(dims=(3,), restarts=4)


def test_a_wrong_limit_is_refuted(monkeypatch) -> None:
    instance = Instance("E1", he.DHEL(0.5), 2**14, 3)
    assert module.check_limit(instance, SMALL).outcome is Outcome.CONSISTENT
    distance = module.distance_to_limit
    for shift in (1e-6, -1e-6):
        monkeypatch.setattr(module, "distance_to_limit", lambda *case, shift=shift: distance(*case) + shift)
        assert module.check_limit(instance, SMALL).outcome is Outcome.REFUTED
    above = Instance("E3", he.KCL(he.Gaussian(2)), 8, 3)
    right = module.limit
    monkeypatch.setattr(module, "limit", lambda loss, dim: right(loss, dim) + 10)
    assert module.check_above_limit(above, SMALL).outcome is Outcome.REFUTED


def test_a_wrong_rate_is_refuted(monkeypatch) -> None:
    instance = Instance("E2", he.InfoNCE(0.5), 2**14, 3)
    assert module.check_rate(instance, SMALL).outcome is Outcome.CONSISTENT
    right = module.rate
    monkeypatch.setattr(module, "rate", lambda loss, dim: 1.02 * right(loss, dim))
    assert module.check_rate(instance, SMALL).outcome is Outcome.REFUTED


def test_a_loss_that_depends_on_the_batch_is_refuted(monkeypatch) -> None:
    instance = Instance("E3", he.KCL(he.Gaussian(2)), 3, 3)
    assert module.check_batch_independence(instance, SMALL).outcome is Outcome.CONSISTENT
    right = module.Expected
    monkeypatch.setattr(module, "Expected", lambda loss, batch, **options: right(he.DHEL(0.5), batch, **options))
    assert module.check_batch_independence(instance, SMALL).outcome is Outcome.REFUTED


def test_where_the_uniform_law_is_best() -> None:
    """Under KCL no law is below it, at any batch size."""
    assert (
        module.check_uniform_is_best(Instance("E4", he.KCL(he.Gaussian(2)), 3, 2), SMALL).outcome is Outcome.CONSISTENT
    )
    assert module.check_uniform_is_best(Instance("E4", he.DHEL(0.2), 3, 2), SMALL).outcome is Outcome.REFUTED


def test_the_two_views_of_e1_have_one_law(monkeypatch) -> None:
    """The search is over laws of points, not of pairs of points; positives in another order are no better."""
    instance = Instance("E1", he.InfoNCE(0.5), 8, 2, {"part": "one law"})
    sought: list[object] = []
    search = module.checks.search

    def watched(instance: Instance, grid: Grid, objective: object) -> he.Minimum:
        sought.append(objective)
        return search(instance, grid, objective)

    monkeypatch.setattr(module.checks, "search", watched)
    result = module.check_above_limit(instance, SMALL)
    assert result.outcome is Outcome.CONSISTENT and type(sought[0]).__name__ == "Aligned"
    assert "its pairs exchanged" in result.reason
    monkeypatch.setattr(module, "limit", lambda loss, dim: result.value + 1e-6)
    assert module.check_above_limit(instance, SMALL).outcome is Outcome.REFUTED


def test_exchanged_pairs_that_are_better_refute(monkeypatch) -> None:
    instance = Instance("E1", he.InfoNCE(0.5), 4, 2, {"part": "one law"})
    monkeypatch.setattr(module, "_least_loss_by_exchange", lambda loss, X: -1e-3)
    assert module.check_above_limit(instance, SMALL).outcome is Outcome.REFUTED


def test_exchange_costs() -> None:
    """A square: with a neighbor's positive all lose 1/tau, with the opposite one 2/tau."""
    assert abs(module._least_loss_by_exchange(he.InfoNCE(0.5), he.codes.polygon(4).points) - 2.0) < 1e-13
