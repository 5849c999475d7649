"""B1, the batch theorem: up to d+1 pairs, perfect alignment and a regular simplex, and nothing else.

In full: Let 2 <= M <= d+1, s_i = u_i.v_i, and let x_ij = n_ij - s_i be the negatives relative to their positive, n_ij =
u_i.v_j or u_i.u_j, j != i, or both. Let a loss be the mean over i of G(x_i1, x_i2, ...), or one G of all x_ij; or the mean
of that and of the same with U and V exchanged. Let G be convex, unchanged by permutations of its arguments, and
nondecreasing. Then the loss is at least G(-M/(M-1), ..., -M/(M-1)), its value at the aligned simplex. If G is also larger
at equal arguments above -M/(M-1) than there, and strictly convex across differences, its minimizers are exactly the
batches with u_i = v_i and u_i.u_j = -1/(M-1) for all i != j. So they are for losses -mean s/tau + G(u_i.u_j, ...) +
G(v_i.v_j, ...), where G is such a function, -1/(M-1) in the place of -M/(M-1): two-view DHEL.

Sources: Koromilas et al., Bridging Mini-Batch and Asymptotic Analysis in Contrastive Learning (ICML 2024), batch theorem.
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Function, Integer, Max, Rational, exp, factorial, log

from proofs_check.exact import (
    equal,
    equal_in_exponentials,
    equal_logs,
    is_positive,
    is_simplex,
    is_sum_of_squares,
    is_zero,
    mean_over,
)
from proofs_check.g1 import own_term, t
from proofs_check.rules import is_chord, means_are_combinations, symmetrizes
from proofs_check.steps import Claims, Proof, Step

k = sympy.Symbol("k", integer=True, nonnegative=True)
M = k + 2  # at least two pairs
n = sympy.Symbol("n", integer=True, positive=True)  # arguments of G, or anchors
x, y, p, q, s = sympy.symbols("x y p q s", real=True)
inner, positives = sympy.symbols("ubar_dot_vbar mean_s", real=True)
a, b, others = sympy.symbols("ubar_norm vbar_norm R", nonnegative=True)
h = sympy.Symbol("h", positive=True)
beyond = sympy.Symbol("beyond", nonnegative=True)
phi, psi = Function("phi"), Function("psi")
RELATIVE = ("InfoNCE", "SimCLR", "DCL", "DCL cross-view", "DHEL")

CLAIMS: Claims = MappingProxyType(
    {
        "weight of the last": 1 / (n + 1),  # in the mean of n + 1
        "movers": factorial(n - 1),  # of n! permutations, those that take a given place to a given one
        "excess of a transposition": Integer(2),  # x_a - x_b less x_b - x_a, over x_a - x_b
        "weight of an anchor": 1 / M,
        "share of the chord": h / (h + beyond),
        "Hessian form": p * q * (x - y) ** 2,  # of log-sum-exp, per pair of weights p, q
        "G of InfoNCE": log(1 + exp(x / t) + others),
        "G of SimCLR": log(1 + exp(x / t) + exp(y / t) + others),
        "G of DCL": log(exp(x / t) + exp(y / t) + others),
        "G of DCL cross-view": log(exp(x / t) + others),
        "G of DHEL": log(exp(y / t) + others),
        "difference": M / (M - 1) * (inner - positives),  # mean_{i != j} u_i.v_j - mean s
        "gap of covariance": Rational(1, 2),  # times |(u_i-ubar)-(v_i-vbar)|^2
        "bound of covariance": 1 - (a**2 + b**2) / 2,
        "least difference": -M / (M - 1),
        "product": -1 / (M - 1),
        "largest positive": Integer(1),
        "weight of a view": Rational(1, 2),
        "common product": -1 / (M - 1),
        "dimension of the span": M - 1,
        "similarity of the counterexample": Rational(1, 2),
        "InfoNCE": log(1 + (M - 1) * exp(-M / ((M - 1) * t))),
        "SimCLR": log(1 + 2 * (M - 1) * exp(-M / ((M - 1) * t))),
        "DCL": log(2 * (M - 1)) - M / ((M - 1) * t),
        "DCL cross-view": log(M - 1) - M / ((M - 1) * t),
        "DHEL": log(M - 1) - M / ((M - 1) * t),
        "DHEL two-view": 2 * log(M - 1) - (M + 1) / ((M - 1) * t),
        "phi, psi": phi((M - 1) * psi(-M / (M - 1))),
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    _symmetrization(proof, claims)
    _members(proof, claims)
    _differences(proof, claims)
    _equality(proof, claims)
    return proof.steps


def _symmetrization(proof: Proof, claims: Claims) -> None:
    """What holds for every G: of its hypotheses alone."""
    last = claims["weight of the last"]
    proof.step(
        "Jensen",
        "the mean of n+1 points is 1 - 1/(n+1) times that of the first n and 1/(n+1) times the last: by induction, the mean "
        "of the values of any convex function is at least its value at the mean",
        lambda: means_are_combinations(1 - last, last, n),
    )
    proof.step(
        "symmetrization",
        "(n-1)! of the n! permutations take one place to another, so that the mean of (x_1, ..., x_n) over all "
        "permutations is (m, ..., m), m the mean of the x_j: G(x) >= G(m, ..., m), as G is the same at all of them",
        lambda: symmetrizes(claims["movers"], n),
        needs=("Jensen",),
    )
    proof.step(
        "equality in symmetrization",
        "where x_a != x_b, let y be x with both exchanged: x - y is x_a - x_b at one place and less it at the other, which "
        "differ, so that strict convexity across differences has G(m, ..., m) <= G((x+y)/2) < (G(x) + G(y))/2 = G(x)",
        lambda: (
            equal((x - y) - (y - x), claims["excess of a transposition"] * (x - y))
            and is_positive(claims["excess of a transposition"])
        ),
        needs=("symmetrization",),
    )
    total = sympy.Symbol("T_i", real=True)  # of the relative negatives of anchor i, n of them
    proof.step(
        "across anchors",
        "g(m) = G(m, ..., m) is convex, as G is along a line: the mean over i of g(D_i), D_i the mean of anchor i, is at "
        "least g(D), and D, the mean of the D_i, is the mean of all x_ij. A G of all x_ij is at least g(D) at once",
        lambda: equal(mean_over(total / n, total), M * mean_over(total, total) * claims["weight of an anchor"] / n),
        needs=("Jensen", "symmetrization"),
    )
    proof.step(
        "increase",
        "if g is larger than at D* at every D*+h, h > 0 small, it is so at every D > D*: D*+h is on the chord to D, and so "
        "g(D) - g(D*) >= (g(D*+h) - g(D*))/share > 0. If g never decreases, g(D) >= g(D*) for D >= D*, and no more",
        lambda: is_chord(claims["share of the chord"], h, h + beyond),
        needs=("across anchors",),
    )


def _members(proof: Proof, claims: Claims) -> None:
    """The losses of the family satisfy the hypotheses."""
    for name in RELATIVE:
        proof.step(
            f"G of {name}",
            f"a term of {name} is {claims[f'G of {name}']}, in one relative negative x across views, one y within, and R, "
            "the sum of e^(./tau) over all others: by its definition",
            partial(_is_relative, name, claims[f"G of {name}"]),
        )
    proof.step(
        "log-sum-exp is convex",
        "the quadratic form of its Hessian diag(p) - p p^T is sum_{i<j} p_i p_j (x_i - x_j)^2 >= 0, zero only where all x_i "
        "are equal; one of them stays 0 where the positive is in the sum. So G is strictly convex across differences",
        # Coefficients on both sides: of x_i x_j, and of x_i^2, where p_i - p_i^2 = p_i sum_{j != i} p_j.
        lambda: (
            equal(sympy.expand(claims["Hessian form"]).coeff(x * y), -2 * p * q)
            and equal(sympy.expand(claims["Hessian form"]).coeff(x**2).subs(q, 1 - p), p - p**2)
        ),
        needs=tuple(f"G of {name}" for name in RELATIVE),
    )
    proof.step(
        "log-sum-exp increases",
        "the derivative of each G in each of its arguments is positive, so that g increases strictly",
        lambda: all(
            is_positive(sympy.diff(claims[f"G of {name}"], z))
            for name in RELATIVE
            for z in claims[f"G of {name}"].free_symbols & {x, y}
        ),
    )


def _is_relative(name: str, G: Any) -> bool:
    return equal_logs(own_term(name, s, [s + x], [s + y], exp(s / t) * others), G)


def _differences(proof: Proof, claims: Claims) -> None:
    """The least mean D of the relative negatives."""
    product, least = claims["product"], claims["least difference"]
    proof.step(
        "cross-view difference",
        "D = mean_{i != j} u_i.v_j - mean s = M/(M-1) (ubar.vbar - mean s), because all products add up to M^2 ubar.vbar",
        lambda: equal((M**2 * inner - M * positives) / (M * (M - 1)) - positives, claims["difference"]),
    )
    proof.step(
        "covariance",
        "mean s - ubar.vbar = mean (u_i-ubar).(v_i-vbar) = (1/2) mean |u_i-ubar|^2 + (1/2) mean |v_i-vbar|^2 - (1/2) mean "
        "|(u_i-ubar)-(v_i-vbar)|^2",
        lambda: (
            # One coordinate, u = x with mean p and v = y with mean q: terms linear in x - p and y - q have mean zero.
            is_zero((x - p) * (y - q) - (x * y - p * q) + q * (x - p) + p * (y - q))
            and is_sum_of_squares(x**2 / 2 + y**2 / 2 - x * y, [(claims["gap of covariance"], x - y)])
        ),
    )
    proof.step(
        "unit vectors",
        "mean |u_i-ubar|^2 = 1 - |ubar|^2, so mean s - ubar.vbar <= 1 - (|ubar|^2 + |vbar|^2)/2 <= 1, with equality only "
        "for ubar = vbar = 0 and u_i = v_i",
        lambda: (
            is_zero((x - p) ** 2 - (x**2 - p**2) + 2 * p * (x - p))
            and equal(((1 - a**2) + (1 - b**2)) / 2, claims["bound of covariance"])
            and is_sum_of_squares(1 - claims["bound of covariance"], [(Rational(1, 2), a), (Rational(1, 2), b)])
        ),
        needs=("covariance",),
    )
    proof.step(
        "least cross-view difference",
        "D >= -M/(M-1), with equality only for aligned and centered batches",
        lambda: (
            equal(claims["difference"].subs({inner: 0, positives: 1}), least)
            and is_positive(-sympy.diff(claims["difference"], positives))
        ),
        needs=("cross-view difference", "unit vectors"),
    )
    within = (M**2 * a**2 - M) / (M * (M - 1))
    proof.step(
        "least within-view product",
        "mean_{i != j} u_i.u_j = (M |ubar|^2 - 1) / (M-1) >= -1/(M-1), with equality only for centered anchors",
        lambda: is_sum_of_squares(within - product, [(M / (M - 1), a)]),
    )
    proof.step(
        "least within-view difference",
        "s_i = 1 - |u_i-v_i|^2/2 <= 1, with equality only for u_i = v_i, so that D >= -1/(M-1) - 1 = -M/(M-1)",
        lambda: (
            # |u|^2 + |v|^2 - 2 u.v = |u-v|^2, coordinate by coordinate, with |u| = |v| = 1.
            is_zero(x**2 + p**2 - 2 * x * p - (x - p) ** 2)
            and equal((1 + 1) / sympy.Integer(2), claims["largest positive"])
            and equal(product - claims["largest positive"], -M / (M - 1))
        ),
        needs=("least within-view product",),
    )
    proof.step(
        "both views",
        "2(M-1) relative negatives, M-1 of each view, have the mean D = (D_across + D_within)/2, which is at least "
        "-M/(M-1), with equality only where both are",
        lambda: (
            equal(((M - 1) * x + (M - 1) * y) / (2 * (M - 1)), claims["weight of a view"] * (x + y))
            and is_positive(claims["weight of a view"])
        ),
        needs=("least cross-view difference", "least within-view difference"),
    )


def _equality(proof: Proof, claims: Claims) -> None:
    least = CLAIMS["least difference"]
    proof.step(
        "equality",
        "the least value g(-M/(M-1)) has D = -M/(M-1), so that s_i = 1 and the batch is centered, and equal x_ij for each "
        "i, so that u_i.u_j = c_i = c_j for all i != j; centered, 1 + (M-1) c = 0. The Gram matrix (1-c) I + c J is "
        "1-c times a projection: there is such a configuration, one up to rotation, and u_i = v_i makes it the least "
        "after an exchange of U and V, too",
        lambda: equal(1 + least, claims["common product"]) and is_simplex(claims["common product"], M),
        needs=(
            "equality in symmetrization",
            "increase",
            "least cross-view difference",
            "least within-view difference",
            "both views",
        ),
    )
    proof.step(
        "dimension",
        "the rank of the Gram matrix is its trace over its only nonzero eigenvalue, M/(1-c) = M-1 <= d",
        lambda: equal(M / (1 - CLAIMS["product"]), claims["dimension of the span"]),
        needs=("equality",),
    )
    proof.step(
        "strictness is needed",
        "G(x) = max(0, x+1) at M = 2 is 0 at the antipodal aligned pairs, x = -2, and as well at u_1 = -u_2 with s_i = 1/2, "
        "x = -3/2: convex and nondecreasing, but constant up to -1 > -2. The value is the least, and pairs are apart",
        lambda: (
            equal(Max(0, -1 - claims["similarity of the counterexample"] + 1), Max(0, least.subs(k, 0) + 1))
            and is_positive(1 - claims["similarity of the counterexample"])
        ),
    )
    negatives = (M - 1) * exp(CLAIMS["product"] / t)
    values = {
        "InfoNCE": -1 / t + log(exp(1 / t) + negatives),
        "SimCLR": -1 / t + log(exp(1 / t) + 2 * negatives),
        "DCL": -1 / t + log(2 * negatives),
        "DCL cross-view": -1 / t + log(negatives),
        "DHEL": -1 / t + log(negatives),
    }
    for name, value in values.items():
        proof.step(
            f"value of {name}",
            f"at the aligned simplex {name} is {claims[name]}",
            partial(equal_logs, value, claims[name]),
            needs=("equality", "dimension", "log-sum-exp is convex", "log-sum-exp increases"),
        )
    proof.step(
        "value of DHEL two-view",
        "-mean s/tau >= -1/tau, only for u_i = v_i; each energy is at least g at the mean of its u_i.u_j, and so at "
        f"-1/(M-1), only at simplexes: two-view DHEL is at least {claims['DHEL two-view']}, as at the aligned simplex",
        lambda: equal_logs(-CLAIMS["largest positive"] / t + 2 * log(negatives), claims["DHEL two-view"]),
        needs=("equality", "least within-view product", "least within-view difference", "log-sum-exp increases"),
    )
    proof.step(
        "value of the (phi,psi)-family",
        "G(x) = phi(sum_j psi(x_j)) at M-1 arguments -M/(M-1)",
        lambda: equal_in_exponentials(phi((M - 1) * psi(x)).subs(x, least), claims["phi, psi"]),
        needs=("equality",),
    )


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "Jensen": {"weight of the last": 1 / (n + 2)},
    "symmetrization": {"movers": factorial(n)},
    "equality in symmetrization": {"excess of a transposition": Integer(1)},
    "across anchors": {"weight of an anchor": 1 / (M - 1)},
    "increase": {"share of the chord": (h + beyond) / h},
    "log-sum-exp is convex": {"Hessian form": 2 * p * q * (x - y) ** 2},
    "log-sum-exp increases": {"G of DHEL": -log(exp(y / t) + others)},
    **{f"G of {name}": {f"G of {name}": log(2 + exp(x / t) + exp(y / t) + others)} for name in RELATIVE},
    "cross-view difference": {"difference": inner - positives},
    "covariance": {"gap of covariance": Rational(1, 3)},
    "unit vectors": {"bound of covariance": 1 - (a**2 + b**2)},
    "least cross-view difference": {"least difference": -(M + 1) / (M - 1)},
    "least within-view product": {"product": -1 / M},
    "least within-view difference": {"largest positive": Integer(2)},
    "both views": {"weight of a view": Integer(1)},
    "equality": {"common product": -1 / M},
    "dimension": {"dimension of the span": M},
    "strictness is needed": {"similarity of the counterexample": -Rational(1, 2)},
    **{f"value of {name}": {name: CLAIMS[name] + 1 / t} for name in (*RELATIVE, "DHEL two-view")},
    "value of the (phi,psi)-family": {"phi, psi": phi((M - 1) * psi(-1 / (M - 1)))},
}
