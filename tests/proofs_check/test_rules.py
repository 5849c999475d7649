"""Each rule that carries proofs accepts what it should, refuses what it must, and is checked against brute force."""

from __future__ import annotations

import inspect
import math
from fractions import Fraction
from itertools import permutations
from typing import Any

import pytest
import sympy
from sympy import Integer, Rational, exp, factorial, log, rf

from proofs_check import exact, rules
from proofs_check.rules import RULES

x, y, m = sympy.symbols("x y m", real=True)
p, q, e, t = sympy.symbols("p q e t", positive=True)
z = sympy.Symbol("z", nonnegative=True)
n = sympy.Symbol("n", integer=True, positive=True)
k = sympy.Symbol("k", integer=True, nonnegative=True)
s = sympy.Symbol("s", nonnegative=True)

# Rule -> arguments that it accepts, and arguments that it refuses.
ACCEPTED: dict[str, list[tuple[Any, ...]]] = {
    "is_positive": [(p + 1,), (x**2 + 1,), (p * exp(x),)],
    "is_nonnegative": [(z,), (x**2,), (1 - 1 / (1 + z),)],
    "is_sum_of_squares": [(x**2 - 2 * x * y + 2 * y**2, [(1, x - y), (1, y)]), (Integer(0), [])],
    "is_tangent_below": [(exp(y) * (1 + x - y), exp(x), x, y), (-log(q) - (p - q) / q, -log(p), p, q)],
    "is_taylor_weight": [(1 - s, s)],
    "increases_and_is_convex": [(exp(x), x), (log(1 + 3 * exp(x)), x), (p**3, p)],
    "jensen": [(exp(m) * (1 + x - m), exp(x), x, m), (m**2 + 2 * m * (x - m), x**2, x, m)],
    "means_are_combinations": [(n / (n + 1), 1 / (n + 1), n)],
    "is_chord": [(p / (p + z), p, p + z), (Rational(1, 3), Integer(1), Integer(3)), (Integer(1), p, p)],
    "symmetrizes": [(factorial(n - 1), n), (Integer(6), Integer(4)), (factorial(k), k + 1)],
    "is_simplex": [(-1 / n, n + 1), (Rational(-1, 3), 4)],
    "first_variation": [(e * x + e**2 * y, e, x), (e * (x - 1), e, x - 1)],
    "by_induction": [
        (p**n, n, 1, p, p * p**n),
        (factorial(k), k, 0, Integer(1), (k + 1) * factorial(k)),
        (rf(Rational(1, 2), k), k, 0, Integer(1), (Rational(1, 2) + k) * rf(Rational(1, 2), k)),
    ],
}
REFUSED: dict[str, list[tuple[Any, ...]]] = {
    "is_positive": [(z,), (p - 1,), (x,), (-exp(x),)],
    "is_nonnegative": [(z - 1,), (x**3,), (-p,)],
    "is_sum_of_squares": [
        (x**2 - y**2, [(1, x), (-1, y)]),  # a negative weight
        (x**2 + y**2, [(1, x)]),  # not all of it
        (x**2, [(x, 1)]),
    ],
    "is_tangent_below": [
        (exp(y) * (1 + 2 * (x - y)), exp(x), x, y),  # another slope
        (exp(y) * (1 + x - y) + 1, exp(x), x, y),  # another value
        (-exp(y) * (1 + x - y), -exp(x), x, y),  # a tangent above
        (y + (x - y), x, x, y),  # not strictly below
    ],
    "is_taylor_weight": [(s, s), (2 * (1 - s), s), (s - 1, s)],
    "increases_and_is_convex": [(-exp(x), x), (exp(-x), x), (log(p), p), (x, x)],
    "jensen": [
        (exp(m) * (1 + x - m), exp(2 * x), x, m),
        (-exp(m) * (1 + x - m), -exp(x), x, m),  # concave: the other way round
        (exp(m) * (1 + 2 * (x - m)), exp(x), x, m),  # the mean is right, and the line no tangent
    ],
    "means_are_combinations": [
        (n / (n + 1), 1 / n, n),  # too much in sum
        ((n - 1) / (n + 1), 2 / (n + 1), n),  # the last counts twice
        (Integer(0), Integer(1), n),
    ],
    "is_chord": [
        ((p + 1) / p, p + 1, p),  # beyond the end
        (p / (p + q), q, p + q),  # another point
        (-Rational(1, 3), -Integer(1), Integer(3)),  # on the other side
    ],
    "symmetrizes": [(factorial(n), n), (factorial(n - 1) + 1, n), (Integer(5), Integer(4))],
    "is_simplex": [(-1 / n, n + 2), (Rational(1, 3), 4), (Integer(1), 2)],
    "first_variation": [
        (e * x + 1, e, x),  # a bound that is not attained at e = 0
        (e * x + e**2 * y, e, y),
        (e**2 * x, e, x),
    ],
    "by_induction": [
        (p**n, n, 1, Integer(1), p * p**n),  # begins elsewhere
        (p**n, n, 1, p, 2 * p * p**n),  # goes on otherwise
        (factorial(k), k, 0, Integer(1), k * factorial(k)),
        (n**2, n, 1, Integer(1), n**2 + 2 * n),
    ],
}
# Rules that give a mean and not a verdict; see below.
MEANS = {"averaged", "mean_over", "mean_over_pairs"}


