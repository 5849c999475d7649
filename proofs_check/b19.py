"""B19: at high temperature InfoNCE and DHEL have the minima of their expansions at aligned spherical 2-designs.

With w = 1/tau <= 1/3 and negatives x in [-1, 1], log sum_j e^{w x_j} is log n + w mean + (w^2/2) variance + R, n the number
of the negatives and |R| <= (16/81) w^3. What remains is to bound first and second order together, from below for all (U, V),
and to evaluate them at 2-designs. Notation: a = |ubar|, b = |vbar|, S_u = (1/M) sum u_i u_i^T, D = mean |(u_i-ubar) -
(v_i-vbar)|^2.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import sympy
from sympy import Rational, log

from proofs_check.exact import averaged, equal, is_nonnegative, is_positive, is_sum_of_squares, is_zero
from proofs_check.steps import Claims, Proof, Step

M = sympy.Symbol("M_minus_2", integer=True, nonnegative=True) + 2
d = sympy.Symbol("d", positive=True)
above = sympy.Symbol("tau_minus_3", nonnegative=True)
w = 1 / (3 + above)  # 1/tau
x, y, m = sympy.symbols("x y m", real=True)
a, b, D, e, g, u, v = sympy.symbols("a b D e g u v", nonnegative=True)
s, inner, mean_s = sympy.symbols("s ubar_dot_vbar mean_s", real=True)
T, Q, m1, m2, m3 = sympy.symbols("tr_S_squared mean_of_ubar_u_squared m1 m2 m3", real=True)

CLAIMS: Claims = MappingProxyType(
    {
        "third cumulant": (1, -3, 2),  # of m3, m1 m2, m1^3
        "largest third moment": Rational(32, 27),
        "remainder": Rational(16, 81),
        "variance": 1 - m**2,  # at most
        "least trace": 1 / d,  # of S^2
        "DHEL first": (M * a**2 - 1) / (M - 1),
        "DHEL second": (M * T - 1) / (M - 1) - (M**2 * Q - 2 * M * a**2 + 1) / (M - 1) ** 2,
        "DHEL at designs": (-1 / (M - 1), (M / d - 1) / (M - 1) - 1 / (M - 1) ** 2),
        "DHEL excess": (M - 2) / (2 * (M - 1)),  # w times that is below 1
        "InfoNCE first": (a**2 + b**2 + D) / 2,
        "gap of projections": 2,  # |uu^T - vv^T|^2 <= 2 |u-v|^2
        "gap of moments": 2 * D + 4 * a**2 + 4 * b**2,
        "InfoNCE weights": (1 - 2 * w, 1 - 3 * w, 1 - w),  # of a^2, b^2, D
        "InfoNCE at designs": (0, 1 / d),
        "simplex": -1 / (M - 1),
        "DHEL at simplexes": (-1 / (M - 1), 0),
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    Z = sympy.Function("Z")(s)
    raw = {Z.diff(s, 3): m3 * Z, Z.diff(s, 2): m2 * Z, Z.diff(s): m1 * Z}

    def third() -> bool:
        found = sympy.expand(log(Z).diff(s, 3).subs(raw))
        parts = zip(claims["third cumulant"], (m3, m1 * m2, m1**3), strict=True)
        by_moments = averaged((x - m1) ** 3, {x: m1, x**2: m2, x**3: m3})
        return equal(found, sum(c * part for c, part in parts)) and equal(found, by_moments)

    proof.step(
        "cumulants",
        "with Z(s) = mean e^{s x}, whose derivatives over Z are the moments of the tilted law, the derivatives of log "
        "Z are mean, variance and third central moment of x under that law",
        lambda: (
            third()
            and equal(log(Z).diff(s).subs(raw), m1)
            and equal(sympy.expand(log(Z).diff(s, 2).subs(raw)), averaged((x - m1) ** 2, {x: m1, x**2: m2}))
        ),
    )
    proof.step(
        "variance",
        "of a law on [-1, 1] with the mean m the variance is 1 - m^2 less the mean of 1 - x^2 >= 0",
        lambda: equal(claims["variance"] - averaged(1 - x**2, {x**2: m2}), averaged((x - m) ** 2, {x: m, x**2: m2})),
    )
    proof.step(
        "third moment",
        "so |mean (x-m)^3| <= (1+|m|)(1 - m^2) <= 32/27, as 32/27 - (1+a)^2 (1-a) = (a - 1/3)^2 (a + 5/3)",
        lambda: (
            equal(
                claims["largest third moment"] - (1 + a) * CLAIMS["variance"].subs(m, a),
                (a - Rational(1, 3)) ** 2 * (a + Rational(5, 3)),
            )
            and is_positive(a + Rational(5, 3))
        ),
        ("variance",),
    )
    proof.step(
        "remainder",
        "Taylor: log Z(w) is its terms of order 1 and 2 and the integral over [0, w] of (w-s)^2/2 times the third "
        "derivative",
        lambda: equal(
            sympy.integrate((u - s) ** 2 / 2, (s, 0, u)) * CLAIMS["largest third moment"], claims["remainder"] * u**3
        ),
        ("cumulants", "third moment"),
    )
    proof.step(
        "trace",
        "tr S^2 = 1/d + |S - I/d|^2 >= 1/d, as S has the trace 1: its d eigenvalues x have the mean 1/d",
        lambda: equal(d * averaged((x - 1 / d) ** 2, {x: 1 / d, x**2: T / d}), T - claims["least trace"]),
    )
    # Over the neighbors of one anchor: all M products, x = u_i.u_j, less the own one, which is 1; then over the anchors,
    # where M u_i.ubar is the sum of its products, y = u_i.ubar.
    own_mean = (M * y - 1) / (M - 1)
    proof.step(
        "DHEL to second order",
        "mean over the anchors of their means is (M a^2 - 1)/(M-1), and of their variances (M tr S^2 - 1)/(M-1) less "
        "the mean of ((M u_i.ubar - 1)/(M-1))^2",
        lambda: (
            equal(averaged(own_mean, {y: a**2}), claims["DHEL first"])
            and equal(
                averaged((M * x**2 - 1) / (M - 1), {x**2: T}) - averaged(own_mean**2, {y: a**2, y**2: Q}),
                claims["DHEL second"],
            )
        ),
    )
    first, second = CLAIMS["DHEL at designs"]
    proof.step(
        "DHEL from below",
        "for M >= d+1, mean (ubar.u_i)^2 = a^2 - e with e >= 0 and tr S^2 = 1/d + g: first and second order exceed "
        "their values at 2-designs by w a^2 M/(M-1) (1 - w (M-2)/(2(M-1))) + w^2/2 (M^2 e/(M-1)^2 + M g/(M-1)) >= 0",
        lambda: (
            equal(
                w * (CLAIMS["DHEL first"] - first)
                + w**2 / 2 * (CLAIMS["DHEL second"].subs({T: 1 / d + g, Q: a**2 - e}) - second),
                w * a**2 * M / (M - 1) * (1 - w * claims["DHEL excess"])
                + w**2 / 2 * (M**2 * e / (M - 1) ** 2 + M * g / (M - 1)),
            )
            and is_positive(sympy.factor(1 - w * claims["DHEL excess"]))
        ),
        ("trace", "DHEL to second order"),
    )
    proof.step(
        "DHEL at designs",
        "there ubar = 0 and S = I/d, so that every anchor has the mean -1/(M-1) and the mean square (M u.S u - "
        "1)/(M-1)",
        lambda: (
            equal(own_mean.subs(y, 0), claims["DHEL at designs"][0])
            and equal((M * averaged(x**2, {x**2: 1 / d}) - 1) / (M - 1) - first**2, claims["DHEL at designs"][1])
        ),
        ("DHEL to second order",),
    )
    moments = {x: u, y: v, x**2: m1, y**2: m2, x * y: mean_s}
    proof.step(
        "InfoNCE to first order",
        "1 - mean s + ubar.vbar, the means of the rows less the positives, plus 1, is (a^2 + b^2 + D)/2",
        lambda: equal(
            (m1 + m2) / 2 - mean_s + u * v,  # one coordinate; all of m1 and of m2 add up to 1
            claims["InfoNCE first"].subs({a: u, b: v}).subs(D, averaged((x - u - y + v) ** 2, moments)),
        ),
    )
    proof.step(
        "projections",
        "|uu^T - vv^T|^2 = 2 - 2 s^2 = 2 |u-v|^2 - 2 (1-s)^2, as |u-v|^2 = 2 - 2s",
        lambda: is_sum_of_squares(
            claims["gap of projections"] * averaged((x - y) ** 2, {x**2: 1, y**2: 1, x * y: s}) - (2 - 2 * s**2),
            [(2, 1 - s)],
        ),
    )
    proof.step(
        "moments of both views",
        "|S_u - S_v|^2 <= 2 mean |u_i-v_i|^2 by Jensen, and mean |u_i-v_i|^2 = D + |ubar-vbar|^2 = D + 2a^2 + 2b^2 - "
        "|ubar+vbar|^2",
        lambda: (
            equal(averaged((x - y) ** 2, moments) - averaged((x - u - y + v) ** 2, moments), (u - v) ** 2)
            and is_sum_of_squares(
                claims["gap of moments"].subs({D: 0, a: u, b: v}) - CLAIMS["gap of projections"] * (u - v) ** 2,
                [(2, u + v)],
            )
            and equal(sympy.diff(claims["gap of moments"], D), CLAIMS["gap of projections"])
        ),
        ("projections",),
    )
    proof.step(
        "InfoNCE from below",
        "for M >= d+1, tr S_u S_v = (tr S_u^2 + tr S_v^2 - |S_u-S_v|^2)/2 >= 1/d - D - 2a^2 - 2b^2, and the variances "
        "have that mean less vbar.S_u vbar <= b^2: first and second order exceed w^2/(2d) - w by at least (w/2) "
        "[(1-2w) a^2 + (1-3w) b^2 + (1-w) D] >= 0",
        lambda: (
            equal(averaged((x - y) ** 2, {x**2: m1, y**2: m2, x * y: m3}), m1 + m2 - 2 * m3)
            and equal(
                w * CLAIMS["InfoNCE first"] - w**2 / 2 * (CLAIMS["gap of moments"] / 2 + b**2),
                w / 2 * sum(c * z for c, z in zip(claims["InfoNCE weights"], (a**2, b**2, D), strict=True)),
            )
            and all(is_nonnegative(sympy.factor(weight)) for weight in claims["InfoNCE weights"])
        ),
        ("trace", "InfoNCE to first order", "moments of both views"),
    )
    proof.step(
        "InfoNCE at designs",
        "at an aligned 2-design every row of products, the positive among them, has the mean u.ubar = 0 and the mean "
        "square u.S u = 1/d",
        lambda: (
            equal((1 + (M - 1) * first) / M, claims["InfoNCE at designs"][0])
            and equal((1 + (M - 1) * (second + first**2)) / M, claims["InfoNCE at designs"][1])
        ),
        ("DHEL at designs",),
    )
    proof.step(
        "simplexes",
        "for M <= d+1 minimizers are regular simplexes (B1), 2-designs of the M-1 dimensions that they span: the "
        "values are those of designs with d = M-1, and DHEL has no variance there",
        lambda: (
            equal((1 + (M - 1) * claims["simplex"] ** 2) / M, CLAIMS["InfoNCE at designs"][1].subs(d, M - 1))
            and equal(claims["simplex"], first)
            and is_zero(1 + (M - 1) * claims["simplex"])
        ),
        ("InfoNCE at designs",),
    )
    proof.step(
        "DHEL at simplexes",
        "all negatives are equal there, and the second order vanishes",
        lambda: all(
            equal(value.subs(d, M - 1), claim)
            for value, claim in zip((first, second), claims["DHEL at simplexes"], strict=True)
        ),
        ("simplexes",),
    )
    return proof.steps


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "cumulants": {"third cumulant": (1, -3, 1)},
    "variance": {"variance": 1 - m},
    "third moment": {"largest third moment": Rational(1)},
    "remainder": {"remainder": Rational(32, 81)},
    "trace": {"least trace": 1 / d**2},
    "DHEL to second order": {"DHEL first": a**2},
    "DHEL from below": {"DHEL excess": (M - 2) / (M - 1)},
    "DHEL at designs": {"DHEL at designs": (-1 / (M - 1), 1 / d)},
    "InfoNCE to first order": {"InfoNCE first": (a**2 + b**2) / 2},
    "projections": {"gap of projections": 1},
    "moments of both views": {"gap of moments": 2 * D + 2 * a**2 + 2 * b**2},
    "InfoNCE from below": {"InfoNCE weights": (1 - w, 1 - w, 1 - w)},
    "InfoNCE at designs": {"InfoNCE at designs": (0, 1 / (d + 1))},
    "simplexes": {"simplex": -1 / M},
    "DHEL at simplexes": {"DHEL at simplexes": (-1 / (M - 1), 1)},
}
