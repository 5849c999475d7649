from __future__ import annotations

import math

import pytest
import torch

import hyperenergy as he
from hyperenergy.geometry import sphere


def test_normalize_scales_rows(draw) -> None:
    x = draw(2, 5, 3)
    torch.testing.assert_close(he.normalize(7.0 * x), x, rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize("bad", [0.0, math.nan, math.inf])
def test_normalize_names_the_row_without_direction(bad: float) -> None:
    x = torch.ones(3, 2, dtype=torch.float64)
    x[1] = bad
    with pytest.raises(he.ArgumentError, match=r"points: got .* at row \[1\]; rows must be finite and non-zero"):
        he.normalize(x)


def test_projection_is_tangent_and_idempotent(draw) -> None:
    x, v = draw(9, 4), torch.randn(9, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    p = sphere.project(x, v)
    assert (p * x).sum(-1).abs().max() < 1e-14
    torch.testing.assert_close(sphere.project(x, p), p, rtol=0, atol=1e-14)


def test_retraction_has_the_velocity_of_its_argument(draw) -> None:
    """First order: the error of the difference quotient falls like h^2 (central)."""
    x = draw(6, 3)
    v = sphere.project(x, draw(6, 3))
    errors = []
    for h in (1e-2, 1e-3):
        quotient = (sphere.retract(x, h * v) - sphere.retract(x, -h * v)) / (2 * h)
        errors.append(float((quotient - v).norm()))
    assert errors[1] < errors[0] / 50


def test_squared_distance_keeps_digits_where_the_inner_product_loses_them() -> None:
    angle = 1e-7
    x = torch.tensor([1.0, 0.0], dtype=torch.float64)
    y = torch.tensor([math.cos(angle), math.sin(angle)], dtype=torch.float64)
    exact = (2 * math.sin(angle / 2)) ** 2
    # The coordinates carry an absolute error of 1e-16 each, which is 1e-9 of the distance.
    assert abs(float(sphere.squared_distance(x, y)) / exact - 1) < 1e-8
    assert abs(float(2 - 2 * x @ y) / exact - 1) > 1e-4


def test_random_points_are_uniform() -> None:
    """Mean 0 and covariance I/d, each within five standard errors."""
    n, d = 200_000, 3
    x = sphere.random_points(n, d, generator=torch.Generator().manual_seed(3))
    assert x.mean(0).abs().max() < 5 * (1 / d / n) ** 0.5
    covariance = x.T @ x / n
    assert (covariance - torch.eye(d) / d).abs().max() < 5 * (0.1 / n) ** 0.5


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([[1.0, 0.0]], "X: got list; must be a floating-point torch tensor"),
        (torch.eye(3, dtype=torch.int64), "X: got torch.int64 tensor; must be a floating-point"),
        (torch.ones(3, dtype=torch.float64), "must have shape"),
        (torch.eye(3, dtype=torch.float64)[:1], "X: got 1 points; at least 2 are needed"),
        (
            2 * torch.eye(3, dtype=torch.float64),
            r"a row of norm 2 at \[0\]; rows of torch.float64 must be unit",
        ),
        (torch.full((2, 2), math.nan, dtype=torch.float64), "a row of norm nan"),
    ],
)
def test_points_that_are_not_points(given: object, message: str) -> None:
    with pytest.raises(he.ArgumentError, match=message):
        he.energy(given, he.Gaussian(1))  # type: ignore[arg-type]


def test_float32_rows_are_unit_to_their_own_round_off(draw) -> None:
    x = he.normalize(draw(50, 64).float())
    assert he.energy(x, he.Gaussian(1)).dtype == torch.float32
