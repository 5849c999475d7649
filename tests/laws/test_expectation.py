"""The expectation level: the law of inner products, spectra, limits, rates, finite batches of the uniform law."""

from __future__ import annotations

import math
from itertools import islice

import mpmath
import numpy as np
import pytest
import torch

import hyperenergy as he
from hyperenergy import expectation
from hyperenergy.arithmetic.gegenbauer import gegenbauer
from hyperenergy.arithmetic.special import log_0f1, log_gamma_ratio
from hyperenergy.laws.law import InnerProductLaw, gauss_jacobi
from hyperenergy.laws.spectrum import log_multiplicities, spectrum

DIMS = [2, 3, 4, 8, 17, 128, 1024]
KERNELS = [
    he.Gaussian(2),
    he.Gaussian(50),
    he.InverseMultiquadric(1),
    he.InverseMultiquadric("1/10"),
    he.Riesz("1/2"),
    he.Riesz(-1),
    he.Riesz("-3/2"),
    he.Logarithmic(),
    he.Laplace(1),
    he.RegularizedLogarithmic(3),
    he.Polynomial(3),
]
SOFTMAX = [
    he.InfoNCE(0.5),
    he.InfoNCE(0.5, symmetric=True),
    he.SimCLR(0.5),
    he.NTXent(0.5),
    he.DCL(0.5),
    he.DCL(0.5, within_view=False),
    he.DHEL(0.5),
    he.DHEL(0.5, two_view=True),
]


def label(x: object) -> str:
    return getattr(x, "label", str(x))


# ---- the law of inner products ----


@pytest.mark.parametrize("dim", DIMS)
def test_law(dim: int) -> None:
    law = InnerProductLaw(dim)
    t, weights = law.quadrature(60)
    for order in (0, 1, 2, 4, 10, 40):
        expected = law.moment(order)
        assert (weights * t**order).sum() == pytest.approx(expected, rel=1e-12, abs=1e-15)
    p = np.array([1e-3, 0.1, 0.5, 0.9, 1 - 1e-3])
    np.testing.assert_allclose(law.cdf(law.quantile(p)), p, rtol=1e-9)
    assert law.cdf(-2.0) == 0 and law.cdf(2.0) == 1 and law.pdf(1.5) == 0
    # The density is the derivative of the distribution function.
    x, h = 0.3 / math.sqrt(dim), 1e-6
    assert law.pdf(x) == pytest.approx((law.cdf(x + h) - law.cdf(x - h)) / (2 * h), rel=1e-7)


@pytest.mark.parametrize("dim", [2, 3, 8, 128])
def test_samples_follow_the_law(dim: int) -> None:
    """Moments within five standard errors of 200 000 draws, and of uniform points."""
    law = InnerProductLaw(dim)
    draws = law.sample((200_000,), generator=torch.Generator().manual_seed(0))
    for order in (1, 2, 4):
        error = math.sqrt(law.moment(2 * order) / 200_000)
        assert float(draws.pow(order).mean()) == pytest.approx(law.moment(order), abs=5 * error)
    X = he.sphere.random_points(200_000, dim, generator=torch.Generator().manual_seed(1))
    assert float(X[:, 0].square().mean()) == pytest.approx(law.moment(2), abs=5 * math.sqrt(law.moment(4) / 200_000))


def test_gauss_jacobi_against_scipy() -> None:
    from scipy.special import roots_jacobi

    for alpha, beta in ((-0.5, 0.0), (0.0, 1.0), (2.5, 6.0)):
        x, weights = gauss_jacobi(alpha, beta, 12)
        expected, unnormalized = roots_jacobi(12, alpha, beta)
        np.testing.assert_allclose(x, expected, atol=1e-14)
        np.testing.assert_allclose(weights, unnormalized / unnormalized.sum(), atol=1e-14)


# ---- special functions ----


@pytest.mark.parametrize("b", [1.0, 1.5, 4.0, 64.0, 1024.0])
@pytest.mark.parametrize("y", [1e-6, 0.3, 25.0, 2500.0, 1e5, 1e6])
def test_log_0f1(b: float, y: float) -> None:
    with mpmath.workdps(30):
        exact = mpmath.log(mpmath.hyp0f1(b, y))
        scaled = float(exact - 2 * mpmath.sqrt(y))
    assert float(log_0f1(b, y)) == pytest.approx(float(exact), rel=1e-13, abs=1e-15)
    assert float(log_0f1(b, y, scaled=True)) == pytest.approx(scaled, rel=1e-12, abs=1e-13)


