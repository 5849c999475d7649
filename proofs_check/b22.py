"""B22, SimCLR and DCL with both views free, at universal optima where a temperature is high enough.

In full: with C, f, h = sum_k h_k P_k, E, B, rho and r of B21, size = h(1) - h_0, c = size/E, a = e^(1/tau) or 0, kappa =
2E/(2E + a), gamma = 1 - exp(-2 size/(tau h'(1))) and beta = 1/(4 (c + gamma (1-B))): if 2 beta B <= 1 and (rho - beta)/kappa
> r(kappa B), then for all unit vectors u_i, v_i the mean over i of -u_i.v_i/tau + log(a' + sum_{j != i} (f(u_i.v_j) +
f(u_i.u_j))), a' = e^{u_i.v_i/tau} or 0, is at least log(a + 2E) - 1/tau, with equality only where u_i = v_i and all inner
products are those of C.

Proof: with Phi of B21, P = sum_i (Phi(u_i) + Phi(v_i))/2, Psi_i and D_i half the sum and half the difference of Phi(u_i) and
Phi(v_i), Delta_i = h(1) - h(u_i.v_i) = 2 size k_i^2, delta_i = 1 - u_i.v_i: the sum over j != i of h is 2E + Delta_i + 2
<Phi(u_i), P>, Phi(u_i) = Psi_i + D_i, and x_i = <Psi_i, P>/(sqrt(size) |P|) has the mean rho Y, Y = sqrt(size) |P|/E.

Sources: this package; h is that of Cohn and Kumar, 2007, checked in b2c.
"""

from __future__ import annotations

import functools
from functools import partial
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Integer, Rational, cos, exp, log, pi, sqrt

from proofs_check.b21 import divided_differences, ratio_to_exceed
from proofs_check.exact import (
    enclosure,
    equal,
    equal_logs,
    interval,
    is_nonnegative,
    is_positive,
    is_sum_of_squares,
    is_zero,
    mean_over,
)
from proofs_check.steps import Claims, Kind, Proof, Step

M = sympy.Symbol("M_minus_2", integer=True, nonnegative=True) + 2
E, size, h_0, h_1, a, Z, t, slope = sympy.symbols("E C h_0 h(1) a Z tau slope", positive=True)
Y, beta, c, gamma, rho, z, k, low, omega = sympy.symbols("Y beta c gamma rho z k low omega", positive=True)
h_s, product, x, p, q, P = sympy.symbols("h(s) product x p q P", real=True)
Delta, delta, w, more = sympy.symbols("Delta delta w more", nonnegative=True)

_PRODUCTS = {
    "square": {Integer(-1): 1, Integer(0): 2},
    "pentagon": {cos(4 * pi / 5): 2, cos(2 * pi / 5): 2},
    "octahedron": {Integer(-1): 1, Integer(0): 4},
    "icosahedron": {Integer(-1): 1, -1 / sqrt(5): 5, 1 / sqrt(5): 5},
    "schlaefli": {Rational(-1, 2): 10, Rational(1, 4): 16},
}
# Where SimCLR and DCL are proved.
TEMPERATURES = {
    "square": (Rational(131, 100), Rational(160, 100)),
    "pentagon": (Rational(146, 100), Rational(164, 100)),
    "octahedron": (Rational(140, 100), Rational(155, 100)),
    "icosahedron": (Rational(160, 100), Rational(165, 100)),
    "schlaefli": (Rational(166, 100), Rational(168, 100)),
}

