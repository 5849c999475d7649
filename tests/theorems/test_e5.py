"""E5: couplings with different marginals, by hand and by search."""

from __future__ import annotations

import math

import pytest
import torch

import hyperenergy as he
from hyperenergy import laws, theorems
from hyperenergy.losses.info_nce import InfoNCE
from hyperenergy.objectives.base import BatchLoss
from hyperenergy.theorems.instances import Grid, How
from hyperenergy.theorems.prediction import Outcome
from hyperenergy.verify import expectation
from hyperenergy.verify.claims import select, tasks

torch.set_num_threads(1)


def functional(U: torch.Tensor, V: torch.Tensor, tau: float) -> float:
    """-E s/tau + E_u log E_v' e^{u.v'/tau} of the empirical law of the pairs, by loops."""
    pairs = len(U)
    rows = [math.log(sum(math.exp(float(u @ v) / tau) for v in V) / pairs) for u in U]
    return sum(rows) / pairs - sum(float(u @ v) for u, v in zip(U, V, strict=True)) / (tau * pairs)


def least(dim: int, tau: float) -> float:
    import mpmath

    return float(-1 / tau + mpmath.log(mpmath.hyp0f1(mpmath.mpf(dim) / 2, 1 / (4 * mpmath.mpf(tau) ** 2))))


@pytest.mark.parametrize(("N", "d", "tau"), [(4, 2, 0.5), (7, 3, 0.2), (12, 3, 1.0)])
def test_the_functional_is_infonce_less_log_n(draw, N: int, d: int, tau: float) -> None:
    U, V = draw(N, d), draw(N, d)
    F = functional(U, V, tau)
    assert F == pytest.approx(float(InfoNCE(tau)(U, V)) - math.log(N), rel=1e-12)
    assert F > least(d, tau)
    assert laws.limit(InfoNCE(tau), d) == pytest.approx(least(d, tau), rel=1e-12)


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize(("N", "d", "tau"), [(3, 2, 0.3), (6, 2, 0.5), (7, 3, 0.5), (9, 3, 0.2), (12, 4, 1.0)])
def test_searches_find_nothing_lower(N: int, d: int, tau: float, symmetric: bool) -> None:
    best = he.minimize(InfoNCE(tau, symmetric=symmetric), N, d, restarts=4, seed=2, throw=False)
    assert best.value - math.log(N) > least(d, tau) - 1e-12


def test_instances_have_free_marginals() -> None:
    todo = list(theorems.get("E5").instances(Grid()))
    assert 6 <= len(todo) <= 16 and {how for how, _ in todo} == {How.ABOVE_LIMIT}
    assert {instance.subject.options["symmetric"] for _, instance in todo} == {False, True}


def test_it_is_a_conjecture_and_predicts_nothing() -> None:
    assert theorems.get("E5").status.value == "conjecture"
    assert theorems.get("E5").predict(BatchLoss(InfoNCE(0.3)), 9, 3) is None


def test_a_falsified_bound_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    check, instance = next(task for task in tasks(select(["E5"]), Grid()) if (task[1].dim, task[1].points) == (2, 9))
    assert check(instance, Grid(restarts=2)).outcome is Outcome.CONSISTENT
    true = laws.limit(instance.subject, 2)
    monkeypatch.setattr(expectation, "limit", lambda loss, dim: true + 1e-3)
    assert check(instance, Grid(restarts=2)).outcome is Outcome.REFUTED
