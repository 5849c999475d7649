from __future__ import annotations

import dataclasses
import inspect
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

import hyperenergy as he
from hyperenergy.arithmetic.namespaces import NumpyNamespace, SympyNamespace
from hyperenergy.kernels import sampling
from hyperenergy.kernels.base import FACTS, METHODS
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


def test_kernels_show_their_parameters() -> None:
    assert list(inspect.signature(he.Polynomial).parameters) == ["degree", "c"]
    assert inspect.signature(he.Gaussian).parameters["t"].default == 2.0


# ---- facts ----


def facts(kernel: he.Kernel) -> dict[str, Any]:
    return {name: getattr(kernel, name) for name in FACTS if name not in METHODS}


NOTHING = dict.fromkeys(FACTS[:6], False)


def own(formula: Any, **declared: Any) -> Any:
    """An instance of a kernel class of one's own, with this formula and these declarations."""
    body = {"profile": lambda self, r, m: formula(r, m), **declared}
    return dataclasses.dataclass(frozen=True)(type(he.Kernel)("Own", (he.Kernel,), body))()  # type: ignore[misc]


@pytest.mark.parametrize(
    "kernel", [*KERNELS, he.Riesz(-2), he.Riesz(3000), he.Gaussian(1e-20), he.Gaussian(1e6)], ids=lambda k: k.label
)
def test_samples_agree_with_the_facts_of_every_kernel(kernel: he.Kernel) -> None:
    assert sampling.contradiction(kernel.profile, facts(kernel)) is None
    assert kernel.strictly_decreasing and kernel.decreasing


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.label)
def test_subclasses_inherit_no_fact(kernel: he.Kernel) -> None:
    """What holds at r = 0 is read off the formula again; nothing else is taken to hold."""
    kind = dataclasses.dataclass(frozen=True)(type(he.Kernel)("Derived", (type(kernel),), {}))  # type: ignore[misc]
    derived = kind(*(getattr(kernel, f.name) for f in dataclasses.fields(kernel)))
    assert facts(derived) == {
        **NOTHING,
        "singular": kernel.singular,
        "cusp_slope": pytest.approx(kernel.cusp_slope, rel=1e-12),
        "kinked": kernel.kinked,
    }
    closed = derived.log_uniform_mean(30), derived.uniform_mean(30), derived.eigenvalues(30, 2)
    assert closed == (None, None, None)


@pytest.mark.parametrize("kernel", [k for k in KERNELS if k.positive], ids=lambda k: k.label)
def test_log_profiles_are_the_logarithm(kernel: he.Kernel) -> None:
    r = np.array(R)
    np.testing.assert_allclose(
        kernel.log_profile(r, NumpyNamespace), np.log(kernel.profile(r, NumpyNamespace)), rtol=1e-14, atol=1e-15
    )
    assert he.Riesz(10**4).log_profile(4.0, NumpyNamespace) == pytest.approx(-5000 * math.log(4), rel=1e-15)


