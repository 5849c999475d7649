"""E1, infinitely many negatives: all losses have one limit, and only aligned pairs with the uniform law minimize it.

In full: Let M iid pairs (u,v) of unit vectors in R^d, d >= 2, have marginals u and v of one law mu, and let Z(x) = E
e^{x.u'/tau} for u' of law mu. The expected one-sided losses InfoNCE - log M, SimCLR - log(2M-1), DCL - log 2(M-1), cross-
view DCL - log(M-1) and DHEL - log(M-1) differ from F = -E[u.v]/tau + E log Z(u) by at most 2 e^{2/tau}/sqrt(M-1). F is
least exactly where u = v almost surely and mu is the uniform law sigma, where it is -1/tau + log 0F1(;d/2;1/(4 tau^2)).
Cited: compactness of the laws on a sphere in the weak topology and continuity of E log Z there (a minimizer exists), and
that moments determine a law on a sphere (Stone and Weierstrass).

Sources: Wang and Isola, Understanding Contrastive Representation Learning through Alignment and Uniformity on the
Hypersphere (ICML 2020), theorem 1, for InfoNCE; Koromilas et al. (ICML 2024) for the common limit. The rate, and the
proof of uniqueness, for laws in general by the first variation, the maximum principle and tensors of moments, are
this package's.
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Integer, Rational, exp, factorial, hyper, log, rf, sqrt

from proofs_check.exact import (
    averaged,
    dot,
    equal,
    is_nonnegative,
    is_positive,
    is_tangent_below,
    is_zero,
    vector,
)
from proofs_check.g1 import own_term
from proofs_check.g1 import t as tau
from proofs_check.rules import by_induction, first_variation
from proofs_check.steps import Claims, Kind, Proof, Step

d = sympy.Symbol("d_minus_2", integer=True, nonnegative=True) + 2
k = sympy.Symbol("k", integer=True, nonnegative=True)
beyond = sympy.Symbol("M_minus_2", integer=True, nonnegative=True)
M = beyond + 2
P, Z, Y, x, y, e = sympy.symbols(
    "P Z Y x y e", positive=True
)  # P = e^{s/tau} of the positive, Y = e^{./tau} of a negative
p, q, w = sympy.symbols("p q w", nonnegative=True)
a, b, c, spread = sympy.symbols("a b c V", real=True)
T = sympy.Symbol("T", real=True)  # an inner product with a uniform point
U, W = sympy.symbols("U W", positive=True)
# Means of log Z under mu and nu, and of W/Z, Z and W the potentials of mu and nu.
at_mu, at_nu, pull, pull_at_nu = sympy.symbols("E_mu_log_Z E_nu_log_Z E_mu_W_over_Z E_nu_W_over_Z", real=True)
LOSSES = ("InfoNCE", "SimCLR", "DCL", "DCL cross-view", "DHEL")

CLAIMS: Claims = MappingProxyType(
    {
        "terms of InfoNCE": M,
        "terms of SimCLR": 2 * M - 1,
        "terms of DCL": 2 * (M - 1),
        "terms of DCL cross-view": M - 1,
        "terms of DHEL": M - 1,
        "bias of InfoNCE": (P - Z) / M,
        "bias of SimCLR": (P - Z) / (2 * M - 1),
        "bias of DCL": Integer(0),
        "bias of DCL cross-view": Integer(0),
        "bias of DHEL": Integer(0),
        "variance of a mean": spread / (M - 1),  # of the M - 1 negatives, of variance V each
        "slope of the logarithm": 1 / y,
        "rate": 2 * exp(2 / tau) / sqrt(M - 1),
        "alignment": (a - b) ** 2 / 2,  # 1 - u.v, coordinate by coordinate
        "least argument": exp(-1 / tau),
        "tangent of the logarithm": log(Z) + (x - Z) / Z,
        "derivative": at_nu - at_mu + pull - 1,
        "mean of the attraction": Integer(1),
        "excess at the top": p / (U * (U + p)),
        "excess at the bottom": p / (U * (U + p)),
        "level": U,  # of the energy where the potential is U on the support
        "next entry": lambda entry, coordinate: entry * coordinate,  # of the tensor of one degree more
        "coefficient": 1 / (tau**k * factorial(k)),
        "square of the gap": a - c,
        "gap of a moment": sympy.Symbol("gap", real=True, nonzero=True),
        "logarithm of the energy": log(y),
        "density": (1 - T**2) ** ((d - 3) / 2),
        "ratio of moments": (2 * k + 1) / (2 * k + d),  # E T^{2k+2} over E T^{2k}
        "even moments": rf(Rational(1, 2), k) / rf(d / 2, k),
        "Z": hyper((), (d / 2,), 1 / (4 * tau**2)),
        "value": lambda uniform: -1 / tau + log(uniform),
    }
)


def argument(name: str) -> Any:
    """What the logarithm of a loss is taken of, by its definition, where all M - 1 negatives of a view have the mean Y."""
    s, cross, within = sympy.symbols("s cross within", real=True)
    one = sympy.expand(sympy.powsimp(exp(sympy.expand(own_term(name, s, [cross], [within]) + s / tau))))
    return one.subs({exp(s / tau): P, exp(cross / tau): (M - 1) * Y, exp(within / tau): (M - 1) * Y})


def quotient(term: Any) -> Any:
    """The term of index k + 1 over that of index k."""
    return (term.subs(k, k + 1) / term).rewrite(sympy.gamma)


def is_series_of(function: Any, factor: Any) -> bool:
    """Whether a hypergeometric series is E e^{factor T}, term by term: E T^{2k} factor^{2k} / (2k)!, odd moments vanish."""
    upper, lower, z = function.args
    term = sympy.prod(rf(n, k) for n in upper) / sympy.prod(rf(n, k) for n in lower) * z**k / factorial(k)
    moment = CLAIMS["even moments"] * factor ** (2 * k) / factorial(2 * k)
    ratios = [sympy.simplify(sympy.gammasimp(sympy.expand_func(quotient(series)))) for series in (term, moment)]
    return equal(term.subs(k, 0), moment.subs(k, 0)) and equal(*ratios)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    for name in LOSSES:
        terms, bias = claims[f"terms of {name}"], claims[f"bias of {name}"]
        proof.step(
            f"terms of {name}",
            f"the sum in the logarithm has {terms} terms e^(product/tau): what it is when all of them are 1",
            partial(lambda name, terms: equal(argument(name).subs({P: 1, Y: 1}), terms), name, terms),
        )
        proof.step(
            f"bias of {name}",
            f"given the anchor's pair, the mean of the terms has the expectation Z + {bias}, as u_j and v_j have the "
            f"law mu",
            partial(
                lambda name, bias: equal(averaged(argument(name), {Y: Z}) / CLAIMS[f"terms of {name}"] - Z, bias),
                name,
                bias,
            ),
            (f"terms of {name}",),
        )
    proof.step(
        "variance of a mean",
        "the M-1 pairs (u_j, v_j) are iid given the anchor: the square of a sum of M-1 centered ones has M-1 squares "
        "of mean V, and cross products of mean 0, so that the mean has the variance V/(M-1)",
        # Two representatives x, y: n squares and n(n-1) products.
        lambda: equal(
            averaged((M - 1) * x**2 + (M - 1) * (M - 2) * x * y, {x**2: spread, x * y: 0}) / (M - 1) ** 2,
            claims["variance of a mean"],
        ),
    )
    proof.step(
        "slope of the logarithm",
        "log x <= log y + (x-y)/y, with equality only for x = y; x and y exchanged, |log x - log y| <= |x-y| "
        "e^{1/tau} for x, y >= e^{-1/tau}, which means of e^(product/tau) and Z are",
        lambda: is_tangent_below(-log(y) - claims["slope of the logarithm"] * (x - y), -log(x), x, y),
    )
    for name in LOSSES:
        proof.step(
            f"limit of {name}",
            f"|E {name} - log({CLAIMS[f'terms of {name}']}) - F| <= e^(1/tau) (|bias| + standard deviation) <= 2 "
            "e^{2/tau}/sqrt(M-1): |P-Z| <= e^{1/tau}, sqrt V <= e^{1/tau}, and negatives have at most the weight 1",
            partial(_is_rate, name, claims["rate"]),
            (f"bias of {name}", "variance of a mean", "slope of the logarithm"),
        )
    proof.step(
        "alignment",
        "1 - u.v = |u-v|^2/2 >= 0: -E[u.v]/tau >= -1/tau, with equality only for u = v almost surely, whatever mu is",
        # Coordinate by coordinate, with |u| = |v| = 1.
        lambda: is_zero((a**2 + b**2) / 2 - a * b - claims["alignment"]) and is_nonnegative(claims["alignment"]),
    )
    proof.step(
        "a minimizer exists",
        "cited: laws on the sphere are compact in the weak topology, and E log Z is continuous there, as Z, continuous in x "
        "uniformly in mu, is at least e^{-1/tau}, where log has the largest slope e^{1/tau}",
        lambda: equal(sympy.diff(log(x), x).subs(x, claims["least argument"]), exp(1 / tau)),
        kind=Kind.CITED,
    )
    proof.step(
        "tangent of the logarithm",
        "log x <= log Z + (x-Z)/Z for positive x and Z: the difference has value and slope 0 at x = Z and is convex",
        lambda: is_tangent_below(-claims["tangent of the logarithm"], -log(x), x, Z),
    )
    line = sympy.expand(CLAIMS["tangent of the logarithm"].subs(x, (1 - e) * Z + e * W))
    proof.step(
        "first variation",
        "(1-e) mu + e nu has the potential (1-e) Z + e W, and by the tangent at Z no more E log Z than mu has, plus e "
        "(E_nu log Z - E_mu log Z + E_mu W/Z - 1), plus a multiple of e^2: if mu is a minimizer, the bracket is "
        "nonnegative, for every law nu. All means here are bounded, as K is",
        lambda: first_variation(
            (1 - e) * _mean(line, at_mu, pull) + e * _mean(line, at_nu, pull_at_nu) - at_mu, e, claims["derivative"]
        ),
        ("a minimizer exists", "tangent of the logarithm"),
    )
    proof.step(
        "equality on the support",
        "for nu at one point x it says g(x) = log Z(x) + E_y K(x,y)/Z(y) >= E log Z + 1, where E_y is under mu. As K(x,y) "
        "is K(y,x), E_x E_y K(x,y)/Z(y) = E_y (E_x K(x,y))/Z(y) = 1: the mean of g under mu is E log Z + 1. So g, which is "
        "continuous and never less, is E log Z + 1 on the whole support of mu",
        # W = Z is nu = mu, for which the derivative is 0: the bracket has the mean 0.
        lambda: (
            equal((W / Z).subs(W, Z), claims["mean of the attraction"])
            and is_zero(CLAIMS["derivative"].subs({at_nu: at_mu, pull: claims["mean of the attraction"]}))
        ),
        ("first variation",),
        Kind.WORDS,
    )
    proof.step(
        "top of the potential",
        "where Z has its largest value T = Z(y) + p on the support, 1/Z(y) - 1/T = p/(Z(y) T) >= 0, and so E_y K/Z(y) "
        ">= Z/T = 1: g >= log T + 1 there",
        lambda: equal(1 / U - 1 / (U + p), claims["excess at the top"]) and is_nonnegative(claims["excess at the top"]),
    )
    proof.step(
        "bottom of the potential",
        "where it has its least value B = Z(y) - p there, 1/B - 1/Z(y) >= 0, and so g <= log B + 1. As g is constant "
        "on the support, log T <= log B: Z is constant on it",
        lambda: (
            equal((1 / U - 1 / x).subs(x, U + p), claims["excess at the bottom"])
            and is_nonnegative(claims["excess at the bottom"])
        ),
        ("equality on the support", "top of the potential"),
    )
    proof.step(
        "energy",
        "where Z has one value U on the support, the energy I = E K(u,u') = E Z is U, and E log Z is log U = log I",
        lambda: equal(averaged(Z, {Z: claims["level"]}), U),
        ("bottom of the potential",),
    )
    first, other = vector("x"), vector("y")
    X, Y_entry = sympy.symbols("X Y", real=True)
    following = claims["next entry"]
    proof.step(
        "tensors",
        "(x.y)^k is the inner product of the tensors of entries x_i1 ... x_ik, by induction: those of one degree more are "
        "X x_i and Y y_i, and the sum over i of X x_i Y y_i is XY x.y. So E (u.u')^k = |T_k|^2, T_k(mu) the tensor "
        "of moments, as u and u' are independent",
        # Two coordinates, and all others in one symbol; the tensor of degree 0 is 1.
        lambda: equal(
            sum(following(X, i) * following(Y_entry, j) for i, j in zip(first, other, strict=True))
            + X * Y_entry * (dot(first, other) - first[0] * other[0] - first[1] * other[1]),
            X * Y_entry * dot(first, other),
        ),
    )
    proof.step(
        "coefficients",
        "e^{t/tau} = sum_k c_k t^k with c_k > 0 for all k: f' = f/tau and f(0) = 1 give c_0 = 1 and (k+1) c_{k+1} = "
        "c_k/tau",
        lambda: (
            by_induction(claims["coefficient"], k, 0, 1, claims["coefficient"] / (tau * (k + 1)))
            and is_positive(claims["coefficient"])
        ),
    )
    proof.step(
        "square of the gap",
        "E (x.u)^k for u uniform is the same for all x, so <T_k(mu), T_k(sigma)> = |T_k(sigma)|^2 = c, and with "
        "|T_k(mu)|^2 = a this makes |T_k(mu) - T_k(sigma)|^2 = a - c: I(mu) - I(sigma) = sum_k c_k |T_k(mu) - "
        "T_k(sigma)|^2",
        lambda: equal(averaged((x - y) ** 2, {x**2: a, x * y: c, y**2: c}), claims["square of the gap"]),
        ("tensors", "coefficients"),
    )
    proof.step(
        "moments",
        "cited: polynomials are dense in the continuous functions on a sphere, so that a law with all moments of sigma is "
        "sigma. With c_k > 0 for all k, I(mu) - I(sigma) >= 0 is 0 for no other law: each square is",
        lambda: is_positive(CLAIMS["coefficient"] * claims["gap of a moment"] ** 2),
        ("square of the gap",),
        kind=Kind.CITED,
    )
    proof.step(
        "uniqueness",
        "log increases strictly, and Z is constant for sigma: a minimizer has E log Z = log I(mu) >= log I(sigma) = E log Z "
        "of sigma, so that it is sigma",
        lambda: (
            is_positive(sympy.diff(claims["logarithm of the energy"], y))
            and equal(exp(claims["logarithm of the energy"]), y)
        ),
        ("energy", "moments"),
    )
    proof.step(
        "density",
        "the inner product T of a uniform point with a fixed one: its slice is a sphere S^{d-2} of radius rho = "
        "sqrt(1-T^2), so that the density is proportional to rho^{d-2} sqrt(1 + rho'^2) = (1-T^2)^{(d-3)/2}",
        lambda: (
            is_zero(1 + sympy.diff(sqrt(1 - T**2), T) ** 2 - 1 / (1 - T**2))
            and equal(sympy.powsimp(claims["density"] / (1 - T**2) ** ((d - 2) / 2) * (1 - T**2) ** Rational(1, 2)), 1)
        ),
    )
    # x^{2k+1} (1-x^2)^{(d-1)/2} is 0 at both ends, for d >= 2: its derivative has the integral 0.
    flux = x ** (2 * k + 1) * (1 - x**2) ** ((d - 1) / 2)
    proof.step(
        "ratio of moments",
        "E[(2k+1) T^{2k} - (2k+d) T^{2k+2}] = 0: times the density it is the derivative of T^{2k+1} "
        "(1-T^2)^{(d-1)/2}, which vanishes at 1 and -1",
        lambda: (
            equal(
                sympy.simplify(sympy.diff(flux, x) / (CLAIMS["density"].subs(T, x) * x ** (2 * k))),
                (2 * k + d) * (claims["ratio of moments"] - x**2),
            )
            and is_zero(flux.subs(x, 1))
        ),
        ("density",),
    )
    proof.step(
        "even moments",
        "E T^{2k} = (1/2)_k/(d/2)_k, by induction; odd moments vanish, as the density is even",
        lambda: (
            by_induction(claims["even moments"], k, 0, 1, claims["even moments"] * CLAIMS["ratio of moments"])
            and equal(CLAIMS["density"], CLAIMS["density"].subs(T, -T))
        ),
        ("ratio of moments",),
    )
    proof.step(
        "Z of the uniform law",
        "E e^{T/tau} = sum_k E T^{2k}/(tau^{2k} (2k)!), term by term, is 0F1(;d/2;1/(4 tau^2))",
        lambda: is_series_of(claims["Z"], 1 / tau),
        ("even moments",),
    )
    proof.step(
        "value",
        "the least value of F is that of F with u.v = 1 and Z constant",
        lambda: equal(averaged(-a / tau + log(Z), {a: 1}), claims["value"](Z)),
        ("alignment", "uniqueness", "Z of the uniform law"),
    )
    return proof.steps


def _is_rate(name: str, rate: Any) -> bool:
    """e^{1/tau} times bias and deviation, with |P-Z| <= e^{1/tau} and sqrt V <= e^{1/tau}, is at most the rate: both grow
    at most like 1/sqrt(M-1), written in r = sqrt(M-1)."""
    r = sympy.Symbol("r", nonnegative=True) + 1  # sqrt(M-1), at least 1
    number = {beyond: r**2 - 1}
    terms = CLAIMS[f"terms of {name}"].subs(number)
    bias = abs(sympy.diff(CLAIMS[f"bias of {name}"], P)).subs(number)
    negatives = sympy.diff(argument(name), Y).subs(number) / terms
    error = exp(1 / tau) * (bias * exp(1 / tau) + negatives * exp(1 / tau) / r)
    gap = sympy.simplify((rate.subs(number) - error) * exp(-2 / tau))
    return is_nonnegative(sympy.factor(gap))


def _mean(line: Any, logarithm: Any, share: Any) -> Any:
    """The mean of a polynomial in e, linear in log Z and W/Z, by the means of these."""
    ratio, level = sympy.symbols("W_over_Z log_Z", real=True)
    written = sympy.expand(line).subs(log(Z), level).subs(W, ratio * Z)
    return averaged(written, {level: logarithm, ratio: share})


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    **{f"terms of {name}": {f"terms of {name}": CLAIMS[f"terms of {name}"] + 1} for name in LOSSES},
    **{f"bias of {name}": {f"bias of {name}": CLAIMS[f"bias of {name}"] + 1 / M} for name in LOSSES},
    "variance of a mean": {"variance of a mean": spread / M},
    "slope of the logarithm": {"slope of the logarithm": 2 / y},
    **{f"limit of {name}": {"rate": exp(2 / tau) / M} for name in LOSSES},
    "alignment": {"alignment": (a + b) ** 2 / 2},
    "a minimizer exists": {"least argument": exp(1 / tau)},
    "tangent of the logarithm": {"tangent of the logarithm": log(Z) + (x - Z)},
    "first variation": {"derivative": at_nu - at_mu + pull},
    "equality on the support": {"mean of the attraction": Integer(2)},
    "top of the potential": {"excess at the top": -p / (U * (U + p))},
    "bottom of the potential": {"excess at the bottom": p / U**2},
    "energy": {"level": 2 * U},
    "tensors": {"next entry": lambda entry, coordinate: entry * coordinate**2},
    "coefficients": {"coefficient": 1 / tau**k},
    "square of the gap": {"square of the gap": a - 2 * c},
    "moments": {"gap of a moment": sympy.Symbol("gap", real=True)},
    "uniqueness": {"logarithm of the energy": -log(y)},
    "density": {"density": (1 - T**2) ** ((d - 2) / 2)},
    "ratio of moments": {"ratio of moments": (2 * k + 1) / (2 * k + d + 1)},
    "even moments": {"even moments": rf(Rational(1, 2), k) / rf((d + 1) / 2, k)},
    "Z of the uniform law": {"Z": hyper((), ((d + 1) / 2,), 1 / (4 * tau**2))},
    "value": {"value": lambda uniform: log(uniform)},
}
