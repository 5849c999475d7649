"""B2b, kernel contrastive losses with 2d pairs: aligned cross-polytopes, by the linear-programming bound.

In full: Let M = 2d, d >= 2, gamma > 0, let K_A be finite at 0 and strictly decreasing, and let K_U be strictly completely
monotone on (0, 4], up to a constant, continuous at 0 or infinite there; only K_U' < 0, K_U'' > 0 and K_U''' < 0 are used.
Then KCL is at least -K_A(0) + gamma [K_U(4) + (2d-2) K_U(2)]/(2d-1), with equality exactly where u_i = v_i and U is a
cross-polytope, {+-e_1, ..., +-e_d} up to rotation.

Sources: Cohn and Kumar, Universally optimal distribution of points on spheres (J. Amer. Math. Soc. 2007); the bound is
due to Delsarte, Goethals and Seidel (1977) and to Yudin (1992).
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Rational, exp, log, sqrt

from proofs_check.b2a import FAMILIES, c, gamma, r, s
from proofs_check.b2a import t as b
from proofs_check.exact import (
    averaged,
    equal,
    equal_in_exponentials,
    is_positive,
    is_taylor_weight,
    is_zero,
)
from proofs_check.steps import Claims, Proof, Step

k = sympy.Symbol("k", integer=True, nonnegative=True)
d = k + 2
t, q, x, y, p0, p1 = sympy.symbols("t q x y u_1 u_2", real=True)
P, Q, W = sympy.symbols("P Q W", positive=True)
f_minus, f_zero, f_second, f_t = sympy.symbols("f(-1) f(0) f''(0) f(t)", real=True)
f_slope = sympy.Symbol("f'(0)", positive=True)  # -2 K_U'(2)
part = sympy.Symbol("lambda", nonnegative=True)
f, K_A, K_U = sympy.Function("f"), sympy.Function("K_A"), sympy.Function("K_U")

bend = f_minus - f_zero + f_slope  # the divided difference f[-1, 0, 0]
KERNELS = {name: kernel for name, kernel in FAMILIES.items() if name != "polynomial"}  # its derivatives end at 0
CLAIMS: Claims = MappingProxyType(
    {
        "P_1": t,
        "P_2": (d * t**2 - 1) / (d - 1),
        "P_3": ((d + 2) * t**3 - 3 * t) / (d - 1),
        "factor of the square": d / (d - 1),
        "interpolant": f_zero + f_slope * t + bend * t**2,
        "h_0": f_zero + bend / d,
        "h_1": f_slope,
        "h_2": bend * (d - 1) / d,
        "weight": 1 - part,
        "Peano kernel": (t**2 * (1 + q) ** 2, (t - q) ** 2),  # twice it: on (-1, 0), and on (0, t)
        "Peano kernel, t < 0": q * (1 + t) * (2 * t + q * (t - 1)),  # the difference of the two
        "points": 2 * d,
        "bound": (f_minus + (2 * d - 2) * f_zero) / (2 * d - 1),
        "antipodes": sympy.Integer(1),
        "lines": d,
        "alignment distance": 2 - 2 * t,
        "value": -K_A(0) + gamma * (K_U(4) + (2 * d - 2) * K_U(2)) / (2 * d - 1),
        **KERNELS,
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    h, N = CLAIMS["interpolant"], 2 * d
    gegenbauer = {"P_1": t, "P_2": (d * t**2 - 1) / (d - 1), "P_3": ((d + 2) * t**3 - 3 * t) / (d - 1)}

    for name in KERNELS:
        proof.step(
            f"{name} kernel",
            f"{name}: K' < 0, K'' > 0 and K''' < 0 for r > 0. With f(t) = K(2-2t), that is f', f'', f''' > 0 for t < 1",
            partial(_has_positive_derivatives, claims[name].subs(r, 2 - 2 * t)),
        )
    for degree, name in enumerate(gegenbauer, start=1):
        proof.step(
            f"Gegenbauer {name}",
            f"{name} is the Gegenbauer polynomial of S^(d-1) of degree {degree}, 1 at t = 1, and Chebyshev's for d = 2",
            partial(_is_gegenbauer, degree, claims[name]),
        )
    proof.step(
        "sums of P_1 and P_2",
        "sum_{i,j} P_1(x_i.x_j) = |sum x_i|^2 >= 0, and sum_{i,j} P_2(x_i.x_j) = d/(d-1) |sum (x_i x_i^T - I/d)|^2 >= "
        "0, for any unit vectors, because tr (xx^T - I/d)(yy^T - I/d) = (x.y)^2 - 1/d",
        # The trace of a product of a combination of xx^T and I (x) with one of yy^T and I (y).
        lambda: (
            equal(
                claims["factor of the square"]
                * averaged((p0 - x / d) * (p1 - x / d), {p0 * p1: t**2, p0 * x: 1, p1 * x: 1, x**2: d}),
                gegenbauer["P_2"],
            )
            and is_positive(claims["factor of the square"])
        ),
        needs=("Gegenbauer P_1", "Gegenbauer P_2"),
    )
    proof.step(
        "interpolant",
        "h of degree 2 has h(-1) = f(-1), h(0) = f(0) and h'(0) = f'(0)",
        lambda: (
            equal(claims["interpolant"].subs(t, -1), f_minus)
            and equal(claims["interpolant"].subs(t, 0), f_zero)
            and equal(sympy.diff(claims["interpolant"], t).subs(t, 0), f_slope)
        ),
    )
    proof.step(
        "Gegenbauer coefficients",
        "h = h_0 + h_1 P_1 + h_2 P_2 with h_0 = f(0) + f[-1,0,0]/d, h_1 = f'(0), h_2 = f[-1,0,0] (d-1)/d",
        lambda: equal(h, claims["h_0"] + claims["h_1"] * gegenbauer["P_1"] + claims["h_2"] * gegenbauer["P_2"]),
        needs=("interpolant", "Gegenbauer P_1", "Gegenbauer P_2"),
    )
    proof.step(
        "coefficients are positive",
        "h_1 = f'(0) > 0, and f[-1,0,0] = f(-1) - f(0) + f'(0) is the integral of (1-l) f''(-l) over 0 < l < 1, "
        "positive as f'' > 0, so that h_2 > 0",
        # It is g(1) - g(0) - g'(0) for g(l) = f(-l), and these values are those of h.
        lambda: (
            is_taylor_weight(claims["weight"], part)
            and equal(_second_order(h.subs(t, -part)) * (d - 1) / d, CLAIMS["h_2"])
            and is_positive((d - 1) / d)
            and is_positive(claims["h_1"])
        ),
        needs=("Gegenbauer coefficients",),
    )
    proof.step(
        "remainder",
        "f(t) - h(t) is half the integral of t^2 (1+q)^2 f'''(q) over -1 < q < 0 plus half that of (t-q)^2 f'''(q) "
        "over 0 < q < t, for t of either sign: integrate by parts",
        lambda: (
            all(_is_integral_by_parts(weight) for weight in claims["Peano kernel"])
            and equal(_remainder(*claims["Peano kernel"]), f_t - h)
        ),
        needs=("interpolant",),
    )
    # -1 < t < q < 0 <=> t = -(P+Q)/(P+Q+W) and q = -P/(P+Q+W) with P, Q, W > 0.
    between = {t: -(P + Q) / (P + Q + W), q: -P / (P + Q + W)}
    proof.step(
        "f >= h",
        "the weight of f''' is a square where t > 0 or q < t, and where t < q < 0 it is t^2 (1+q)^2 - (t-q)^2 = "
        "q (1+t) (2t + q(t-1)) > 0. So "
        "f''' > 0 gives f > h for -1 < t < 1, t != 0, and f = h at t = -1 and 0. At t = 1 the weights still are "
        "positive: f > h, or f is infinite",
        lambda: (
            equal(CLAIMS["Peano kernel"][0] - CLAIMS["Peano kernel"][1], CLAIMS["Peano kernel, t < 0"])
            and is_positive(sympy.factor(claims["Peano kernel, t < 0"].subs(between, simultaneous=True)))
        ),
        needs=("remainder",),
    )
    proof.step(
        "bound",
        "sum_{i != j} f(x_i.x_j) >= sum_{i != j} h(x_i.x_j) >= N^2 h_0 - N h(1) for N = 2d points, that is, the mean "
        "of f is at least [f(-1) + (2d-2) f(0)]/(2d-1)",
        lambda: equal((N**2 * CLAIMS["h_0"] - N * h.subs(t, 1)) / (N * (N - 1)), claims["bound"]),
        needs=("f >= h", "coefficients are positive", "sums of P_1 and P_2"),
    )
    proof.step(
        "cross-polytope",
        "a point of the cross-polytope has the product 1 with itself, -1 with one other and 0 with 2d-2, so that P_1, "
        "P_2 and P_3 sum to 0 (a spherical 3-design), and its mean of f is the bound",
        lambda: (
            all(is_zero(_sum_over_cross_polytope(p, claims["points"])) for p in gegenbauer.values())
            and equal((_sum_over_cross_polytope(h, claims["points"]) - h.subs(t, 1)) / (N - 1), CLAIMS["bound"])
        ),
        needs=("Gegenbauer P_1", "Gegenbauer P_2", "Gegenbauer P_3", "bound"),
    )
    antipodes = sympy.Symbol("antipodes", real=True)
    proof.step(
        "equality",
        "equality asks for products in {-1, 0} and, as h_1 > 0, for sum x_j = 0. Its product with x_i is 1 - (number "
        "of antipodes of x_i): there is one. So the 2d points are d pairs on orthogonal lines of R^d: a cross-polytope",
        lambda: (
            sympy.solve(averaged(1 + x * antipodes, {x: -1}), antipodes) == [claims["antipodes"]]
            and equal(N / (1 + claims["antipodes"]), claims["lines"])
        ),
        needs=("f >= h", "bound", "coefficients are positive", "cross-polytope"),
    )
    proof.step(
        "alignment",
        "|u-v|^2 = 2 - 2 u.v is nonnegative and 0 only for u = v, where u.v = 1; K_A strictly decreases, so -mean K_A "
        ">= -K_A(0), with equality only for u_i = v_i, and v_i = u_i is free to choose for every U",
        lambda: (
            equal(averaged((x - y) ** 2, {x**2: 1, y**2: 1, x * y: t}), claims["alignment distance"])
            and is_zero(claims["alignment distance"].subs(t, 1))
        ),
    )
    energy = (_sum_over_cross_polytope(f(t), N) - f(1)) / (N - 1)
    proof.step(
        "value",
        "at the aligned cross-polytope KCL is -K_A(0) + gamma [K_U(4) + (2d-2) K_U(2)]/(2d-1), its least value",
        lambda: equal_in_exponentials(
            -K_A(CLAIMS["alignment distance"].subs(t, 1)) + gamma * energy.replace(f, lambda u: K_U(2 - 2 * u)),
            claims["value"],
        ),
        needs=("equality", "alignment"),
    )
    return proof.steps


def _second_order(g: Any) -> Any:
    return g.subs(part, 1) - g.subs(part, 0) - sympy.diff(g, part).subs(part, 0)


def _by_parts(weight: Any) -> Any:
    """An antiderivative, in q, of the quadratic weight times the third derivative of f."""
    return weight * f(q).diff(q, 2) - sympy.diff(weight, q) * f(q).diff(q) + sympy.diff(weight, q, 2) * f(q)


def _is_integral_by_parts(weight: Any) -> bool:
    return bool(sympy.expand(sympy.diff(_by_parts(weight), q) - weight * f(q).diff(q, 3)) == 0)


def _remainder(left: Any, right: Any) -> Any:
    """Half the integral of left times f's third derivative over (-1, 0), plus half that of right over (0, t)."""
    zero = (f_zero, f_slope, f_second)
    at_minus_one = (f_minus, *sympy.symbols("f'(-1) f''(-1)", real=True))
    at_t = (f_t, *sympy.symbols("f'(t) f''(t)", real=True))
    first = _at(left, -sympy.Integer(1), at_minus_one)
    return (_at(left, 0, zero) - first + _at(right, t, at_t) - _at(right, 0, zero)) / 2


