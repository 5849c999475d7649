"""L2, where aligned regular polygons are local minima of losses with a logarithm.

In full: at the regular polygon of M >= 3 points, anchors at the angles i omega + x_i and positives at i omega + y_i, omega =
2 pi/M, the second derivative of M times DHEL, cross-view DCL and InfoNCE splits into modes x_i = x e^{i p i omega}, y_i
alike, p = 0..M-1. Twice the second-order part per point is, with p_n, W_p, S as stated (sums over n = 1..M-1): of the
positives |x-y|^2/tau; of the logarithm of the sum across views W_0 (|x|^2 + |y|^2) - 2 W_p Re(x* y) - S^2 |y|^2/tau^2; of
that within views 2 (W_0 - W_p) |x|^2 - S^2 |x|^2/tau^2. With the positive in the denominator, of weight p_ii, it is 1 - p_ii
times that with S^2 times 1 - p_ii.

Sources: this package.
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Integer, Matrix, Rational, cos, exp, log, pi, sin

from proofs_check.exact import enclosure, equal, interval, is_positive, is_zero
from proofs_check.steps import Claims, Proof, Step

e, angle, phase, shift, a, b = sympy.symbols("e angle phase shift a b", real=True)
t = sympy.Symbol("tau", positive=True)
p_1, p_2, own, q = sympy.symbols("p_1 p_2 own q", positive=True)
x_1, x_2, z_1, z_2 = sympy.symbols("x_1 x_2 z_1 z_2", real=True)
W_0, W_p, S, x, y = sympy.symbols("W_0 W_p S x y", real=True)
A, gap = sympy.symbols("A gap", positive=True)
far, near = sympy.symbols("far near", nonnegative=True)

CLAIMS: Claims = MappingProxyType(
    {
        "mean of second derivatives": lambda mean, square: mean + square,  # of those of x_n, and of their squares
        "W": sin(angle) ** 2 / t**2 - cos(angle) / t,
        "turned": a**2 + b**2 - 2 * a * b * cos(phase),  # |a - b e^{i phase}|^2
        "slope": sin(phase),  # of the mode, in the mean of first derivatives
        "within": 2 * (W_0 - W_p) - S**2 / t**2,
        "across": Matrix([[W_0, -W_p], [-W_p, W_0 - S**2 / t**2]]),
        "positives": Matrix([[1, -1], [-1, 1]]) / t,
        "DHEL": W_0 - W_p - S**2 / (2 * t**2),
        "symmetric": (W_0 - W_p - S**2 / (2 * t**2), 2 / t + W_0 + W_p - S**2 / (2 * t**2)),
        "one-sided": (1 / t + W_0) * (1 / t + W_0 - S**2 / t**2) - (1 / t + W_p) ** 2,
        "share": q,  # 1 - p_ii
        "first entry": (1 - cos(angle)) / t + sin(angle) ** 2 / t**2,  # terms of 1/tau + W_0
        "Cauchy": (1 + cos(phase)) * (1 - cos(phase)),
        # Losses, corners, mode and temperature at which the polygon is no local minimum.
        "below": MappingProxyType(
            {
                "cross-view DCL at .1": ("one-sided", 6, 1, Rational(1, 10)),
                "cross-view DCL at .2": ("one-sided", 6, 1, Rational(1, 5)),
                "cross-view DCL at .3": ("one-sided", 6, 1, Rational(3, 10)),
                "DHEL at .15": ("DHEL", 8, 1, Rational(3, 20)),
            }
        ),
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    sums = p_1 * exp(e * x_1 + e**2 * z_1) + p_2 * exp(e * x_2 + e**2 * z_2)
    second = sympy.diff(log(sums), e, 2).subs(e, 0)
    weights = (p_1 / (p_1 + p_2), p_2 / (p_1 + p_2))

    def mean(first: Any, other: Any) -> Any:
        return weights[0] * first + weights[1] * other

    proof.step(
        "logarithm of a sum",
        "d^2/de^2 log sum p_n exp(e x_n + e^2 z_n) at e = 0 is the mean of 2 z_n + x_n^2 less the square of the mean "
        "of x_n, by the weights p_n/sum: of two terms, and thus of any number, as one of them may be a sum",
        lambda: equal(
            second,
            claims["mean of second derivatives"](mean(2 * z_1, 2 * z_2), mean(x_1**2, x_2**2)) - mean(x_1, x_2) ** 2,
        ),
    )
    moved = cos(angle + e * shift) / t
    proof.step(
        "one product",
        "cos(n omega + D)/tau has the derivatives -sin(n omega)/tau and -cos(n omega)/tau in D, the difference of both "
        "angles' moves: 2 z_n + x_n^2 is W_n D^2",
        lambda: equal((sympy.diff(moved, e, 2) + sympy.diff(moved, e) ** 2).subs(e, 0), claims["W"] * shift**2),
        ("logarithm of a sum",),
    )
    turned = (a - b * (cos(phase) + sympy.I * sin(phase))).expand(complex=True)
    proof.step(
        "one mode",
        "D_n is y e^{i p n omega} - x across, and x (e^{i p n omega} - 1) within views, times the phase of the anchor: "
        "mean over anchors |D_n|^2 = |x|^2 + |y|^2 - 2 x y cos(p n omega) for real x, y; a phase between them makes "
        "the last less: sums over n add up to W_0 and W_p; those of p_n W_n sin(p n omega) vanish, as n and M - n "
        "cancel",
        lambda: (
            equal(sympy.expand(sympy.re(turned) ** 2 + sympy.im(turned) ** 2), claims["turned"])
            and equal(CLAIMS["W"].subs(angle, 2 * pi - angle), CLAIMS["W"])
            and is_zero(sin(2 * pi * 3 - phase) + sin(phase))
        ),
        ("one product",),
    )
    proof.step(
        "first derivatives",
        "sum p_n sin(n omega) D_n = i S y across and i S x within: sum p_n sin(n omega) cos(p n omega) = 0, as n and M "
        "- n cancel, and sum p_n sin(n omega) sin(p n omega) = S",
        lambda: (
            is_zero(sin(2 * pi - angle) * cos(2 * pi * 3 - phase) + sin(angle) * cos(phase))
            and equal(sympy.im(sympy.expand(exp(sympy.I * phase) - 1, complex=True)), claims["slope"])
            and equal(sin(2 * pi - angle) * sin(2 * pi * 3 - phase), sin(angle) * claims["slope"])
        ),
        ("one product",),
    )
    form = (Matrix([[x, y]]) * CLAIMS["across"] * Matrix([x, y]))[0]
    proof.step(
        "blocks",
        "twice the second-order part: W_0 (x^2 + y^2) - 2 W_p x y - S^2 y^2/tau^2 across, and with y = x, where both "
        "move as one, but S of x, 2 (W_0 - W_p) x^2 - S^2 x^2/tau^2 within views",
        lambda: (
            equal(
                (Matrix([[x, y]]) * claims["across"] * Matrix([x, y]))[0],
                W_0 * (x**2 + y**2) - 2 * W_p * x * y - (S * y / t) ** 2,
            )
            and equal(form.subs(y, x), claims["within"] * x**2)
        ),
        ("one mode", "first derivatives"),
    )
    proof.step(
        "positives",
        "-cos(x - y)/tau adds (x-y)^2/tau",
        lambda: equal(
            sympy.diff(-cos(e * (x - y)) / t, e, 2).subs(e, 0),
            (Matrix([[x, y]]) * claims["positives"] * Matrix([x, y]))[0],
        ),
    )
    proof.step(
        "DHEL",
        "its block is (x-y)^2/tau + 2 (W_0 - W_p - S^2/(2 tau^2)) x^2: positive iff the last is",
        lambda: (
            equal(claims["DHEL"] * 2, CLAIMS["within"])
            and equal((CLAIMS["positives"] + Matrix([[2 * gap, 0], [0, 0]])).det(), 2 * gap / t)
            and equal((CLAIMS["positives"] + Matrix([[-2 * gap, 0], [0, 0]])).det(), -2 * gap / t)
        ),
        ("blocks", "positives"),
    )
    one_sided = CLAIMS["positives"] + CLAIMS["across"]
    proof.step(
        "first entry",
        "1/tau + W_0 is the mean of (1 - cos(n omega))/tau + sin^2(n omega)/tau^2 > 0, as cos(n omega) < 1",
        lambda: equal(1 / t + CLAIMS["W"], claims["first entry"]) and is_positive(gap / t + far**2 / t**2),
        ("blocks",),
    )
    proof.step(
        "one-sided cross-view DCL",
        "a block with a positive first entry is positive iff its determinant is, and has a negative eigenvalue iff "
        "that is negative",
        lambda: equal(one_sided.det(), claims["one-sided"]),
        ("blocks", "positives", "first entry"),
    )
    swapped = Matrix([[one_sided[1, 1], one_sided[0, 1]], [one_sided[0, 1], one_sided[0, 0]]])
    both = (one_sided + swapped) / 2
    proof.step(
        "symmetric cross-view DCL",
        "the mean of that block and the one with anchors and positives exchanged has the eigenvalues W_0 - W_p - "
        "S^2/(2 tau^2), at x = y, and 2/tau + W_0 + W_p - S^2/(2 tau^2), at x = -y",
        lambda: all(
            is_zero((both * v - value * v)[k])
            for v, value in zip((Matrix([1, 1]), Matrix([1, -1])), claims["symmetric"], strict=True)
            for k in range(2)
        ),
        ("blocks", "positives"),
    )
    proof.step(
        "the other eigenvalue",
        "is positive: by Cauchy S^2 <= sum p_n sin^2(n omega)(1 + cos(p n omega)) sum p_n (1 - cos(p n omega)), the "
        "last at most 2, so that it is at least (1/tau) sum p_n (2 - cos(n omega)(1 + cos(p n omega))), with 0 <= 1 + "
        "cos <= 2",
        lambda: (
            equal(sin(phase) ** 2, claims["Cauchy"])
            and equal(
                2 / t + (CLAIMS["W"] * (1 + cos(phase))) - sin(angle) ** 2 * (1 + cos(phase)) * 2 / (2 * t**2),
                (2 - cos(angle) * (1 + cos(phase))) / t,
            )
            # cos(n omega) = 1 - gap < 1, and 1 + cos(p n omega) = 2/(1 + near) or less.
            and is_positive(sympy.factor(2 - (1 / (1 + gap)) * 2 / (1 + near)))
        ),
        ("symmetric cross-view DCL",),
    )
    with_own = log(own * exp(e**2 * z_1) + exp(log(1 - own) + e * x_2 + e**2 * z_2))
    proof.step(
        "InfoNCE",
        "with the positive in the sum, whose first derivative vanishes, means are q = 1 - p_ii times those over "
        "negatives, and the square of the mean of first ones q^2 times: the block is q times that of cross-view DCL "
        "with q S^2, and so is that of the positives, (1 - p_ii)/tau",
        lambda: (
            equal(
                sympy.diff(with_own, e, 2).subs(e, 0),
                (own * 2 * z_1 + (1 - own) * (2 * z_2 + x_2**2 - claims["share"] * x_2**2)).subs(q, 1 - own),
            )
            and equal((-2 * z_1 + own * 2 * z_1), -(1 - own) * 2 * z_1)
        ),
        ("logarithm of a sum", "blocks"),
    )
    for name, (_, corners, mode, _) in CLAIMS["below"].items():
        proof.step(
            name,
            f"{name[:-4].strip()}: of {corners} corners mode {mode} has a negative eigenvalue at that temperature, in "
            "interval arithmetic",
            partial(is_no_local_minimum, *claims["below"][name]),
            ("one-sided cross-view DCL", "DHEL"),
        )
    return proof.steps


def is_no_local_minimum(condition: str, corners: int, mode: int, tau: Any) -> bool:
    """Whether the mode's block has a negative eigenvalue; condition: "DHEL", or "one-sided" cross-view DCL."""
    angles = [2 * pi * n / corners for n in range(1, corners)]
    terms = [interval(exp(cos(angle) / tau)) for angle in angles]
    total = sum(terms, interval(0))

    def mean(values: list[Any]) -> Any:
        return sum((term * interval(value) for term, value in zip(terms, values, strict=True)), interval(0)) / total

    W = [sin(angle) ** 2 / tau**2 - cos(angle) / tau for angle in angles]
    at_0, at_p = mean(W), mean([w * cos(mode * angle) for w, angle in zip(W, angles, strict=True)])
    slope = mean([sin(angle) * sin(mode * angle) for angle in angles])
    u = interval(1 / tau)
    value = (
        at_0 - at_p - slope**2 * u**2 / 2
        if condition == "DHEL"
        else (u + at_0) * (u + at_0 - slope**2 * u**2) - (u + at_p) ** 2
    )
    return bool(enclosure(value)[1] < 0)


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "logarithm of a sum": {"mean of second derivatives": lambda mean, square: mean},
    "one product": {"W": sin(angle) ** 2 / t - cos(angle) / t},
    "one mode": {"turned": a**2 + b**2 - 2 * a * b * sin(phase)},
    "first derivatives": {"slope": cos(phase)},
    "blocks": {"within": W_0 - W_p - S**2 / t**2},
    "positives": {"positives": Matrix([[1, -1], [-1, 1]])},
    "DHEL": {"DHEL": W_0 - W_p - S**2 / t**2},
    "first entry": {"first entry": (1 - cos(angle)) / t},
    "one-sided cross-view DCL": {"one-sided": (1 / t + W_0) * (1 / t + W_0 - S**2 / t**2) - (1 / t - W_p) ** 2},
    "symmetric cross-view DCL": {"symmetric": (W_0 + W_p - S**2 / (2 * t**2), 2 / t + W_0 - W_p - S**2 / (2 * t**2))},
    "the other eigenvalue": {"Cauchy": 1 + cos(phase)},
    "InfoNCE": {"share": Integer(1)},
    **{
        name: {"below": MappingProxyType({**CLAIMS["below"], name: (condition, corners, mode, Rational(1, 2))})}
        for name, (condition, corners, mode, _) in CLAIMS["below"].items()
    },
}