def test_log_gamma_ratio() -> None:
    for x, shift in ((0.5, 0.25), (25.0, -0.25), (511.5, -0.25), (511.5, -100.0), (1e5, 0.5)):
        with mpmath.workdps(30):
            exact = float(mpmath.loggamma(mpmath.mpf(x) + shift) - mpmath.loggamma(x))
        assert log_gamma_ratio(x, shift) == pytest.approx(exact, rel=1e-14, abs=1e-15)


# ---- values of the uniform law ----


@pytest.mark.parametrize("dim", DIMS)
def test_closed_forms_to_1e_13(dim: int) -> None:
    d = mpmath.mpf(dim)
    with mpmath.workdps(40):
        for t in ("0.001", "0.5", "2", "300"):
            exact = mpmath.log(mpmath.hyp0f1(d / 2, mpmath.mpf(t) ** 2)) - 2 * mpmath.mpf(t)
            assert expectation.log_uniform_energy(he.Gaussian(t), dim) == pytest.approx(float(exact), abs=1e-13)
        for s in ("-1.5", "-0.5", "0.5", "0.9"):
            x = mpmath.mpf(s)
            exact = mpmath.power(2, -x) * mpmath.gammaprod([(d - 1 - x) / 2, d - 1], [(d - 1) / 2, d - 1 - x / 2])
            value = he.uniform_energy(he.Riesz(s), dim)
            assert abs(value) == pytest.approx(float(exact), rel=1e-13)
        if dim <= 8:
            for c in ("0.5", "1", "5"):
                exact = mpmath.hyp2f1(0.5, (d - 1) / 2, d - 1, -4 / mpmath.mpf(c) ** 2, maxterms=10**6)
                assert he.uniform_energy(he.InverseMultiquadric(c), dim) == pytest.approx(float(exact), rel=1e-13)


def test_log_values_beyond_float64() -> None:
    assert (
        he.uniform_energy(he.Gaussian(800), 2048) == 0.0
        or expectation.log_uniform_energy(he.Gaussian(800), 2048) < -600
    )
    with mpmath.workdps(40):
        exact = mpmath.log(mpmath.hyp0f1(1024, mpmath.mpf(800) ** 2)) - 1600
    assert expectation.log_uniform_energy(he.Gaussian(800), 2048) == pytest.approx(float(exact), rel=1e-13)
    with pytest.raises(he.ArgumentError, match="must be positive"):
        expectation.log_uniform_energy(he.Logarithmic(), 3)


# ---- spectra ----


