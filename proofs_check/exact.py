"""Exact decisions about symbolic expressions.  Nothing here rounds: what cannot be decided raises ``Undecided``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import mpmath
import sympy
from sympy.core.function import AppliedUndef

from hyperenergy.arithmetic.steps import Undecided


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
    for seed in range(-1, 4):
        point = {s: _sample(s, -1 if seed < 0 else seed * 7 + 3 * k) for k, s in enumerate(symbols)}
        value = expression.subs(point)
        if value.is_Rational:
            values.append(value)
            continue
        number = sympy.N(value, 40, strict=False)
        if number.is_real and abs(number) > sympy.Rational(1, 10**20):
            values.append(sympy.Rational(str(number)))
    return values


_SAMPLES = ((1, 5), (3, 1), (2, 3), (11, 1), (1, 2), (7, 4), (5, 13))


def _sample(symbol: sympy.Symbol, k: int) -> sympy.Expr:
    if k < 0 and not symbol.is_nonzero:
        return sympy.Integer(0)
    k = abs(k)
    base = sympy.Integer(k + 2) if symbol.is_integer else sympy.Rational(*_SAMPLES[k % len(_SAMPLES)])
    return base if symbol.is_nonnegative or k % 2 else -base


def equal_logs(left: Any, right: Any) -> bool:
    """Whether two real expressions with logarithms are equal, by comparing their exponentials."""
    ratio = sympy.exp(sympy.expand_log(sympy.sympify(left) - sympy.sympify(right), force=True))
    return equal(sympy.powsimp(sympy.expand(sympy.simplify(ratio))), 1)


def mean_over(polynomial: Any, *indexed: sympy.Symbol) -> Any:
    """The mean over an index i of a polynomial in coordinates that carry it, for any number of points: each monomial
    becomes the symbol of its mean; what does not carry the index stays."""
    terms = sympy.Poly(polynomial, *indexed, domain="EX").terms()
    return sum(coefficient * _moment(indexed, powers) for powers, coefficient in terms)


def mean_over_pairs(polynomial: Any, first: tuple[Any, ...], second: tuple[Any, ...], count: Any) -> Any:
    """The mean over ordered pairs i != j of ``count`` points of a polynomial in coordinates of point i (``first``) and the
    same coordinates of point j (``second``): the sum over all pairs, less the one over i = j."""
    terms = sympy.Poly(polynomial, *first, *second, domain="EX").terms()
    k = len(first)
    everywhere = sum(c * _moment(first, powers[:k]) * _moment(first, powers[k:]) for powers, c in terms)
    diagonal = mean_over(sympy.expand(polynomial).subs(dict(zip(second, first, strict=True))), *first)
    return (count**2 * everywhere - count * diagonal) / (count * (count - 1))


def _moment(indexed: tuple[Any, ...], powers: tuple[int, ...]) -> Any:
    monomial = sympy.Mul(*(x**power for x, power in zip(indexed, powers, strict=True)))
    return sympy.Symbol(f"mean[{monomial}]", real=True) if any(powers) else sympy.Integer(1)


def vector(name: str) -> tuple[Any, Any]:
    """Two coordinates of a vector of any dimension: enough for every entry of a block of second derivatives."""
    return sympy.symbols(f"{name}_1 {name}_2", real=True)


def dot(x: tuple[Any, Any], y: tuple[Any, Any]) -> Any:
    """The inner product: the two coordinates named, and one symbol for what all others add to it."""
    names = sorted(str(z[0])[:-2] for z in (x, y))
    return x[0] * y[0] + x[1] * y[1] + sympy.Symbol("rest_" + "_".join(names), real=True)


def equal_in_exponentials(left: Any, right: Any) -> bool:
    """Whether two expressions are equal as rational functions of their exponentials, of their undefined functions and of
    the derivatives of these, each taken as a variable of its own: then they are identical."""
    both = sympy.Matrix([left, right])
    for kind in (sympy.Subs, sympy.Derivative, AppliedUndef, sympy.exp):
        atoms = sorted(both.atoms(kind), key=str)
        both = both.xreplace(
            {atom: sympy.Symbol(f"{kind.__name__}_{k}", positive=True) for k, atom in enumerate(atoms)}
        )
    return equal(both[0], both[1])


def averaged(expression: Any, moments: Mapping[Any, Any]) -> sympy.Expr:
    """The mean of a polynomial in random quantities, whose monomials have the means given ({x**2: 1, x * y: s}).

    KeyError for a monomial without one, so that no term is dropped in silence.
    """
    variables = sorted({s for monomial in moments for s in monomial.free_symbols}, key=str)
    known = {sympy.Poly(monomial, *variables).monoms()[0]: mean for monomial, mean in moments.items()}
    known[(0,) * len(variables)] = sympy.Integer(1)
    terms = sympy.Poly(sympy.expand(expression), *variables).terms()
    return sympy.Add(*(coefficient * known[monomial] for monomial, coefficient in terms))


def is_taylor_weight(weight: Any, s: sympy.Symbol) -> bool:
    """Whether h(1) = h(0) + h'(0) + int_0^1 weight h'' ds for every smooth h, with a weight > 0 inside (0, 1).

    Then h'' >= 0 implies h(1) >= h(0) + h'(0), the inequality of the supporting line, strictly where h'' > 0.
    """
    h, z = sympy.Function("h"), sympy.Symbol("z", positive=True)
    antiderivative = h(s) + (1 - s) * h(s).diff(s)  # from 0 to 1 it grows by h(1) - h(0) - h'(0)
    second = h(s).diff(s, 2)
    integrand = sympy.collect(sympy.expand(antiderivative.diff(s)), second)
    exact = integrand.coeff(second)
    return (
        sympy.expand(integrand - exact * second) == 0
        and equal(exact, weight)
        and is_positive(sympy.sympify(weight).subs(s, 1 / (1 + z)))
    )


def is_tangent_below(line: Any, function: Any, x: sympy.Symbol, y: sympy.Symbol) -> bool:
    """Whether a function of x has the tangent ``line`` at x = y and lies above it elsewhere: value and slope agree at y,
    and the second derivative is positive."""
    gap = function - line
    return is_zero(gap.subs(x, y)) and is_zero(sympy.diff(gap, x).subs(x, y)) and is_positive(sympy.diff(gap, x, 2))


def increases_and_is_convex(function: Any, x: sympy.Symbol) -> bool:
    """Whether its first two derivatives are positive, so that Jensen's inequality holds, strictly, and bounds carry over."""
    return all(is_positive(sympy.factor(sympy.diff(function, x, order))) for order in (1, 2))


