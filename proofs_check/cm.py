"""CM: which kernels are completely monotone, for every order of derivative and every parameter."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Rational, exp, factorial, ff, log, rf, sqrt

from hyperenergy.arithmetic.namespaces import SympyNamespace
from hyperenergy.kernels.base import Kernel
from hyperenergy.kernels.gaussian import Gaussian
from hyperenergy.kernels.inverse_multiquadric import InverseMultiquadric
from hyperenergy.kernels.laplace import Laplace
from hyperenergy.kernels.logarithmic import Logarithmic
from hyperenergy.kernels.regularized_logarithmic import RegularizedLogarithmic
from hyperenergy.kernels.riesz import Riesz
from proofs_check.exact import equal, is_nonnegative, is_positive, is_zero
from proofs_check.rules import by_induction
from proofs_check.steps import Claims, Proof, Step

STATEMENT = (
    "On (0, 4] the kernels Gaussian, Laplace, inverse multiquadric (any parameter > 0), Riesz for s > 0, and up to a "
    "constant Riesz for -2 < s < 0, the logarithmic and the regularized logarithmic kernel have (-1)^n K^(n) > 0 for "
    "all n >= 1. Riesz for s = -2 and the polynomial kernel with c >= 1 have (-1)^n K^(n) >= 0, with zeros. Riesz for "
    "s < -2 and the polynomial kernel of degree 2 with c < 1 fail."
)
SOURCE = "Widder, The Laplace Transform (1941), chapter IV, for the notion; the closed forms are elementary"

r = sympy.Symbol("r", positive=True)
n = sympy.Symbol("n", integer=True, positive=True)
j = sympy.Symbol("j", integer=True, nonnegative=True)
m = sympy.Symbol("m", integer=True, nonnegative=True)  # degree of a polynomial, less n
t, c, s = sympy.symbols("t c s", positive=True)
a, e, x = sympy.symbols("a e x", positive=True)
share = 1 / (1 + a)  # any number in (0, 1)
gap = sympy.Symbol("gap", nonnegative=True)  # 4 - r, and c - 1
parameter = sympy.Symbol("parameter", nonnegative=True)

_ODD = Fraction(104729, 65537)  # in (0, 2), and no number that a formula has of its own

# Name -> the kernel, and its n-th derivative for n >= 1.  x = -s/2 is in (0, 1), which matters for the sign alone.
CLOSED = {
    "Gaussian": (exp(-t * r), (-t) ** n * exp(-t * r)),
    "inverse multiquadric": (
        c / sqrt(c**2 + r),
        (-1) ** n * c * rf(Rational(1, 2), n) * (c**2 + r) ** (-Rational(1, 2) - n),
    ),
    "Riesz, s > 0": (r ** (-s / 2), (-1) ** n * rf(s / 2, n) * r ** (-s / 2 - n)),
    "Riesz, -2 < s < 0": (-(r**x), (-1) ** n * x * rf(1 - x, n - 1) * r ** (x - n)),
    "logarithmic": (-log(r) / 2, (-1) ** n * factorial(n - 1) / (2 * r**n)),
    "regularized logarithmic": (-log(1 + t * r), (-1) ** n * factorial(n - 1) * t**n / (1 + t * r) ** n),
}
# What the package computes with: a kernel of each family, and the symbol for each number made from its parameter.  The code
# of a profile looks at no more of it than its sign.
MEMBERS: dict[str, tuple[Kernel, dict[Fraction, Any]]] = {
    "Gaussian": (Gaussian(_ODD), {_ODD: t}),
    "inverse multiquadric": (InverseMultiquadric(_ODD), {_ODD: c}),
    "Riesz, s > 0": (Riesz(_ODD), {-_ODD / 2: -s / 2}),
    "Riesz, -2 < s < 0": (Riesz(-_ODD), {_ODD / 2: x}),
    "logarithmic": (Logarithmic(), {}),
    "regularized logarithmic": (RegularizedLogarithmic(_ODD), {_ODD: t}),
    "Laplace": (Laplace(_ODD), {_ODD: t}),
}


class Symbolic(SympyNamespace):
    """With a symbol in the place of some numbers, so that a formula is read for all parameters at once."""

    def __init__(self, names: Mapping[Fraction, Any]) -> None:
        self.names = names

    def number(self, value: Any) -> Any:  # type: ignore[override]  # of an instance
        return self.names.get(Fraction(value), SympyNamespace.number(value))

    def power(self, base: Any, exponent: Any) -> Any:  # type: ignore[override]  # the same
        return base ** self.number(exponent)


CLAIMS: Claims = MappingProxyType(
    {
        **{f"derivative of {name}": derivative for name, (_, derivative) in CLOSED.items()},
        **{f"formula of {name}": kernel for name, (kernel, _) in CLOSED.items()},
        "formula of Laplace": exp(-t * sqrt(r)),
        "factor of Laplace": t / (2 * sqrt(r)),  # -K' = factor K
        "exponent of the factor": Rational(1, 2),
        "derivative of polynomial": ff(m + n, n) * Rational(-1, 2) ** n * (1 + c - r / 2) ** m,
        "least c": sympy.Integer(1),
        "c of the failure": 1 / (1 + a),
        "Riesz at s = -2": -r,
        "exponent of the failure": 1 + e,  # -s/2 for s < -2
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    for name in (*CLOSED, "Laplace"):
        proof.step(
            f"formula of {name}",
            f"the class computes {claims[f'formula of {name}']} and says that it is strictly completely monotone, read with "
            "a symbol for its parameter",
            partial(_is_formula, name, claims),
        )
    for name in CLOSED:
        kernel, derivative = CLOSED[name][0], claims[f"derivative of {name}"]
        proof.step(
            f"derivatives of {name}",
            f"K^(n) = {derivative} for all n >= 1, by induction",
            partial(_are_derivatives, kernel, derivative),
            (f"formula of {name}",),
        )
        proof.step(
            f"sign of {name}",
            "(-1)^n K^(n) > 0 for r > 0",
            partial(_alternates, derivative),
        )
    proof.step(
        "product for Laplace",
        "K = e^{-t sqrt r} has -K' = t/(2 sqrt r) K",
        lambda: is_zero(sympy.diff(CLAIMS["formula of Laplace"], r) + claims["factor of Laplace"] * exp(-t * sqrt(r))),
        ("formula of Laplace",),
    )
    power = r ** -claims["exponent of the factor"]
    derivative = CLOSED["Riesz, s > 0"][1].subs(s, 2 * claims["exponent of the factor"])
    proof.step(
        "Leibniz for Laplace",
        "t/(2 sqrt r) is a Riesz kernel with alternating derivatives; by Leibniz' rule (-1)^{n+1} K^(n+1) = sum_k C(n,k) "
        "[(-1)^k (t/(2 sqrt r))^(k)] [(-1)^{n-k} K^(n-k)] is positive if the derivatives up to the n-th alternate",
        lambda: (
            equal(claims["factor of Laplace"], t / 2 * power)
            and _are_derivatives(power, derivative)
            and _alternates(derivative)
        ),
        ("product for Laplace",),
    )
    degree = sympy.Symbol("p", integer=True, positive=True)
    in_degree = claims["derivative of polynomial"].subs(m, degree - n)
    # A polynomial of degree m + n; the n-th derivative for n = 1 and by induction, and its sign for r <= 4, c >= least.
    proof.step(
        "derivatives of polynomial",
        "(1 - r/2 + c)^p has K^(n) = p(p-1)...(p-n+1) (-1/2)^n (1 + c - r/2)^{p-n}, 0 for n > p",
        lambda: by_induction(in_degree, n, 1, sympy.diff((1 + c - r / 2) ** degree, r), sympy.diff(in_degree, r)),
    )
    proof.step(
        "sign of polynomial",
        "for c >= 1 and r <= 4 its factor 1 + c - r/2 = (c - 1) + (4 - r)/2 is nonnegative, so (-1)^n K^(n) >= 0; the "
        "derivatives beyond the degree vanish",
        lambda: (
            is_nonnegative((1 + c - r / 2).subs({r: 4 - gap}).subs(c, claims["least c"] + parameter))
            and is_positive(ff(m + n, n) * Rational(1, 2) ** n)
        ),
        ("derivatives of polynomial",),
    )
    proof.step(
        "polynomial, c < 1",
        "for 0 < c < 1 the polynomial of degree 2 increases at r = 4: a witness against every smaller bound on c",
        lambda: is_positive(
            sympy.factor(sympy.diff((1 + c - r / 2) ** 2, r).subs(r, 4).subs(c, claims["c of the failure"]))
        ),
    )
    proof.step(
        "Riesz, s = -2",
        "-r has the first derivative -1 and no others: completely monotone up to a constant, not strictly",
        lambda: (
            equal(Riesz(-2).profile(r, SympyNamespace), claims["Riesz at s = -2"])
            and is_positive(-sympy.diff(claims["Riesz at s = -2"], r))
            and is_zero(sympy.diff(claims["Riesz at s = -2"], r, 2))
            and (Riesz(-2).completely_monotone, Riesz(-2).strictly_completely_monotone) == (True, False)
        ),
    )
    proof.step(
        "Riesz, s < -2",
        "-r^a with a = -s/2 > 1 has the second derivative -a(a-1) r^{a-2} < 0 at every r > 0: a witness",
        lambda: (
            is_positive(-sympy.factor(sympy.simplify(sympy.diff(-(r ** claims["exponent of the failure"]), r, 2))))
            and not Riesz(-3).completely_monotone
        ),
    )
    return proof.steps


def _is_formula(name: str, claims: Claims) -> bool:
    kernel, names = MEMBERS[name]
    profile = kernel.profile(r, Symbolic(names))
    return equal(profile, claims[f"formula of {name}"]) and kernel.strictly_completely_monotone


def _are_derivatives(kernel: Any, derivative: Any) -> bool:
    return by_induction(derivative, n, 1, sympy.diff(kernel, r), sympy.diff(derivative, r))


def _alternates(derivative: Any) -> bool:
    """Whether (-1)^n times it is positive for all n = j + 1; Gamma of a positive number is."""
    value = sympy.powsimp(sympy.expand((-1) ** n * derivative)).subs({x: share, n: j + 1}).rewrite(sympy.gamma)
    return is_positive(value.replace(sympy.gamma, lambda z: sympy.gamma(sympy.factor(z))))


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    **{f"formula of {name}": {f"formula of {name}": r * kernel} for name, (kernel, _) in CLOSED.items()},
    **{f"derivatives of {name}": {f"derivative of {name}": 2 * x} for name, (_, x) in CLOSED.items()},
    **{f"sign of {name}": {f"derivative of {name}": -x} for name, (_, x) in CLOSED.items()},
    "formula of Laplace": {"formula of Laplace": exp(-t * r)},
    "product for Laplace": {"factor of Laplace": t / sqrt(r)},
    "Leibniz for Laplace": {"exponent of the factor": -Rational(1, 2)},
    "derivatives of polynomial": {"derivative of polynomial": ff(m + n, n) * (1 + c - r / 2) ** m},
    "sign of polynomial": {"least c": sympy.Integer(0)},
    "polynomial, c < 1": {"c of the failure": 1 + a},
    "Riesz, s = -2": {"Riesz at s = -2": -(r**2)},
    "Riesz, s < -2": {"exponent of the failure": share},
}