def test_declarations_of_ones_own_kernel_count() -> None:
    kernel = own(lambda r, m: m.exp(-r) + 1 / (1 + r), strictly_completely_monotone=True, positive=True)
    assert facts(kernel) == dict.fromkeys(FACTS[:6], True) | {"singular": False, "cusp_slope": 0.0, "kinked": False}
    prediction = he.predict(he.Energy(kernel), 12, 3)
    assert prediction is not None and (prediction.theorem, prediction.unique) == ("B2c", True)
    # By hand: 6 times the sum over an icosahedron's distances.
    expected = 6 * math.fsum(
        n * (math.exp(-r) + 1 / (1 + r)) for n, r in ((5, 2 - 2 / 5**0.5), (5, 2 + 2 / 5**0.5), (1, 4))
    )
    assert prediction.value == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("formula", "declared", "against"),
    [
        (lambda r, m: r, {"strictly_completely_monotone": True}, "order 1 is positive"),
        (lambda r, m: r, {"strictly_decreasing": True}, "order 1 is positive"),
        (lambda r, m: 0 * r, {"strictly_decreasing": True}, "order 1 is zero"),
        (lambda r, m: m.exp(-r) - 1, {"positive": True}, "kappa is negative"),
        (lambda r, m: -m.power(r, "3/2"), {"strictly_convex_decreasing": True}, "order 2 is negative"),
        (lambda r, m: -r, {"strictly_convex_decreasing": True}, "order 2 is zero"),
        (lambda r, m: (3 - r / 2) ** 3, {"strictly_completely_monotone": True}, "order 4 is zero"),
        (lambda r, m: m.exp(-r * r / 8), {"completely_monotone": True}, "order 2 is negative"),
        # It rises only for r < 0.06.
        (lambda r, m: m.exp(-r) - m.exp(-20 * r) / 15, {"completely_monotone": True}, "order 1 is positive"),
        # Three signs are right; the sixth derivative of (5 - r)^5 + r^6/10^6 is not small beside 0.
        (lambda r, m: (5 - r) ** 5 - r**6 / 10**6, {"completely_monotone": True}, "order 6 is negative"),
        (lambda r, m: torch.exp(r), {"completely_monotone": True}, "order 1 is positive"),  # reads tensors alone
        (lambda r, m: torch.cos(r), {"completely_monotone": True}, "order 2 is negative"),
        (lambda r, m: m.exp(-r), {"singular": True}, "singular: kappa is finite"),
        (lambda r, m: 1 / r, {"singular": False}, "singular: kappa is infinite"),
        (lambda r, m: m.exp(-m.sqrt(r)), {"cusp_slope": 2.0}, "cusp_slope: it is 1"),
        (lambda r, m: m.exp(-m.sqrt(r)), {"kinked": False}, "kinked: d kappa / dr is infinite"),
    ],
)
def test_a_declaration_that_samples_contradict_is_refused(formula: Any, declared: dict[str, Any], against: str) -> None:
    own(formula)  # nothing declared, nothing to contradict
    with pytest.raises(he.ArgumentError, match=rf"kernel: got Own\(\), which declares {next(iter(declared))}") as error:
        own(formula, **declared)
    assert against in str(error.value) and "\n" not in str(error.value)
    right = {"singular": False} if not own(formula).singular else {"singular": True}
    assert own(formula, **right).singular is right["singular"]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (lambda r, m: 1 / r, (True, math.inf, True)),
        (lambda r, m: -m.log(r), (True, math.inf, True)),
        (lambda r, m: -m.power(r, "1/1000"), (False, math.inf, True)),
        (lambda r, m: -3 * m.sqrt(r), (False, 3.0, True)),
        (lambda r, m: 3 * m.sqrt(r), (False, 0.0, True)),  # it rises: no cusp that holds pairs together
        (lambda r, m: -m.power(r, "999/1000"), (False, 0.0, True)),
        (lambda r, m: -m.power(r, "3/2"), (False, 0.0, False)),
        (lambda r, m: torch.exp(-torch.sqrt(r)), (False, pytest.approx(1, abs=1e-4), True)),
        (lambda r, m: 0 * r + 5, (False, 0.0, False)),
    ],
)
def test_the_behavior_at_coincidence_is_read_off_the_formula(formula: Any, expected: tuple[Any, ...]) -> None:
    kernel = own(formula)
    assert (kernel.singular, kernel.cusp_slope, kernel.kinked) == expected


def test_a_singular_kernel_of_ones_own_does_not_align() -> None:
    with pytest.raises(he.ArgumentError, match=r"alignment_kernel: got Own.*diverges at u = v"):
        he.KCL(he.Gaussian(2), alignment_kernel=own(lambda r, m: 1 / r))


def test_closed_forms_of_the_uniform_law_are_not_inherited() -> None:
    @dataclasses.dataclass(frozen=True)
    class Half(he.Gaussian):
        def profile(self, r: Any, m: Any) -> Any:
            return m.exp(-m.number(self.t) * r / 2)

    assert he.uniform_energy(Half(4), 5) == pytest.approx(he.uniform_energy(he.Gaussian(2), 5), rel=1e-12)
    found = he.expectation.spectrum(Half(4), 5, 3).eigenvalues
    np.testing.assert_allclose(found, he.expectation.spectrum(he.Gaussian(2), 5, 3).eigenvalues, rtol=1e-11)