CLAIMS: Claims = MappingProxyType(
    {
        "sum": 2 * E + Delta,  # without the products with P
        "sizes": (size - Delta / 2, Delta / 2),  # |Psi|^2, |D|^2
        "at most": size - Delta / 2,
        "mean": P**2 / M,
        "loss": log(a + exp(delta / t) * Z) - 1 / t,
        "exponent": 2 * omega * k**2,  # of delta/tau, at least, where delta >= Delta/h'(1) and Delta = 2 size k^2
        "chord": 1 - gamma * k**2,
        "bracket": 1 + c * k**2 + Y * (x - k * w),
        "beta": 1 / (4 * (c + gamma * low)),
        "bound": lambda at: 1 + Y * at - beta * Y**2 * (1 - at**2),
        "mean of y": (rho - beta) * Y**2,
        "longest": 1 / (rho + beta),  # 1/rho, where rho - beta is meant by rho
        "balanced": Delta,
        "temperatures": MappingProxyType(TEMPERATURES),
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    proof.step(
        "sums of h",
        "cited: addition theorem (Schoenberg 1942). The sums of h(u_i.v_j) and h(u_i.u_j) over all j are 2M h_0 + "
        "<Phi(u_i), 2P>; without j = i, h(u_i.v_i) = h(1) - Delta_i and h(1), that is 2E + Delta_i + 2 <Phi(u_i), P>",
        lambda: equal((2 * M * h_0 - h_s - h_1).subs(h_s, h_1 - Delta), claims["sum"].subs(E, M * h_0 - h_1)),
        kind=Kind.CITED,
    )
    both = {p**2: size, q**2: size, p * q: size - Delta}
    proof.step(
        "halves",
        "|Phi(u)|^2 = |Phi(v)|^2 = C := h(1) - h_0 and <Phi(u), Phi(v)> = h(u.v) - h_0 = C - Delta: half the sum and "
        "half the difference are perpendicular, with the squares C - Delta/2 and Delta/2, so that Delta = 2 C k^2 with "
        "0 <= k <= 1",
        lambda: (
            equal(_of(((p + q) / 2) ** 2, both), claims["sizes"][0])
            and equal(_of(((p - q) / 2) ** 2, both), claims["sizes"][1])
            and is_zero(_of((p + q) * (p - q), both))
        ),
        ("sums of h",),
    )
    proof.step(
        "products with P",
        "Bessel: <D, P>^2/|D|^2 + <Psi, P>^2/|Psi|^2 <= |P|^2, in the coordinates along both; with |Psi|^2 <= C: <D, "
        "P> >= -sqrt(C) k |P| w, w^2 = 1 - x^2, x = <Psi, P>/(sqrt(C) |P|)",
        lambda: (
            is_sum_of_squares(p**2 + q**2 + x**2 - p**2 - q**2, [(Integer(1), x)])
            and is_nonnegative(size - claims["at most"])
        ),
        ("halves",),
    )
    proof.step(
        "mean of x",
        "the Psi_i add up to P: the mean of <Psi_i, P> is |P|^2/M, coordinate by coordinate, and that of x is |P|/(M "
        "sqrt(C)) = rho Y with rho = E/(M C)",
        lambda: (
            equal(mean_over(p * P, p).subs(mean_over(p, p), P / M), claims["mean"])
            and equal(claims["mean"] / (sqrt(size) * P), E / (M * size) * (sqrt(size) * P / E))
        ),
        ("halves",),
    )
    proof.step(
        "loss",
        "-s/tau + log(a e^{-delta/tau} + Z) = log(a + e^{delta/tau} Z) - 1/tau with s = 1 - delta, a = e^{1/tau} or 0",
        lambda: equal_logs(-(1 - delta) / t + log(a * exp(-delta / t) + Z), claims["loss"]),
    )
    proof.step(
        "exponent",
        "h' <= h'(1) on [-1,1], as |P_k'| <= P_k'(1): Delta <= h'(1) delta, and delta/tau >= 2 omega k^2, omega = "
        "C/(tau h'(1))",
        lambda: equal((2 * size * k**2 / slope / t), claims["exponent"].subs(omega, size / (t * slope))),
        ("halves", "loss"),
    )
    proof.step(
        "chord of the exponential",
        "e^{-2 omega k^2} <= 1 - gamma k^2, gamma = 1 - e^{-2 omega}: the exponential is convex in k^2, and both agree "
        "at 0 and 1",
        lambda: (
            is_positive(sympy.diff(exp(-2 * omega * z), z, 2))
            and is_zero((claims["chord"] - exp(-2 * omega * k**2)).subs(gamma, 1 - exp(-2 * omega)).subs(k, 1))
            and equal(claims["chord"].subs(k, 0), 1)
        ),
        ("exponent",),
    )
    proof.step(
        "bracket",
        "over 2E the sum is at least 1 + c k^2 + Y (x - k w), c = C/E, Y = sqrt(C) |P|/E",
        lambda: equal(
            ((CLAIMS["sum"].subs(Delta, 2 * size * k**2) + 2 * sqrt(size) * P * (x - k * w)) / (2 * E)).expand(),
            claims["bracket"].subs({c: size / E, Y: sqrt(size) * P / E}),
        ),
        ("products with P", "mean of x"),
    )
    bound = claims["bound"]
    square = sqrt(beta) * Y * w - k / (2 * sqrt(beta))
    proof.step(
        "completed square",
        "a T >= 1-B with T = 1 + Y x - beta Y^2 w^2 is a bound of e^{delta/tau} times the bracket: bracket - T (1 - "
        "gamma k^2) = beta Y^2 w^2 - Y k w + (c + gamma T) k^2 is a square and more, as c + gamma T >= 1/(4 beta). So "
        "e^{delta/tau} times the sum is at least 2E max(1-B, T)",
        lambda: (
            equal(
                CLAIMS["bracket"] - bound(x) * CLAIMS["chord"],
                (beta * Y**2 * (1 - x**2) - Y * k * w + (c + gamma * bound(x)) * k**2),
            )
            and equal(square**2, beta * Y**2 * w**2 - Y * k * w + k**2 / (4 * beta))
            and is_nonnegative(sympy.factor(c + gamma * (low + more) - 1 / (4 * claims["beta"])))
        ),
        ("chord of the exponential", "bracket"),
    )
    proof.step(
        "range",
        "T - 1 has the mean (rho - beta) Y^2 at least, is convex in x, Y at x = 1 and -Y at x = -1, where it increases "
        "from there on if 2 beta Y <= 1: it lies in [-b, Y] for b = min(Y, B) if 2 beta B <= 1, and what is clipped at "
        "-B raises it",
        lambda: (
            equal(
                mean_over(sympy.expand(CLAIMS["bound"](x) - 1), x)
                .subs(mean_over(x, x), rho * Y)
                .subs(mean_over(x**2, x), more),
                claims["mean of y"] + beta * Y**2 * more,
            )
            and equal(CLAIMS["bound"](1), 1 + Y)
            and equal(CLAIMS["bound"](-1), 1 - Y)
            and is_positive(sympy.diff(CLAIMS["bound"](x), x, 2))
            and equal(sympy.diff(CLAIMS["bound"](x), x).subs(x, -1), Y * (1 - 2 * beta * Y))
        ),
        ("completed square", "mean of x"),
    )
    proof.step(
        "inequality of B21",
        "from here on it is B21 with rho - beta for rho: its chord, and its inequality for all Y <= 1/(rho - beta), of "
        "which Y <= 1/rho are some",
        lambda: is_positive(sympy.factor(1 / rho - claims["longest"])),
        ("range",),
    )
    proof.step(
        "equality",
        "asks for Y = 0, that is P = 0, where the loss is at least log(a + e^{delta/tau} (2E + Delta)), increasing in "
        "delta: for delta = 0 all are aligned, and B21 has the rest",
        lambda: is_zero(claims["balanced"].subs(Delta, 0)) and is_positive(sympy.diff(exp(z / t) * (2 * E + z), z)),
        ("inequality of B21",),
    )
    for name in TEMPERATURES:
        proof.step(
            name,
            f"both conditions hold at the {name}, of SimCLR and of DCL, at the temperatures "
            + " and ".join(str(tau) for tau in claims["temperatures"][name])
            + ", in interval arithmetic",
            partial(_hold, name, claims["temperatures"][name]),
            ("equality",),
        )
    return proof.steps


def _of(polynomial: Any, values: dict[Any, Any]) -> Any:
    """An inner product of combinations of p and q, by those of p and q themselves."""
    terms = sympy.Poly(sympy.expand(polynomial), p, q).terms()
    return sum(coefficient * values[p**n * q**m] for (n, m), coefficient in terms)


@functools.cache
def _holds(name: str, tau: Any, own: bool) -> bool:
    products, u = _PRODUCTS[name], 1 / tau
    nodes = [1 + s for s in products for _ in range(1 if s == -1 else 2)]
    others = sum(products.values())
    energy = sum((count * interval(exp(u * (1 + s))) for s, count in products.items()), interval(0))
    at_one, slope_at_one, value, derivative = interval(0), interval(0), interval(1), interval(0)
    for node, difference in zip(nodes, divided_differences(nodes, u), strict=True):
        at_one, slope_at_one = at_one + difference * value, slope_at_one + difference * derivative
        derivative, value = derivative * interval(2 - node) + value, value * interval(2 - node)
    variance = others * at_one - energy  # M C
    spread = 1 - _exponential(-2 * interval(u) * variance / ((others + 1) * slope_at_one))
    clip = 1 - others / energy
    loss = 1 / (4 * (variance / ((others + 1) * energy) + spread * (1 - clip)))
    share = 2 * energy / (2 * energy + (interval(exp(2 * u)) if own else interval(0)))
    known = (energy / variance - loss) / share
    return bool(
        enclosure(2 * loss * clip)[1] <= 1 and enclosure(known)[0] > enclosure(ratio_to_exceed(share * clip))[1]
    )


def _exponential(value: Any) -> Any:
    """An upper bound's interval: e^x is at most 1/(1 - x + x^2/2 - x^3/6 + x^4/24) for x < 0, by its series in -x."""
    y = -value
    return 1 / (1 + y + y**2 / 2 + y**3 / 6 + y**4 / 24 + y**5 / 120 + y**6 / 720)


def _hold(name: str, temperatures: tuple[Any, Any]) -> bool:
    return _holds(name, temperatures[0], True) and _holds(name, temperatures[1], False)


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "sums of h": {"sum": 2 * E - Delta},
    "halves": {"sizes": (size - Delta, Delta / 2)},
    "products with P": {"at most": size + Delta},
    "mean of x": {"mean": P / M},
    "loss": {"loss": log(a + exp(-delta / t) * Z) - 1 / t},
    "exponent": {"exponent": omega * k**2},
    "chord of the exponential": {"chord": 1 - 2 * gamma * k**2},
    "bracket": {"bracket": 1 + c * k**2 + Y * (x - 2 * k * w)},
    "completed square": {"beta": 1 / (8 * (c + gamma * low))},
    "range": {"mean of y": rho * Y**2},
    "inequality of B21": {"longest": 1 / (rho / 2)},
    "equality": {"balanced": Delta + 1},
    **{
        name: {"temperatures": MappingProxyType({**TEMPERATURES, name: (Integer(1), Integer(1))})}
        for name in TEMPERATURES
    },
}
