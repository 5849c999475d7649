"""The rules that carry proofs: what a step concludes once one of them says True.

They are few, each is documented with what follows, and ``tests/proofs_check/test_rules.py`` shows each one accept and
refuse.  Whatever they decide is decided by ``exact``; the oldest of them stand there, and ``RULES`` lists all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import sympy

from proofs_check import exact
from proofs_check.exact import averaged, equal, is_nonnegative, is_positive, is_tangent_below, is_zero


def jensen(line: Any, function: Any, x: sympy.Symbol, mean: sympy.Symbol) -> bool:
    """Whether ``line`` is the tangent at the mean, below the function of x, and has the function's value there as its mean.

    Then mean f(x_j) >= f(mean x) for any number of x_j and any law, with equality only for equal ones.
    """
    return is_tangent_below(line, function, x, mean) and equal(averaged(line, {x: mean}), function.subs(x, mean))


def means_are_combinations(old: Any, new: Any, n: Any) -> bool:
    """Whether the mean of n + 1 points is ``old`` times that of the first n and ``new`` times the last, with weights >= 0
    of sum 1.

    Then mean f(x_j) >= f(mean x) for a function of which nothing is known but that it is convex, by induction.
    """
    return equal(old / n, new) and equal(old + new, 1) and is_nonnegative(old) and is_nonnegative(new)


def symmetrizes(movers: Any, places: Any) -> bool:
    """Whether ``movers`` of the places! permutations take one place to another, for any two places.

    Then the mean of a vector over all permutations has the mean of its entries at each place, and a convex function that
    permutations leave as it is has G(x) >= G(mean x, ..., mean x).
    """
    return equal(sympy.gammasimp(movers * places / sympy.factorial(places)), 1)


def is_chord(share: Any, near: Any, far: Any) -> bool:
    """Whether the point at the distance ``near`` > 0 is the share, in (0, 1], of the way to the one at ``far`` >= near.

    Then f(far) - f(0) >= (f(near) - f(0))/share for a convex f: what it gains at first, it gains all the way.
    """
    return equal(share * far, near) and is_positive(share) and is_nonnegative(sympy.cancel(1 - share))


def first_variation(bound: Any, e: sympy.Symbol, derivative: Any) -> bool:
    """Whether ``bound`` is a polynomial in e without a constant, whose coefficient of e is ``derivative``.

    Then, if bound >= 0 for all small e > 0, as where it bounds a growth from above that is >= 0 at a minimum, the
    derivative is >= 0: bound/e tends to it.
    """
    polynomial = sympy.Poly(sympy.expand(bound), e, domain="EX")
    return is_zero(polynomial.coeff_monomial(1)) and equal(polynomial.coeff_monomial(e), derivative)


def by_induction(term: Any, n: sympy.Symbol, start: int, first: Any, following: Any) -> bool:
    """Whether ``term`` is ``first`` at n = start, and ``following``, made from the term of index n, is the one of n + 1.

    Then it is the sequence that begins with ``first`` and goes on by that recursion, for all n >= start.
    """
    step = sympy.simplify(sympy.expand_func((following / term.subs(n, n + 1)).rewrite(sympy.gamma)))
    return equal(term.subs(n, start), first) and equal(sympy.gammasimp(sympy.powsimp(step)), 1)


# What carries a proof, by name: all else in ``exact`` compares or computes.
RULES: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        # signs
        "is_positive": exact.is_positive,
        "is_nonnegative": exact.is_nonnegative,
        "is_sum_of_squares": exact.is_sum_of_squares,
        # convexity
        "is_tangent_below": exact.is_tangent_below,
        "is_taylor_weight": exact.is_taylor_weight,
        "increases_and_is_convex": exact.increases_and_is_convex,
        "jensen": jensen,
        "means_are_combinations": means_are_combinations,
        "is_chord": is_chord,
        # means and counting
        "averaged": exact.averaged,
        "mean_over": exact.mean_over,
        "mean_over_pairs": exact.mean_over_pairs,
        "symmetrizes": symmetrizes,
        # Gram matrices
        "is_simplex": exact.is_simplex,
        # extremes and sequences
        "first_variation": first_variation,
        "by_induction": by_induction,
    }
)
