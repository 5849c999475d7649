from __future__ import annotations

import math

import mpmath
import pytest

import hyperenergy as he
from hyperenergy.laws.uniform import _quadrature

KERNELS = [
    he.Gaussian(2),
    he.Laplace(1),
    he.InverseMultiquadric(0.5),
    he.Riesz("1/2"),
    he.Riesz(-1),
    he.Logarithmic(),
    he.RegularizedLogarithmic(3),
    he.Polynomial(3),
]


@pytest.mark.parametrize("dim", [2, 3, 5, 17])
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.label)
def test_against_adaptive_quadrature(kernel: he.Kernel, dim: int) -> None:
    """In the angle theta, x.y = cos theta with density sin^{d-2} theta, at 30 digits."""
    with mpmath.workdps(30):

        class Mp:
            exp, log, sqrt = mpmath.exp, mpmath.log, mpmath.sqrt

            @staticmethod
            def number(value):
                return mpmath.mpf(str(value)) if not isinstance(value, str) else mpmath.mpf(1) / 2

            @staticmethod
            def power(x, exponent):
                return mpmath.power(x, mpmath.mpf(exponent.numerator) / exponent.denominator)

        def weight(theta):
            return mpmath.sin(theta) ** (dim - 2)

        cuts = [0, 0.01, 0.2, 1, 2, mpmath.pi]
        value = mpmath.quad(lambda x: weight(x) * kernel.profile(4 * mpmath.sin(x / 2) ** 2, Mp), cuts)
        expected = float(value / mpmath.quad(weight, cuts))
    assert he.uniform_energy(kernel, dim) == pytest.approx(expected, rel=1e-11, abs=1e-13)


@pytest.mark.parametrize("dim", [3, 8, 64])
def test_closed_forms_against_gauss_jacobi(dim: int) -> None:
    for kernel in (he.Gaussian(2), he.InverseMultiquadric(1), he.Riesz(-1)):
        assert he.uniform_energy(kernel, dim) == pytest.approx(_quadrature(kernel, dim), rel=1e-12)


def test_known_values() -> None:
    assert he.uniform_energy(he.Riesz(1), 3) == pytest.approx(1.0, rel=1e-14)
    assert he.uniform_energy(he.Logarithmic(), 3) == pytest.approx(0.5 - math.log(2), rel=1e-14)
    assert he.uniform_energy(he.Riesz(-2), 5) == pytest.approx(-2.0, rel=1e-14)


def test_large_parameters_and_dimensions() -> None:
    """Gaussian(t) for large t is about Gamma(d/2) t^{-(d-1)/2} / (2 sqrt(pi)); nothing overflows on the way."""
    asymptotic = math.gamma(1.5) / (2 * math.sqrt(math.pi) * 400)
    assert he.uniform_energy(he.Gaussian(400), 3) == pytest.approx(asymptotic, rel=1e-2)
    assert he.uniform_energy(he.Gaussian(2), 1024) == pytest.approx(math.exp(-4) * (1 + 4 / 512), rel=1e-4)
    assert he.uniform_energy(he.InverseMultiquadric(0.5), 150) == pytest.approx(0.5 / math.sqrt(2.25), rel=1e-2)


def test_infinite_energy_and_no_density() -> None:
    with pytest.raises(he.ArgumentError, match=r"s: got 2; .*infinite for s >= dim-1 = 2"):
        he.uniform_energy(he.Riesz(2), 3)
    with pytest.raises(he.ArgumentError, match="dim: got 1"):
        he.uniform_energy(he.Gaussian(1), 1)
