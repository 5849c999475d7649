"""What was not seen: the estimate, its limit, and when an open search stops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import hyperenergy as he
from hyperenergy.geometry.sphere import random_points
from hyperenergy.search.minimum import Stop
from hyperenergy.search.multistart import default_budget
from hyperenergy.search.unseen import unseen

COULOMB = he.Energy(he.Riesz(1))
COUNTS = st.lists(st.integers(1, 40), min_size=1, max_size=12)


@pytest.mark.parametrize(("starts", "limit"), [(1, 0.95), (32, 0.0894), (58, 0.0503), (59, 0.0495), (299, 0.00997)])
def test_starts_that_all_end_alike(starts: int, limit: float) -> None:
    """A probability p is missed by all of n starts with (1-p)^n, which is 5 % at the limit."""
    found = unseen([starts])
    if starts > 1:
        assert found.estimate == 0 and (1 - found.upper) ** starts == pytest.approx(0.05, rel=1e-12)
        assert found.upper == pytest.approx(limit, abs=5e-5)
    else:
        assert found.estimate == found.upper == 1  # alone


def test_limits_of_poisson() -> None:
    """Tables of exact 95 % limits of Poisson's law (Garwood 1936): 4.744 for one event, 7.754 for three."""
    of_none = 20 * (1 - 0.05 ** (1 / 20)) / -math.log(0.05)
    assert unseen([19, 1]).upper == pytest.approx((1 + of_none * (4.74386 - 1)) / 20, rel=1e-5)
    assert unseen([17, 2, 1]).upper == pytest.approx((1 + of_none * (7.75366 - 3)) / 20, rel=1e-5)
    assert unseen([1] * 20).upper == 1


@given(COUNTS, st.integers(0, 11))
def test_the_limit_falls_with_the_starts_and_rises_with_those_alone(counts: list[int], k: int) -> None:
    found = unseen(counts)
    assert 0 <= found.estimate <= found.upper <= 1 and found.alone == counts.count(1)
    more = list(counts)
    more[k % len(counts)] += 3  # not alone, nor in pairs, any more
    assert unseen(more).upper <= found.upper
    assert unseen([*counts, 1]).upper >= found.upper or found.upper == 1
    assert unseen(counts, 0.99).upper >= found.upper


LAWS = {
    "three": np.full(3, 1 / 3),
    "twenty": np.full(20, 1 / 20),
    "eighty": np.full(80, 1 / 80),
    "halves": 0.5 ** np.arange(1, 40),
    "Zipf": 1 / np.arange(1, 300),
    "one rare": np.array([0.954, 0.046]),
    "many rare": np.array([0.9, *[0.1 / 40] * 40]),
}


def misses(law: str, starts: int, limit, trials: int = 3000) -> float:
    """How often what is really unseen lies above the limit."""
    p = LAWS[law] / LAWS[law].sum()
    counts = np.random.default_rng(0).multinomial(starts, p, size=trials)
    keys, where = np.unique(np.stack([(counts == 1).sum(1), (counts == 2).sum(1)]), axis=1, return_inverse=True)
    limits = np.array([limit(starts, alone, pairs) for alone, pairs in keys.T.tolist()])
    return float((((counts == 0) * p).sum(1) > limits[where.ravel()] + 1e-12).mean())


def upper(starts: int, alone: int, pairs: int) -> float:
    rest = starts - alone - 2 * pairs
    # One minimum with all the rest; where the rest is too little, spread so that it adds no pair.
    return unseen([1] * alone + [2] * pairs + ([rest] if rest > 2 else [])).upper if rest > 2 or rest == 0 else 1.0


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("starts", [16, 64, 112])
def test_the_limit_holds_in_95_of_100_cases(law: str, starts: int) -> None:
    """Of laws of minima that are known.  Four standard deviations of 3000 trials are 1.6 %."""
    assert misses(law, starts, upper) <= 0.05 + 0.016


def test_a_limit_from_those_alone_would_not_hold() -> None:
    """The control: Clopper and Pearson's, as if those that ended alone were events of independent trials."""
    from scipy.special import betaincinv

    def naive(starts: int, alone: int, pairs: int) -> float:
        return float(betaincinv(alone + 1, starts - alone, 0.95)) if alone < starts else 1.0

    assert misses("twenty", 64, naive) > 0.11


