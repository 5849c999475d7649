"""The check of certificates proves what is true, refuses what is not, and needs nothing that proposes."""

from __future__ import annotations

import copy
import json
import math
import random
import subprocess
import sys
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from flint import fmpq_poly

import hyperenergy as he
from hyperenergy.arithmetic.namespaces import NumpyNamespace
from hyperenergy.bounds import certificates, checking
from hyperenergy.bounds.checking import CertificateError, nonnegative, proved


def certificate(**changed: Any) -> dict[str, Any]:
    """h = 1/2, the least value of 1/|x-y|: five points have at least 10/2."""
    return {
        "format": checking.FORMAT,
        "kind": "two-point",
        "kernel": {"name": "Riesz", "s": "1"},
        "points": 5,
        "dim": 3,
        "coefficients": ["0.5"],
        "bound": "5",
        **changed,
    }


KERNELS = {
    "Riesz(1)": ({"name": "Riesz", "s": "1"}, "1/2"),
    "Riesz(2)": ({"name": "Riesz", "s": "2"}, "1/4"),
    "Riesz(-1)": ({"name": "Riesz", "s": "-1"}, "-2"),
    "Riesz(-2)": ({"name": "Riesz", "s": "-2"}, "-4"),
    "Polynomial(3, 3/2)": ({"name": "Polynomial", "degree": "3", "c": "3/2"}, "1/8"),
    "Logarithmic": ({"name": "Logarithmic"}, "-0.6931471805599453094172321214581765681"),
    "Gaussian(1/2)": ({"name": "Gaussian", "t": "1/2"}, "0.1353352832366126918939994949724844034"),
    "Laplace(1)": ({"name": "Laplace", "t": "1"}, "0.1353352832366126918939994949724844034"),
    "InverseMultiquadric(3/2)": ({"name": "InverseMultiquadric", "c": "3/2"}, "3/5"),
    "RegularizedLogarithmic(1)": (
        {"name": "RegularizedLogarithmic", "t": "1"},
        "-1.609437912434100374600759333226187640",
    ),
}


@pytest.mark.parametrize("name", KERNELS)
def test_constants_below_and_above_the_least_value(name: str) -> None:
    """At t = -1, r = 4, where each kernel is least: its value there by hand, to 36 digits."""
    kernel, least = KERNELS[name]
    value = Fraction(least)
    below, above = (str(value + sign * Fraction(1, 10**30)) for sign in (-1, 1))
    assert proved(certificate(kernel=kernel, coefficients=[below], bound="-100")) == 10 * Fraction(below)
    with pytest.raises(CertificateError, match="h <= f"):
        proved(certificate(kernel=kernel, coefficients=[above], bound="-100"))


def test_a_line_that_touches() -> None:
    """(2-2t)^-1 lies above its tangent at 0, 1/2 + t/2, and not above it lifted."""
    tangent = certificate(kernel={"name": "Riesz", "s": "2"}, coefficients=["0.5", "0.5"], bound="3.75")
    assert proved(tangent) == Fraction(25 * Fraction(1, 2) - 5, 2)
    for changed in (["0.5000000001", "0.5"], ["0.5", "0.5000000001"]):
        with pytest.raises(CertificateError, match="h <= f"):
            proved({**tangent, "coefficients": changed})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"format": "hyperenergy certificate 2"}, "format: got 'hyperenergy certificate 2'"),
        ({"kind": "three"}, "kind: got 'three'"),
        ({"kind": ["two-point"]}, "kind: got"),
        ({"kernel": "Riesz"}, "kernel: got 'Riesz'; must be an object"),
        ({"kernel": {"name": "Riesz"}}, "kernel: s is missing"),
        ({"kernel": {"name": "Riesz", "s": 1}}, "kernel: s: got 1; must be an exact number as a text"),
        ({"kernel": {"name": "Riesz", "s": "1", "t": "2"}}, "kernel: t is no parameter of Riesz"),
        ({"kernel": {"name": "Riesz", "s": "0"}}, "f must be absolutely monotone"),
        ({"kernel": {"name": "Riesz", "s": "-3"}}, "f must be absolutely monotone"),
        ({"kernel": {"name": "Gaussian", "t": "-1"}}, "f must be absolutely monotone"),
        ({"kernel": {"name": "__import__('os')"}}, "checked are Riesz, Logarithmic"),
        ({"points": 1}, "points: got 1"),
        ({"points": 5.0}, "points: got 5.0"),
        ({"points": True}, "points: got True"),
        ({"points": 10**13}, "points: got"),
        ({"dim": "3"}, "dim: got '3'"),
        ({"dim": 1}, "dim: got 1"),
        ({"coefficients": []}, "coefficients: got []"),
        ({"coefficients": ["0"] * 500}, "must be a list of 1 to 401 numbers"),
        ({"coefficients": [0.5]}, "coefficients: number 0: got 0.5; must be an exact number as a text"),
        ({"coefficients": ["0.5", "-0.1"]}, "coefficients: number 1 is -0.1; must be nonnegative"),
        ({"coefficients": ["nan"]}, "coefficients: number 0: got 'nan'"),
        ({"coefficients": ["1/0"]}, "coefficients: number 0: got '1/0'"),
        ({"coefficients": ["0.5; import os"]}, "coefficients: number 0: got"),
        ({"coefficients": ["٠.٥"]}, "coefficients: number 0: got"),
        ({"bound": "5.0000000000000000000001"}, "what is proved is 5.0 and no more"),
        ({"bound": 5}, "bound: got 5; must be an exact number as a text"),
        ({"bound": "1e9999"}, "bound: got '1e9999'"),
    ],
)
def test_what_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(CertificateError) as error:
        proved(certificate(**changed))
    assert message in str(error.value)


