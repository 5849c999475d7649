"""Paired tests against scipy, corrections against naive ones, and how often verdicts are wrong."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from hyperenergy.errors import ArgumentError
from hyperenergy.training.study import power
from hyperenergy.training.study.statistics import Verdict, holm, paired, verdicts


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20240518)


@pytest.mark.parametrize("n", [2, 3, 5, 40])
@pytest.mark.parametrize("mean", [-2.0, 0.0, 0.4])
def test_it_is_the_t_test(rng: np.random.Generator, n: int, mean: float) -> None:
    x = rng.normal(mean, 0.7, n)
    found, theirs = paired(x.tolist(), 0.5, 0.9), stats.ttest_1samp(x, 0)
    interval = theirs.confidence_interval(0.9)
    assert (found.mean, found.n) == (pytest.approx(x.mean()), n)
    assert [found.low, found.high, found.p] == pytest.approx([interval.low, interval.high, theirs.pvalue], rel=1e-9)
    assert found.deviation == pytest.approx(x.std(ddof=1))
    assert found.p_better == pytest.approx(stats.ttest_1samp(x, 0, alternative="greater").pvalue, rel=1e-9)
    assert found.p_worse == pytest.approx(stats.ttest_1samp(x, 0, alternative="less").pvalue, rel=1e-9)
    above = stats.ttest_1samp(x, -0.5, alternative="greater").pvalue
    below = stats.ttest_1samp(x, 0.5, alternative="less").pvalue
    assert found.p_equal == pytest.approx(np.maximum(above, below), rel=1e-9)


def test_intervals_go_with_their_tests(rng: np.random.Generator) -> None:
    """The one of 1 - alpha with the difference, the one of 1 - 2 alpha with the equality."""
    for x in rng.normal(0.3, 0.4, (200, 4)).tolist():
        wide, narrow = paired(x, 0.5), paired(x, 0.5, 0.9)
        assert (wide.p < 0.05) is (wide.low > 0 or wide.high < 0)
        assert (wide.p_equal < 0.05) is (narrow.low > -0.5 and narrow.high < 0.5)


@pytest.mark.parametrize(
    ("value", "p", "p_equal"), [(0.0, 1, 0), (0.1, 0, 0), (-0.1, 0, 0), (0.5, 0, 1), (0.7, 0, 1), (-3.0, 0, 1)]
)
@pytest.mark.parametrize("n", [2, 3, 7])
def test_equal_differences_are_exact(value: float, p: float, p_equal: float, n: int) -> None:
    found = paired([value] * n, 0.5)
    assert (found.mean, found.low, found.high) == (value, value, value)
    assert (found.p, found.p_equal, found.needed) == (p, p_equal, 2)
    assert (found.p_better, found.p_worse) == (float(value <= 0), float(value >= 0))


def test_one_difference_says_nothing() -> None:
    found = paired([3.0], 0.5)
    assert (found.low, found.high, found.p, found.p_equal, found.needed) == (-math.inf, math.inf, 1, 1, None)
    assert verdicts({"a": [3.0]}, 0.5)["a"].verdict is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (([], 0.5), "differences"),
        (([1, math.nan], 0.5), "differences"),
        (([1, 2], 0), "smallest"),
        (([1, 2], 1, 1), "level"),
    ],
)
def test_what_is_refused(arguments: tuple, name: str) -> None:
    with pytest.raises(ArgumentError) as refused:
        paired(*arguments)
    assert refused.value.argument == name


def naive_holm(p: list[float]) -> list[float]:
    """Adjusted: the least alpha at which Holm's procedure, as it is written, rejects."""
    return [min(1.0, least_alpha(p, k)) for k in range(len(p))]


def least_alpha(p: list[float], k: int) -> float:
    candidates = sorted({factor * q for factor in range(1, len(p) + 1) for q in p})
    return next(alpha for alpha in candidates if k in rejected(p, alpha))


def rejected(p: list[float], alpha: float) -> set[int]:
    out: set[int] = set()
    for k in sorted(range(len(p)), key=lambda k: p[k]):
        if p[k] * (len(p) - len(out)) > alpha:
            break
        out.add(k)
    return out


@pytest.mark.parametrize("m", [1, 2, 3, 8])
def test_holm_is_the_procedure(rng: np.random.Generator, m: int) -> None:
    for p in (rng.random((50, m)) ** 3).tolist():
        assert holm(p) == pytest.approx(naive_holm(p), rel=1e-12)


def test_holm_by_hand() -> None:
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.5, 0.5]) == [1, 1] and holm([]) == []
    with pytest.raises(ArgumentError, match="p_values"):
        holm([0.1, math.nan])


def drawn(rng: np.random.Generator, studies: int, effects: list[float], n: int) -> NDArray[np.float64]:
    return rng.normal(np.array(effects)[:, None], 1, (studies, len(effects), n))


def words(study: NDArray[np.float64], smallest: float) -> list[Verdict]:
    return [said.verdict for said in verdicts(dict(zip("abc", study.tolist(), strict=True)), smallest).values()]


STUDIES = 2000
MOST_WRONG = 0.05 + 3 * math.sqrt(0.05 * 0.95 / STUDIES)


