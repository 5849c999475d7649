"""E4, a false claim: the uniform law does not minimize the expected InfoNCE or DHEL at finite batch size.

In full: False: the uniform law minimizes the expected InfoNCE or DHEL of M iid aligned pairs. In d = 2, DHEL with M = 3
and tau = 1/5 is between -2.9481 and -2.9480 for draws from the vertices of a regular triangle, and above -2.8358 for the
uniform law; InfoNCE with M = 3 and tau = 1/2 is less for draws from a regular pentagon, by at least 0.0004. At M = 2 DHEL
is (|E u|^2 - 1)/tau: all centered laws tie. InfoNCE at M = 2 and every tau > 2/log(2 + sqrt 3) has a negative Gegenbauer
coefficient of degree 4, for all d >= 2: the density 1 + e P_4 with respect to the uniform law has a smaller loss for
every 0 < e <= 1. Cited: the integration by parts of E3, and the theorem of Funk and Hecke for d > 2.

Sources: Counterexamples of this package; Koromilas et al. (ICML 2024) for the contrast with kernel contrastive losses.
"""

from __future__ import annotations

from functools import lru_cache, partial
from itertools import product
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Integer, Rational, cos, exp, log, pi, sin, sqrt

from proofs_check.e3 import CLAIMS as MIXTURE
from proofs_check.e3 import degree
from proofs_check.exact import (
    averaged,
    between,
    enclosure,
    equal,
    interval,
    is_positive,
    is_sum_of_squares,
    is_zero,
    log_of_interval,
)
from proofs_check.g1 import own_term
from proofs_check.g1 import t as tau
from proofs_check.steps import Claims, Kind, Proof, Step

CELLS = 128  # of each half circle
a, b, x, y, center, e = sympy.symbols("a b x y m epsilon", real=True)
beta, width, X, rest, z = sympy.symbols("beta h X c z", positive=True)
p, q = sympy.symbols("p q", nonnegative=True)
t, m = sympy.symbols("t mean_norm", real=True)
S, w = 1 / (1 + p), 1 / (1 + q)  # any numbers in (0, 1]

CLAIMS: Claims = MappingProxyType(
    {
        "triangle": -1 / tau
        + log(2 * exp(1 / tau)) / 9
        + 4 * log(exp(1 / tau) + exp(-1 / (2 * tau))) / 9
        + 4 * log(2 * exp(-1 / (2 * tau))) / 9,
        "value of the triangle": (Rational(-29481, 10**4), Rational(-29480, 10**4)),
        "curvature": lambda share: beta**2 * sin(a) ** 2 * share * (1 - share) - beta * cos(a) * share,
        "largest curvature": beta**2 / 4 + beta,
        "midpoint": Rational(1, 24),  # times h^2, per bound of the second derivative
        "DHEL of the uniform law": (Rational(-28358, 10**4), Rational(-28345, 10**4)),
        "least gap of DHEL": Rational(11, 100),
        "value of the pentagon": (Rational(43875, 10**5), Rational(43876, 10**5)),
        "InfoNCE of the uniform law": (Rational(4392, 10**4), Rational(4396, 10**4)),
        "least gap of InfoNCE": Rational(4, 10**4),
        "DHEL at M = 2": (m**2 - 1) / tau,
        "centered": (2, 3, 4, 5),  # regular polygons
        "fourth derivative": X * (X**2 - 4 * X + 1) / ((1 + X) ** 4 * tau**4),
        "least X": 2 - sqrt(3),
        "least tau": 2 / log(2 + sqrt(3)),
        "degree": 4,
        "means of cosines": lambda j: {0: Integer(1), 4: e**2 / 4}.get(j, Integer(0)),  # the mean of cos j(x-y)
    }
)


def polygon_mean(name: str, vertices: int) -> Any:
    """The expected aligned loss at M = 3 of draws from a regular polygon: mean over all triples and over their anchors."""
    total = Integer(0)
    for points in product(range(vertices), repeat=3):
        for i in range(3):
            negatives = [cos(2 * pi * (points[j] - points[i]) / vertices) for j in range(3) if j != i]
            total += own_term(name, Integer(1), negatives, negatives)
    return total / (3 * vertices**3)


