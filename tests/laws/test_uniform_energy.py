from __future__ import annotations

import dataclasses
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest

import hyperenergy as he
from hyperenergy.arithmetic.namespaces import NumpyNamespace
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


@dataclasses.dataclass(frozen=True)
class Own(he.Kernel):
    """sign r^{-p} - log r, of a class of one's own."""

    p: Fraction
    sign: int = 1

    def profile(self, r, m):
        return self.sign * m.power(r, -self.p) - m.log(r)


@pytest.mark.parametrize("dim", [2, 3, 5, 40, 5000])
@pytest.mark.parametrize("p", [Fraction(3, 8), Fraction(3, 4), Fraction(-1, 8), Fraction(-1, 16)])
def test_any_power_at_coincidence(p: Fraction, dim: int) -> None:
    """Gauss' rule would be off by percents: it knows of whole powers of |x-y| alone."""
    kernel, sign = Own(p, 1 if p > 0 else -1), 1 if p > 0 else -1
    if dim - 1 <= 2 * p:
        with pytest.raises(he.ArgumentError, match="infinite"):
            he.uniform_energy(kernel, dim)
        return
    parts = he.Riesz(2 * p), he.Logarithmic()
    expected = he.uniform_energy(parts[0], dim) + 2 * he.uniform_energy(parts[1], dim)
    assert (he.Riesz(2 * p).profile(1.0, NumpyNamespace) > 0) == (sign > 0)
    # What is left out is of the order theta^{d-1-2p} at theta = e^{-340}.
    assert he.uniform_energy(kernel, dim) == pytest.approx(expected, rel=1e-12)
    found = he.expectation.spectrum(kernel, dim, 6)
    each = [he.expectation.spectrum(part, dim, 6).eigenvalues for part in parts]
    np.testing.assert_allclose(found.eigenvalues, each[0] + 2 * each[1], rtol=0, atol=1e-12 * abs(expected))


@pytest.mark.parametrize("coarse", [False, True])
def test_infinite_energies_of_ones_own_kernels(coarse: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the order s = 2p at coincidence: the mean over S^2 is finite for s < 2; of -log r alone it always is."""
    if coarse:  # as of a profile that reads nothing but float64
        monkeypatch.setattr("hyperenergy.kernels.sampling._Samples.at", lambda self, r: _float(self._profile, r))
    assert Own(Fraction(3, 4)).integrable(3) and Own(Fraction(7, 8)).integrable(3)
    for p in (Fraction(1), Fraction(3, 2)):
        with pytest.raises(
            he.ArgumentError, match=r"kernel: got Own\(p=.*\); the energy of the uniform law is infinite"
        ):
            he.uniform_energy(Own(p), 3)
        with pytest.raises(he.ArgumentError, match="infinite"):
            he.expectation.spectrum(Own(p), 3, 4)


def _float(profile, r):
    with np.errstate(divide="ignore"):
        return float(profile(np.float64(float(r)), NumpyNamespace))


def test_infinite_energy_and_no_density() -> None:
    with pytest.raises(he.ArgumentError, match=r"kernel: got Riesz\(s=2\); .*infinite where .* s >= dim-1 = 2"):
        he.uniform_energy(he.Riesz(2), 3)
    with pytest.raises(he.ArgumentError, match="dim: got 1"):
        he.uniform_energy(he.Gaussian(1), 1)
