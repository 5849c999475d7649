"""B13, the phases of the sigmoid loss: for which biases the minimizer of B9 is antipodal, mixed or aligned.

In full: Let N >= 3, t > 0 and g(R) = softplus(-t(2R-1) - c) + (N-1) softplus(t(R(N-2)/(N-1) - 1) + c) on [0,1], whose
minimizer R gives that of SigLIP with the bias c (B9). Then R = 0 exactly for e^c >= 2 e^t/(N-2), and R = 1 exactly for
e^c <= y1, y1 = [-(N-4) + sqrt((N-4)^2 + 8(N-2) e^(tN/(N-1)))] / (2(N-2) e^t), and y1 < 2 e^t/(N-2), so that 0 < R < 1
between. For N = 4 these are e^t and e^(-t/3).

Sources: Lee, Chang and Sohn, Analysis of Using Sigmoid Loss for Contrastive Learning (AISTATS 2024), the function g.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import sympy
from sympy import Integer, Rational, diff, exp, log, sqrt

from proofs_check.exact import equal, is_positive, is_zero
from proofs_check.steps import Claims, Proof, Step

k = sympy.Symbol("N_minus_3", integer=True, nonnegative=True)
N = k + 3
t, y, alpha, gamma = sympy.symbols("t y alpha gamma", positive=True)  # y = e^c
a, e = sympy.symbols("a e", positive=True)  # e^{-t/(N-1)} and e^t
c, R, pos, neg = sympy.symbols("c R positive_logit negative_logit", real=True)
FOUR = {k: 1}


def softplus(z: Any) -> Any:
    return log(1 + exp(z))


POSITIVE, NEGATIVE = t * (2 * R - 1) + c, t * (R * (N - 2) / (N - 1) - 1) + c
G = softplus(-POSITIVE) + (N - 1) * softplus(NEGATIVE)

CLAIMS: Claims = MappingProxyType(
    {
        "slope": lambda pos, neg: t * ((N - 2) * exp(neg) / (1 + exp(neg)) - 2 / (1 + exp(pos))),
        "curvature": lambda pos, neg: (
            t**2 * ((N - 2) ** 2 / (N - 1) * exp(neg) / (1 + exp(neg)) ** 2 + 4 * exp(pos) / (1 + exp(pos)) ** 2)
        ),
        "slope at 0": t * ((N - 2) * y / e - 2) / (1 + y / e),
        "antipodal from": 2 * e / (N - 2),
        "quadratic": (N - 2) * a * e * y**2 + (N - 4) * a * y - 2,
        "q at 0": Integer(-2),
        "curvature of q": 2 * (N - 2) * a * e,
        "discriminant": (N - 4) ** 2 + 8 * (N - 2) * e / a,
        "aligned up to": (-(N - 4) + sqrt((N - 4) ** 2 + 8 * (N - 2) * e / a)) / (2 * (N - 2) * e),
        "exponent": t * N / (N - 1),  # of e/a
        "without cancellation": 4 / a / (N - 4 + sqrt((N - 4) ** 2 + 8 * (N - 2) * e / a)),
        "at the other boundary": 2 * ((1 + alpha) * (N - 2 + 2 * gamma) - (N - 2)) / (N - 2),
        "four pairs": (exp(t), exp(-t / 3)),
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    proof.step(
        "slope of g",
        "g'(R) = t [(N-2) sigmoid(negative logit) - 2 sigmoid(-positive logit)]",
        lambda: equal(diff(G, R), claims["slope"](POSITIVE, NEGATIVE)),
    )
    slope = CLAIMS["slope"](pos, neg)
    chain = diff(slope, pos) * diff(POSITIVE, R) + diff(slope, neg) * diff(NEGATIVE, R)
    proof.step(
        "g is strictly convex",
        "g'' > 0, so that the minimizer over [0,1] is 0 exactly where g'(0) >= 0, and 1 exactly where g'(1) <= 0",
        lambda: (
            equal(chain, claims["curvature"](pos, neg))
            and is_positive(claims["curvature"](log(a), log(e)))  # logits of any size
        ),
        needs=("slope of g",),
    )
    at_zero = CLAIMS["slope"](log(y / e), log(y / e))
    proof.step(
        "slope at 0",
        "with y = e^c, both logits are c - t at R = 0, and g'(0) = t [(N-2) y e^{-t} - 2] / (1 + y e^{-t})",
        lambda: (
            equal(at_zero, claims["slope at 0"])
            and all(equal(logit.subs({R: 0, c: log(y)}), log(y) - t) for logit in (POSITIVE, NEGATIVE))
        ),
        needs=("slope of g",),
    )
    bracket = (N - 2) * y / e - 2
    proof.step(
        "antipodal",
        "the bracket increases in y and vanishes at y = 2 e^t/(N-2): R = 0 exactly for c >= t + log(2/(N-2))",
        lambda: (
            equal(CLAIMS["slope at 0"] * (1 + y / e) / t, bracket)
            and is_positive(diff(bracket, y))
            and is_zero(bracket.subs(y, claims["antipodal from"]))
        ),
        needs=("g is strictly convex", "slope at 0"),
    )
    at_one = CLAIMS["slope"](log(y * e), log(y * a))
    proof.step(
        "slope at 1",
        "with a = e^{-t/(N-1)}, the logits are log(y e^t) and log(y a) at R = 1, and g'(1) is a positive multiple of "
        "q(y) = (N-2) a e^t y^2 + (N-4) a y - 2",
        lambda: (
            equal(at_one * (1 + y * a) * (1 + y * e) / t, claims["quadratic"])
            and equal(POSITIVE.subs({R: 1, c: log(y)}), log(y) + t)
            and equal(NEGATIVE.subs({R: 1, c: log(y)}), log(y) - t / (N - 1))
        ),
        needs=("slope of g",),
    )
    quadratic = CLAIMS["quadratic"]
    proof.step(
        "one positive zero",
        "q(0) < 0 and q'' > 0, so that q has exactly one zero y1 > 0, and q <= 0 exactly up to it",
        lambda: (
            equal(quadratic.subs(y, 0), claims["q at 0"])
            and equal(diff(quadratic, y, 2), claims["curvature of q"])
            and is_positive(-claims["q at 0"])
            and is_positive(claims["curvature of q"])
        ),
        needs=("slope at 1",),
    )
    proof.step(
        "discriminant",
        "it is (N-4)^2 + 8(N-2) e^t/a > (N-4)^2, times a^2, with e^t/a = e^{tN/(N-1)}: its root exceeds |N-4|",
        lambda: (
            equal(sympy.discriminant(quadratic, y), a**2 * claims["discriminant"])
            and is_positive(sympy.expand(claims["discriminant"] - (N - 4) ** 2))
            and equal(t + t / (N - 1), claims["exponent"])
        ),
        needs=("one positive zero",),
    )
    proof.step(
        "aligned",
        "so the positive zero is y1 = [-(N-4) + sqrt(...)]/(2(N-2)e^t): R = 1 exactly for e^c <= y1",
        lambda: is_zero(quadratic.subs(y, claims["aligned up to"])),
        needs=("g is strictly convex", "discriminant"),
    )
    proof.step(
        "without cancellation",
        "y1 = 4 e^{t/(N-1)} / [N-4 + sqrt(...)], as numbers are computed",
        lambda: equal(claims["without cancellation"], CLAIMS["aligned up to"]),
        needs=("aligned",),
    )
    # a e = e^{t(N-2)/(N-1)} = 1 + alpha and e^2 = 1 + gamma, both more than 1.
    other = quadratic.subs(y, CLAIMS["antipodal from"]).subs(a, (1 + alpha) / e)
    proof.step(
        "order",
        "q(2 e^t/(N-2)) > 0, as a e^t = 1 + alpha and e^{2t} = 1 + gamma with alpha, gamma > 0: y1 < 2 e^t/(N-2), and "
        "there are biases between",
        lambda: (
            equal(sympy.expand(other).subs(e**2, 1 + gamma), claims["at the other boundary"])
            and is_positive(sympy.factor(claims["at the other boundary"]))
        ),
        needs=("antipodal", "one positive zero"),
    )
    values = {a: exp(-t / 3), e: exp(t)}
    proof.step(
        "four pairs",
        "for N = 4 the boundaries are e^t and e^{-t/3}, where B9's R = (3/4)(1 - c/t) is 0 and 1",
        lambda: (
            equal(CLAIMS["antipodal from"].subs(FOUR).subs(values), claims["four pairs"][0])
            and equal(sympy.powsimp(CLAIMS["aligned up to"].subs(FOUR).subs(values)), claims["four pairs"][1])
            and all(
                equal(Rational(3, 4) * (1 - sympy.expand_log(log(bound), force=True) / t), ratio)
                for bound, ratio in zip(claims["four pairs"], (0, 1), strict=True)
            )
        ),
        needs=("antipodal", "aligned"),
    )
    return proof.steps


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "slope of g": {"slope": lambda pos, neg: t * ((N - 1) * exp(neg) / (1 + exp(neg)) - 2 / (1 + exp(pos)))},
    "g is strictly convex": {"curvature": lambda pos, neg: 4 * t**2 * exp(pos) / (1 + exp(pos)) ** 2},
    "slope at 0": {"slope at 0": t * ((N - 2) * y / e - 1) / (1 + y / e)},
    "antipodal": {"antipodal from": 2 * e / (N - 1)},
    "slope at 1": {"quadratic": (N - 2) * a * e * y**2 + (N - 2) * a * y - 2},
    "one positive zero": {"q at 0": Integer(2)},
    "discriminant": {"discriminant": (N - 4) ** 2 - 8 * (N - 2) * e / a},
    "aligned": {"aligned up to": (-(N - 4) - sqrt((N - 4) ** 2 + 4 * (N - 2) * e / a)) / (2 * (N - 2) * e)},
    "without cancellation": {"without cancellation": 4 / a / (sqrt((N - 4) ** 2 + 8 * (N - 2) * e / a) - (N - 4))},
    "order": {"at the other boundary": -2 * (1 + alpha)},
    "four pairs": {"four pairs": (exp(t), exp(-t))},
}
