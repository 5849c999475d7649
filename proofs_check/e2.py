"""E2, how fast the expected losses approach their limit: the coefficient of 1/M, with a remainder of order 1/M^2.

In full: In the setting of E1 with F its limit, tau fixed, let rho(u) = Var(e^{u.u'/tau} | u)/Z(u)^2. Uniformly in the law
of the pairs, up to O(M^-2): DHEL - log(M-1) and cross-view DCL - log(M-1) are F - E[rho]/(2M); InfoNCE - log M is F +
(1/M) E[e^{s/tau}/Z - 1 - rho/2]; SimCLR - log(2M-1) is F + (1/M) E[(e^{s/tau}/Z - 1)/2 - rho'/2] and DCL - log 2(M-1) is
F - E[rho']/(2M), where rho' <= rho is that of (e^{u.u'/tau} + e^{u.v'/tau})/2, and rho for aligned pairs. Under the
uniform law 1 + rho = 0F1(;d/2;1/tau^2)/Z^2. At d = 128, tau = 1/10, M = 1024, aligned and uniform, InfoNCE - log M
exceeds F by 2.74 to 2.75, while E[rho]/(2(M-1)) is 0.00055 to 0.0006.

Sources: The delta method, with exact moments and explicit remainders; Koromilas et al. (ICML 2024) for the limit.
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Integer, Rational, exp, factorial, hyper, log

from proofs_check.e1 import CLAIMS as LIMIT
from proofs_check.e1 import LOSSES, M, P, Y, Z, argument, beyond, d, is_series_of, tau
from proofs_check.exact import (
    averaged,
    between,
    enclosure,
    equal,
    interval,
    is_nonnegative,
    is_positive,
    is_zero,
    log_of_interval,
)
from proofs_check.steps import Claims, Proof, Step

x, t, g = sympy.symbols("x t g", positive=True)
low = 1 / (1 + sympy.Symbol("l", nonnegative=True))  # L, any number in (0, 1]
rho, a = sympy.symbols("rho a", real=True)  # a = P/Z
m_2, m_3, m_4, bound = sympy.symbols("m_2 m_3 m_4 B", positive=True)
n = sympy.Symbol("n_minus_1", integer=True, nonnegative=True) + 1
z, u, v, c = sympy.symbols("z u v c", real=True)
D = sympy.Symbol("D", nonnegative=True)

CLAIMS: Claims = MappingProxyType(
    {
        "cubic": x - x**2 / 2 + x**3 / 3,
        "remainder": x**4 / (4 * low),
        "least ratio": exp(-2 / tau),
        "moments of a mean": (Integer(1), Integer(0), m_2 / n, m_3 / n**2, (m_4 + 3 * (n - 1) * m_2**2) / n**3),
        "bounds": (bound**2 / n, bound**3 / n**2, 3 * bound**4 / n**2),
        "slope of InfoNCE": a - 1 - rho / 2,
        "slope of SimCLR": (a - 1) / 2 - rho / 2,
        "slope of DCL": -rho / 2,
        "slope of DCL cross-view": -rho / 2,
        "slope of DHEL": -rho / 2,
        "order": 2,
        "two views": (rho + c) / 2,
        "second moment": hyper((), (d / 2,), 1 / tau**2),
        "scale of DHEL": (Rational(55, 10**5), Rational(6, 10**4)),
        "scale of InfoNCE": (Rational(274, 100), Rational(275, 100)),
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    proof.step(
        "Taylor",
        "log(1+x) = x - x^2/2 + x^3/3 + R, R = -int_0^x t^3/(1+t) dt for x > -1: both vanish at 0, and have one "
        "derivative",
        lambda: (
            is_zero(sympy.diff(log(1 + x) - claims["cubic"], x) + x**3 / (1 + x))
            and is_zero((log(1 + x) - claims["cubic"]).subs(x, 0))
        ),
    )
    proof.step(
        "remainder",
        "|R| <= x^4/(4L) where 1+x >= L, 0 < L <= 1: 1+t >= L between 0 and x, so that |t|^3/(1+t) <= |t|^3/L",
        lambda: (
            equal(sympy.integrate(t**3 / low, (t, 0, x)), claims["remainder"])
            and is_nonnegative(sympy.factor(1 / low - 1 / (low + D)))  # 1 + t = L + D
        ),
        ("Taylor",),
    )
    proof.step(
        "least ratio",
        "the mean of the terms in the logarithm over Z is at least L = e^{-2/tau} for all five losses: no term is "
        "less than e^{-1/tau}, and Z is at most e^{1/tau}",
        lambda: all(
            equal(
                argument(name).subs({P: exp(-1 / tau), Y: exp(-1 / tau)}) / LIMIT[f"terms of {name}"] / exp(1 / tau),
                claims["least ratio"],
            )
            and is_positive(sympy.diff(argument(name), Y))
            and is_nonnegative(sympy.diff(argument(name), P))
            for name in LOSSES
        ),
    )
    proof.step(
        "moments of a mean",
        "of n iid centered variables with the moments m_2, m_3, m_4: E exp(z sum) = (1 + m_2 z^2/2 + m_3 z^3/6 + m_4 "
        "z^4/24 + ...)^n, for every n, whose coefficient at z^r is E sum^r / r!",
        lambda: all(equal(_moment(r), claims["moments of a mean"][r]) for r in range(5)),
    )
    proof.step(
        "bounds of the moments",
        "the relative deviations e^(product/tau)/Z - 1 are within B = e^{2/tau}, so that |m_r| <= B^r, and the mean "
        "of n has |E x^2| <= B^2/n, |E x^3| <= B^3/n^2, E x^4 <= 3 B^4/n^2",
        lambda: all(
            is_nonnegative(sympy.factor(claims["bounds"][r - 2] - _bounded(CLAIMS["moments of a mean"][r])))
            for r in (2, 3, 4)
        ),
        ("moments of a mean",),
    )
    for name in LOSSES:
        proof.step(
            f"expansion of {name}",
            f"given the pair of the anchor, E log = log Z + ({claims[f'slope of {name}']})/M + O(M^-2), a = "
            f"e^(s/tau)/Z: the "
            "argument is Z (1+x) with x = alpha + beta y, y the mean of M-1 centered iid variables; E[x - x^2/2] has "
            "this coefficient, and what is left, E x^3 and E x^4 are rational in M of order M^-2, with bounded "
            "coefficients",
            partial(_is_expansion, name, claims[f"slope of {name}"], claims["order"]),
            ("remainder", "least ratio", "moments of a mean", "bounds of the moments"),
        )
    proof.step(
        "two views",
        "(e^{u.u'/tau} + e^{u.v'/tau})/2 has rho' = (rho + c)/2, c the covariance over Z^2: rho - rho' is a quarter "
        "of the mean square of the difference, so rho' <= rho, and rho' = rho where u' = v'",
        lambda: (
            equal(averaged(((u + v) / 2) ** 2, {u**2: rho, v**2: rho, u * v: c}), claims["two views"])
            and equal(averaged((u - v) ** 2 / 4, {u**2: rho, v**2: rho, u * v: c}), rho - claims["two views"])
            and equal(claims["two views"].subs(c, rho), rho)
        ),
    )
    proof.step(
        "uniform law",
        "under sigma E e^{2T/tau} is 0F1(;d/2;1/tau^2), term by term, and it is (1 + rho) Z^2",
        lambda: (
            is_series_of(claims["second moment"], 2 / tau)
            and is_zero(averaged((x - Z) ** 2, {x**2: m_2, x: Z}) / Z**2 + 1 - m_2 / Z**2)
        ),
    )
    proof.step(
        "scale of DHEL",
        "E[rho]/(2(M-1)) at d = 128, tau = 1/10, M = 1024: series bounded by 40 terms and a geometric rest",
        lambda: _within((_relative_variance() / (2 * 1023)), claims["scale of DHEL"]),
        ("uniform law",),
    )
    proof.step(
        "scale of InfoNCE",
        "there InfoNCE - log M - F = E log((P + (M-1) X)/(M Z)), X the mean of the negatives, is at most its value at "
        "X = Z, b = log((P/Z + M-1)/M), as log is concave, and at least b - V/(2 L): log(1+x) >= x - x^2/(2L) for 1+x "
        ">= L = P/(P + (M-1) Z), L <= 1, V = E x^2 = (M-1) rho/(P/Z + M-1)^2",
        lambda: _lower_quadratic() and _within(_scale_of_infonce(), claims["scale of InfoNCE"]),
        ("uniform law", "moments of a mean"),
    )
    return proof.steps


def _moment(order: int) -> Any:
    """E mean^order, of n iid variables, for symbolic n."""
    one = 1 + m_2 * z**2 / 2 + m_3 * z**3 / 6 + m_4 * z**4 / 24
    # (1 + w)^n = sum_j n (n-1) ... (n-j+1) w^j / j!; w begins with z^2, so that j <= 2 is enough for z^4.
    power = sum(sympy.ff(n, j) / factorial(j) * (one - 1) ** j for j in range(3))
    return sympy.expand(sympy.expand_func(power)).coeff(z, order) * factorial(order) / n**order


def _bounded(moment: Any) -> Any:
    return moment.subs({m_2: bound**2, m_3: bound**3, m_4: bound**4})


def _is_order(expression: Any, order: int) -> bool:
    """Whether an expression rational in M decreases at least like M^-order."""
    numerator, denominator = sympy.fraction(sympy.cancel(sympy.together(expression)))
    return is_zero(numerator) or bool(sympy.degree(numerator, beyond) + order <= sympy.degree(denominator, beyond))


def _is_expansion(name: str, slope: Any, order: int) -> bool:
    y = sympy.Symbol("y", real=True)  # mean of the M-1 relative deviations
    deviation = sympy.expand(argument(name).subs({P: a * Z, Y: Z * (1 + y)}) / (LIMIT[f"terms of {name}"] * Z) - 1)
    known = [value.subs(n, M - 1).subs(m_2, rho) for value in CLAIMS["moments of a mean"]]
    moments = {y**r: value for r, value in enumerate(known) if r}
    mean, square, cube, fourth = (averaged(deviation**r, moments) for r in (1, 2, 3, 4))
    return _is_order(mean - square / 2 - slope / M, order) and _is_order(cube, 2) and _is_order(fourth, 2)


def _series(argument: Any, terms: int = 40) -> Any:
    """An interval that contains 0F1(;64;argument): beyond the terms each is less than half of the one before."""
    term, total = Integer(1), Integer(0)
    for index in range(terms):
        total, term = total + term, term * argument / ((64 + index) * (index + 1))
    assert 2 * argument < (64 + terms) * (terms + 1)
    return between(interval(total), interval(total + 2 * term))


def _relative_variance() -> Any:
    return _series(Integer(100)) / _series(Integer(25)) ** 2 - 1


def _lower_quadratic() -> bool:
    """log(1+x) - x + x^2/(2L) vanishes at 0 with slope -t/(1+t) + t/L of the sign of t for 1+t >= L = 1 + t - D."""
    slope = sympy.diff(log(1 + t) - t + t**2 / (2 * low), t)
    return equal(slope, t * (1 / low - 1 / (1 + t))) and is_nonnegative(sympy.factor(1 / low - 1 / (low + D)))


def _scale_of_infonce() -> Any:
    ratio, others = interval(exp(10)) / _series(Integer(25)), 1023
    top = log_of_interval((ratio + others) / 1024)
    least = ratio / (ratio + others)
    return between(top - others * _relative_variance() / (ratio + others) ** 2 / (2 * least), top)


def _within(value: Any, bounds: tuple[Any, Any]) -> bool:
    low_end, high_end = enclosure(value)
    return bool(bounds[0] <= low_end and high_end <= bounds[1])


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "Taylor": {"cubic": x - x**2 / 2 + x**3 / 2},
    "remainder": {"remainder": x**4 / 4},
    "least ratio": {"least ratio": exp(-1 / tau)},
    "moments of a mean": {"moments of a mean": (1, 0, m_2 / n, m_3 / n**2, (m_4 + 3 * n * m_2**2) / n**3)},
    "bounds of the moments": {"bounds": (bound**2 / n, bound**3 / n**2, bound**4 / n**2)},
    "expansion of InfoNCE": {"slope of InfoNCE": a - 1 - rho},
    "expansion of SimCLR": {"slope of SimCLR": a - 1 - rho / 2},
    "expansion of DCL": {"slope of DCL": (a - 1) / 2 - rho / 2},
    "expansion of DCL cross-view": {"slope of DCL cross-view": -rho / 4},
    "expansion of DHEL": {"order": 3},
    "two views": {"two views": rho + c},
    "uniform law": {"second moment": hyper((), (d / 2,), 1 / (4 * tau**2))},
    "scale of DHEL": {"scale of DHEL": (Rational(6, 10**4), Rational(7, 10**4))},
    "scale of InfoNCE": {"scale of InfoNCE": (Rational(275, 100), Rational(276, 100))},
}