def _at(weight: Any, point: Any, derivatives: tuple[Any, ...]) -> Any:
    """The antiderivative at a point, with f and its derivatives there by name."""
    named = {f(q).diff(q, order) if order else f(q): value for order, value in enumerate(derivatives)}
    return _by_parts(weight).xreplace(named).subs(q, point)


def _sum_over_cross_polytope(function: Any, points: Any) -> Any:
    """The sum of a function of the products of one point with all, itself included."""
    return function.subs(t, 1) + function.subs(t, -1) + (points - 2) * function.subs(t, 0)


def _has_positive_derivatives(potential: Any) -> bool:
    return all(is_positive(sympy.diff(potential, t, order).subs(t, 1 - r / 2)) for order in (1, 2, 3))


def _is_gegenbauer(degree: int, polynomial: Any) -> bool:
    general = sympy.gegenbauer(degree, (d - 2) / sympy.Integer(2), t)  # vanishes identically for d = 2
    return equal(general / general.subs(t, 1), polynomial) and equal(sympy.chebyshevt(degree, t), polynomial.subs(k, 0))


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "Gaussian kernel": {"Gaussian": exp(b * r)},
    "Laplace kernel": {"Laplace": -exp(-b * sqrt(r))},
    "inverse multiquadric kernel": {"inverse multiquadric": -c / sqrt(c**2 + r)},
    "Riesz, s > 0 kernel": {"Riesz, s > 0": -(r ** (-s / 2))},
    "Riesz, -2 < s < 0 kernel": {"Riesz, -2 < s < 0": -(r ** Rational(3, 2))},  # s = -3
    "logarithmic kernel": {"logarithmic": log(r) / 2},
    "regularized logarithmic kernel": {"regularized logarithmic": log(1 + b * r)},
    "Gegenbauer P_1": {"P_1": 2 * t},
    "Gegenbauer P_2": {"P_2": (3 * t**2 - 1) / 2},  # of the sphere in 3 dimensions alone
    "Gegenbauer P_3": {"P_3": (5 * t**3 - 3 * t) / 2},
    "sums of P_1 and P_2": {"factor of the square": sympy.Integer(1)},
    "interpolant": {"interpolant": f_zero + f_slope * t + f_minus * t**2},
    "Gegenbauer coefficients": {"h_0": f_zero},
    "coefficients are positive": {"weight": part},
    "remainder": {"Peano kernel": (t**2 * (1 + q) ** 2, -((t - q) ** 2))},
    "f >= h": {"Peano kernel, t < 0": (t - q) ** 2 - t**2 * (1 + q) ** 2},
    "bound": {"bound": (2 * f_minus + (2 * d - 3) * f_zero) / (2 * d - 1)},
    "cross-polytope": {"points": 2 * d + 1},
    "equality": {"antipodes": sympy.Integer(2)},
    "alignment": {"alignment distance": 2 + 2 * t},
    "value": {"value": -K_A(0) + gamma * K_U(2)},
}