@pytest.mark.parametrize("missing", certificate())
def test_missing_fields(missing: str) -> None:
    with pytest.raises(CertificateError, match=f"{missing} is missing"):
        proved({key: value for key, value in certificate().items() if key != missing})


def test_nonnegative_polynomials() -> None:
    third = fmpq_poly([-1, 3])
    half = fmpq_poly([-1, 2])
    assert nonnegative(half**2) and nonnegative(half**2 * fmpq_poly([0, 1])) and nonnegative(fmpq_poly([]))
    assert not nonnegative(third**2)  # true, but a zero at 1/3 is no end of an interval: nothing is shown
    assert not nonnegative(third**2 - fmpq_poly([1]) / 10**24) and nonnegative(third**2 + fmpq_poly([1]) / 10**24)
    assert not nonnegative(third) and not nonnegative(-third) and not nonnegative(fmpq_poly([-1]))


def test_the_series_are_those_of_the_kernels() -> None:
    """Value and slope against the package's own formulas, which the check does not use."""
    for kernel in (
        he.Riesz(0.5),
        he.Riesz(-1.5),
        he.Logarithmic(),
        he.Gaussian(3),
        he.Laplace(2),
        he.InverseMultiquadric(0.5),
    ):
        told = certificates.described(kernel)
        numbers = {key: Fraction(x) for key, x in told.items() if key != "name"}
        for t in (-0.9, -0.25, 0.625):
            found = checking.series(told["name"], numbers)(checking.ball(Fraction(t)), 2)

            def f(t: float, kernel: he.Kernel = kernel) -> float:
                return float(kernel.profile(np.float64(2 - 2 * t), NumpyNamespace))

            assert float(found[0]) == pytest.approx(f(t), rel=1e-14)
            assert float(found[1]) == pytest.approx((f(t + 1e-6) - f(t - 1e-6)) / 2e-6, rel=1e-8)


def _changed(text: str, rng: random.Random) -> str:
    """With one digit changed."""
    places = [i for i, x in enumerate(text) if x.isdigit()]
    i = rng.choice(places)
    return text[:i] + rng.choice([x for x in "0123456789" if x != text[i]]) + text[i + 1 :]


