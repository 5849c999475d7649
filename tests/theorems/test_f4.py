"""F4: the lines of two planes refute it, and six lines of seven do not."""

from __future__ import annotations

import itertools

import pytest

import hyperenergy as he
from hyperenergy import theorems
from hyperenergy.theorems.designs import affine_plane, projective_plane
from hyperenergy.theorems.instances import Grid, How, Instance
from hyperenergy.verify.not_least import check_not_least

FANO = projective_plane(2)


def over(lines: object) -> he.Expected:
    return he.Expected(he.InfoNCE(0.5), 3, batches=lines)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lines", "points", "outcome"),
    [
        (FANO, 7, he.Outcome.REFUTED),
        (affine_plane(3), 9, he.Outcome.REFUTED),
        (FANO[:-1], 7, he.Outcome.CONSISTENT),
    ],
    ids=["Fano", "affine", "six lines"],
)
def test_where_it_is_refuted(lines: object, points: int, outcome: he.Outcome) -> None:
    result = check_not_least(Instance("F4", over(lines), points, points - 1), Grid(restarts=4))
    assert result.outcome is outcome
    if outcome is he.Outcome.REFUTED:
        assert result.relative_gap is not None and abs(result.relative_gap) < 1e-11
        assert result.congruence is not None and result.congruence < 1e-6 and result.anchors is not None


def test_it_never_predicts_and_where_it_says_something() -> None:
    f4 = theorems.get("F4")
    assert f4.status.value == "false" and he.predict(over(FANO), 7, 6).theorem == "B16"  # type: ignore[union-attr]
    assert f4.predict(over(FANO), 7, 6).unique  # type: ignore[union-attr]
    assert f4.predict(over(list(itertools.combinations(range(7), 3))), 7, 6) is None  # all are used
    assert f4.predict(he.Expected(he.InfoNCE(0.5), 2, batches=[(0, 1), (1, 2)]), 3, 2) is None  # B = 2
    assert f4.predict(he.Expected(he.InfoNCE(0.5), 3, replace=False), 7, 6) is None
    assert {how for how, _ in f4.instances(Grid())} == {How.NOT_LEAST}
