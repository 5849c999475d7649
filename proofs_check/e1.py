"""E1, infinitely many negatives: all losses have one limit, and only aligned pairs with the uniform law minimize it.

In full: Let M iid pairs (u,v) of unit vectors in R^d, d >= 2, have marginals u and v of one law mu, and let Z(x) = E
e^{x.u'/tau} for u' of law mu. The expected one-sided losses InfoNCE - log M, SimCLR - log(2M-1), DCL - log 2(M-1), cross-
view DCL - log(M-1) and DHEL - log(M-1) differ from F = -E[u.v]/tau + E log Z(u) by at most 2 e^{2/tau}/sqrt(M-1). F is
least exactly where u = v almost surely and mu is the uniform law sigma, where it is -1/tau + log 0F1(;d/2;1/(4 tau^2)).
Cited: continuity of mu -> E log Z and compactness of the laws in the weak topology (a minimizer exists), differentiation
and expansion under bounded integrals, density of polynomials (Stone and Weierstrass).

Sources: Wang and Isola, Understanding Contrastive Representation Learning through Alignment and Uniformity on the
Hypersphere (ICML 2020), theorem 1, for InfoNCE; Koromilas et al. (ICML 2024) for the common limit. The rate, and the
proof that tensors of moments alone give uniqueness, are this package's.
"""

from __future__ import annotations

from functools import partial
from itertools import product
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Integer, Rational, exp, factorial, hyper, log, rf, sqrt

