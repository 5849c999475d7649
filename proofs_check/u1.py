"""U1: squared W2 uniformity of N points is least at regular simplexes and spherical 2-designs.

Notation: m the mean, S the covariance, lambda_1, ..., lambda_r its nonzero eigenvalues, q_k their roots.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import sympy
from sympy import Integer, Rational, sqrt

from proofs_check.exact import averaged, equal, is_positive, is_simplex, is_sum_of_squares, is_zero
from proofs_check.steps import Claims, Kind, Proof, Step

N = sympy.Symbol("N_minus_2", integer=True, nonnegative=True) + 2
d = sympy.Symbol("d", integer=True, positive=True)
r = sympy.Symbol("r", integer=True, positive=True)
x, y, m, mean_q, square = sympy.symbols("x y m mean_q mean_q_squared", real=True)
c, trace, root = sympy.symbols("norm_of_m tr_S tr_root_S", nonnegative=True)
q = sympy.Symbol("q", real=True)

CLAIMS: Claims = MappingProxyType(
    {
        "trace": 1 - c**2,  # of S
        "distance": 2 - 2 * root / sqrt(d),
        "spread": square - mean_q**2,
        "most": sqrt(r),  # of tr S^{1/2}
        "sum of centered rows": Integer(0),
        "least": 2 - 2 * sqrt(r / d),
        "eigenvalue at a simplex": 1 / (N - 1),
        "product at a simplex": -1 / (N - 1),
        "least at designs": Integer(0),
        "of the second moment": Integer(0),  # at an orthonormal basis
        "dimension of the counterexample": Integer(2),
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    proof.step(
        "trace",
        "tr S = mean |x_i-m|^2 = 1 - |m|^2, coordinate by coordinate",
        lambda: equal(averaged((x - c) ** 2, {x: c, x**2: 1}), claims["trace"]),
    )
    proof.step(
        "distance",
        "cited: the squared distance of N(m, S) from N(0, C) is |m|^2 + tr S + tr C - 2 tr (C^{1/2} S C^{1/2})^{1/2}. "
        "With C = I/d the last trace is tr S^{1/2}/sqrt d and tr C = 1, so that it is 2 - (2/sqrt d) tr S^{1/2}",
        lambda: equal(c**2 + CLAIMS["trace"] + d * (1 / d) - 2 * sqrt(1 / d) * root, claims["distance"]),
        ("trace",),
        kind=Kind.CITED,
    )
    proof.step(
        "equal roots",
        "the mean of the q_k^2 less the square of the mean of the q_k is the mean of (q_k - mean q)^2 >= 0, zero only "
        "for equal q_k",
        lambda: equal(averaged((q - mean_q) ** 2, {q: mean_q, q**2: square}), claims["spread"]),
    )
    proof.step(
        "Cauchy",
        "so (tr S^{1/2})^2 = r^2 (mean q)^2 <= r^2 mean q^2 = r tr S = r (1-|m|^2) <= r, with equality only for m = 0 "
        "and r equal eigenvalues",
        lambda: (
            equal(
                r * (r * square) - (r * mean_q) ** 2, r**2 * CLAIMS["spread"]
            )  # tr S = r mean q^2, tr S^{1/2} = r mean q
            and is_sum_of_squares(claims["most"] ** 2 - r * CLAIMS["trace"], [(r, c)])
        ),
        ("trace", "equal roots"),
    )
    proof.step(
        "rank",
        "the N rows x_i - m add up to 0: their rank, and that of S, is at most N-1, and at most d",
        lambda: is_zero(averaged(x - m, {x: m}) - claims["sum of centered rows"]),
        kind=Kind.WORDS,
    )
    proof.step(
        "bound",
        "the distance decreases in tr S^{1/2} and increases where r falls: it is at least 2 - 2 sqrt(r/d), r = "
        "min(N-1, d)",
        lambda: (
            equal(CLAIMS["distance"].subs(root, CLAIMS["most"]), claims["least"])
            and is_positive(-sympy.diff(CLAIMS["distance"], root))
            and is_positive(sympy.diff(CLAIMS["most"], r))
        ),
        ("distance", "Cauchy", "rank"),
    )
    # With N-1 equal eigenvalues 1/(N-1) and m = 0 the Gram matrix is N/(N-1) times the projection I - J/N.
    entry = N * CLAIMS["eigenvalue at a simplex"]
    proof.step(
        "simplexes",
        "for N <= d+1 equality means m = 0 and N-1 eigenvalues 1/(N-1): the Gram matrix has N/(N-1) on the complement "
        "of (1, ..., 1), so it is N/(N-1) (I - J/N), that of a regular simplex, and conversely",
        lambda: (
            equal((N - 1) * claims["eigenvalue at a simplex"], 1)
            and equal(entry * (1 - 1 / N), 1)
            and equal(entry * (-1 / N), claims["product at a simplex"])
            and is_simplex(claims["product at a simplex"], N)
        ),
        ("bound",),
    )
    proof.step(
        "designs",
        "for N >= d+1 equality means m = 0 and S = I/d: a spherical 2-design, and the value 0",
        lambda: equal(CLAIMS["distance"].subs(root, d * sqrt(1 / d)), claims["least at designs"]),
        ("bound",),
    )
    n = claims["dimension of the counterexample"]
    proof.step(
        "not of the second moment",
        "(1/d) sum e_i e_i^T = I/d for an orthonormal basis, N = d: with it for S the value is 0, below the bound 2 - "
        "2 sqrt((d-1)/d) > 0; for d = 2 its covariance has the eigenvalue 1/2 once, and the value 1, above it",
        lambda: (
            equal(CLAIMS["distance"].subs(root, d * sqrt(Rational(1) / d)), claims["of the second moment"])
            and is_positive(CLAIMS["least"].subs({r: n - 1, d: n}))
            and equal(CLAIMS["distance"].subs({root: Rational(n - 1) / sqrt(n), d: n}), 2 - 2 * (n - 1) / Integer(n))
            and is_positive(2 - 2 * (n - 1) / Integer(n) - CLAIMS["least"].subs({r: n - 1, d: n}))
        ),
        ("bound",),
    )
    return proof.steps


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "trace": {"trace": 1 - c},
    "distance": {"distance": 2 - 2 * root / d},
    "equal roots": {"spread": square - mean_q},
    "Cauchy": {"most": sqrt(r) / 2},
    "rank": {"sum of centered rows": m},
    "bound": {"least": 2 - 2 * r / d},
    "simplexes": {"product at a simplex": -1 / N},
    "designs": {"least at designs": Integer(1)},
    "not of the second moment": {"of the second moment": Integer(1)},
}