def tampered(count: int, seed: int) -> tuple[int, int]:
    """How many certificates with one digit changed were accepted, and how many of these claim more than is proved of them
    by a search: none may."""
    rng = random.Random(seed)
    sources = [he.lower_bound(he.Riesz(1), 8, 3, degree=10), he.lower_bound(he.Gaussian(2), 7, 3, degree=10)]
    energies = {8: 19.675287861, 7: 0.0}
    energies[7] = he.minimize(he.Energy(he.Gaussian(2)), points=7, dim=3, restarts=8).value
    accepted = wrong = 0
    for k in range(count):
        source = json.loads(json.dumps(sources[k % 2].certificate))
        where = rng.choice(["bound", "coefficients", "kernel", "points", "dim"])
        if where == "bound":
            source["bound"] = _changed(source["bound"], rng)
        elif where == "coefficients":
            i = rng.randrange(len(source["coefficients"]))
            source["coefficients"][i] = _changed(source["coefficients"][i], rng)
        elif where == "kernel":
            key = "s" if k % 2 == 0 else "t"
            source["kernel"][key] = _changed(source["kernel"][key], rng)
        else:
            source[where] = int(_changed(str(source[where]), rng))
        try:
            value = proved(copy.deepcopy(source))
        except CertificateError:
            continue
        accepted += 1
        wrong += Fraction(source["bound"]) > value
        if where in ("bound", "coefficients"):
            wrong += float(Fraction(source["bound"])) > energies[source["points"]] * (1 + 1e-9)
            wrong += float(value) > energies[source["points"]] * (1 + 1e-9)
    return accepted, wrong


def test_changed_digits() -> None:
    accepted, wrong = tampered(100, 1)
    assert wrong == 0 and 0 < accepted < 100


@pytest.mark.slow
def test_ten_thousand_changed_digits() -> None:
    accepted, wrong = tampered(10_000, 2)
    assert wrong == 0 and 0 < accepted < 10_000


def test_neither_torch_nor_a_solver_is_imported() -> None:
    heavy = ("torch", "scipy", "numpy", "clarabel")
    code = f"import sys, hyperenergy.bounds.checking; print([x for x in {heavy} if x in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def loss(**changed: Any) -> dict[str, Any]:
    return {
        "format": checking.FORMAT,
        "kind": "softmax loss",
        "points": 4,
        "temperature": "1/2",
        "views": 1,
        "own": False,
        "within": True,
        "across": False,
        "bound": "-100",
        **changed,
    }


def test_values_of_losses() -> None:
    """B1's, by hand: DHEL of both forms, DCL and InfoNCE at four pairs."""
    assert float(proved(loss())) == pytest.approx(math.log(3) - 8 / 3, rel=1e-14)
    assert float(proved(loss(views=2))) == pytest.approx(2 * math.log(3) - 10 / 3, rel=1e-14)
    assert float(proved(loss(across=True))) == pytest.approx(math.log(6) - 8 / 3, rel=1e-14)
    one = loss(own=True, within=False, across=True)
    assert float(proved(one)) == pytest.approx(math.log1p(3 * math.exp(-8 / 3)), rel=1e-14)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"within": False}, "no bound of such a loss"),
        ({"views": 2, "across": True}, "no bound of such a loss"),
        ({"views": 2, "own": True}, "no bound of such a loss"),
        ({"views": 3}, "views: got 3"),
        ({"views": True}, "views: got True"),
        ({"own": 1}, "temperature, own, within, across"),
        ({"temperature": "0"}, "temperature, own, within, across"),
        ({"temperature": 0.5}, "temperature: got 0.5"),
        ({"bound": "1e999"}, "and no more"),
    ],
)
def test_losses_that_are_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(CertificateError) as error:
        proved(loss(**changed))
    assert message in str(error.value)


def test_an_alignment_kernel_that_is_larger_elsewhere() -> None:
    """(t - 3)^2 is 4 at coincidence and 16 at the antipode: 4 would be no bound of the attraction."""
    whole = {"format": checking.FORMAT, "kind": "kernel loss", "attraction": "1", "weight": "1", "logarithm": False}
    whole |= {"energy": certificate(), "bound": "-100", "alignment": {"name": "Polynomial", "degree": "2", "c": "3"}}
    assert proved(whole) == Fraction(1, 2) - 16
    for alignment in ({"name": "Polynomial", "degree": "2", "c": "-3"}, {"name": "Riesz", "s": "1"}):
        with pytest.raises(CertificateError, match="not finite at coincidence, or not decreasing"):
            proved({**whole, "alignment": alignment})


def test_numbers_beyond_floats_are_refused_in_words() -> None:
    with pytest.raises(CertificateError, match="must be nonnegative"):
        proved(certificate(coefficients=["0", "-1e999"]))