def is_simplex(product: Any, n: Any) -> bool:
    """Whether n unit vectors of one mutual product p exist and are centered: 1 + (n-1) p = 0, and the Gram matrix
    G = (1-p) I + p J, J all ones, has G^2 = (1-p) G with 1-p > 0, so that G/(1-p) is a projection, positive semidefinite."""
    diagonal, constant = (1 - product) ** 2, 2 * (1 - product) * product + n * product**2  # of G^2, as J^2 = n J
    multiple = 1 - product
    return (
        is_zero(1 + (n - 1) * product)
        and is_positive(multiple)
        and equal(diagonal, multiple * multiple)
        and equal(constant, multiple * product)
    )


_INTERVALS = mpmath.ctx_iv.MPIntervalContext()  # one of its own, so that no other precision changes
_INTERVALS.prec = 120


def interval(expression: Any) -> Any:
    """An interval of mpmath's outward rounded arithmetic that contains the value of a real constant, made of rationals, pi
    and e by sums, products, powers, exp, log and cos.  TypeError for anything else."""
    expression = sympy.sympify(expression)
    if expression.is_Rational:
        return _INTERVALS.mpf(int(expression.p)) / _INTERVALS.mpf(int(expression.q))
    if expression is sympy.pi:
        return _INTERVALS.pi
    if expression is sympy.E:
        return _INTERVALS.exp(1)
    parts = [interval(part) for part in expression.args]
    if isinstance(expression, sympy.Add):
        return sum(parts[1:], parts[0])
    if isinstance(expression, sympy.Mul):
        return math.prod(parts[1:], start=parts[0])
    if isinstance(expression, sympy.Pow) and expression.exp.is_Integer:
        return parts[0] ** int(expression.exp)
    if isinstance(expression, sympy.Pow):
        return _INTERVALS.exp(parts[1] * _INTERVALS.log(parts[0]))
    if isinstance(expression, sympy.exp | sympy.log | sympy.cos):
        return getattr(_INTERVALS, expression.func.__name__)(parts[0])
    raise TypeError(f"no interval for {expression}")


def log_of_interval(value: Any) -> Any:
    """An interval that contains the logarithms of all numbers of an interval."""
    return _INTERVALS.log(value)


def enclosure(value: Any) -> tuple[sympy.Rational, sympy.Rational]:
    """Rational bounds, from below and from above, of a constant as in ``interval``, or of an interval."""
    value = value if hasattr(value, "_mpi_") else interval(value)
    low, high = (
        sympy.Rational((-1) ** sign * int(mantissa)) * sympy.Integer(2) ** exponent
        for sign, mantissa, exponent, _ in value._mpi_
    )
    return low, high


def between(low: Any, high: Any) -> Any:
    """The interval from the least number of one interval to the largest of another."""
    return _INTERVALS.mpf([low.a, high.b])
