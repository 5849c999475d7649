"""B11: at small temperature DHEL is the mean of the largest negatives, less that of the positives."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import sympy
from sympy import Integer, Rational, exp, log

from proofs_check.exact import equal, is_nonnegative, is_positive, is_zero
from proofs_check.steps import Claims, Proof, Step

k = sympy.Symbol("k", integer=True, nonnegative=True)
M = k + 2  # at least two pairs
t, S = sympy.symbols("tau S", positive=True)  # S: the sum of e^{-y_j/tau} over the negatives
y, q = sympy.symbols("y q", nonnegative=True)  # y_j = max_k x_k - x_j, one of them 0; p = 1/(1+q) any number in (0, 1]
top, z = sympy.symbols("m z", real=True)
term = exp(-y / t)

CLAIMS: Claims = MappingProxyType(
    {
        "shift": top,  # tau log sum e^{x_j/tau} = m + tau log S
        "least term": Integer(0),
        "largest term": Integer(1),
        "number of terms": M - 1,
        "least sum": Integer(1),
        "excess": t * log(M - 1),
        "limit": Integer(0),
        "relative slope of a term": y / t**2,
        "logarithm of a share": -y / t - log(S),
        "slope": -log(1 / (1 + q)),  # of tau log S, per share p = 1/(1+q) of the sum
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    proof.step(
        "shift",
        "with m the largest negative x_j = u_i.u_j and y_j = m - x_j >= 0, tau log sum_j e^{x_j/tau} = m + tau log S, S = "
        "sum_j e^{-y_j/tau}: every term has the factor e^{m/tau}",
        lambda: (
            equal(exp((top - y) / t), exp(top / t) * term)
            and is_zero(sympy.expand_log(t * log(exp(top / t) * S), force=True) - claims["shift"] - t * log(S))
        ),
    )
    proof.step(
        "terms",
        "0 < e^{-y/tau} <= 1 for y >= 0: it is 1 at y = 0 and decreases",
        lambda: (
            is_positive(term - claims["least term"])
            and equal(term.subs(y, 0), claims["largest term"])
            and is_positive(-sympy.diff(term, y))
        ),
    )
    proof.step(
        "sum",
        "S is at least 1, its term with y = 0, and at most M-1, the number of its terms",
        lambda: (
            equal(term.subs(y, 0), claims["least sum"])
            and equal(claims["number of terms"], (M**2 - M) / M)  # the pairs (i, j), j != i, per anchor
            and is_nonnegative(claims["number of terms"] - claims["least sum"])
        ),
        ("terms",),
    )
    proof.step(
        "bounds",
        "tau log S lies between 0 and tau log(M-1), as the logarithm increases: so does tau DHEL less G, the mean over the "
        "anchors of -s_i + m_i; and the minima of tau DHEL and of G differ by as much at most",
        lambda: (
            is_positive(sympy.diff(log(S), S))
            and is_zero(log(CLAIMS["least sum"]))
            and equal(exp(claims["excess"] / t), CLAIMS["number of terms"])
        ),
        ("shift", "sum"),
    )
    proof.step(
        "limit",
        "tau log(M-1) tends to 0 with tau, for every M",
        lambda: equal(sympy.limit(CLAIMS["excess"], t, 0), claims["limit"]),
        ("bounds",),
    )
    proof.step(
        "derivative",
        "d/d tau e^{-y/tau} = (y/tau^2) e^{-y/tau}: so d/d tau (tau log S) = log S + sum_j p_j y_j/tau, with the shares p_j "
        "= e^{-y_j/tau}/S of sum 1",
        lambda: equal(sympy.simplify(sympy.diff(term, t) / term), claims["relative slope of a term"]),
    )
    proof.step(
        "entropy",
        "log p_j = -y_j/tau - log S, so that the derivative is sum_j p_j (-log p_j)",
        lambda: is_zero(sympy.expand_log(log(term / S), force=True) - claims["logarithm of a share"]),
        ("derivative",),
    )
    proof.step(
        "decrease",
        "which is >= 0, as -log p >= 0 for 0 < p <= 1: tau DHEL decreases as tau does, for each configuration and thus the "
        "minimum, too",
        lambda: is_nonnegative(sympy.expand_log(claims["slope"], force=True)),
        ("entropy",),
    )
    return proof.steps


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "shift": {"shift": top / t},
    "terms": {"largest term": Integer(2)},
    "sum": {"number of terms": M},
    "bounds": {"excess": t * log(M)},
    "limit": {"limit": log(M - 1)},
    "derivative": {"relative slope of a term": -y / t**2},
    "entropy": {"logarithm of a share": -y / t + log(S)},
    "decrease": {"slope": log(1 / (1 + q)) - Rational(1, 2)},
}