@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("kernel", KERNELS, ids=label)
def test_spectrum_against_quadrature(kernel: he.Kernel, dim: int) -> None:
    """Eigenvalues are means of kappa times P_k; singular kernels at the circle lose digits in the quadrature alone."""
    if kernel == he.Gaussian(50) and dim >= 17:
        pytest.skip(
            "far in its tail the rule has weights below 1e-32, which carry no digits; see the test at 40 digits"
        )
    found = spectrum(kernel, dim, 30)
    from hyperenergy.arithmetic.namespaces import NumpyNamespace
    from hyperenergy.laws.uniform import kernel_rule

    t, r, weights = kernel_rule(kernel, dim, 400)
    values = weights * kernel.profile(r, NumpyNamespace)
    expected = [values @ P for P in islice(gegenbauer(t, dim), 31)]
    rough = kernel.label.startswith(("Riesz(s=1/2", "Logarithmic")) and dim <= 4
    largest = max(abs(kernel.profile(np.array([4.0]), NumpyNamespace)[0]), np.abs(expected).max())
    np.testing.assert_allclose(found.eigenvalues, expected, rtol=0, atol=(3e-3 if rough else 3e-13) * largest)
    assert found.eigenvalues[0] == pytest.approx(he.uniform_energy(kernel, dim), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("kernel", [k for k in KERNELS if not k.singular], ids=label)
@pytest.mark.parametrize("dim", [2, 3, 8])
def test_the_expansion_is_the_kernel(kernel: he.Kernel, dim: int) -> None:
    from hyperenergy.arithmetic.namespaces import NumpyNamespace

    t = np.array([-1.0, -0.3, 0.2, 0.7])
    expected = kernel.profile(2 - 2 * t, NumpyNamespace)
    scale = max(abs(expected).max(), abs(kernel.profile(np.array([0.0, 4.0]), NumpyNamespace)).max())
    errors = [abs(spectrum(kernel, dim, degree)(t) - expected).max() / scale for degree in (50, 100, 200)]
    # Cusps, and the steep inverse multiquadric in eight dimensions, converge slowly in the degree; the multiplicity, 1e6 at
    # degree 20 in eight dimensions, magnifies the absolute error of quadrature.
    slow = kernel.kinked or kernel == he.InverseMultiquadric("1/10")
    assert errors[-1] < (2e-2 if slow else 1e-6) and errors[-1] <= errors[0] + 1e-6


def test_relative_accuracy_of_closed_forms() -> None:
    """Against 40 digits, far below round-off of the largest eigenvalue."""
    with mpmath.workdps(40):
        for k in (0, 5, 60, 200):
            exact = mpmath.exp(-100) * mpmath.mpf(50) ** k / mpmath.rf(512, k) * mpmath.hyp0f1(k + 512, 2500)
            assert spectrum(he.Gaussian(50), 1024, 200).eigenvalues[k] == pytest.approx(float(exact), rel=1e-12)
            exact = mpmath.exp(-4) * mpmath.mpf(2) ** k / mpmath.rf(4, k) * mpmath.hyp0f1(k + 4, 4)
            assert spectrum(he.Gaussian(2), 8, 200).eigenvalues[k] == pytest.approx(float(exact), rel=1e-13)
            exact = mpmath.quad(
                lambda x, k=k: mpmath.legendre(k, x) / mpmath.sqrt(3 - 2 * x) / 2, mpmath.linspace(-1, 1, 33)
            )
            if k <= 60:
                assert spectrum(he.InverseMultiquadric(1), 3, 60).eigenvalues[k] == pytest.approx(
                    float(exact), rel=1e-12
                )


@pytest.mark.parametrize("kernel", [k for k in KERNELS if not isinstance(k, he.Polynomial)], ids=label)
def test_completely_monotone_kernels_have_positive_eigenvalues(kernel: he.Kernel) -> None:
    found = spectrum(kernel, 8, 40)
    floor = 0.0 if found.relative else -found.accuracy * abs(found.eigenvalues).max()
    assert (found.eigenvalues[1:] > floor).all()
    negative = spectrum(he.Riesz(-3), 8, 10)  # not completely monotone, and the uniform law is no minimizer
    assert (negative.eigenvalues[1:] < 0).any()


def test_multiplicities() -> None:
    assert np.exp(log_multiplicities(3, 5)) == pytest.approx([1, 3, 5, 7, 9, 11], rel=1e-13)
    assert np.exp(log_multiplicities(2, 3)) == pytest.approx([1, 2, 2, 2], rel=1e-13)
    assert np.isfinite(log_multiplicities(1024, 200)).all()


# ---- limits and rates ----


@pytest.mark.parametrize("loss", [*SOFTMAX, he.KCL(he.Gaussian(2)), he.KCL(he.Gaussian(2), two_view=True)], ids=label)
@pytest.mark.parametrize("dim", [2, 3, 16])
def test_expected_uniform_against_sampling(loss, dim: int) -> None:
    for batch in (2, 5):
        X = he.sphere.random_points(40_000, batch, dim, generator=torch.Generator().manual_seed(batch))
        values = loss(X, X)
        error = float(values.std()) / 200
        assert expectation.expected_uniform(loss, batch, dim) == pytest.approx(float(values.mean()), abs=5 * error)


@pytest.mark.parametrize(("dim", "tau"), [(3, 0.5), (8, 0.5), (128, 0.2)])
def test_rates(dim: int, tau: float) -> None:
    """E2 within 1 %: the expectations are exact to quadrature, the fit leaves the third order in 1/M."""
    from hyperenergy.verify.expectation import fitted_slope

    for loss in SOFTMAX:
        chosen = type(loss)(**{**loss.options, "temperature": tau})
        slope = fitted_slope(chosen, dim)
        assert slope.relative_error < 1e-3
        wrong = abs(slope.fitted / (2 * slope.predicted) - 1)
        assert wrong > 0.01  # negative control


def test_the_scale_of_the_limit() -> None:
    """d = 128, tau = 0.1, M = 1024: InfoNCE is still 2.75 from its limit, DHEL 0.0006."""
    gaps = [
        expectation.expected_uniform(loss, 1024, 128) - expectation.normalizer(loss, 1024) - he.limit(loss, 128)
        for loss in (he.InfoNCE(0.1), he.DHEL(0.1))
    ]
    assert gaps[0] == pytest.approx(2.745, abs=1e-3) and gaps[1] == pytest.approx(-0.00056, abs=1e-5)


@pytest.mark.parametrize(("t", "dim"), [(1000, 3), (50, 128), (200, 32), (1, 2), (3, 1024)])
def test_laplace_to_relative_accuracy(t: int, dim: int) -> None:
    """Where the kernel's decay moves the mass far into the tail of the law, too."""
    with mpmath.workdps(40):
        cuts = [0, *[mpmath.mpf(10) ** k for k in (-5, -4, -3, -2)], 0.05, 0.2, 0.5, 1, 1.5, 2, mpmath.pi]

        def weighted(kappa):
            return mpmath.quad(lambda x: mpmath.sin(x) ** (dim - 2) * kappa(x), cuts)

        exact = weighted(lambda x: mpmath.exp(-2 * t * mpmath.sin(x / 2))) / weighted(lambda x: 1)
    assert he.uniform_energy(he.Laplace(t), dim) == pytest.approx(float(exact), rel=1e-12)


def test_finite_batches_at_small_temperatures() -> None:
    """Two pairs: E log e^{T/tau} = 0 without the anchor's own term; against brute quadrature with it."""
    for tau in (0.02, 0.03, 0.1):
        assert expectation.expected_uniform(he.DHEL(tau), 2, 2) == pytest.approx(-1 / tau, rel=1e-13)
        t, weights = InnerProductLaw(3).quadrature(2000)
        exact = float(weights @ np.logaddexp(0.0, (t - 1) / tau))
        assert expectation.expected_uniform(he.InfoNCE(tau), 2, 3) == pytest.approx(exact, rel=1e-8, abs=1e-11)
        nodes, w = InnerProductLaw(3).quadrature(600)
        pair = np.logaddexp(nodes[:, None] / tau, nodes[None, :] / tau)
        exact = float(w @ pair @ w) - 1 / tau
        assert expectation.expected_uniform(he.DHEL(tau), 3, 3) == pytest.approx(exact, rel=1e-5)


def test_finite_batches_keep_their_digits_at_any_size() -> None:
    """Beyond M = 1e5 what is left of the distance is rate/M, to a relative 1/M."""
    for loss in (he.DHEL(0.5), he.InfoNCE(0.5), he.SimCLR(0.5)):
        for batch in (10**5, 10**7, 10**9):
            distance = (
                expectation.expected_uniform(loss, batch, 3) - expectation.normalizer(loss, batch) - he.limit(loss, 3)
            )
            assert distance == pytest.approx(expectation.rate(loss, 3) / batch, rel=1e-3, abs=1e-13)


def test_limits_at_extremes() -> None:
    with mpmath.workdps(40):
        exact = mpmath.log(mpmath.hyp0f1(1024, 2500)) - 100
        circle = mpmath.log(mpmath.hyp0f1(1, mpmath.mpf(10) ** 6 / 4)) - 1000
    assert he.limit(he.InfoNCE(0.01), 2048) == pytest.approx(float(exact), rel=1e-14)
    assert he.limit(he.DHEL(0.001), 2) == pytest.approx(float(circle), rel=1e-12)
    assert math.isfinite(expectation.rate(he.InfoNCE(0.01), 2048))
    with pytest.raises(he.ArgumentError, match=r"temperature: got 0\.001; is so small"):
        expectation.rate(he.InfoNCE(0.001), 4096)


def test_alignment_and_uniformity_tends_to_its_limit() -> None:
    X = he.sphere.random_points(4000, 3, generator=torch.Generator().manual_seed(0))
    assert float(he.AlignUniform()(X, X)) == pytest.approx(he.limit(he.AlignUniform(), 3), abs=5e-3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: InnerProductLaw(1), "dim: got 1; must be an integer >= 2"),
        (lambda: InnerProductLaw(3).quantile(1.5), "p: got values outside"),
        (lambda: spectrum(he.Gaussian(1), 3, -1), "degree: got -1"),
        (lambda: spectrum(he.Gaussian(1), 1, 3), "dim: got 1"),
        (lambda: spectrum(he.Riesz(2), 3, 3), r"kernel: got Riesz\(s=2\); the energy of the uniform law is infinite"),
        (lambda: he.uniform_energy(he.Riesz(3), 3), "infinite where a kernel grows like .* s >= dim-1 = 2"),
        (lambda: he.limit(he.KCL(he.Riesz(2), alignment_kernel=he.Gaussian(1)), 3), "infinite"),
        (lambda: he.limit(he.DHEL(0.5), 1), "dim: got 1"),
        (lambda: he.limit(he.Gaussian(1), 3), "loss: got .*has no known limit"),  # type: ignore[arg-type]
        (lambda: he.limit(he.SigLIP(10.0, -5.0), 3), "loss: got .*has no known limit"),
        (lambda: expectation.normalizer(he.DHEL(0.5), 1), "batch: got 1"),
        (lambda: expectation.rate(he.AlignUniform(), 3), "no rate is known"),
        (lambda: expectation.expected_uniform(he.AlignUniform(), 3, 3), "inside the logarithm"),
    ],
)
def test_bad_input(call, message: str) -> None:
    with pytest.raises(he.ArgumentError, match=message):
        call()
