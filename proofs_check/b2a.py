"""B2a, kernel contrastive losses up to d+1 pairs: aligned regular simplexes, for every strictly convex energy kernel.

In full: Let 2 <= M <= d+1, gamma > 0, let K_A(r) be finite at r = 0 and strictly decreasing, and let K_U(r) be strictly
convex, nonincreasing and differentiable on (0, 4], continuous at 0 or infinite there; r is the squared distance. Then KCL
= -mean K_A(|u_i-v_i|^2) + gamma mean_{i != j} K_U(|u_i-u_j|^2) is at least -K_A(0) + gamma K_U(2M/(M-1)), with equality
exactly where u_i = v_i and U is a regular simplex, unique up to rotation. K_U may be Gaussian, Laplace, inverse
multiquadric, Riesz with s > -2, logarithmic, regularized logarithmic, or (x.y + c)^p with c >= 1 and p >= 2. For K_U > 0
the same minimizers belong to -mean K_A + gamma log mean K_U, the logarithm of the energy of one view or the mean of those
of both: alignment and uniformity has K_A(r) = -r^(alpha/2), K_U(r) = e^(-t r), and the least value -2 gamma t M/(M-1).

Sources: Koromilas et al., Bridging Mini-Batch and Asymptotic Analysis in Contrastive Learning (ICML 2024), kernel
contrastive loss; for the energy alone Cohn and Kumar, Universally optimal distribution of points on spheres (2007),
simplexes.
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Rational, exp, log, sqrt

from proofs_check.exact import (
    averaged,
    equal,
    equal_in_exponentials,
    is_nonnegative,
    is_positive,
    is_simplex,
    is_sum_of_squares,
    is_taylor_weight,
    is_zero,
)
from proofs_check.steps import Claims, Proof, Step

M = sympy.Symbol("k", integer=True, nonnegative=True) + 2  # at least two pairs
x, y, product = sympy.symbols("x y s", real=True)
a, slope = sympy.symbols("ubar_norm minus_slope", nonnegative=True)
r, t, c, s, z, w, gamma = sympy.symbols("r t c s z w gamma", positive=True)
degree = sympy.Symbol("j", integer=True, nonnegative=True) + 2
part = sympy.Symbol("lambda", nonnegative=True)
K_A, K_U = sympy.Function("K_A"), sympy.Function("K_U")
value_of_K = sympy.Symbol("K_U_at_r0", real=True)

FAMILIES: Claims = MappingProxyType(
    {
        "Gaussian": exp(-t * r),
        "Laplace": exp(-t * sqrt(r)),
        "inverse multiquadric": c / sqrt(c**2 + r),
        "Riesz, s > 0": r ** (-s / 2),
        "Riesz, -2 < s < 0": -(r ** (1 / (1 + z))),  # -s/2 = 1/(1+z) is any number in (0, 1)
        "logarithmic": -log(r) / 2,
        "regularized logarithmic": -log(1 + t * r),
        "polynomial": (1 - r / 2 + c) ** degree,
    }
)
CLAIMS: Claims = MappingProxyType(
    {
        "mean distance": 2 * M * (1 - a**2) / (M - 1),
        "largest mean distance": 2 * M / (M - 1),
        "weight": 1 - part,
        "slope": -slope,
        "inner product": -1 / (M - 1),
        "dimension of the span": M - 1,
        "alignment distance": 2 - 2 * product,
        "value": -K_A(0) + gamma * K_U(2 * M / (M - 1)),
        "least c": sympy.Integer(1),
        "logarithm of the energy": log(z),
        "value of align + uniform": -2 * gamma * t * M / (M - 1),
        **FAMILIES,
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    r0, p = 2 * M / (M - 1), -1 / (M - 1)

    proof.step(
        "mean distance",
        "mean_{i != j} |u_i-u_j|^2 = 2M(1-|ubar|^2)/(M-1): over all M^2 pairs, i and j independent, u_i.u_j has the "
        "mean |ubar|^2, and the M pairs i = j add nothing",
        lambda: equal(
            M**2 * averaged((x - y) ** 2, {x**2: 1, y**2: 1, x * y: a**2}) / (M * (M - 1)), claims["mean distance"]
        ),
    )
    proof.step(
        "largest mean distance",
        "it is at most r0 = 2M/(M-1), and r0 only for ubar = 0",
        lambda: is_sum_of_squares(
            claims["largest mean distance"] - 2 * M * (1 - a**2) / (M - 1), [(2 * M / (M - 1), a)]
        ),
        needs=("mean distance",),
    )
    proof.step(
        "supporting line",
        "K(r) - K(r0) - K'(r0)(r-r0) is the integral of (1-l) h''(l) over 0 < l < 1, h(l) = K(r0 + l(r-r0)), which is "
        "positive where K'' > 0 and r != r0. Only h'' is used: for a strictly convex K that has no second derivative, "
        "the inequality is the definition",
        lambda: is_taylor_weight(claims["weight"], part),
    )
    proof.step(
        "Jensen",
        "with K_U'(r0) <= 0, the supporting line at r0 has a mean over pairs that exceeds K_U(r0) by |K_U'(r0)| "
        "2M|ubar|^2/(M-1) >= 0: mean K_U(r_ij) >= K_U(r0), with equality only if all r_ij = r0",
        lambda: is_sum_of_squares(
            averaged(value_of_K + claims["slope"] * (x - r0), {x: 2 * M * (1 - a**2) / (M - 1)}) - value_of_K,
            [(2 * M * slope / (M - 1), a)],
        ),
        needs=("largest mean distance", "supporting line"),
    )
    # The base w = 1 - r/2 + c takes the place of c after differentiation, so that its sign is known.
    base = {c: w - 1 + r / 2}
    proof.step(
        "base of the polynomial",
        "x.y + c = 1 - r/2 + c > 0 for 0 < r = 4z/(1+z) < 4 at c = 1, and it grows with c",
        lambda: (
            is_positive(sympy.factor((1 - r / 2 + claims["least c"]).subs(r, 4 * z / (1 + z))))
            and is_positive(sympy.diff(1 - r / 2 + c, c))
        ),
    )
    for name in FAMILIES:
        proof.step(
            f"{name} kernel",
            f"{name}: K' <= 0 and K'' > 0 for 0 < r < 4, so that Jensen's step applies",
            partial(_is_convex_and_decreasing, claims[name], base if name == "polynomial" else {}),
            needs=("supporting line", *(("base of the polynomial",) if name == "polynomial" else ())),
        )
    proof.step(
        "simplex",
        "r_ij = r0 means u_i.u_j = 1 - r0/2 = -1/(M-1), so the points are centered, and their Gram matrix G = (1-p) I "
        "+ p J is (1-p) times a projection: positive semidefinite, which makes it one configuration up to rotation",
        lambda: equal(1 - r0 / 2, claims["inner product"]) and is_simplex(claims["inner product"], M),
        needs=("Jensen",),
    )
    proof.step(
        "dimension",
        "the rank of G is its trace over its only nonzero eigenvalue, M/(1-p) = M-1: there is such a configuration "
        "where d >= M-1 and nowhere else",
        lambda: equal(M / (1 - p), claims["dimension of the span"]),
        needs=("simplex",),
    )
    proof.step(
        "alignment",
        "|u-v|^2 = 2 - 2 u.v is nonnegative and 0 only for u = v, where u.v = 1; K_A strictly decreases, so -mean K_A "
        ">= -K_A(0), with equality only for u_i = v_i, and v_i = u_i is free to choose for every U",
        lambda: (
            equal(averaged((x - y) ** 2, {x**2: 1, y**2: 1, x * y: product}), claims["alignment distance"])
            and is_zero(claims["alignment distance"].subs(product, 1))
        ),
    )
    proof.step(
        "value",
        "at the aligned simplex KCL is -K_A(0) + gamma K_U(2M/(M-1)), its least value",
        lambda: equal_in_exponentials(
            sympy.simplify(-K_A(2 - 2 * sympy.Integer(1)) + gamma * K_U(sympy.factor(2 - 2 * p))),
            sympy.simplify(claims["value"]),
        ),
        needs=("simplex", "dimension", "alignment"),
    )
    proof.step(
        "logarithm",
        "the logarithm increases strictly, so that log mean K_U is least where mean K_U > 0 is, at simplexes alone; with "
        "both views, where both are, and at an aligned simplex at once with the alignment",
        lambda: is_positive(sympy.diff(claims["logarithm of the energy"], z)),
        needs=("simplex", "dimension", "alignment"),
    )
    proof.step(
        "value of align + uniform",
        "the alignment is 0 at u_i = v_i, and gamma log K_U(2M/(M-1)) is -2 gamma t M/(M-1) for K_U = e^(-t r)",
        lambda: is_zero(
            gamma * sympy.expand_log(log(FAMILIES["Gaussian"].subs(r, r0))) - claims["value of align + uniform"]
        ),
        needs=("logarithm", "Gaussian kernel"),
    )
    return proof.steps


def _is_convex_and_decreasing(kernel: Any, names: dict[Any, Any]) -> bool:
    first, second = sympy.diff(kernel, r).subs(names), sympy.diff(kernel, r, 2).subs(names)
    return is_nonnegative(-first) and is_positive(second)


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "mean distance": {"mean distance": 2 * (1 - a**2)},
    "largest mean distance": {"largest mean distance": sympy.Integer(2)},
    "supporting line": {"weight": part},
    "Jensen": {"slope": slope},  # an increasing kernel
    "base of the polynomial": {"least c": sympy.Integer(0)},
    "Gaussian kernel": {"Gaussian": exp(t * r)},
    "Laplace kernel": {"Laplace": -exp(-t * sqrt(r))},
    "inverse multiquadric kernel": {"inverse multiquadric": -c / sqrt(c**2 + r)},
    "Riesz, s > 0 kernel": {"Riesz, s > 0": -(r ** (-s / 2))},
    "Riesz, -2 < s < 0 kernel": {"Riesz, -2 < s < 0": -(r ** Rational(3, 2))},  # s = -3
    "logarithmic kernel": {"logarithmic": log(r) / 2},
    "regularized logarithmic kernel": {"regularized logarithmic": log(1 + t * r)},
    "polynomial kernel": {"polynomial": 1 - r / 2 + c},  # degree 1 is not strictly convex
    "simplex": {"inner product": -1 / M},
    "dimension": {"dimension of the span": M},
    "alignment": {"alignment distance": 2 + 2 * product},
    "value": {"value": -K_A(0) + gamma * K_U(2)},
    "logarithm": {"logarithm of the energy": -log(z)},
    "value of align + uniform": {"value of align + uniform": -2 * gamma * t},
}