@pytest.fixture
def unplanned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the number of seeds, which takes longest and changes no verdict."""
    for module in ("paired", "statistics"):
        monkeypatch.setattr(f"hyperenergy.training.study.{module}.seeds_needed", lambda *_: None)


@pytest.mark.usefixtures("unplanned")
@pytest.mark.parametrize("n", [3, 10])
def test_equal_losses_are_seldom_told_apart(rng: np.random.Generator, n: int) -> None:
    """And without Holm they would be too often: a negative control."""
    studies = drawn(rng, STUDIES, [0, 0, 0], n)
    wrong = [{Verdict.SUPPORTED, Verdict.REFUTED} & set(words(study, 0.1)) for study in studies]
    assert np.mean([bool(x) for x in wrong]) <= MOST_WRONG
    assert np.mean((stats.ttest_1samp(studies, 0, axis=2).pvalue < 0.05).any(axis=1)) > 0.1


@pytest.mark.usefixtures("unplanned")
def test_different_losses_are_seldom_called_equal(rng: np.random.Generator) -> None:
    wrong = [Verdict.EQUAL in words(study, 1.0) for study in drawn(rng, STUDIES, [1, -1, 1], 10)]
    assert np.mean(wrong) <= MOST_WRONG


def test_the_interval_covers(rng: np.random.Generator) -> None:
    found = [paired(x.tolist(), 0.5) for x in rng.normal(2, 1, (STUDIES, 4))]
    assert abs(np.mean([x.low <= 2 <= x.high for x in found]) - 0.95) <= MOST_WRONG - 0.05


@pytest.mark.parametrize(("mean", "smallest"), [(0.0, 0.5), (0.2, 0.7), (0.9, 0.5), (-1.5, 0.5), (2.5, 0.5)])
def test_so_many_seeds_decide(rng: np.random.Generator, mean: float, smallest: float) -> None:
    """In 80 % of studies, and one seed fewer in fewer than that."""
    n = power.seeds_needed(mean, 1.0, smallest)
    assert n is not None
    assert decided(rng, mean, smallest, n) >= 0.8 - 0.02
    assert decided(rng, mean, smallest, n - 1) < 0.8 + 0.02


def decided(rng: np.random.Generator, mean: float, smallest: float, n: int) -> float:
    """By the test of the two that finds more."""
    x = rng.normal(mean, 1, (20000, n))
    error = x.std(axis=1, ddof=1) / math.sqrt(n)
    different = np.sign(mean) * x.mean(axis=1) > stats.t.ppf(0.975, n - 1) * error
    equal = np.abs(x.mean(axis=1)) + stats.t.ppf(0.95, n - 1) * error < smallest
    return float(np.maximum(different.mean(), equal.mean()))


def test_power_is_that_of_the_noncentral_t() -> None:
    for n in (2, 5, 30):
        theirs = stats.nct.sf(stats.t.ppf(0.975, n - 1), n - 1, 0.6 * math.sqrt(n))
        assert power.power_of_difference(-1.2, 2.0, n, 0.05) == pytest.approx(theirs, abs=2e-3)


def test_where_no_number_of_seeds_decides() -> None:
    assert power.seeds_needed(0.5, 1000, 0.5) is None
    assert power.seeds_needed(0, 0, 0.5) == power.seeds_needed(0, 1e-9, 0.5) == 2


def test_more_seeds_than_there_are_would_decide(rng: np.random.Generator) -> None:
    seen = 0
    for n in (2, 3, 6):
        for study in drawn(rng, 60, [0, 0.5, 1.5], n):
            for said in verdicts(dict(zip("abc", study.tolist(), strict=True)), 1.0).values():
                if said.verdict is Verdict.UNDECIDED:
                    seen += 1
                    assert said.needed is None or said.needed > n
                else:
                    assert said.needed is None
    assert seen > 100


def test_verdicts_by_their_rules() -> None:
    noise = np.array([-1.0, 0.5, 1.0, -0.5, 0.2, -0.2])
    family = {
        "better": (3 + noise).tolist(),
        "worse": (-3 + noise).tolist(),
        "equal and yet different": (0.1 + noise / 100).tolist(),
        "unclear": (0.4 + 2 * noise).tolist(),
        "failed": [3.0, 3.1, math.nan],
        "none": [],
        "void": (3 + noise).tolist(),
    }
    said = verdicts(family, 0.5, undecided={"void"})
    assert [*said] == [*family]
    assert [x.verdict.value for x in said.values()] == [
        "supported",
        "refuted",
        "equal",
        *["undecided"] * 4,
    ]
    different = said["equal and yet different"]
    assert different.paired is not None and different.paired.p < 0.05 and different.p < 0.05
    assert said["failed"].broken == 1 and said["failed"].paired is not None and said["failed"].paired.n == 2
    assert said["none"].paired is None and said["void"].p == 1 and said["void"].needed is None
    alone = paired(family["better"], 0.5)
    assert said["better"].p == pytest.approx(holm([alone.p, alone.p, different.paired.p, 0.5, 1, 1, 1])[0])