from proofs_check.exact import (
    averaged,
    equal,
    equal_in_exponentials,
    is_nonnegative,
    is_positive,
    is_tangent_below,
    is_zero,
)
from proofs_check.g1 import own_term
from proofs_check.g1 import t as tau
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
U, W, U_at, W_at = sympy.symbols("U W U_x W_x", positive=True)
weights = sympy.symbols("w_1:4", positive=True)
kernel = sympy.Matrix(4, 4, lambda i, j: sympy.Symbol(f"K_{min(i, j)}{max(i, j)}", positive=True))
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
        "derivative": log(U_at) - log(U) + W / U - 1,
        "mean of the potential g": Integer(1),  # less E log Z
        "excess at the top": p / (U * (U + p)),
        "excess at the bottom": p / (U * (U + p)),
        "level": U,  # of the energy where the potential is U on the support
        "tensor entries": lambda point: [point],  # one factor per index
        "coefficient": 1 / (tau**k * factorial(k)),
        "square of the gap": a - c,
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
        "first variation",
        "on the way (1-e) mu + e delta_x the derivative of E log Z at e = 0 is g(x) - E log Z - 1 with g(x) = log "
        "Z(x) + E_y K(x,y)/Z(y): it is nonnegative for a minimizer, for all x. For every law with U, W the potentials "
        "of mu, delta_x; and from the definition on three atoms and a fourth point, any weights and kernel",
        lambda: (
            equal(
                sympy.diff((1 - e) * log((1 - e) * U + e * W) + e * log((1 - e) * U_at + e * W_at), e).subs(e, 0),
                claims["derivative"],
            )
            and _is_variation(claims["derivative"])
        ),
        kind=Kind.WORDS,
    )
    proof.step(
        "equality on the support",
        "the mean of g under mu is E log Z + 1, because K is symmetric; so g, continuous and never less, is E log Z + "
        "1 on the whole support of a minimizer. On three atoms: E_x E_y K/Z(y) = 1",
        lambda: equal(
            sympy.together(sum(weights[i] * _attraction(i) for i in range(3))).subs(weights[2], 1 - sum(weights[:2])),
            claims["mean of the potential g"],
        ),
        ("first variation",),
        kind=Kind.WORDS,
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
        "where Z has one value on the support, the energy I = E K(u,u') is that value, and E log Z is log I; on three "
        "atoms, K_ii chosen so that the potential is constant",
        lambda: _is_level(claims["level"]),
        ("bottom of the potential",),
        kind=Kind.WORDS,
    )
    proof.step(
        "tensors",
        "(x.y)^k is the inner product of the tensors of entries x_i1 ... x_ik: multiply out. So E (u.u')^k = |T_k|^2, "
        "T_k(mu) the tensor of moments; multiplied out in d = 2 and 3 for k <= 4",
        lambda: all(_is_tensor(dim, n, claims["tensor entries"]) for dim in (2, 3) for n in range(1, 5)),
        kind=Kind.WORDS,
    )
    proof.step(
        "coefficients",
        "e^{t/tau} = sum_k c_k t^k with c_k > 0 for all k: f' = f/tau and f(0) = 1 give c_0 = 1 and (k+1) c_{k+1} = "
        "c_k/tau",
        lambda: (
            equal(claims["coefficient"].subs(k, 0), 1)
            and is_zero(
                sympy.gammasimp(
                    (k + 1) * claims["coefficient"].subs(k, k + 1) / claims["coefficient"] * tau - 1,
                )
            )
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
        "uniqueness",
        "so I(mu) >= I(sigma), with equality only where all moments agree, that is mu = sigma; log increases "
        "strictly, and Z is constant for sigma: a minimizer has E log Z = log I(mu) >= log I(sigma) = E log Z of "
        "sigma, so that it is sigma",
        lambda: (
            is_positive(sympy.diff(claims["logarithm of the energy"], y))
            and equal(exp(claims["logarithm of the energy"]), y)
        ),
        ("energy", "square of the gap"),
        kind=Kind.WORDS,
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
            equal(claims["even moments"].subs(k, 0), 1)
            and equal(
                sympy.gammasimp(sympy.expand_func(quotient(claims["even moments"]))),
                CLAIMS["ratio of moments"],
            )
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


def _potential(point: int) -> Any:
    return sum(kernel[point, j] * weights[j] for j in range(3))


def _attraction(point: int) -> Any:
    return sum(kernel[point, j] * weights[j] / _potential(j) for j in range(3))


def _is_variation(derivative: Any) -> bool:
    """Three atoms, and the fourth point as x: from the definition of E log Z on four atoms."""
    share = [(1 - e) * weight for weight in weights] + [e]
    value = sum(share[i] * log(sum(kernel[i, j] * share[j] for j in range(4))) for i in range(4))
    predicted = sum(
        weights[i] * derivative.subs({U: _potential(i), W: kernel[i, 3], U_at: _potential(3)}) for i in range(3)
    )
    gap = (sympy.diff(value, e).subs(e, 0) - predicted).subs(weights[2], 1 - weights[0] - weights[1])
    logs = sorted(gap.atoms(log), key=str)
    return equal_in_exponentials(gap.xreplace({part: sympy.Symbol(f"log_{n}") for n, part in enumerate(logs)}), 0)


def _is_level(level: Any) -> bool:
    diagonal = {
        kernel[i, i]: (U - sum(kernel[i, j] * weights[j] for j in range(3) if j != i)) / weights[i] for i in range(3)
    }
    energy = sum(weights[i] * _potential(i) for i in range(3)).subs(diagonal)
    mean_log = sum(weights[i] * log(sympy.simplify(_potential(i).subs(diagonal))) for i in range(3))
    total = {weights[2]: 1 - weights[0] - weights[1]}
    return equal(sympy.expand(energy).subs(total), level) and equal(sympy.expand(mean_log.subs(total)), log(level))


def _is_tensor(dim: int, degree: int, entries: Any) -> bool:
    one, other = (sympy.symbols(f"{name}_1:{dim + 1}", real=True) for name in "xy")
    total = sum(
        sympy.prod(sympy.prod(entries(one[i])) * sympy.prod(entries(other[i])) for i in index)
        for index in product(range(dim), repeat=degree)
    )
    return equal(total, sum(i * j for i, j in zip(one, other, strict=True)) ** degree)


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    **{f"terms of {name}": {f"terms of {name}": CLAIMS[f"terms of {name}"] + 1} for name in LOSSES},
    **{f"bias of {name}": {f"bias of {name}": CLAIMS[f"bias of {name}"] + 1 / M} for name in LOSSES},
    "variance of a mean": {"variance of a mean": spread / M},
    "slope of the logarithm": {"slope of the logarithm": 2 / y},
    **{f"limit of {name}": {"rate": exp(2 / tau) / M} for name in LOSSES},
    "alignment": {"alignment": (a + b) ** 2 / 2},
    "first variation": {"derivative": log(U_at) - log(U) + W / U},
    "equality on the support": {"mean of the potential g": Integer(2)},
    "top of the potential": {"excess at the top": -p / (U * (U + p))},
    "bottom of the potential": {"excess at the bottom": p / U**2},
    "energy": {"level": 2 * U},
    "tensors": {"tensor entries": lambda point: [point, point]},
    "coefficients": {"coefficient": 1 / tau**k},
    "square of the gap": {"square of the gap": a - 2 * c},
    "uniqueness": {"logarithm of the energy": -log(y)},
    "density": {"density": (1 - T**2) ** ((d - 2) / 2)},
    "ratio of moments": {"ratio of moments": (2 * k + 1) / (2 * k + d + 1)},
    "even moments": {"even moments": rf(Rational(1, 2), k) / rf((d + 1) / 2, k)},
    "Z of the uniform law": {"Z": hyper((), ((d + 1) / 2,), 1 / (4 * tau**2))},
    "value": {"value": lambda uniform: log(uniform)},
}
