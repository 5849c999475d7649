"""B21, DHEL at universal optima above a temperature, and all losses with a logarithm among aligned pairs.

In full: Let C be a universally optimal code of M points in R^d, f(t) = e^(t/tau), h = sum_k h_k P_k the polynomial of the
proof of that (h <= f on [-1,1], h_k >= 0 for k >= 1, h = f at the inner products of C, sum_j P_k(c_i.c_j) = 0 where h_k >
0 and k >= 1), E = sum_{j != i} f(c_i.c_j), a >= 0, nu > 0, kappa = nu E/(nu E + a), B = 1 - (M-1) e^(-1/tau)/E, rho =
E/((M-1) h(1) - E). If rho/kappa > r(kappa B) = -log(1-b^2)/(b log((1+b)/(1-b))) at b = kappa B, then mean_i log(a + nu
sum_{j != i} f(x_i.x_j)) >= log(a + nu E) for all unit vectors x_1..x_M, with equality only where all inner products are
those of C and the sums of P_k vanish where h_k > 0. For a = 0 the condition holds at all temperatures above one at which it
holds. For a = e^(1/tau), nu = 1, InfoNCE, it holds at every temperature at the cross-polytopes of R^2 to R^5.

Proof: with Phi = sum_{k >= 1} sqrt(h_k) phi_k, <phi_k(x), phi_k(y)> = P_k(x.y), |Phi|^2 = h(1) - h_0 = C, S = sum_i
Phi(x_i), Z_i = sum_{j != i} f(x_i.x_j) >= E (1 + y_i), y_i = <Phi(x_i), S>/E. So |y_i| <= Y, Y = sqrt(C) |S|/E, and
mean y = rho Y^2; and Z_i >= (1-B) E, so that y_i may be replaced by max(y_i, -b), b = min(Y, B). The logarithm lies above
its chord over [-b, Y], and what remains is an inequality in Y, settled by its value at Y = B.

Sources: this package; the polynomials h are those of Cohn and Kumar, Universally optimal distribution of points on
spheres, 2007, theorem 1.2, checked in b2c.
"""

from __future__ import annotations

import functools
from functools import partial
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Integer, Rational, cos, exp, log, pi, sqrt

from hyperenergy import codes
from hyperenergy.codes.universal import interpolants, interpolation_nodes
from proofs_check.exact import (
    enclosure,
    equal,
    equal_logs,
    interval,
    is_nonnegative,
    is_positive,
    is_sum_of_squares,
    is_zero,
    log_of_interval,
    mean_over,
)
from proofs_check.steps import Claims, Kind, Proof, Step

M = sympy.Symbol("M_minus_2", integer=True, nonnegative=True) + 2
E, C, G, g, h_0, h_1 = sympy.symbols("E C G g h_0 h(1)", positive=True)
rho, kappa, Y, nu, a, z, w = sympy.symbols("rho kappa Y nu a z w", positive=True)
p, q, x, y, m, slope = sympy.symbols("p q x y m slope", real=True)
b, more, gap = sympy.symbols("b more gap", nonnegative=True)
k = sympy.Symbol("k_minus_1", integer=True, nonnegative=True) + 1
j, apart = sympy.symbols("j apart", integer=True, positive=True)
b_j, b_k = sympy.symbols("b_j b_k", positive=True)
r_j, rise = sympy.symbols("r_j rise", nonnegative=True)
s, top = sympy.symbols("s top", positive=True)
B = z / (1 + z)  # any number in (0, 1)

