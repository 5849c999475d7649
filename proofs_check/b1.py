"""B1, the batch theorem: up to d+1 pairs, perfect alignment and a regular simplex, and nothing else.

In full: Let 2 <= M <= d+1 and let a loss be a function of the negatives relative to their positive, n_ij - s_i with s_i =
u_i.v_i and n_ij = u_i.v_j or u_i.u_j (j != i), that is convex, symmetric, strictly increasing, and strictly convex except
along the line of equal arguments. Then its minimizers are exactly the batches with u_i = v_i and u_i.u_j = -1/(M-1) for
all i != j.

Sources: Koromilas et al., Bridging Mini-Batch and Asymptotic Analysis in Contrastive Learning (ICML 2024), batch theorem.
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType

import sympy
from sympy import Rational, exp, log

from proofs_check.exact import averaged, equal, equal_logs, is_positive, is_sum_of_squares, is_zero
from proofs_check.steps import Claims, Proof, Step

k = sympy.Symbol("k", integer=True, nonnegative=True)
M = k + 2  # at least two pairs
t = sympy.Symbol("tau", positive=True)
x, y, p, q = sympy.symbols("x y p q", real=True)
inner, positives = sympy.symbols("ubar_dot_vbar mean_s", real=True)
a, b = sympy.symbols("ubar_norm vbar_norm", nonnegative=True)

CLAIMS: Claims = MappingProxyType(
    {
        "Hessian form": p * q * (x - y) ** 2,  # of log-sum-exp, per pair of weights p, q
        "tangent": 1 + y,  # of e^y
        "negatives": M - 1,  # per anchor
        "difference": M / (M - 1) * (inner - positives),  # mean_{i != j} u_i.v_j - mean s
        "gap of covariance": Rational(1, 2),  # times |(u_i-ubar)-(v_i-vbar)|^2
        "bound of covariance": 1 - (a**2 + b**2) / 2,
        "least difference": -M / (M - 1),
        "product": -1 / (M - 1),
        "largest positive": sympy.Integer(1),
        "dimension of the span": M - 1,
        "InfoNCE": log(1 + (M - 1) * exp(-M / ((M - 1) * t))),
        "SimCLR": log(1 + 2 * (M - 1) * exp(-M / ((M - 1) * t))),
        "DCL": log(2 * (M - 1)) - M / ((M - 1) * t),
        "DCL cross-view": log(M - 1) - M / ((M - 1) * t),
        "DHEL": log(M - 1) - M / ((M - 1) * t),
        "DHEL two-view": 2 * log(M - 1) - (M + 1) / ((M - 1) * t),
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    product, least = claims["product"], claims["least difference"]

    proof.step(
        "log-sum-exp is convex",
        "the quadratic form of its Hessian diag(p) - p p^T is sum_{i<j} p_i p_j (x_i - x_j)^2 >= 0, zero only where all x_i "
        "are equal",
        # Coefficients on both sides: of x_i x_j, and of x_i^2, where p_i - p_i^2 = p_i sum_{j != i} p_j.
        lambda: (
            equal(sympy.expand(claims["Hessian form"]).coeff(x * y), -2 * p * q)
            and equal(sympy.expand(claims["Hessian form"]).coeff(x**2).subs(q, 1 - p), p - p**2)
        ),
    )
    proof.step(
        "tangent",
        "e^y >= 1 + y with equality only at y = 0: the difference vanishes there with its slope, and is strictly convex",
        lambda: (
            is_zero((exp(y) - claims["tangent"]).subs(y, 0))
            and is_zero(sympy.diff(exp(y) - claims["tangent"], y).subs(y, 0))
            and is_positive(sympy.diff(exp(y) - claims["tangent"], y, 2))
        ),
    )
    mean = sympy.Symbol("mean_x", real=True)
    pairs = M**2 - M  # (i, j) with j != i, as many per anchor
    proof.step(
        "Jensen",
        "sum_j e^{x_j} >= (M-1) e^{mean x}, with equality only for equal x_j: adding e^{x_j - mean} >= 1 + x_j - mean over "
        "the M-1 negatives leaves M-1, because the deviations cancel. So each loss is at least its value at equal negatives "
        "with the mean difference D, in which it strictly increases",
        lambda: equal(pairs / M * averaged(CLAIMS["tangent"].subs(y, x - mean), {x: mean}), claims["negatives"]),
        needs=("tangent", "log-sum-exp is convex"),
    )
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
        "equality",
        "at equality in Jensen all differences are equal, and with s_i = 1 all u_i.u_j are; centered, 1 + (M-1) u_i.u_j is "
        "0. The Gram matrix (1-c) I + c J has the eigenvalues 0, once, and 1 - c > 0: there is such a configuration, in "
        "dimensions d >= M-1 alone, and only one up to rotation",
        lambda: (
            is_zero(1 + (M - 1) * product)
            and is_positive(1 - product)
            # The rank is the trace of the Gram matrix over its only nonzero eigenvalue.
            and equal(M / (1 - product), claims["dimension of the span"])
        ),
        needs=("Jensen", "least cross-view difference", "least within-view difference"),
    )
    negatives = (M - 1) * exp(product / t)
    values = {
        "InfoNCE": -1 / t + log(exp(1 / t) + negatives),
        "SimCLR": -1 / t + log(exp(1 / t) + 2 * negatives),
        "DCL": -1 / t + log(2 * negatives),
        "DCL cross-view": -1 / t + log(negatives),
        "DHEL": -1 / t + log(negatives),
        "DHEL two-view": -1 / t + 2 * log(negatives),
    }
    for name, value in values.items():
        proof.step(
            f"value of {name}",
            f"at the aligned simplex {name} is {claims[name]}",
            partial(equal_logs, value, claims[name]),
            needs=("equality",),
        )
    return proof.steps


# Step -> a change of the claims that makes it fail.
MUTATIONS = {
    "log-sum-exp is convex": {"Hessian form": 2 * p * q * (x - y) ** 2},
    "tangent": {"tangent": 1 + 2 * y},
    "Jensen": {"negatives": M},
    "cross-view difference": {"difference": inner - positives},
    "covariance": {"gap of covariance": Rational(1, 3)},
    "unit vectors": {"bound of covariance": 1 - (a**2 + b**2)},
    "least cross-view difference": {"least difference": -(M + 1) / (M - 1)},
    "least within-view product": {"product": -1 / M},
    "least within-view difference": {"largest positive": sympy.Integer(2)},
    "equality": {"dimension of the span": M},
    **{
        f"value of {name}": {name: CLAIMS[name] + 1 / t}
        for name in ("InfoNCE", "SimCLR", "DCL", "DCL cross-view", "DHEL", "DHEL two-view")
    },
}