def test_there_are_few_and_each_says_what_follows() -> None:
    assert set(RULES) == {*ACCEPTED, *MEANS} and set(REFUSED) == set(ACCEPTED) and len(RULES) <= 16
    for name, rule in RULES.items():
        assert rule.__name__ == name and rule is (getattr(rules, name, None) or getattr(exact, name))
        assert inspect.getdoc(rule)


@pytest.mark.parametrize(("name", "arguments"), [(name, one) for name, cases in ACCEPTED.items() for one in cases])
def test_accepts(name: str, arguments: tuple[Any, ...]) -> None:
    assert RULES[name](*arguments) is True


@pytest.mark.parametrize(("name", "arguments"), [(name, one) for name, cases in REFUSED.items() for one in cases])
def test_refuses(name: str, arguments: tuple[Any, ...]) -> None:
    assert RULES[name](*arguments) is False


# ---- means, against sums over points ----


def value_at(polynomial: Any, points: list[tuple[Fraction, Fraction]]) -> Any:
    """What the symbols of means are at these points."""
    known = {}
    for symbol in sympy.sympify(polynomial).free_symbols:
        inside = sympy.sympify(str(symbol).removeprefix("mean[").removesuffix("]"), locals={"x": x, "y": y})
        terms = [
            inside.subs({x: Rational(*a.as_integer_ratio()), y: Rational(*b.as_integer_ratio())}) for a, b in points
        ]
        known[symbol] = sum(terms) / Integer(len(points))
    return sympy.sympify(polynomial).subs(known)


POINTS = [(Fraction(1, 2), Fraction(-3)), (Fraction(2), Fraction(5, 7)), (Fraction(-1, 3), Fraction(4))]


@pytest.mark.parametrize("polynomial", [x, x * y + 3, (x - y) ** 2, x**3 - 2 * y])
def test_mean_over(polynomial: Any) -> None:
    found = value_at(exact.mean_over(polynomial, x, y), POINTS)
    each = [
        polynomial.subs({x: Rational(*a.as_integer_ratio()), y: Rational(*b.as_integer_ratio())}) for a, b in POINTS
    ]
    assert found == sum(each) / Integer(3)
    assert value_at(exact.mean_over(polynomial, x, y), POINTS[:2]) != found


@pytest.mark.parametrize("polynomial", [x * y, (x - y) ** 2, x**2 + y, x * y**2 + 1])
def test_mean_over_pairs(polynomial: Any) -> None:
    """x at point i and y at point j: over ordered pairs of different points."""
    numbers = [Rational(*a.as_integer_ratio()) for a, _ in POINTS]
    found = exact.mean_over_pairs(polynomial, (x,), (y,), Integer(3))
    pairs = [polynomial.subs({x: a, y: b}, simultaneous=True) for a, b in permutations(numbers, 2)]
    assert value_at(found, POINTS) == sum(pairs) / Integer(6)
    if polynomial.diff(x, y) != 0:
        wrong = exact.mean_over_pairs(polynomial, (x,), (y,), Integer(4))
        assert value_at(wrong, POINTS) != sum(pairs) / Integer(6)


def test_averaged_drops_nothing() -> None:
    assert exact.averaged((x - y) ** 2, {x**2: 1, y**2: 4, x * y: p}) == 5 - 2 * p
    with pytest.raises(KeyError):
        exact.averaged((x - y) ** 2, {x**2: 1, y**2: 4})
    with pytest.raises(KeyError):
        exact.averaged(x**2 + x, {x**2: 1})


# ---- counting, against enumeration ----


@pytest.mark.parametrize("places", [2, 3, 4, 5])
def test_movers_are_counted_right(places: int) -> None:
    for a in range(places):
        for b in range(places):
            movers = sum(order[a] == b for order in permutations(range(places)))
            assert movers == math.factorial(places - 1)
            assert rules.symmetrizes(Integer(movers), Integer(places))
            assert not rules.symmetrizes(Integer(movers + 1), Integer(places))


def test_symmetrization_of_a_convex_function() -> None:
    """max is convex and symmetric: its value is no less than at equal arguments of the same mean; of min it is no more."""
    for vector in permutations((-2, 0, 1, 5)):
        mean = Fraction(sum(vector), 4)
        assert sorted(vector)[-1] >= mean >= sorted(vector)[0]


def test_a_chord_of_a_convex_function() -> None:
    """f = |.| and the square: f(far) - f(0) >= (f(near) - f(0))/share."""
    for near, far in ((Fraction(1, 2), Fraction(3)), (Fraction(1), Fraction(1)), (Fraction(1, 7), Fraction(9))):
        share = near / far
        assert rules.is_chord(*(Rational(*v.as_integer_ratio()) for v in (share, near, far)))
        assert abs(far) >= abs(near) / share and far**2 >= near**2 / share
