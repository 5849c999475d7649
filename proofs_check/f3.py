"""F3, a false claim: polygons of seven points and more do not minimize DCL and DHEL at small temperatures, nor the hexagon
cross-view DCL."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import sympy
from sympy import Integer, Rational, cos, exp, log, pi, sin

from proofs_check.b11 import CLAIMS as SMALL
from proofs_check.b11 import M as PAIRS
from proofs_check.b11 import t as tau
from proofs_check.exact import enclosure, equal, interval, is_nonnegative, is_positive, is_sum_of_squares, is_zero
from proofs_check.l2 import is_no_local_minimum
from proofs_check.steps import Claims, Proof, Step

k = sympy.Symbol("k", integer=True, nonnegative=True)
N, x, S = sympy.symbols("N x S", positive=True)
j = sympy.Symbol("j", integer=True)

CLAIMS: Claims = MappingProxyType(
    {
        "bound of the cosine": x**2 / 2,  # of 1 - cos x
        "products of corners": (1, 0, -1, 0),  # of one corner of a square with all
        "limit at the square": -3 / N,
        "limit at the polygon": -1 + cos(2 * pi / N),
        "least number": 7,
        "tie": 6,
        "temperature": (3 / N - (1 - cos(2 * pi / N))) / log(N - 1),
        "DCL less DHEL": log(2),  # at aligned configurations, with both sums
        "temperature at 7": Rational(1, 50),
        "least gap at 7": Rational(1, 2),
        "hexagon": (Rational(1, 10), Rational(1, 5), Rational(3, 10)),
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    proof.step(
        "cosine",
        "1 - cos x <= x^2/2: the difference is 0 at 0, its derivative x - sin x is, too, and the derivative of that is "
        "1 - cos x = 2 sin^2(x/2) >= 0",
        lambda: (
            equal(sympy.diff(claims["bound of the cosine"] - (1 - cos(x)), x, 2), 1 - cos(x))
            and all(is_zero(sympy.diff(claims["bound of the cosine"] - 1 + cos(x), x, n).subs(x, 0)) for n in (0, 1))
            and is_sum_of_squares(1 - cos(x), [(Integer(2), sin(x / 2))])
        ),
    )
    proof.step(
        "square",
        "N-3 >= 2 points at one corner of a square see each other at 1, and the three others see neighbors at 0 and "
        "nothing nearer: the limit of tau DHEL is -1 + (N-3)/N",
        lambda: (
            all(equal(cos(pi * n / 2), value) for n, value in enumerate(claims["products of corners"]))
            and equal(
                -1 + ((N - 3) * 1 + 3 * max(claims["products of corners"][1:])) / N, claims["limit at the square"]
            )
        ),
    )
    proof.step(
        "polygon",
        "of the products cos(2 pi j/N), j = 1..N-1, those of j and N-j are equal, and the cosine decreases from 0 to "
        "pi: the largest is that of j = 1",
        lambda: (
            is_zero(sympy.expand_trig(cos(2 * pi - 2 * pi * j / N) - cos(2 * pi * j / N)))
            and equal(sympy.diff(cos(x), x), -sin(x))
            and equal(-1 + cos(2 * pi * j / N).subs(j, 1), claims["limit at the polygon"])
        ),
    )
    proof.step(
        "less",
        "the limit at the square is less for all N >= 7: 3/N exceeds 2 pi^2/N^2 >= 1 - cos(2 pi/N), as 3N > 2 pi^2",
        lambda: (
            is_positive(3 * claims["least number"] - 2 * pi**2)
            and is_nonnegative(3 * k)
            and equal(
                N**2 * (3 / N - CLAIMS["bound of the cosine"].subs(x, 2 * pi / N)),
                sympy.expand(3 * N - 2 * pi**2),
            )
        ),
        ("cosine", "square", "polygon"),
    )
    proof.step(
        "tie at six",
        "at N = 6 both limits are the same: what happens there, they do not tell",
        lambda: is_zero((CLAIMS["limit at the square"] - CLAIMS["limit at the polygon"]).subs(N, claims["tie"])),
        ("square", "polygon"),
    )
    proof.step(
        "temperature",
        "by B11 tau DHEL is at least its limit, and at most tau log(N-1) above it: the square is better for every tau "
        "below the difference of the limits over log(N-1)",
        lambda: equal(
            CLAIMS["limit at the square"] + SMALL["excess"].subs(PAIRS - 2, N - 2).subs(tau, claims["temperature"]),
            CLAIMS["limit at the polygon"],
        ),
        ("less",),
    )
    proof.step(
        "DCL",
        "where pairs are aligned, both sums of DCL are that of DHEL: it differs by log 2, and without the sum within "
        "views by nothing",
        lambda: is_zero(sympy.expand_log(log(S + S) - log(S), force=True) - claims["DCL less DHEL"]),
        ("temperature",),
    )
    proof.step(
        "seven",
        "at N = 7 and tau = 1/50, in interval arithmetic: DHEL of the polygon exceeds that of the square by the gap "
        "stated, at least",
        lambda: bool(_gap(claims["temperature at 7"]) >= claims["least gap at 7"] > 0),
    )
    proof.step(
        "hexagon",
        "one-sided cross-view DCL has a negative second derivative at the aligned hexagon, at the temperatures stated "
        "(L2), in interval arithmetic: it is no local minimum there",
        lambda: all(is_no_local_minimum("one-sided", 6, 1, each) for each in claims["hexagon"]),
    )
    return proof.steps


def _gap(temperature: Any) -> Any:
    """A lower bound of DHEL at the aligned heptagon less that at four points of seven on one corner of a square."""

    def value(products: list[Any]) -> Any:
        return log(sum(exp(product / temperature) for product in products)) - 1 / temperature

    heptagon = value([cos(2 * pi * n / 7) for n in range(1, 7)])
    crowd, opposite = value([1, 1, 1, 0, 0, -1]), value([-1, -1, -1, -1, 0, 0])
    beside = value([0, 0, 0, 0, 0, -1])  # sees the crowd and the opposite corner at a right angle
    return enclosure(interval(heptagon) - interval((4 * crowd + opposite + 2 * beside) / 7))[0]


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "cosine": {"bound of the cosine": x**2 / 4},
    "square": {"limit at the square": -4 / N},
    "polygon": {"limit at the polygon": cos(2 * pi / N)},
    "less": {"least number": 6},
    "tie at six": {"tie": 7},
    "temperature": {"temperature": (3 / N - (1 - cos(2 * pi / N))) / (2 * log(N - 1))},
    "DCL": {"DCL less DHEL": Integer(0)},
    "seven": {"least gap at 7": Integer(10)},
    "hexagon": {"hexagon": (Rational(1, 2),)},
}