def test_an_open_search_goes_on_until_little_is_unseen() -> None:
    best = he.minimize(COULOMB, 12, 3)
    assert best.stop is Stop.SEEN and best.restarts >= 59 and best.hits == best.restarts
    assert best.unseen is not None and best.unseen.upper < 0.05 and best.unseen.starts == best.restarts
    assert best.budget == default_budget(COULOMB, 12, 3) and best.evaluations < best.budget
    strict = he.minimize(COULOMB, 12, 3, unseen=0.005)
    assert strict.unseen is not None and strict.unseen.upper < 0.005 and strict.restarts > best.restarts


def test_a_continuum_of_minimizers_is_one_value() -> None:
    """s = -2 needs its points centered and no more; no start ends where another did."""
    best = he.minimize(he.Energy(he.Riesz(-2)), 5, 3)
    assert best.stop is Stop.SEEN and best.restarts <= 256 and len(best.minima) > 8


def test_a_budget_is_kept_and_gives_the_same_every_time() -> None:
    """47 charges: two minima that few starts reach."""
    first, second = (he.minimize(COULOMB, 47, 3, budget=3000, unseen=1e-3, seed=7) for _ in range(2))
    assert first.stop is Stop.BUDGET and first.budget == 3000
    # The last round is no longer than what was left seemed to admit.
    assert 3000 <= first.evaluations < 2 * 3000
    assert first.value == second.value and (first.rows == second.rows).all()
    assert (first.restarts, first.evaluations, first.ways) == (second.restarts, second.evaluations, second.ways)
    assert he.minimize(COULOMB, 47, 3, budget=30_000, unseen=1e-3, seed=7).restarts > first.restarts


def test_a_number_of_starts_is_kept_to() -> None:
    best = he.minimize(COULOMB, 12, 3, restarts=7)
    assert best.restarts == 7 and best.stop is Stop.EXHAUSTED and best.budget is None and best.hops == 0
    assert best.unseen is not None and best.unseen.upper == pytest.approx(1 - 0.05 ** (1 / 7))


def test_given_starts_say_nothing_of_others() -> None:
    given = he.codes.get("icosahedron").points[None]
    best = he.minimize(COULOMB, 12, 3, start=given)
    assert best.unseen is None and [way.label for way in best.ways] == ["from the given starts"]
    assert he.minimize(he.InfoNCE(0.5), 3, 1).unseen is None  # all of S^0 was tried


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"budget": 0}, "budget: got 0; must be an integer >= 1"),
        ({"budget": 1e6}, "budget: got 1000000.0; must be an integer"),
        ({"unseen": 0}, "unseen: got 0; must be a finite number > 0"),
        ({"unseen": 1}, "unseen: got 1; must be a probability below 1"),
        ({"unseen": math.nan}, "unseen: got nan; must be a finite number"),
        ({"unseen": "5 %"}, "unseen: got '5 %'; must be a finite number"),
    ],
)
def test_bad_limits(options: dict, message: str) -> None:
    with pytest.raises(he.ArgumentError, match=message):
        he.minimize(COULOMB, 4, 3, **options)


def test_bad_counts() -> None:
    for counts, message in (([], "counts: got none"), ([0], "counts: got 0"), ([2.5], "counts: got 2.5")):
        with pytest.raises(he.ArgumentError, match=message):
            unseen(counts)  # type: ignore[arg-type]
    with pytest.raises(he.ArgumentError, match="confidence: got 1"):
        unseen([3], 1)


@pytest.mark.parametrize("limit", [{"unseen": 0.01}, {"budget": 1000}], ids=str)
@pytest.mark.parametrize("closed", ["restarts", "start"])
def test_limits_of_an_open_search_are_not_ignored_by_a_closed_one(limit: dict, closed: str) -> None:
    options = (
        {"restarts": 4} if closed == "restarts" else {"start": random_points(2, 6, 3, generator=torch.Generator())}
    )
    (name,) = limit
    with pytest.raises(he.ArgumentError, match=f"{name}: .*leave out {closed}"):
        he.minimize(COULOMB, 6, 3, **options, **limit)
