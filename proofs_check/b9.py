"""B9, the sigmoid loss: its minimizers are double-constant configurations, a simplex split by two opposite constants.

In full: Let u_i, v_i be unit vectors in R^d, i = 1..N, N >= 2, and let SigLIP with the logits t u_i.v_j + c, t > 0, be
mean_i [softplus(-t u_i.v_i - c) + sum_{j != i} softplus(t u_i.v_j + c)]. Then SigLIP >= min g over [0,1], g(R) =
softplus(-t(2R-1) - c) + (N-1) softplus(t(R(N-2)/(N-1) - 1) + c). g is strictly convex; let R be its minimizer. Equality
holds exactly for u_i = w_i + h, v_i = w_i - h with |h|^2 = 1-R, w_i.h = 0 and w_i sqrt(R) times a regular simplex. Such a
configuration exists for d >= N if 0 < R < 1, for d >= N-1 if R = 1, and for every d if R = 0; it is unique up to
rotation. Where u_i = v_i for all i, SigLIP >= g(1), with equality exactly at a regular simplex, N <= d+1.

Sources: Lee, Chang and Sohn, Analysis of Using Sigmoid Loss for Contrastive Learning (AISTATS 2024), the family, with the
bias -c; Zhai et al., Sigmoid Loss for Language Image Pre-Training (ICCV 2023), the loss.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import sympy
from sympy import Rational, exp, log

from proofs_check.exact import (
    averaged,
    equal,
    increases_and_is_convex,
    is_nonnegative,
    is_positive,
    is_simplex,
    is_sum_of_squares,
    is_tangent_below,
    is_zero,
)
from proofs_check.steps import Claims, Proof, Step

N = sympy.Symbol("N_minus_2", integer=True, nonnegative=True) + 2
t = sympy.Symbol("t", positive=True)
c, x, y, p, q, s, inner, mean_x = sympy.symbols("c x y p q s ubar_dot_vbar mean_x", real=True)
u_squared, v_squared = sympy.symbols("u_squared v_squared", real=True)
a, b, gap, total = sympy.symbols("ubar_norm vbar_norm gap norm_of_ubar_plus_vbar", nonnegative=True)
h_squared, w_squared, wh, ww = sympy.symbols("h_squared w_squared w_dot_h w_dot_w", real=True)
R = sympy.Symbol("R", real=True)


def softplus(z: Any) -> Any:
    return log(1 + exp(z))


CLAIMS: Claims = MappingProxyType(
    {
        "softplus": log(1 + exp(x)),
        "tangent": log(1 + exp(y)) + exp(y) / (1 + exp(y)) * (x - y),  # of softplus at x = y
        "negatives": N - 1,
        "mean negative": (N * inner - s) / (N - 1),
        "deficit": gap**2 / 2 + a**2 / 2 + b**2 / 2,  # 1 + ubar.vbar - mean s
        "opposite": total**2 / 2 - a**2 / 2 - b**2 / 2,  # ubar.vbar
        "least product of means": (s - 1) / 2,
        "ratio": (1 + s) / 2,
        "least mean negative": R * (N - 2) / (N - 1) - 1,
        "positive logit": t * (2 * R - 1) + c,
        "negative logit": t * (R * (N - 2) / (N - 1) - 1) + c,
        "slopes": (-2 * t, t * (N - 2) / (N - 1)),  # in R, of minus the positive logit and of the negative one
        "w.h": (u_squared - v_squared) / 4,
        "squares": (R, 1 - R),  # |w|^2, |h|^2
        "product": -R / (N - 1),  # w_i.w_j
        "negative": R * (N - 2) / (N - 1) - 1,  # u_i.v_j
        "dimensions": (N, N - 1, 1),  # 0 < R < 1, R = 1, R = 0
        "slope of g": lambda pos, neg: t * ((N - 2) / (1 + exp(-neg)) - 2 / (1 + exp(pos))),
        "two pairs": lambda pos: -2 * t / (1 + exp(pos)),
        "mean of aligned negatives": (N * a**2 - 1) / (N - 1),
        "four pairs": Rational(3, 4) * (1 - c / t),
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    positive, negative = CLAIMS["positive logit"], CLAIMS["negative logit"]
    g = softplus(-positive) + (N - 1) * softplus(negative)

    proof.step(
        "softplus",
        "softplus(x) = log(1+e^x) strictly increases and is strictly convex",
        lambda: increases_and_is_convex(claims["softplus"], x),
    )
    proof.step(
        "tangent",
        "softplus(x) >= softplus(y) + softplus'(y)(x-y), with equality only for x = y: value and slope agree there, and the "
        "second derivative is positive",
        lambda: is_tangent_below(claims["tangent"], softplus(x), x, y),
        needs=("softplus",),
    )
    proof.step(
        "Jensen",
        "SigLIP >= softplus(-t mean s - c) + (N-1) softplus(t m + c), s_i = u_i.v_i and m the mean of the N(N-1) products "
        "u_i.v_j, i != j: average the tangents at the mean logits. Equality only for equal s_i and equal u_i.v_j",
        lambda: (
            equal(averaged(CLAIMS["tangent"].subs(y, mean_x), {x: mean_x}), softplus(mean_x))
            and equal(N + N * claims["negatives"], N**2)
        ),
        needs=("tangent",),
    )
    proof.step(
        "mean negative",
        "m = (N ubar.vbar - mean s)/(N-1), because all N^2 products add up to N^2 ubar.vbar",
        lambda: equal((N**2 * inner - N * s) / (N * (N - 1)), claims["mean negative"]),
    )
    # For one coordinate of u and v (x, y) with the means p and q; the squares of all coordinates add up to 1.
    moments = {x: p, y: q, x**2: u_squared, y**2: v_squared, x * y: s}
    proof.step(
        "deficit",
        "1 + ubar.vbar - mean s = (1/2) mean |(u_i-ubar)-(v_i-vbar)|^2 + (1/2)|ubar|^2 + (1/2)|vbar|^2",
        lambda: equal(
            (u_squared + v_squared) / 2 + p * q - s,
            claims["deficit"].subs({a: p, b: q}).subs(gap**2, averaged((x - p - y + q) ** 2, moments)),
        ),
    )
    proof.step(
        "opposite means",
        "ubar.vbar = (1/2)|ubar+vbar|^2 - (1/2)|ubar|^2 - (1/2)|vbar|^2",
        lambda: equal(p * q, claims["opposite"].subs(total**2, (p + q) ** 2).subs({a: p, b: q})),
    )
    # The sum of the last two: 1 + 2 ubar.vbar - mean s = (gap^2 + total^2)/2.
    both = (s - 1 + CLAIMS["deficit"] + CLAIMS["opposite"]) / 2
    proof.step(
        "least product of means",
        "so ubar.vbar = (mean s - 1)/2 + (1/4) mean |(u_i-ubar)-(v_i-vbar)|^2 + (1/4)|ubar+vbar|^2",
        lambda: is_sum_of_squares(
            both - claims["least product of means"], [(Rational(1, 4), gap), (Rational(1, 4), total)]
        ),
        needs=("deficit", "opposite means"),
    )
    proof.step(
        "ratio",
        "R = (1 + mean s)/2 lies in [0,1]: R = mean |u_i+v_i|^2/4 and 1-R = mean |u_i-v_i|^2/4",
        lambda: (
            equal(averaged((x + y) ** 2, {x**2: 1, y**2: 1, x * y: s}) / 4, claims["ratio"])
            and equal(averaged((x - y) ** 2, {x**2: 1, y**2: 1, x * y: s}) / 4, 1 - claims["ratio"])
        ),
    )
    mean_s = sympy.solve(CLAIMS["ratio"] - R, s)[0]
    at_most = CLAIMS["mean negative"].subs(inner, both).subs(s, mean_s)
    proof.step(
        "least mean negative",
        "m = R(N-2)/(N-1) - 1 + N/(4(N-1)) (mean |(u_i-ubar)-(v_i-vbar)|^2 + |ubar+vbar|^2)",
        lambda: is_sum_of_squares(
            at_most - claims["least mean negative"], [(N / (4 * (N - 1)), gap), (N / (4 * (N - 1)), total)]
        ),
        needs=("mean negative", "least product of means", "ratio"),
    )
    proof.step(
        "one variable",
        "softplus increases and t > 0, so SigLIP >= g(R), with equality only for equal s_i, equal u_i.v_j (i != j), "
        "u_i-ubar = v_i-vbar and ubar = -vbar",
        lambda: (
            equal(t * mean_s + c, claims["positive logit"])
            and equal(
                t * CLAIMS["mean negative"].subs(inner, (s - 1) / 2).subs(s, mean_s) + c, claims["negative logit"]
            )
        ),
        needs=("softplus", "Jensen", "least mean negative"),
    )
    proof.step(
        "g is strictly convex",
        "both softplus terms of g have arguments affine in R, and the first has the slope -2t < 0: g has one minimizer in "
        "[0,1], and SigLIP >= g(R) >= min g",
        lambda: (
            all(
                equal(sympy.diff(z, R), slope) for z, slope in zip((-positive, negative), claims["slopes"], strict=True)
            )
            and is_positive(-claims["slopes"][0])
            and is_nonnegative(claims["slopes"][1])
            and all(is_zero(slope.diff(R)) for slope in claims["slopes"])
        ),
        needs=("softplus", "one variable"),
    )
    # u = w + h and v = w - h, coordinate by coordinate (x of w, y of h).
    family = {x**2: w_squared, y**2: h_squared, x * y: wh}
    proof.step(
        "perpendicular constants",
        "at equality u_i = w_i + h, v_i = w_i - h with h = ubar and sum w_i = 0; |u_i|^2 - |v_i|^2 = 4 w_i.h, so that w_i.h "
        "= 0",
        lambda: equal(
            claims["w.h"].subs({u_squared: averaged((x + y) ** 2, family), v_squared: averaged((x - y) ** 2, family)}),
            wh,
        ),
        needs=("one variable",),
    )
    lengths = sympy.solve([w_squared + h_squared - 1, w_squared - h_squared - mean_s], [w_squared, h_squared])
    proof.step(
        "lengths",
        "|w_i|^2 = R and |h|^2 = 1-R, from |u_i|^2 = |w_i|^2 + |h|^2 = 1 and s_i = |w_i|^2 - |h|^2 = 2R-1",
        lambda: (
            equal(averaged((x + y) ** 2, {**family, x * y: 0}), w_squared + h_squared)
            and equal(averaged((x + y) * (x - y), {**family, x * y: 0}), w_squared - h_squared)
            and all(
                equal(lengths[square], claim)
                for square, claim in zip((w_squared, h_squared), claims["squares"], strict=True)
            )
        ),
        needs=("perpendicular constants",),
    )
    proof.step(
        "simplex",
        "u_i.v_j = w_i.w_j - |h|^2 is one number for all i != j, so w_i.w_j is, and sum w_i = 0 makes it -R/(N-1): for R > "
        "0 the w_i/sqrt(R) are a regular simplex, one configuration up to rotation, and for R = 0 all w_i vanish",
        lambda: equal(R + (N - 1) * claims["product"], 0) and is_simplex(claims["product"] / R, N),
        needs=("lengths",),
    )
    proof.step(
        "attained",
        "conversely such u_i, v_i are unit vectors, with u_i.v_i = 2R-1 and u_i.v_j = -R/(N-1) - (1-R) = R(N-2)/(N-1) - 1, "
        "which their mean is, too: SigLIP is g(R) there",
        lambda: (
            equal(CLAIMS["product"] - CLAIMS["squares"][1], claims["negative"])
            and equal(CLAIMS["mean negative"].subs({inner: -CLAIMS["squares"][1], s: mean_s}), claims["negative"])
        ),
        needs=("simplex",),
    )
    span = N / (1 + 1 / (N - 1))  # rank of the simplex: its trace over its only nonzero eigenvalue
    proof.step(
        "dimension",
        "the w_i span N-1 dimensions for R > 0, and none for R = 0; h, perpendicular to them, one more unless R = 1",
        lambda: all(
            equal(needed, dimension)
            for needed, dimension in zip((span + 1, span, sympy.Integer(1)), claims["dimensions"], strict=True)
        ),
        needs=("simplex",),
    )
    proof.step(
        "slope of g",
        "g'(R) = t [(N-2) sigmoid(negative logit) - 2 sigmoid(-positive logit)], which increases in R: the minimizer is 0 "
        "where g'(0) >= 0, 1 where g'(1) <= 0, and else the zero of g'",
        lambda: equal(sympy.diff(g, R), claims["slope of g"](positive, negative)),
        needs=("g is strictly convex",),
    )
    slope = CLAIMS["slope of g"](positive, negative)
    proof.step(
        "two pairs",
        "for N = 2 g' = -2t sigmoid(-positive logit) < 0, so that R = 1: aligned antipodes, whatever t and c",
        lambda: (
            equal(slope.subs(N - 2, 0), claims["two pairs"](positive)) and is_positive(-claims["two pairs"](positive))
        ),
        needs=("slope of g",),
    )
    proof.step(
        "four pairs",
        "for N = 4 the two logits are opposite at the zero of g': R = (3/4)(1 - c/t), where that lies in [0,1]",
        lambda: is_zero(slope.subs(N - 2, 2).subs(R, claims["four pairs"])),
        needs=("slope of g",),
    )
    mean_aligned = claims["mean of aligned negatives"]
    proof.step(
        "aligned pairs",
        "for u_i = v_i, mean s = 1 and ubar.vbar = |ubar|^2: m = (N |ubar|^2 - 1)/(N-1) >= -1/(N-1), the negative of R = 1, "
        "so that SigLIP >= g(1), with equality only for a centered batch of equal products, the regular simplex",
        lambda: (
            equal(CLAIMS["mean negative"].subs({inner: a**2, s: 1}), mean_aligned)
            and is_sum_of_squares(mean_aligned - CLAIMS["least mean negative"].subs(R, 1), [(N / (N - 1), a)])
        ),
        needs=("softplus", "Jensen", "mean negative", "simplex"),
    )
    return proof.steps


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "softplus": {"softplus": -log(1 + exp(x))},
    "tangent": {"tangent": log(1 + exp(y)) + (x - y)},
    "Jensen": {"negatives": N},
    "mean negative": {"mean negative": inner},
    "deficit": {"deficit": gap**2 + a**2 / 2 + b**2 / 2},
    "opposite means": {"opposite": total**2 - a**2 - b**2},
    "least product of means": {"least product of means": s - 1},
    "ratio": {"ratio": s},
    "least mean negative": {"least mean negative": -1 / (N - 1)},  # that of an aligned batch
    "one variable": {"negative logit": -t / (N - 1) + c},
    "g is strictly convex": {"slopes": (-2 * t, -t / (N - 1))},
    "perpendicular constants": {"w.h": (u_squared - v_squared) / 2},
    "lengths": {"squares": (1 - R, R)},
    "simplex": {"product": -R / N},
    "attained": {"negative": R * (N - 2) / (N - 1)},
    "dimension": {"dimensions": (N - 1, N - 1, 1)},
    "slope of g": {"slope of g": lambda pos, neg: t * ((N - 1) / (1 + exp(-neg)) - 2 / (1 + exp(pos)))},
    "two pairs": {"two pairs": lambda pos: -2 * t / (1 + exp(-pos))},
    "aligned pairs": {"mean of aligned negatives": N * a**2 / (N - 1)},
    "four pairs": {"four pairs": Rational(3, 4)},
}
