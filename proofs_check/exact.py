"""Exact decisions about symbolic expressions.  Nothing here rounds: what cannot be decided raises ``Undecided``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sympy


class Undecided(Exception):
    """An expression could be shown neither to have the property asked for nor to lack it."""


def is_zero(expression: Any) -> bool:
    """Whether it is identically zero.  False only with a witness: a point at which it is not."""
    expression = sympy.sympify(expression)
    for attempt in (sympy.expand, sympy.cancel, sympy.simplify):
        if attempt(expression) == 0:
            return True
    if _nonzero_somewhere(expression):
        return False
    raise Undecided(f"neither zero nor shown to be nonzero: {expression}")


def equal(left: Any, right: Any) -> bool:
    """Whether two expressions are identical as functions of their symbols."""
    return is_zero(sympy.sympify(left) - sympy.sympify(right))


def is_positive(expression: Any) -> bool:
    """Whether it is > 0 for all values that its symbols' assumptions admit.  False only with a witness."""
    return _sign(expression, "is_positive", lambda value: value > 0)


def is_nonnegative(expression: Any) -> bool:
    """Whether it is >= 0 for all values that its symbols' assumptions admit.  False only with a witness."""
    return _sign(expression, "is_nonnegative", lambda value: value >= 0)


def _sign(expression: Any, assumption: str, wanted: Any) -> bool:
    expression = sympy.sympify(expression)
    for form in (expression, sympy.expand(expression), sympy.factor(expression), sympy.simplify(expression)):
        answer = getattr(form, assumption)
        if answer is not None:
            return bool(answer)
    for value in _values(expression):
        if not wanted(value):
            return False
    raise Undecided(f"{assumption} is open for {expression}")


def is_sum_of_squares(expression: Any, parts: Iterable[tuple[Any, Any]]) -> bool:
    """Whether it equals sum_k c_k q_k^2 with the given (c_k, q_k), all c_k >= 0: a proof that it is nonnegative."""
    parts = list(parts)
    return all(is_nonnegative(c) for c, _ in parts) and equal(expression, sum(c * q**2 for c, q in parts))


def _nonzero_somewhere(expression: sympy.Expr) -> bool:
    return any(value != 0 for value in _values(expression))


def _values(expression: sympy.Expr) -> list[sympy.Expr]:
    """Exact values at a few points with rational (or integer) coordinates that the assumptions admit, where the value is
    rational; elsewhere a rational within 1e-30 of it, if that is enough to tell it from 0."""
    symbols = sorted(expression.free_symbols, key=str)
    values = []
    for seed in range(4):
        point = {s: _sample(s, seed * 7 + 3 * k) for k, s in enumerate(symbols)}
        value = expression.subs(point)
        if value.is_Rational:
            values.append(value)
            continue
        number = sympy.N(value, 40, strict=False)
        if number.is_real and abs(number) > sympy.Rational(1, 10**20):
            values.append(sympy.Rational(str(number)))
    return values


def _sample(symbol: sympy.Symbol, k: int) -> sympy.Expr:
    base = sympy.Integer(k + 2) if symbol.is_integer else sympy.Rational(2 * k + 3, k + 2)
    return base if symbol.is_nonnegative or k % 2 else -base


def equal_logs(left: Any, right: Any) -> bool:
    """Whether two real expressions with logarithms are equal, by comparing their exponentials."""
    ratio = sympy.exp(sympy.expand_log(sympy.sympify(left) - sympy.sympify(right), force=True))
    return equal(sympy.powsimp(sympy.expand(sympy.simplify(ratio))), 1)
