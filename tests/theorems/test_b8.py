"""B8: partitions into unequal parts, and of more pairs than d+1."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

import hyperenergy as he
from hyperenergy.theorems.prediction import Outcome

torch.set_num_threads(1)


def least(sizes: list[int], tau: float) -> float:
    return math.fsum(math.log1p((B - 1) * math.exp(-B / ((B - 1) * tau))) for B in sizes) / len(sizes)


@pytest.mark.parametrize("tau", [0.2, 1.0])
@pytest.mark.parametrize(
    ("parts", "d"),
    [
        ([(0, 1), (2, 3, 4)], 4),
        ([(0, 4), (1, 2, 3)], 2),  # five pairs in the plane
        ([(0, 1, 2, 3), (4, 5), (6, 7, 8)], 3),
        ([(0, 1), (2, 3), (4, 5)], 1),
    ],
)
def test_against_search(parts: list[tuple[int, ...]], d: int, tau: float) -> None:
    points = sum(map(len, parts))
    objective = he.Expected(he.InfoNCE(tau), 2, partition=parts)
    prediction = he.predict(objective, points, d)
    assert prediction is not None and (prediction.theorem, prediction.aligned, prediction.unique) == ("B8", True, False)
    assert prediction.value == pytest.approx(least([len(part) for part in parts], tau), rel=1e-13)
    assert float(objective(prediction.anchors, prediction.positives)) == pytest.approx(prediction.value, rel=1e-12)
    if d > 1:
        best = he.minimize(objective, points, d, restarts=4, seed=1, throw=False)
        assert he.compare(best, prediction).outcome is Outcome.CONSISTENT
        for wrong in (1 + 1e-6, 1 - 1e-6):
            falsified = dataclasses.replace(prediction, value=prediction.value * wrong)
            assert he.compare(best, falsified).outcome is not Outcome.CONSISTENT


def test_silent_where_a_part_does_not_fit() -> None:
    loss = he.InfoNCE(0.5)
    assert he.predict(he.Expected(loss, 2, partition=[(0, 1), (2, 3, 4, 5)]), 6, 2) is None
    assert he.predict(he.Expected(loss, 3, partition=[(0, 1), (2, 3, 4, 5)]), 6, 3) is not None
    assert he.predict(he.Expected(loss, 3, replace=False), 6, 4) is None  # all subsets need N <= d+1


def test_parts_of_one_are_refused() -> None:
    with pytest.raises(he.ArgumentError, match="parts of two or more"):
        he.predict(he.Expected(he.InfoNCE(0.5), 2, partition=[(0,), (1, 2)]), 3, 3)
