"""B12: the largest difference of a negative and its positive, the limit of InfoNCE at small temperature.

In full: u_i, v_i are unit vectors in R^d, i = 1..M, M >= 2, g = max_{i != j} (u_i.v_j - u_i.v_i), delta_i = v_i - u_i. For M
<= d+1 the mean of the differences bounds their maximum. For M >= d+2 Radon's theorem splits the v_i into two sets whose
convex hulls meet in a point x; averaging u_i.v_j - u_i.v_i <= g over the j of one set and the i of the other leaves 1 + g on
one side and a sum of squares on the other.

Sources: Radon 1921, which is a step here; Rankin 1955, that 2d points and no more have no angle below 90 degrees.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import sympy
from sympy import Integer, Rational, exp, log

from proofs_check.exact import averaged, equal, is_nonnegative, is_positive, is_simplex, is_sum_of_squares, is_zero
from proofs_check.steps import Claims, Kind, Proof, Step

M = sympy.Symbol("M_minus_2", integer=True, nonnegative=True) + 2
d = sympy.Symbol("d", integer=True, positive=True)
y_share = sympy.Symbol("y_share", nonnegative=True)
more = sympy.Symbol("M_minus_d_minus_2", integer=True, nonnegative=True)
t = sympy.Symbol("tau", positive=True)
a, b, gap, size, far = sympy.symbols("ubar_norm vbar_norm gap norm_of_x norm_of_x_minus_delta", nonnegative=True)
x, y, p, q, s, inner, mean_s = sympy.symbols("x y p q s ubar_dot_vbar mean_s", real=True)
u_squared, v_squared, cross = sympy.symbols("u_squared v_squared mean_of_delta_dot_x", real=True)
delta_squared = sympy.Symbol("mean_of_delta_squared", nonnegative=True)
r = sympy.Symbol("minus_g_star", nonnegative=True)
w = sympy.Symbol("w", real=True)

CLAIMS: Claims = MappingProxyType(
    {
        "mean difference": M * (inner - mean_s) / (M - 1),
        "deficit": gap**2 / 2 + a**2 / 2 + b**2 / 2,  # 1 + ubar.vbar - mean s
        "least mean difference": -M / (M - 1),
        "product": -1 / (M - 1),
        "equations": d + 1,
        "own product": 1 - delta_squared / 2,  # u.v
        "other product": size**2 - cross,  # mean over P of u_i.x
        "excess": size**2 / 2 + far**2 / 2,  # at most 1 + g
        "at most": -delta_squared / 2,  # u_i.x where g = -1
        "most obtuse": 2 * d,
        "cross-polytope": (Integer(0), Integer(-1)),
        # u.u - u.u' of one unit vector ((1-w^2)/(1+w^2), 2w/(1+w^2)).
        "difference where all coincide": ((1 - w**2) ** 2 + (2 * w) ** 2) / (1 + w**2) ** 2 - 1,
        "slope of the chord": log(2),
        "slope of the tangent": Integer(1),
        "below": t * log(log(2) / M),  # less g*
        "above": t * log(M - 1),
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    proof.step(
        "mean difference",
        "the maximum is at least the mean over i != j, which is M (ubar.vbar - mean s)/(M-1), s_i = u_i.v_i: all M^2 "
        "products add up to M^2 ubar.vbar",
        lambda: equal((M**2 * inner - M * mean_s) / (M * (M - 1)) - mean_s, claims["mean difference"]),
    )
    moments = {x: p, y: q, x**2: u_squared, y**2: v_squared, x * y: s}
    proof.step(
        "deficit",
        "1 + ubar.vbar - mean s = (1/2) mean |(u_i-ubar)-(v_i-vbar)|^2 + (1/2)|ubar|^2 + (1/2)|vbar|^2, coordinate by "
        "coordinate",
        lambda: equal(
            (u_squared + v_squared) / 2 + p * q - s,
            claims["deficit"].subs({a: p, b: q}).subs(gap**2, averaged((x - p - y + q) ** 2, moments)),
        ),
    )
    proof.step(
        "few pairs",
        "so g >= -M/(M-1), with equality only for ubar = vbar = 0, u_i = v_i and equal differences",
        lambda: is_sum_of_squares(
            CLAIMS["mean difference"].subs(inner, mean_s - 1 + CLAIMS["deficit"]) - claims["least mean difference"],
            [(M / (2 * (M - 1)), gap), (M / (2 * (M - 1)), a), (M / (2 * (M - 1)), b)],
        ),
        ("mean difference", "deficit"),
    )
    proof.step(
        "simplex",
        "then all u_i.u_j are -1/(M-1), a regular simplex, which exists for M <= d+1 and has the value",
        lambda: is_simplex(claims["product"], M) and equal(claims["product"] - 1, CLAIMS["least mean difference"]),
        ("few pairs",),
    )
    proof.step(
        "Radon",
        "for M >= d+2 sum c_i v_i = 0 and sum c_i = 0 are d+1 equations for M unknowns, and have a solution other than 0: "
        "the points of positive and of negative c_i, P and Q, have convex combinations in a common point x (Radon 1921)",
        lambda: is_positive(d + 2 + more - claims["equations"]),
        kind=Kind.CITED,
    )
    proof.step(
        "own product",
        "u_i.v_i = 1 - |delta_i|^2/2 for unit vectors",
        lambda: (
            equal(
                1 - averaged((x - y) ** 2, {x**2: 1, y**2: 1, x * y: s}) / 2,
                s,
            )
            and equal(claims["own product"].subs(delta_squared, 2 - 2 * s), s)
        ),
    )
    # One coordinate of v_i and delta_i, averaged with the weights of P; x of the proof is the mean of v.
    proof.step(
        "other product",
        "the mean over P of u_i.x is |x|^2 less the mean of delta_i.x, as u_i = v_i - delta_i and the mean of v_i is x",
        lambda: equal(averaged((x - y) * p, {x: p, y: q}), claims["other product"].subs({size: p, cross: p * q})),
        ("Radon",),
    )
    proof.step(
        "excess",
        "u_i.v_j <= u_i.v_i + g for i in P and j in Q, averaged over both, is mean u_i.x <= g + mean u_i.v_i: 1 + g is at "
        "least |x|^2/2 + (1/2) mean |x - delta_i|^2",
        lambda: (
            equal(
                1 + (CLAIMS["other product"] - CLAIMS["own product"]),
                claims["excess"].subs(
                    far**2, averaged((x - y) ** 2, {x: size, y: 0, x**2: size**2, x * y: cross, y**2: delta_squared})
                ),
            )
            and is_sum_of_squares(claims["excess"], [(Rational(1, 2), size), (Rational(1, 2), far)])
        ),
        ("own product", "other product"),
    )
    proof.step(
        "alignment",
        "each i is outside of P or of Q, so that averaging over that one gives u_i.x <= g + u_i.v_i for every i: at g = -1, "
        "where x = 0, it is 0 <= -|delta_i|^2/2, and u_i = v_i for all i",
        lambda: (
            equal(-1 + s, claims["at most"].subs(delta_squared, 2 - 2 * s))
            and is_positive(CLAIMS["excess"].subs(size, 1 + size))  # so that x = 0 where 1 + g = 0
        ),
        ("excess",),
    )
    proof.step(
        "obtuse sets",
        "of aligned pairs g = -1 says that no two points have an angle below 90 degrees: there are at most 2d of them, and "
        "2d only at +-e_i (Rankin 1955), so that g > -1 for M > 2d. The points +-e_i have products 0 and -1, and for d >= 2 "
        "there are as many as d+2",
        lambda: (
            all(is_nonnegative(-product) for product in claims["cross-polytope"])
            and is_zero(max(claims["cross-polytope"]))
            and is_nonnegative((claims["most obtuse"] - (d + 2)).subs(d, 2 + more))
            and is_zero((claims["most obtuse"] - (d + 2)).subs(d, 2))
        ),
        ("alignment",),
        Kind.CITED,
    )
    proof.step(
        "not positive",
        "g* <= 0: where all points are one, every difference is 1 - 1 = 0; so e^{g*/tau} lies in (0, 1]",
        lambda: is_zero(claims["difference where all coincide"]) and is_positive(1 / exp(r / t)),
    )
    proof.step(
        "chord",
        "log(1+y) >= y log 2 for 0 <= y <= 1: it is concave, and both sides agree at 0 and at 1",
        lambda: (
            is_positive(-sympy.diff(log(1 + y_share), y_share, 2))
            and is_zero(log(1 + y_share).subs(y_share, 0))
            and equal(claims["slope of the chord"], log(1 + y_share).subs(y_share, 1))
        ),
    )
    proof.step(
        "tangent",
        "log(1+y) <= y for y >= 0: both sides agree at 0, and the slope of y - log(1+y) is y/(1+y) >= 0",
        lambda: (
            is_zero((claims["slope of the tangent"] * y_share - log(1 + y_share)).subs(y_share, 0))
            and is_nonnegative(
                sympy.cancel(sympy.diff(claims["slope of the tangent"] * y_share - log(1 + y_share), y_share))
            )
        ),
    )
    share = exp(-r / t)  # e^{g*/tau}, g* = -r
    proof.step(
        "lower bound",
        "wherever (U, V) are, a difference is at least g*: InfoNCE = mean_i log(1 + sum_{j != i} e^{(u_i.v_j - u_i.v_i)/"
        "tau}) >= (1/M) log(1 + e^{g*/tau}) >= (log 2/M) e^{g*/tau}, as the logarithm increases and no term is negative",
        lambda: is_zero(
            sympy.expand_log(t * log(CLAIMS["slope of the chord"] * share / M), force=True)
            - sympy.expand_log(-r + claims["below"], force=True)
        ),
        ("not positive", "chord"),
    )
    proof.step(
        "upper bound",
        "where g = g*, no difference is larger: InfoNCE <= log(1 + (M-1) e^{g*/tau}) <= (M-1) e^{g*/tau}",
        lambda: is_zero(
            sympy.expand_log(t * log(sympy.cancel((M**2 - M) / M) * CLAIMS["slope of the tangent"] * share), force=True)
            - sympy.expand_log(-r + claims["above"], force=True)
        ),
        ("tangent",),
    )
    return proof.steps


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "mean difference": {"mean difference": inner - mean_s},
    "deficit": {"deficit": gap**2 + a**2 / 2 + b**2 / 2},
    "few pairs": {"least mean difference": -1 / (M - 1)},
    "simplex": {"product": -1 / M},
    "Radon": {"equations": d + 2 + more},
    "own product": {"own product": 1 - delta_squared},
    "other product": {"other product": size**2},
    "excess": {"excess": size**2 / 2},
    "alignment": {"at most": delta_squared / 2},
    "obtuse sets": {"most obtuse": d + 1},
    "not positive": {"difference where all coincide": Integer(1)},
    "chord": {"slope of the chord": Integer(1)},
    "tangent": {"slope of the tangent": Rational(1, 2)},
    "lower bound": {"below": t * log(2)},
    "upper bound": {"above": t * log(M)},
}
