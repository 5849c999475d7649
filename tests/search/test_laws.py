"""The best laws at finite batch size: values, the first variation, and that it can tell."""

from __future__ import annotations

import math

import pytest
import torch

import hyperenergy as he
from hyperenergy.geometry.sphere import random_points
from hyperenergy.objectives.expected import Expected
from hyperenergy.search.best_law import best_law, first_variation, gap_to_uniform


def test_the_best_laws_on_the_circle() -> None:
    """DHEL: a triangle at M = 3, a square at M = 4; InfoNCE: a pentagon.  Weights equal, first variation nonnegative."""
    for loss, batch, size, gap in (
        (he.DHEL(0.2), 3, 3, 0.112872),
        (he.DHEL(0.2), 4, 4, 0.036618),
        (he.InfoNCE(0.5), 3, 5, 0.000617),
    ):
        law = best_law(loss, batch, 2, restarts=4)
        assert law.stationary and len(law.weights) == size
        assert (law.weights - 1 / size).abs().max() < 1e-6
        assert he.congruent(law.points, he.codes.polygon(size).points).residual < 1e-5
        assert gap_to_uniform(law) == pytest.approx(gap, abs=2e-5)


def test_dhel_at_two_pairs_is_a_tie() -> None:
    """Every centered law has -1/tau: E u.u' = |mean|^2."""
    law = best_law(he.DHEL(0.2), 2, 2, restarts=4)
    assert law.value == pytest.approx(-5.0, abs=1e-9)
    assert (law.weights @ law.points).norm() < 1e-4
    assert gap_to_uniform(law) == pytest.approx(0.0, abs=1e-9)


def test_the_first_variation_is_the_derivative_of_the_value(draw) -> None:
    """Against a difference quotient in the weight of a new particle."""
    points, x = draw(3, 2), draw(1, 2)
    weights = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    for loss, batch in ((he.DHEL(0.3), 3), (he.InfoNCE(0.5), 2)):
        h = float(first_variation(loss, batch, points, weights, x)[0])
        share = 1e-6
        moved = torch.cat([weights * (1 - share), torch.tensor([share], dtype=torch.float64)])
        after = Expected(loss, batch, aligned=True, weights=moved / moved.sum()).value(torch.cat([points, x]))
        before = Expected(loss, batch, aligned=True, weights=weights).value(points)
        assert h == pytest.approx(float(after - before) / share, rel=1e-4)
        # The mean of h over the law itself is zero.
        own = first_variation(loss, batch, points, weights, points)
        assert float(own @ weights) == pytest.approx(0.0, abs=1e-12)


def test_the_first_variation_of_kcl_does_not_depend_on_the_batch(draw) -> None:
    points, x = draw(80, 3), draw(4, 3)
    weights = torch.full((80,), 1 / 80, dtype=torch.float64)
    h = [first_variation(he.KCL(he.Gaussian(2)), batch, points, weights, x) for batch in (2, 3, 4)]
    torch.testing.assert_close(h[0], h[1], rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(h[0], h[2], rtol=1e-12, atol=1e-12)


def test_a_law_that_is_not_best_has_a_negative_first_variation() -> None:
    X = he.codes.polygon(12).points
    weights = torch.full((12,), 1 / 12, dtype=torch.float64)
    angles = torch.linspace(0, 2 * math.pi, 200, dtype=torch.float64)
    h = first_variation(he.DHEL(0.2), 3, X, weights, torch.stack([angles.cos(), angles.sin()], -1))
    assert h.abs().max() < 1e-2  # nearly uniform: stationary by symmetry, though not a minimum
    lopsided = torch.tensor([0.5, *[0.5 / 11] * 11], dtype=torch.float64)
    h = first_variation(he.DHEL(0.2), 3, X, lopsided, torch.stack([angles.cos(), angles.sin()], -1))
    assert h.min() < -0.1


def test_unequal_weights_are_repaired() -> None:
    """Two particles are too few for the sphere: others are added until the first variation is nonnegative."""
    law = best_law(he.DHEL(0.2), 3, 2, particles=2, restarts=2)
    assert law.value == pytest.approx(-2.948005819, abs=1e-6) and law.stationary


def test_bad_input() -> None:
    with pytest.raises(he.ArgumentError, match="dim: got 1"):
        best_law(he.DHEL(0.2), 3, 1)
    with pytest.raises(he.ArgumentError, match="particles: got 400; has too many batches of 3"):
        best_law(he.DHEL(0.2), 3, 2, particles=400)
    with pytest.raises(he.ArgumentError, match="batch: got 1"):
        best_law(he.DHEL(0.2), 1, 2)


def test_random_points_are_no_minimum() -> None:
    X = random_points(5, 2, generator=torch.Generator().manual_seed(3))
    weights = torch.full((5,), 0.2, dtype=torch.float64)
    grid = random_points(100, 2, generator=torch.Generator().manual_seed(4))
    assert first_variation(he.InfoNCE(0.5), 3, X, weights, grid).min() < 0
