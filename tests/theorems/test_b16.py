"""B16: designs against searches; which losses have other minimizers there; what is no design."""

from __future__ import annotations

import dataclasses
import itertools
import math

import pytest
import torch

import hyperenergy as he
from hyperenergy.theorems.designs import affine_plane, only_simplex, projective_plane
from hyperenergy.theorems.subjects import softmax_losses

FANO, AFFINE = projective_plane(2), affine_plane(3)


def over(loss: he.PairLoss, batches: object) -> he.Expected:
    return he.Expected(loss, batch=3, batches=batches)  # type: ignore[arg-type]


@pytest.mark.parametrize(("points", "dim", "lines"), [(7, 6, FANO), (7, 9, FANO), (9, 8, AFFINE)])
@pytest.mark.parametrize("tau", [0.3, 1.0])
def test_info_nce_over_lines(points: int, dim: int, lines: object, tau: float) -> None:
    objective = over(he.InfoNCE(tau), lines)
    prediction = he.predict(objective, points, dim)
    assert prediction is not None and (prediction.theorem, prediction.unique) == ("B16", True)
    assert prediction.value == pytest.approx(math.log1p(2 * math.exp(-points / ((points - 1) * tau))), rel=1e-14)
    all_subsets = he.predict(he.Expected(he.InfoNCE(tau), 3, replace=False), points, dim)
    assert all_subsets is not None and all_subsets.theorem == "B8" and prediction.value == all_subsets.value
    best = he.minimize(objective, points, dim, restarts=4)
    assert best.value == pytest.approx(prediction.value, rel=1e-11)
    assert he.compare(best, prediction).outcome is he.Outcome.CONSISTENT
    wrong = dataclasses.replace(prediction, value=prediction.value * (1 + 1e-8))
    assert he.compare(best, wrong).outcome is he.Outcome.REFUTED


@pytest.mark.parametrize("index", range(10))
@pytest.mark.parametrize(("points", "lines"), [(7, FANO), (9, AFFINE)])
def test_the_family_over_lines(points: int, lines: object, index: int) -> None:
    loss = softmax_losses(0.5)[index]
    prediction = he.predict(over(loss, lines), points, points - 1)
    assert prediction is not None and prediction.theorem == "B16"
    own = type(loss) in (he.InfoNCE, he.SimCLR, he.NTXent)
    assert prediction.unique is (own or points == 7)
    best = he.minimize(over(loss, lines), points, points - 1, restarts=2)
    assert best.value == pytest.approx(prediction.value, rel=1e-11, abs=1e-11)
    assert he.compare(best, prediction).outcome is he.Outcome.CONSISTENT


def test_another_minimizer_over_the_lines_of_the_affine_plane() -> None:
    """Products 0, -1/4, -1/8, -1/8 on the lines of the four directions: for DHEL as good as the simplex, for InfoNCE not."""
    gram = torch.eye(9).double()
    for k, line in enumerate(AFFINE):
        for i, j in itertools.permutations(line, 2):
            gram[i, j] = (0, -1 / 4, -1 / 8, -1 / 8)[k // 3]
    values, axes = torch.linalg.eigh(gram)
    assert values[0].abs() < 1e-14 and values[1] > 0.1
    X = axes[:, 1:] * values[1:].sqrt()
    for loss, as_good in ((he.DHEL(0.5), True), (he.DCL(0.5), True), (he.InfoNCE(0.5), False), (he.SimCLR(0.5), False)):
        excess = float(over(loss, AFFINE)(X, X)) - he.predict(over(loss, AFFINE), 9, 8).value  # type: ignore[union-attr]
        assert abs(excess) < 1e-14 if as_good else excess > 1e-4


def test_what_leaves_only_the_simplex() -> None:
    dhel = he.DHEL(0.5).theory()
    assert only_simplex(dhel, FANO, 7) and not only_simplex(dhel, AFFINE, 9)
    assert only_simplex(dhel, projective_plane(3), 13)  # as many lines as points
    assert only_simplex(dhel, list(itertools.combinations(range(6), 3)), 6)  # triples that share pairs
    assert only_simplex(dhel, list(itertools.combinations(range(3), 2)), 3)  # three centered points are a triangle
    assert not only_simplex(dhel, list(itertools.combinations(range(4), 2)), 4)
    assert only_simplex(he.InfoNCE(0.5).theory(), AFFINE, 9)


def test_where_it_is_silent() -> None:
    loss = he.InfoNCE(0.5)
    assert he.predict(over(loss, FANO), 7, 5) is None  # N > d+1
    assert he.predict(over(loss, FANO[:-1]), 7, 6) is None
    assert he.predict(over(loss, [*FANO, (0, 1, 2)]), 7, 6) is None
    assert he.predict(over(loss, FANO), 8, 7) is None  # a point in no batch
    assert he.predict(over(he.SigLIP(5.0, -2.0), FANO), 7, 6) is None


def test_a_list_that_is_no_design_goes_lower() -> None:
    """The negative control: six of the seven lines, and a partition as a list."""
    simplex = he.predict(over(he.InfoNCE(0.5), FANO), 7, 6)
    best = he.minimize(over(he.InfoNCE(0.5), FANO[:-1]), 7, 6, restarts=4)
    assert simplex is not None and best.value < simplex.value - 1e-3


def test_values_beyond_float64_are_said_in_logarithms() -> None:
    objective = over(he.InfoNCE(1e-4), FANO)
    assert he.predict(objective, 7, 6) is None
    said = he.theorems.unpredicted(objective, 7, 6)
    assert "B16 gives leaves the range of float64" in said
    assert float(said.rpartition(" ")[2]) == pytest.approx(math.log(2) - 7e4 / 6, rel=1e-13)


def test_a_value_at_a_size_that_is_not_built() -> None:
    """All pairs of 200 points, as a list."""
    objective = he.Expected(he.InfoNCE(0.5), 2, batches=list(itertools.combinations(range(200), 2)))
    prediction = he.predict(objective, 200, 199)
    assert prediction is not None
    assert prediction.value == pytest.approx(math.log1p(math.exp(-200 / (199 * 0.5))), rel=1e-14)
