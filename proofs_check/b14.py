"""B14, the sigmoid loss with a free bias: its minimum up to d+1 pairs, and how fast it vanishes as the scale grows.

In full: Let SigLIP = mean_i [softplus(-t s_i - c) + sum_{j != i} softplus(t u_i.v_j + c)], s_i = u_i.v_i, t > 0, be
minimized over unit vectors u_i, v_i in R^d, i = 1..M, M >= 2, and over the bias c. (a) For M <= d+1 the minimizers are
exactly the aligned simplices with one c: y = e^(t+c) is the positive zero of (M-1) w y^2 + (M-2) w y - 1, w =
e^(-tM/(M-1)). (b) With m half of the largest min_i s_i - max_{i != j} u_i.v_j, and m > 0, (log 2/M) e^(-tm) <= min <= M
e^(-tm). (c) m = M/(2(M-1)) for M <= d+1, and m = 1/2 for d+2 <= M <= 2d.

Sources: Lee, Chang and Sohn, Analysis of Using Sigmoid Loss for Contrastive Learning (AISTATS 2024), the bound of B9,
which is cited for (a). For (c) the argument of B12 with Radon's theorem, for a common threshold.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import sympy
from sympy import Integer, Rational, diff, exp, log, sqrt

from proofs_check.exact import averaged, equal, equal_logs, is_nonnegative, is_positive, is_sum_of_squares, is_zero
from proofs_check.steps import Claims, Proof, Step

k, extra = sympy.symbols("M_minus_2 extra", integer=True, nonnegative=True)
index = sympy.Symbol("index", integer=True)
M = k + 2
t, w, y, z, m = sympy.symbols("t w y z m", positive=True)
b, c, s, n, x, v, p, q, R = sympy.symbols("b c least_s largest_n x v p q R", real=True)
gap, mean_u, mean_v = sympy.symbols("gap mean_u_norm mean_v_norm", nonnegative=True)
d = sympy.Symbol("d_minus_2", integer=True, nonnegative=True) + 2


def softplus(a: Any) -> Any:
    return log(1 + exp(a))


CLAIMS: Claims = MappingProxyType(
    {
        "logits": (c, c - R * t * M / (M - 1)),  # shifted by t(2R-1): positive, negative
        "shifted slope": -t * M * exp(c) / (exp(c) + exp(R * t * M / (M - 1))),
        "quadratic": (M - 1) * w * y**2 + (M - 2) * w * y - 1,
        "zero": 2 / ((M - 2) * w + sqrt((M - 2) ** 2 * w**2 + 4 * (M - 1) * w)),
        "best margin": (s - n) / 2,
        "least softplus": log(2) * z,  # z = e^{-x} in (0, 1]
        "terms": M,
        "lower": log(log(2) / M) - t * m,
        "upper": log(M) - t * m,
        "deficit": gap**2 / 2 + mean_u**2 / 2 + mean_v**2 / 2,
        "mean difference": M / (M - 1),
        "up to d+1": M / (2 * (M - 1)),
        "unknowns left": extra + 1,  # M - (d+1) for M = d+2+extra
        "beyond d+1": Rational(1, 2),
        "rate": 2 * sqrt(M - 1),  # of the minimum over e^{-tm}, t -> oo, M <= d+1
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    positive, negative = t * (2 * R - 1) + b, t * (R * (M - 2) / (M - 1) - 1) + b
    proof.step(
        "one logit",
        "SigLIP >= softplus(-positive) + (M-1) softplus(negative), the bound of B9 in R, at every bias b; with c = b + "
        "t(2R-1) the positive logit is c and the negative one c - R tM/(M-1)",
        lambda: all(
            equal(logit.subs(b, c - t * (2 * R - 1)), claimed)
            for logit, claimed in zip((positive, negative), claims["logits"], strict=True)
        ),
    )
    shifted = (M - 1) * softplus(CLAIMS["logits"][1])
    proof.step(
        "aligned",
        "at every c that strictly decreases in R, so that R = 1 alone is best: the aligned simplex, which M <= d+1 "
        "allows",
        lambda: equal(diff(shifted, R), claims["shifted slope"]) and is_positive(-claims["shifted slope"]),
        needs=("one logit",),
    )
    at_one = log(1 + 1 / y) + (M - 1) * log(1 + w * y)  # y = e^c, w = e^{-tM/(M-1)}
    proof.step(
        "best bias",
        "at R = 1, with y = e^c, y times the slope in y is q(y)/((1+y)(1+wy)), q(y) = (M-1) w y^2 + (M-2) w y - 1, "
        "which increases for y > 0 from -1: the value is least at the zero of q",
        lambda: (
            equal(y * diff(at_one, y) * (1 + y) * (1 + w * y), claims["quadratic"])
            and is_positive(diff(claims["quadratic"], y))
            and equal(claims["quadratic"].subs(y, 0), -1)
        ),
        needs=("aligned",),
    )
    proof.step(
        "zero",
        "y = 2 / [(M-2) w + sqrt((M-2)^2 w^2 + 4(M-1) w)]",
        lambda: is_zero(CLAIMS["quadratic"].subs(y, claims["zero"])),
        needs=("best bias",),
    )
    margin = claims["best margin"]
    proof.step(
        "margin",
        "with c = tb, the least of t s_i + c and -(t u_i.v_j + c) is t min(s+b, -n-b), s = min s_i, n = max u_i.v_j: "
        "at most half of the sum, (s-n)/2, with equality for b = -(s+n)/2",
        lambda: (
            equal((s + b) + (-n - b), 2 * margin)
            and all(equal(part.subs(b, -(s + n) / 2), margin) for part in (s + b, -n - b))
        ),
    )
    concave = log(1 + z) - claims["least softplus"]
    proof.step(
        "softplus",
        "log 2 e^{-x} <= softplus(-x) <= e^{-x} for x >= 0: with z = e^{-x}, log(1+z) - z log 2 is concave and "
        "vanishes at 0 and 1, and z - log(1+z) increases from 0",
        lambda: (
            is_zero(concave.subs(z, 0))
            and is_zero(concave.subs(z, 1))
            and is_positive(-diff(concave, z, 2))
            and is_zero((z - log(1 + z)).subs(z, 0))
            and is_positive(sympy.factor(diff(z - log(1 + z), z)))
        ),
    )
    proof.step(
        "bounds",
        "one term is at least softplus(-tm), and counts 1/M in the mean; where the margin is m and b the best, all M "
        "terms of each anchor are at most softplus(-tm): log min lies between log(log 2/M) - tm and log M - tm",
        lambda: (
            equal(1 + sympy.summation(1, (index, 1, M - 1)), claims["terms"])
            and equal_logs(log(log(2) * exp(-t * m) / M), claims["lower"])
            and equal_logs(log(claims["terms"] * exp(-t * m)), claims["upper"])
        ),
        needs=("margin", "softplus"),
    )
    unit = {x**2: 1, v**2: 1, x * v: s}
    deviation = averaged((x - p - v + q) ** 2, {**unit, x: p, v: q})
    proof.step(
        "covariance",
        "for weights that add up to 1, 1 - (sum p s - ubar.vbar) = (1/2) sum p |(u_i-ubar)-(v_i-vbar)|^2 + "
        "(1/2)|ubar|^2 + (1/2)|vbar|^2, with ubar, vbar the weighted means: sum p s - ubar.vbar <= 1",
        lambda: (
            equal(1 - (s - p * q), claims["deficit"].subs({mean_u: p, mean_v: q}).subs(gap**2, deviation))
            and is_sum_of_squares(claims["deficit"], [(Rational(1, 2), part) for part in (gap, mean_u, mean_v)])
        ),
    )
    proof.step(
        "mean difference",
        "with equal weights, mean s - mean_{i != j} u_i.v_j = (M/(M-1)) (mean s - ubar.vbar) <= M/(M-1), and min s - "
        "max u_i.v_j is no more",
        lambda: (
            equal(s - (M**2 * p - M * s) / (M * (M - 1)), claims["mean difference"] * (s - p))
            and is_positive(claims["mean difference"])
        ),
        needs=("covariance",),
    )
    proof.step(
        "up to d+1",
        "the aligned simplex attains that: s = 1 and n = -1/(M-1), so that m = M/(2(M-1))",
        lambda: (
            equal(CLAIMS["best margin"].subs({s: 1, n: -1 / (M - 1)}), claims["up to d+1"])
            and equal(2 * claims["up to d+1"], CLAIMS["mean difference"])
        ),
        needs=("margin", "mean difference"),
    )
    proof.step(
        "Radon",
        "for M >= d+2 the d+1 equations sum l_i v_i = 0, sum l_i = 0 have a solution l != 0; its positive and "
        "negative parts, over their common sum, are weights p on P and q on Q, P and Q disjoint, with sum_P p v = "
        "sum_Q q v",
        lambda: equal((d + 2 + extra) - (d + 1), claims["unknowns left"]) and is_positive(claims["unknowns left"]),
    )
    proof.step(
        "beyond d+1",
        "then, with the weights p, ubar.vbar = sum_P sum_Q p_i q_j u_i.v_j <= n, and s - n <= sum_P p s - ubar.vbar "
        "<= 1: m <= 1/2; the vectors +-e_k, M of the 2d, aligned, have s = 1 and n = 0",
        lambda: (
            equal(CLAIMS["best margin"].subs({s: 1, n: 0}), claims["beyond d+1"])
            and equal(2 * claims["beyond d+1"], 1)
            and is_nonnegative((2 * d) - (d + 2))  # such an M exists
        ),
        needs=("margin", "covariance", "Radon"),
    )
    zero = CLAIMS["zero"].subs(w, z**2)
    parts = (1 / zero) / z, (M - 1) * z**2 * zero / z
    proof.step(
        "rate",
        "both agree: for M <= d+1, e^{-tm} = sqrt w and the minimum over it tends to 2 sqrt(M-1), by 1/y and (M-1) w y",
        lambda: (
            equal(exp(-t * M / (M - 1)), exp(-t * CLAIMS["up to d+1"]) ** 2)
            and equal(sum(sympy.limit(sympy.simplify(part), z, 0, "+") for part in parts), claims["rate"])
        ),
        needs=("zero", "up to d+1"),
    )
    return proof.steps


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "one logit": {"logits": (c, c - t / (M - 1))},
    "aligned": {"shifted slope": -t * exp(c) / (exp(c) + exp(R * t * M / (M - 1)))},
    "best bias": {"quadratic": (M - 1) * w * y**2 - (M - 2) * w * y - 1},
    "zero": {"zero": 1 / ((M - 2) * w + sqrt((M - 2) ** 2 * w**2 + 4 * (M - 1) * w))},
    "margin": {"best margin": s - n},
    "softplus": {"least softplus": z},
    "bounds": {"terms": M - 1},
    "covariance": {"deficit": gap**2 / 2 + mean_u**2 / 2},
    "mean difference": {"mean difference": Integer(1)},
    "up to d+1": {"up to d+1": 1 / (2 * (M - 1))},
    "Radon": {"unknowns left": extra},
    "beyond d+1": {"beyond d+1": Integer(1)},
    "rate": {"rate": sqrt(M - 1)},
}