@lru_cache
def uniform_mean(name: str, temperature: Any) -> Any:
    """An interval that contains the expected aligned loss at M = 3 of the uniform law on the circle: by symmetry the mean
    over two angles in (0, pi), by the midpoint rule with its error.  Logarithms add up to that of a product."""
    first, second = sympy.symbols("first second", real=True)
    term = exp(own_term(name, Integer(1), [first, second], [first, second]) + 1 / tau)  # c + e^first + e^second
    constant = sympy.simplify(term - exp(first / tau) - exp(second / tau)).subs(tau, temperature)
    cells = [interval(exp(cos(pi * Rational(2 * i + 1, 2 * CELLS)) / temperature)) for i in range(CELLS)]
    lowest = interval(constant)
    square = diagonal = interval(1)
    for i, one in enumerate(cells):
        diagonal *= lowest + 2 * one
        for other in cells[:i]:
            square *= lowest + one + other
    mean = (log_of_interval(diagonal) + 2 * log_of_interval(square)) / CELLS**2 - interval(1 / temperature)
    error = interval(
        2 * CLAIMS["largest curvature"].subs(beta, 1 / temperature) * CLAIMS["midpoint"] * (pi / CELLS) ** 2
    )
    return between(mean - error, mean + error)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    fifth, half = Rational(1, 5), Rational(1, 2)
    proof.step(
        "triangle",
        "DHEL at M = 3 for draws from a regular triangle, every tau: two negatives have the product 1 with "
        "probability 1/3, else -1/2; from all 27 draws",
        lambda: equal(polygon_mean("DHEL", 3), claims["triangle"]),
    )
    proof.step(
        "value of the triangle",
        "at tau = 1/5 it is within the bounds, in interval arithmetic",
        lambda: _within(interval(CLAIMS["triangle"].subs(tau, fifth)), claims["value of the triangle"]),
        ("triangle",),
    )
    share = exp(beta * cos(a)) / (rest + exp(beta * cos(a)))  # what is left of the sum does not depend on a
    proof.step(
        "curvature",
        "log(c + e^{beta cos a}), c > 0, has the second derivative beta^2 sin^2 a w(1-w) - beta cos a w in a, w the "
        "share of its second term: at most beta^2/4 + beta in absolute value, as w(1-w) <= 1/4 and sin^2 a, w, |cos "
        "a| <= 1",
        lambda: (
            equal(sympy.diff(log(rest + exp(beta * cos(a))), a, 2), claims["curvature"](share))
            and all(
                is_sum_of_squares(
                    claims["largest curvature"] - beta**2 * S * w * (1 - w) + beta * cosine * w,
                    [
                        (beta**2 * S, w - half),
                        (beta**2 * (1 - S), half),
                        (beta * (1 - w), 1),
                        (beta * w * (1 + cosine), 1),
                    ],
                )
                for cosine in (1 - 2 / (1 + z),)  # any number in (-1, 1), which goes with its negative
            )
        ),
    )
    proof.step(
        "midpoint rule",
        "the mean of f over a cell of width h differs from f at its center m by at most sup |f''| h^2/24: the linear "
        "term of Taylor's formula has the mean 0, (x-m)^2/2 the mean h^2/24. For two angles the errors add up",
        lambda: all(
            equal(
                sympy.integrate((x - center) ** power / 2, (x, center - width / 2, center + width / 2)) / width,
                expected,
            )
            for power, expected in ((1, 0), (2, claims["midpoint"] * width**2))
        ),
        ("curvature",),
    )
    for name, temperature, draws in (("DHEL", fifth, "triangle"), ("InfoNCE", half, "pentagon")):
        if name == "InfoNCE":
            proof.step(
                "value of the pentagon",
                "InfoNCE at M = 3 and tau = 1/2 for draws from a regular pentagon, from all 125 draws, in interval "
                "arithmetic",
                lambda: _within(_pentagon(), claims["value of the pentagon"]),
            )
        proof.step(
            f"{name} of the uniform law",
            f"at M = 3 and tau = {temperature}: midpoint rule in two angles, {CELLS} cells each, in interval "
            f"arithmetic",
            partial(_is_uniform, name, temperature, claims[f"{name} of the uniform law"]),
            ("midpoint rule",),
        )
        proof.step(
            f"{name}: the {draws} is better",
            "the uniform law exceeds it by the gap stated, at least",
            partial(_is_gap, name, temperature, claims[f"least gap of {name}"]),
            (f"value of the {draws}", f"{name} of the uniform law"),
        )
    proof.step(
        "DHEL at M = 2",
        "the logarithm of one term is u.u'/tau, and E u.u' = |E u|^2: the loss is (|E u|^2 - 1)/tau, least for all "
        "centered laws",
        lambda: (
            equal(
                averaged(sympy.expand_log(own_term("DHEL", Integer(1), [], [t]), force=True), {t: m**2}),
                claims["DHEL at M = 2"],
            )
            and is_sum_of_squares(tau * CLAIMS["DHEL at M = 2"] + 1, [(Integer(1), m)])
        ),
    )
    proof.step(
        "ties of DHEL at M = 2",
        "draws from these regular polygons, and the uniform law of the circle, are centered",
        lambda: (
            all(is_zero(sum(f(2 * pi * j / n) for j in range(n))) for n in claims["centered"] for f in (cos, sin))
            and all(is_zero(sympy.integrate(f(a), (a, 0, 2 * pi))) for f in (cos, sin))
        ),
        ("DHEL at M = 2",),
    )
    proof.step(
        "fourth derivative",
        "InfoNCE of an aligned pair at M = 2 is f(t) = log(1 + X), X = e^{(t-1)/tau}, t = u.u', with f'''' = X (X^2 - "
        "4X + 1)/((1+X)^4 tau^4)",
        lambda: (
            equal(sympy.simplify(exp(own_term("InfoNCE", Integer(1), [t], []))), 1 + exp((t - 1) / tau))
            and equal(
                sympy.diff(log(1 + exp((t - 1) / tau)), t, 4), claims["fourth derivative"].subs(X, exp((t - 1) / tau))
            )
        ),
    )
    proof.step(
        "sign",
        "it is negative for 2 - sqrt 3 < X < 1: with X = 2 - sqrt 3 + s, X^2 - 4X + 1 is s (s - 2 sqrt 3), and s < "
        "sqrt 3 - 1",
        lambda: (
            equal(sympy.expand((X**2 - 4 * X + 1).subs(X, claims["least X"] + z)), sympy.expand(z * (z - 2 * sqrt(3))))
            and is_positive(claims["least X"])
            and is_positive(2 * sqrt(3) - (1 - claims["least X"]))
        ),
        ("fourth derivative",),
    )
    proof.step(
        "least tau",
        "for t >= -1 X is at least e^{-2/tau}, which increases with tau and is 2 - sqrt 3 at tau = 2/log(2 + sqrt 3): "
        "f'''' < 0 on (-1, 1) for larger tau",
        lambda: (
            equal(sympy.simplify(exp(-2 / claims["least tau"])), 1 / (2 + sqrt(3)))
            and is_zero(sympy.radsimp(1 / (2 + sqrt(3))) - CLAIMS["least X"])
            and is_positive(sympy.diff(exp(-2 / tau), tau))
        ),
        ("sign",),
    )
    proof.step(
        "negative coefficient",
        "by E3 E f P_4 is E f''''(T) (1-T^2)^4 over 2^4 ((d-1)/2)_4 > 0: negative for every d >= 2 and tau > 2/log(2 "
        "+ sqrt 3)",
        lambda: (
            equal(
                sympy.diff(log(1 + exp((t - 1) / tau)), t, claims["degree"]),
                CLAIMS["fourth derivative"].subs(X, exp((t - 1) / tau)),
            )
            and is_positive(MIXTURE["share of the derivative"].subs(degree - 1, claims["degree"] - 1))
        ),
        ("least tau",),
    )
    proof.step(
        "better density",
        "in d = 2 f = sum a_j cos j(x-y), and under the density 1 + e cos 4x >= 0 its mean is a_0 + e^2 a_4/4, a_4 = "
        "2 E f P_4 < 0: less than for the uniform law. For every d, Funk and Hecke: E f + e^2 E[f P_4] E[P_4^2]. By "
        "integration for j = 0 and 4; for other j all means vanish, as those of cos and sin of nonzero multiples do",
        lambda: (
            all(equal(_mean_of_cosine(j, CLAIMS["degree"]), claims["means of cosines"](j)) for j in (0, 4))
            and _is_orthogonal(CLAIMS["degree"])
        ),
        ("negative coefficient",),
        kind=Kind.CITED,
    )
    return proof.steps