# Code -> inner products, and how many others each point sees there.
_ROOT5 = sqrt(5)
_PRODUCTS = {
    "cross-polytope-3": {Integer(-1): 1, Integer(0): 4},
    "cross-polytope-4": {Integer(-1): 1, Integer(0): 6},
    "icosahedron": {Integer(-1): 1, -1 / _ROOT5: 5, 1 / _ROOT5: 5},
    "clebsch": {Rational(-3, 5): 5, Rational(1, 5): 10},
    "schlaefli": {Rational(-1, 2): 10, Rational(1, 4): 16},
    "e7-56": {Integer(-1): 1, Rational(-1, 3): 27, Rational(1, 3): 27},
    "e8-roots": {Integer(-1): 1, Rational(-1, 2): 56, Integer(0): 126, Rational(1, 2): 56},
}
for _corners in (4, 5, 6, 7, 8, 12):
    _PRODUCTS[f"polygon-{_corners}"] = {
        cos(2 * pi * n / _corners): 1 if 2 * n == _corners else 2 for n in range(_corners // 2, 0, -1)
    }
# The 600-cell's polynomial is another one: see ``_of_600_cell``.
THRESHOLDS = {
    "cross-polytope-3": Rational(934, 1000),
    "cross-polytope-4": Rational(892, 1000),
    "icosahedron": Rational(918, 1000),
    "clebsch": Rational(930, 1000),
    "schlaefli": Rational(912, 1000),
    "e7-56": Rational(914, 1000),
    "e8-roots": Rational(909, 1000),
    "polygon-4": Rational(1041, 1000),
    "polygon-5": Rational(1024, 1000),
    "polygon-6": Rational(972, 1000),
    "polygon-7": Rational(928, 1000),
    "polygon-8": Rational(894, 1000),
    "polygon-12": Rational(820, 1000),
}

CLAIMS: Claims = MappingProxyType(
    {
        "sum of h": M * h_0 - (h_0 + C) + g,  # over j != i; g = <Phi(x_i), S>
        "E": M * h_0 - h_1,
        "mean of g": lambda mean: M * mean**2,  # a coordinate; mean = S/M
        "Cauchy": p * y - q * x,  # |Phi|^2 |S|^2 - <Phi, S>^2 is its square
        "mean of y": rho * Y**2,
        "rho": E / (M * C),
        "chord": lambda low, high, at: ((Y - at) * low + (b + at) * high) / (Y + b),
        "share": nu * E / (nu * E + a),
        "slope": kappa / (1 + kappa * z),
        "scaled rho": rho / kappa,
        "inner": log(1 - Y**2) + rho * Y * log((1 + Y) / (1 - Y)),  # twice the mean of the chord where b = Y
        "coefficients": (1 / k, 2 / (2 * k - 1)),  # of Y^2k in -log(1-Y^2) and in Y log((1+Y)/(1-Y))
        "ratio": (2 * k - 1) / (2 * k),
        "least ratio": Rational(1, 2),
        "least r": Rational(1, 2),
        "enough": Rational(1, 2),  # of rho, for the outer case
        "longest": 1 / B,  # rho where Y < B is all that there is, at least
        "balanced": rho * Y**2,  # mean y, which is 0 only for Y = 0
        "pair of terms": (k - j) * (r_j + rise - r_j) * b_j * b_k,
        "outer slope": rho / 2 * z**2,  # at least
        "bound of the logarithm": Y**2 / 2,  # of log(1+Y) - Y/(1+Y)
        "rho by h(1)": E / ((M - 1) * h_1 - E),
        "shifted": lambda nodes: nodes[:-1],  # the nodes that are left for g where (s - top) g is interpolated
        "growth": top,  # of a_k at least, and of e_k at most
        "thresholds": MappingProxyType(THRESHOLDS),
        "600-cell": Rational(852, 1000),
        "aligned": MappingProxyType(
            {2: Rational(26, 100), 3: Rational(37, 100), 4: Rational(44, 100), 5: Rational(50, 100)}
        ),
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    _bound(proof, claims)
    _inequality(proof, claims)
    _temperatures(proof, claims)
    return proof.steps


def _bound(proof: Proof, claims: Claims) -> None:
    """From the points to one inequality in Y."""
    proof.step(
        "sums of h",
        "cited: addition theorem (Schoenberg 1942). P_k(x.y) = <phi_k(x), phi_k(y)>, so that the sum of h(x_i.x_j) "
        "over all j is M h_0 + g_i, g_i = <Phi(x_i), S>, |Phi|^2 = h(1) - h_0 = C; without j = i it is E + g_i, E = M "
        "h_0 - h(1)",
        lambda: equal(claims["sum of h"].subs(C, h_1 - h_0), claims["E"] + g),
        kind=Kind.CITED,
    )
    proof.step(
        "mean of g",
        "mean_i g_i = |S|^2/M =: G, coordinate by coordinate: S = M mean Phi",
        lambda: equal(mean_over(x * M * mean_over(x, x), x), claims["mean of g"](mean_over(x, x))),
        ("sums of h",),
    )
    proof.step(
        "Cauchy",
        "g_i^2 <= |Phi(x_i)|^2 |S|^2 = C M G, in the plane of both: the difference is a square",
        lambda: is_sum_of_squares(
            (p**2 + q**2) * (x**2 + y**2) - (p * x + q * y) ** 2, [(Integer(1), claims["Cauchy"])]
        ),
        ("sums of h",),
    )
    proof.step(
        "mean of y",
        "with y_i = g_i/E and Y^2 = C M G/E^2: |y_i| <= Y, and mean y = G/E = rho Y^2, rho = E/(M C); so rho Y <= 1",
        lambda: equal(claims["mean of y"].subs(rho, claims["rho"]).subs(Y, sqrt(C * M * G) / E), G / E),
        ("mean of g", "Cauchy"),
    )
    proof.step(
        "share",
        "log(a + nu E(1+y)) = log(a + nu E) + log(1 + kappa y)",
        lambda: equal_logs(log(a + nu * E * (1 + z)), log(a + nu * E) + log(1 + claims["share"] * z)),
    )
    proof.step(
        "clipped",
        "Z_i >= (M-1) e^{-1/tau} = (1-B) E as t >= -1 and f increases, so that the logarithm is at least that at "
        "max(y_i, -B): this raises the mean of y, and the logarithm increases",
        lambda: (
            equal(sympy.diff(log(1 + kappa * z), z), claims["slope"])
            and is_positive(claims["slope"])
            and is_positive(sympy.diff(exp(w * s), s))
        ),
        ("share",),
    )
    chord = claims["chord"]
    proof.step(
        "chord",
        "the logarithm is concave, thus above its chord over [-b, Y], b = min(Y, B), which increases: mean log(1 + "
        "kappa y) >= [(Y - m) log(1 - kappa b) + (b + m) log(1 + kappa Y)]/(Y + b), m = rho Y^2",
        lambda: (
            is_positive(-sympy.diff(log(1 + kappa * z), z, 2))
            and equal(chord(p, q, -b), p)
            and equal(chord(p, q, Y), q)
            and is_zero(sympy.diff(chord(p, q, m), m, 2))
            and is_nonnegative(sympy.diff(chord(p, p + gap, m), m))
        ),
        ("mean of y", "clipped"),
    )
    proof.step(
        "one parameter less",
        "in kappa Y, kappa b and rho/kappa this is kappa = 1: kappa rho Y^2 = (rho/kappa)(kappa Y)^2",
        lambda: equal(kappa * CLAIMS["mean of y"], (claims["scaled rho"] * w**2).subs(w, kappa * Y)),
        ("chord",),
    )


def _inequality(proof: Proof, claims: Claims) -> None:
    """(Y - rho Y^2) log(1-b) + (b + rho Y^2) log(1+Y) > 0, b = min(Y, B), for 0 < Y <= 1/rho if rho > r(B)."""
    ours = (Y - rho * Y**2) * log(1 - b) + (b + rho * Y**2) * log(1 + Y)
    proof.step(
        "inner case",
        "for Y <= B, b = Y, it is Y times log(1-Y^2) + rho Y log((1+Y)/(1-Y)): positive iff rho > r(Y)",
        lambda: equal(
            sympy.expand_log((ours.subs(b, Y) - Y * claims["inner"]).subs(Y, B).factor(deep=True), force=True), 0
        ),
        ("one parameter less",),
    )
    up, down = claims["coefficients"]
    proof.step(
        "series",
        "r(Y) is the quotient of series in Y^2, from k = 1 on, with the coefficients 1/k and 2/(2k-1): derivatives are "
        "geometric series",
        lambda: (
            equal(sympy.diff(-log(1 - x), x), 1 / (1 - x))
            and equal(k * up, 1)
            and equal(sympy.diff(log((1 + Y) / (1 - Y)), Y), 2 / (1 - Y**2))
            and equal((2 * k - 1) * down, 2)
        ),
    )
    proof.step(
        "ratios",
        "the ratios of coefficients, (2k-1)/(2k), increase from 1/2 to 1",
        lambda: (
            equal(CLAIMS["coefficients"][0] / CLAIMS["coefficients"][1], claims["ratio"])
            and is_positive(sympy.factor(claims["ratio"].subs(k - 1, k) - claims["ratio"]))
            and equal(claims["ratio"].subs(k - 1, 0), claims["least ratio"])
            and is_positive(sympy.cancel(1 - claims["ratio"]))
        ),
        ("series",),
    )
    pair = k * (r_j + rise) * b_k * b_j + j * r_j * b_j * b_k - k * b_k * r_j * b_j - j * b_j * (r_j + rise) * b_k
    proof.step(
        "quotients of series",
        "if the ratios a_k/b_k of positive coefficients increase, so does sum a_k x^k/sum b_k x^k: in the numerator of "
        "its derivative the terms of j < k add up to (k-j)(a_k/b_k - a_j/b_j) b_j b_k x^(j+k-1) >= 0",
        lambda: (
            equal(pair, claims["pair of terms"]) and is_nonnegative(claims["pair of terms"].subs(k - 1, j + apart - 1))
        ),
    )
    proof.step(
        "r increases",
        "from 1/2, and is less than 1: rho > r(B) settles all Y <= B, and any rho >= 1 does",
        lambda: (
            equal(claims["least r"], CLAIMS["ratio"].subs(k - 1, 0))
            and is_nonnegative(sympy.factor(CLAIMS["ratio"] - claims["least r"]))
        ),
        ("inner case", "ratios", "quotients of series"),
    )
    outer = (1 - rho * Y) * log(1 - B) + (B / Y + rho * Y) * log(1 + Y)
    proof.step(
        "bound of the logarithm",
        "log(1+Y) - Y/(1+Y) <= Y^2/2, and -log(1-B) >= B: both differences vanish at 0 and have derivatives >= 0",
        lambda: (
            is_zero((claims["bound of the logarithm"] - log(1 + Y) + Y / (1 + Y)).subs(Y, 0))
            and is_nonnegative(sympy.factor(sympy.diff(claims["bound of the logarithm"] - log(1 + Y) + Y / (1 + Y), Y)))
            and is_nonnegative(sympy.factor(sympy.diff(-log(1 - x) - x, x).subs(x, B)))
        ),
    )
    excess, spare = sympy.symbols("excess spare", nonnegative=True)  # of Y^2/2, and of -log(1-B) over B
    rate = sympy.expand(sympy.diff(outer, Y)).subs(log(1 - B), -(B + spare))
    rate = sympy.expand(rate.subs(log(1 + Y), Y / (1 + Y) + CLAIMS["bound of the logarithm"] - excess))
    proof.step(
        "outer case",
        "for B <= Y <= 1/rho, b = B, the inequality over Y has a positive derivative in Y where rho >= 1/2: it is "
        "enough at Y = B. It is rho (-log(1-B)) + rho log(1+Y) + rho Y/(1+Y) - B (log(1+Y) - Y/(1+Y))/Y^2, of which "
        "the first is at least rho B and the last at most B/2",
        lambda: (
            equal(ours.subs(b, B), Y * outer)
            and equal(
                sympy.diff(outer, Y),
                -rho * log(1 - B) + rho * log(1 + Y) + rho * Y / (1 + Y) - B * (log(1 + Y) - Y / (1 + Y)) / Y**2,
            )
            and is_nonnegative(sympy.factor((rho * B - B / 2).subs(rho, claims["enough"] + more)))
        ),
        ("bound of the logarithm", "r increases"),
    )
    proof.step(
        "short range",
        "where 1/rho < B, all Y are at most B, and rho > 1/B > 1 > r: nothing else is asked for",
        lambda: is_positive(sympy.cancel(claims["longest"] - 1)) and is_zero(sympy.cancel(claims["longest"] * B - 1)),
        ("r increases",),
    )
    proof.step(
        "equality",
        "for Y > 0 the inequality is strict, and Y = 0 is S = 0; then Z_i = E for all i by the strict concavity of the "
        "logarithm, so that f = h at all inner products",
        lambda: is_positive(-sympy.diff(log(1 + z), z, 2)) and is_zero(claims["balanced"].subs(Y, 0)),
        ("outer case", "short range"),
    )


def _temperatures(proof: Proof, claims: Claims) -> None:
    """Where rho > r(B)."""
    proof.step(
        "rho by h(1)",
        "C attains the bound: M h_0 - h(1) = E, so that M C = M (h(1) - h_0) = (M-1) h(1) - E",
        lambda: equal(
            CLAIMS["rho"].subs(C, h_1 - h_0).subs(h_0, sympy.solve(CLAIMS["E"] - E, h_0)[0]), claims["rho by h(1)"]
        ),
        ("sums of h",),
    )
    proof.step(
        "interpolation of a product",
        "the polynomial that agrees with (s - top) g at nodes of which the last is top is (s - top) times that of g at "
        "the others: decided for g = s^0..s^6 at the nodes 0, x, x, top, top. With g = s^k, s = 1 + t: a_{k+1} - top "
        "a_k = (2 - top) times Newton's form of s^k at t = 1, nonnegative, a_k what interpolates s^k there",
        lambda: _is_shifted(claims["shifted"]),
        kind=Kind.WORDS,
    )
    proof.step(
        "higher temperatures",
        "so a_{k+1}/a_k >= top, the largest s of the code, and e_{k+1}/e_k <= top for e_k = sum m s^k: the ratios "
        "a_k/e_k increase, thus h(1)/E = sum a_k u^k/k!/sum e_k u^k/k! increases with u = 1/tau, and so do E e^u and "
        "B: rho falls and r(B) grows, and a temperature at which rho > r(B) is followed by all higher ones",
        lambda: (
            is_positive(-sympy.diff(CLAIMS["rho by h(1)"].subs(h_1, E * s), s).subs(s, (1 + more + z) / (M - 1)))
            and is_positive(sympy.diff(1 - (M - 1) / E, E))
            and is_nonnegative(sympy.cancel((claims["growth"] - s).subs(s, top / (1 + more))))
        ),
        ("interpolation of a product", "quotients of series", "rho by h(1)", "r increases"),
        Kind.WORDS,
    )
    for name in THRESHOLDS:
        proof.step(
            f"threshold of {name}",
            f"rho > r(B) at tau = {float_text(claims['thresholds'][name])}, in interval arithmetic",
            partial(_holds_at, name, claims["thresholds"][name]),
            ("higher temperatures",),
        )
    proof.step(
        "threshold of 600-cell",
        "its h has other polynomials h_j with h_j(1) >= 0, so that h(1) e^u and E e^u increase with u: over pieces of "
        "0 <= u <= 1/tau, at tau = .852, E at the lower end and h(1) and r(B) at the upper one will do",
        lambda: _holds_from_on(claims["600-cell"]),
        ("rho by h(1)", "r increases"),
    )
    for dim in CLAIMS["aligned"]:
        proof.step(
            f"InfoNCE at the cross-polytope of R^{dim}",
            "at every temperature: with x = e^u, n = 2d-2, E e^u = 1 + n x and h(1) e^u = 1 + 2 x log x, kappa B <= "
            "b_0, and rho/kappa > r_0 >= r(b_0): F(x) = x + n + n r_0 + (1 - n r_0)/x - 2 r_0 (n+1) log x > 0 for x >= "
            "1, as it falls to the larger zero of its derivative and rises from there",
            partial(_aligned_cross_polytope, dim, claims["aligned"][dim]),
            ("rho by h(1)", "r increases"),
        )


def float_text(value: Any) -> str:
    """A decimal number of three digits."""
    thousands = int(value * 1000)
    return f"{thousands // 1000}.{thousands % 1000:03d}"


def _newton(nodes: list[Any], values: Any) -> Any:
    """Hermite's interpolation polynomial of s^k, by divided differences of a power: complete homogeneous polynomials."""
    total, product = Integer(0), Integer(1)
    for n in range(len(nodes)):
        degree = values - n
        total += (_homogeneous(nodes[: n + 1], degree) if degree >= 0 else 0) * product
        product *= s - nodes[n]
    return total


def _homogeneous(variables: list[Any], degree: int) -> Any:
    if len(variables) == 1 or degree == 0:
        return variables[0] ** degree
    return sum(variables[-1] ** n * _homogeneous(variables[:-1], degree - n) for n in range(degree + 1))


def _is_shifted(left: Any) -> bool:
    nodes = [Integer(0), y, y, top, top]
    return all(
        is_zero(sympy.expand(_newton(nodes, n + 1) - top * _newton(nodes, n) - (s - top) * _newton(left(nodes), n)))
        for n in range(7)
    )


def divided_differences(nodes: list[Any], inverse: Any) -> list[Any]:
    """f[s_1], f[s_1, s_2], ... of f = e^{us}, where equal nodes stand together, in intervals."""
    u, exact = interval(inverse), [interval(node) for node in nodes]
    column, found = [interval(exp(inverse * node)) for node in nodes], []
    for order in range(len(nodes)):
        found.append(column[0])
        column = [
            column[n] * u / (order + 1)  # the derivative of this order over its factorial, again of e^{us}
            if nodes[n] == nodes[n + order + 1]
            else (column[n + 1] - column[n]) / (exact[n + order + 1] - exact[n])
            for n in range(len(nodes) - order - 1)
        ]
    return found


def _at(products: dict[Any, int], tau: Any) -> tuple[Any, Any, int]:
    """E e^u and h(1) e^u, and M - 1."""
    u = 1 / tau
    nodes = [1 + t for t in products for _ in range(1 if t == -1 else 2)]
    energy = sum(count * interval(exp(u * (1 + t))) for t, count in products.items())
    total, product = interval(0), interval(1)
    for node, c in zip(nodes, divided_differences(nodes, u), strict=True):
        total, product = total + c * product, product * interval(2 - node)
    return energy, total, sum(products.values())


def ratio_to_exceed(value: Any) -> Any:
    """r, of an interval."""
    return -log_of_interval(1 - value * value) / (value * log_of_interval((1 + value) / (1 - value)))


@functools.cache
def _holds_at(name: str, tau: Any) -> bool:
    return _holds(*_at(_PRODUCTS[name], tau))


def _holds(energy: Any, at_one: Any, others: int) -> bool:
    known = energy / (others * at_one - energy)
    return bool(enclosure(known)[0] > enclosure(ratio_to_exceed(1 - others / energy))[1])


def _of_600_cell() -> tuple[dict[Any, int], list[Any], list[Any]]:
    code = codes.get("600-cell")
    nodes = interpolation_nodes(code.distribution)
    at_one = [h(1).symbol() for h, _ in interpolants(nodes, code.dim, code.skip)]
    return {x.symbol(): count for x, count in code.distribution.items()}, [1 + x.symbol() for x in nodes], at_one


@functools.cache
def _holds_from_on(tau: Any) -> bool:
    products, nodes, at_one = _of_600_cell()
    if not all(value > 0 for value in at_one):
        return False

    def both(u: Any) -> tuple[Any, Any]:
        energy = sum(count * interval(exp(u * (1 + x))) for x, count in products.items())
        terms = zip(divided_differences(nodes, u), at_one, strict=True)
        return energy, sum((c * interval(value) for c, value in terms), interval(0))

    others, low, last = sum(products.values()), Rational(0), 1 / tau
    energy = interval(others)
    while low < last:
        # Long steps first, shorter ones where there is little to spare.
        for share in (Rational(1, 2), Rational(1, 8), Rational(1, 64), Rational(1, 512), Rational(1, 4096)):
            high = min(low + share, last)
            above, at_high = both(high)
            known = enclosure(energy / (others * at_high - energy))[0]
            if known > enclosure(ratio_to_exceed(1 - others / above))[1]:
                break
        else:
            return False
        low, energy = high, above
    return True


@functools.cache
def _aligned_cross_polytope(dim: int, b_0: Any) -> bool:
    n = Integer(2 * dim - 2)
    X = sympy.Symbol("X_minus_1", nonnegative=True) + 1
    share = b_0 * (X**2 + n * X + 1) - n * (X - 1)  # kappa B = n (x - 1)/(x^2 + n x + 1)
    r_0 = Rational(int(enclosure(ratio_to_exceed(interval(b_0)))[1] * 10**6) + 1, 10**6)
    # x^2 F: r_0 is rational, so that the zeros are algebraic.
    t = sympy.Symbol("t", real=True)
    slope_of_F = t**2 - 2 * r_0 * (n + 1) * t - (1 - n * r_0)
    small, large = sympy.Poly(slope_of_F, t).real_roots()
    least = large + n + n * r_0 + (1 - n * r_0) / large - 2 * r_0 * (n + 1) * log(large)
    return bool(
        sympy.Poly(sympy.expand(share), X - 1).discriminant() < 0
        and share.subs(X - 1, 0) > 0
        and small < 1
        and enclosure(interval(least))[0] > 0
    )


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "sums of h": {"E": M * h_0},
    "mean of g": {"mean of g": lambda mean: mean**2},
    "Cauchy": {"Cauchy": p * x - q * y},
    "mean of y": {"rho": E / C},
    "share": {"share": nu * E / (nu * E + 2 * a)},
    "clipped": {"slope": -kappa / (1 + kappa * z)},
    "chord": {"chord": lambda low, high, at: ((Y - at) * high + (b + at) * low) / (Y + b)},
    "one parameter less": {"scaled rho": rho * kappa},
    "inner case": {"inner": log(1 - Y**2) + rho * log((1 + Y) / (1 - Y))},
    "series": {"coefficients": (1 / k, 1 / (2 * k - 1))},
    "ratios": {"ratio": (2 * k - 1) / k},
    "quotients of series": {"pair of terms": (j - k) * rise * b_j * b_k},
    "r increases": {"least r": Integer(1)},
    "bound of the logarithm": {"bound of the logarithm": Y**2 / 4},
    "outer case": {"enough": Rational(1, 4)},
    "short range": {"longest": B},
    "equality": {"balanced": rho + Y},
    "rho by h(1)": {"rho by h(1)": E / (M * h_1 - E)},
    "interpolation of a product": {"shifted": lambda nodes: nodes},
    "higher temperatures": {"growth": top / 2},
    **{
        f"threshold of {name}": {
            "thresholds": MappingProxyType({**THRESHOLDS, name: THRESHOLDS[name] - Rational(2, 1000)})
        }
        for name in THRESHOLDS
    },
    "threshold of 600-cell": {"600-cell": Rational(84, 100)},
    **{
        f"InfoNCE at the cross-polytope of R^{dim}": {
            "aligned": MappingProxyType({**CLAIMS["aligned"], dim: Rational(1, 10)})
        }
        for dim in CLAIMS["aligned"]
    },
}
