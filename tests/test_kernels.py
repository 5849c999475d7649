from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import torch

import hyperenergy as he
from hyperenergy.namespaces import NumpyNamespace, SympyNamespace
from tests.cases import KERNELS

R = [1e-3, 0.5, 1.0, 2.0, 3.7, 4.0]


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.label)
def test_one_formula_in_all_number_systems(kernel: he.Kernel) -> None:
    expected = [KERNELS[kernel](r) for r in R]
    torch.testing.assert_close(
        kernel(torch.tensor(R, dtype=torch.float64)), torch.tensor(expected, dtype=torch.float64), rtol=1e-14, atol=0
    )
    np.testing.assert_allclose(kernel.profile(np.array(R), NumpyNamespace), expected, rtol=1e-14)
    exact = [float(kernel.profile(SympyNamespace.number(r), SympyNamespace)) for r in R]
    np.testing.assert_allclose(exact, expected, rtol=1e-13)


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.label)
def test_flags_hold(kernel: he.Kernel) -> None:
    """Decrease, convexity and the third derivative by differences; the proofs are elsewhere."""
    r = torch.linspace(0.2, 3.8, 50, dtype=torch.float64)
    h = 1e-2
    first = kernel(r + h) - kernel(r)
    second = kernel(r + h) - 2 * kernel(r) + kernel(r - h)
    third = kernel(r + 2 * h) - 3 * kernel(r + h) + 3 * kernel(r) - kernel(r - h)
    assert bool((first < 0).all())
    assert bool((second > 0).all()) == kernel.strictly_convex_decreasing
    if kernel.strictly_completely_monotone:
        assert bool((third < 0).all())
    if not kernel.completely_monotone:
        assert bool((second < 0).any() or (third > 0).any())


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.label)
def test_cusp_slope_is_the_slope_in_the_distance(kernel: he.Kernel) -> None:
    """-d kappa/d|x-y| at 0+ by a difference quotient; infinite slopes make it grow without bound."""
    if kernel.singular:
        return
    zero, step = torch.zeros(1, dtype=torch.float64), 1e-6
    quotient = float((kernel(zero) - kernel(zero + step**2)) / step)
    if math.isinf(kernel.cusp_slope):
        assert quotient > 100
    else:
        assert quotient == pytest.approx(kernel.cusp_slope, abs=1e-5)


@pytest.mark.parametrize("kernel", [he.Laplace(2), he.Riesz(-1), he.Riesz("-1/2"), he.Riesz(-3)], ids=lambda k: k.label)
def test_gradient_at_coincidence_is_zero_not_nan(kernel: he.Kernel) -> None:
    x = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    kernel(x.square().sum()).backward()
    assert x.grad is not None and bool((x.grad == 0).all())


def test_parameters_are_kept_as_given() -> None:
    assert he.Gaussian("1/3").t == "1/3"
    assert he.Riesz(Fraction(1, 2)).label == "Riesz(s=1/2)"
    assert he.Riesz(2) == he.Riesz(2) and hash(he.Riesz(2)) == hash(he.Riesz(2))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: he.Gaussian(0), "t: got 0; must be a finite number > 0"),
        (lambda: he.Gaussian(math.nan), "t: got nan"),
        (lambda: he.Laplace(-1), "t: got -1"),
        (lambda: he.InverseMultiquadric(math.inf), "c: got inf"),
        (lambda: he.Riesz(0), "s: got 0; must be non-zero"),
        (lambda: he.Riesz("one"), "s: got 'one'; must be a finite number"),
        (lambda: he.Polynomial(0), "degree: got 0"),
        (lambda: he.Polynomial(2, c=0.5), "c: got 0.5; must be >= 1"),
    ],
)
def test_bad_parameters(build, message: str) -> None:
    with pytest.raises(he.ArgumentError, match=message):
        build()