@lru_cache
def _pentagon() -> Any:
    return interval(polygon_mean("InfoNCE", 5).subs(tau, Rational(1, 2)))


def _is_uniform(name: str, temperature: Any, bounds: tuple[Any, Any]) -> bool:
    return _within(uniform_mean(name, temperature), bounds)


def _is_gap(name: str, temperature: Any, least: Any) -> bool:
    better = _pentagon() if name == "InfoNCE" else interval(CLAIMS["triangle"].subs(tau, temperature))
    return bool(least > 0 and enclosure(uniform_mean(name, temperature) - better)[0] >= least)


def _within(value: Any, bounds: tuple[Any, Any]) -> bool:
    low, high = enclosure(value)
    return bool(bounds[0] <= low and high <= bounds[1])


def _mean_of_cosine(j: int, n: int) -> Any:
    """The mean of cos j(x-y) = cos jx cos jy + sin jx sin jy for independent x and y of density 1 + e cos nx."""
    parts = [sympy.integrate((1 + e * cos(n * x)) * f(j * x), (x, 0, 2 * pi)) / (2 * pi) for f in (cos, sin)]
    return sum(part**2 for part in parts)


def _is_orthogonal(n: int) -> bool:
    """Products with cos nx are half the sums of cosines, or sines, of the sum and the difference of the arguments; over the
    circle these have the integral 0 but for the multiple 0."""
    j, multiple = sympy.symbols("j", integer=True), sympy.Symbol("multiple", integer=True, nonzero=True)
    return all(
        is_zero(sympy.expand_trig(cos(n * x) * f(z * x) - (f(z * x + n * x) + f(z * x - n * x)) / 2).subs(z, j))
        and is_zero(sympy.integrate(f(multiple * x), (x, 0, 2 * pi)))
        for f in (cos, sin)
    )


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "triangle": {"triangle": -1 / tau + log(exp(1 / tau) + exp(-1 / (2 * tau)))},
    "value of the triangle": {"value of the triangle": (Rational(-29480, 10**4), Rational(-29479, 10**4))},
    "curvature": {"largest curvature": beta**2 / 4},
    "midpoint rule": {"midpoint": Rational(1, 48)},
    "DHEL of the uniform law": {"DHEL of the uniform law": (Rational(-29), Rational(-2945, 10**3))},
    "DHEL: the triangle is better": {"least gap of DHEL": Rational(12, 100)},
    "value of the pentagon": {"value of the pentagon": (Rational(4394, 10**4), Rational(4395, 10**4))},
    "InfoNCE of the uniform law": {"InfoNCE of the uniform law": (Rational(4, 10), Rational(4388, 10**4))},
    "InfoNCE: the pentagon is better": {"least gap of InfoNCE": Rational(8, 10**4)},
    "DHEL at M = 2": {"DHEL at M = 2": (m**2 + 1) / tau},
    "ties of DHEL at M = 2": {"centered": (1, 2, 3)},
    "fourth derivative": {"fourth derivative": X * (1 - X) / ((1 + X) ** 3 * tau**3)},
    "sign": {"least X": Integer(0)},
    "least tau": {"least tau": 1 / log(2 + sqrt(3))},
    "negative coefficient": {"degree": 3},
    "better density": {"means of cosines": lambda j: {0: Integer(1), 4: e**2 / 2}.get(j, Integer(0))},
}
