"""B7, the supervised contrastive loss with up to d+1 balanced classes: collapsed classes on a regular simplex.

In full: Let n >= 2 unit vectors z_i in R^d belong to each of K classes, 2 <= K <= d+1, and let SupCon be the mean over
the nK anchors i of -1/(n-1) sum_p log[exp(z_i.z_p/tau) / sum_{a != i} exp(z_i.z_a/tau)], p over the n-1 others of i's
class. Then SupCon >= log(n-1 + n(K-1) e^(-K/((K-1) tau))), with equality exactly where the vectors of each class coincide
and the K class vectors form a regular simplex. For K > d+1 the bound holds and is not attained.

Sources: Khosla et al., Supervised Contrastive Learning (NeurIPS 2020), the loss; Graf, Hofer, Niethammer and Kwitt,
Dissecting Supervised Contrastive Learning (ICML 2021), its minimizers.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import sympy
from sympy import exp, log

from proofs_check.exact import (
    averaged,
    equal,
    equal_logs,
    increases_and_is_convex,
    is_simplex,
    is_sum_of_squares,
)
from proofs_check.rules import jensen
from proofs_check.steps import Claims, Proof, Step

n = sympy.Symbol("n_minus_2", integer=True, nonnegative=True) + 2
K = sympy.Symbol("K_minus_2", integer=True, nonnegative=True) + 2
tau = sympy.Symbol("tau", positive=True)
x, y, pos, neg, log_Z = sympy.symbols("x y mean_positive mean_negative log_Z", real=True)
a, spread = sympy.symbols("zbar_norm class_spread", nonnegative=True)  # spread^2 = mean |z_i - mu_c|^2
b2 = sympy.Symbol("mean_mu_c_squared", nonnegative=True)

CLAIMS: Claims = MappingProxyType(
    {
        "anchor": log_Z - pos / tau,
        "tangent": exp(y / tau) * (1 + (x - y) / tau),  # of e^{x/tau} at x = y
        "positives": n - 1,
        "negatives": n * (K - 1),
        "phi": lambda u: log(n - 1 + n * (K - 1) * exp(u / tau)),
        "phi convex": lambda u: log(n - 1 + n * (K - 1) * exp(u / tau)),
        "spread": 1 - b2,
        "mean positive": (n * b2 - 1) / (n - 1),
        "mean negative": (K * a**2 - b2) / (K - 1),
        "least difference": -K / (K - 1),
        "product": -1 / (K - 1),
        "dimension of the span": K - 1,
        "SupCon": log(n - 1 + n * (K - 1) * exp(-K / ((K - 1) * tau))),
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    phi, p = CLAIMS["phi"], -1 / (K - 1)

    proof.step(
        "an anchor's loss",
        "it is log Z_i - pos_i/tau, with Z_i = sum_{a != i} e^{z_i.z_a/tau} and pos_i the mean of z_i.z_p over i's "
        "positives",
        lambda: equal(averaged(-(x / tau - log_Z), {x: pos}), claims["anchor"]),
    )
    proof.step(
        "tangent of the exponential",
        "e^{x/tau} >= e^{y/tau} (1 + (x-y)/tau), with equality only for x = y: value and slope agree there, and the "
        "second derivative is positive",
        lambda: jensen(claims["tangent"], exp(x / tau), x, y),
    )
    lines = {mean: averaged(CLAIMS["tangent"].subs(y, mean), {x: mean}) for mean in (pos, neg)}
    proof.step(
        "Jensen within an anchor",
        "Z_i >= (n-1) e^{pos_i/tau} + n(K-1) e^{neg_i/tau}, neg_i the mean of z_i.z_a over the n(K-1) of other "
        "classes, with equality only where all of i's positives have one product with z_i, and all its negatives one: "
        "average the tangents",
        lambda: (
            equal(1 + claims["positives"] + claims["negatives"], n * K)
            and equal(
                claims["positives"] * lines[pos] + claims["negatives"] * lines[neg],
                (n - 1) * exp(pos / tau) + (n * K - n) * exp(neg / tau),
            )
        ),
        needs=("tangent of the exponential",),
    )
    proof.step(
        "one variable",
        "so the anchor's loss is at least phi(neg_i - pos_i), phi(u) = log(n-1 + n(K-1) e^{u/tau})",
        lambda: equal_logs(
            log((n - 1) * exp(pos / tau) + n * (K - 1) * exp(neg / tau)) - pos / tau, claims["phi"](neg - pos)
        ),
        needs=("an anchor's loss", "Jensen within an anchor"),
    )
    proof.step(
        "Jensen over anchors",
        "phi'' > 0, so that phi lies above its tangents: SupCon >= phi(mean_i (neg_i - pos_i)), with equality only "
        "where neg_i - pos_i is the same for all anchors; and phi' > 0",
        lambda: increases_and_is_convex(claims["phi convex"](y), y),
        needs=("one variable",),
    )
    proof.step(
        "spread of the classes",
        "with mu_c the mean of class c, mean_i |z_i - mu_c|^2 = 1 - mean_c |mu_c|^2 >= 0, and 0 only for collapsed "
        "classes",
        # Within a class: z has the square 1, and the mean of z.mu is |mu|^2.
        lambda: equal(averaged((x - y) ** 2, {x**2: 1, x * y: b2, y**2: b2}), claims["spread"]),
    )
    # Of z_i.z_a over all a of i's class, itself included, the mean is mean_c |mu_c|^2; over all a, it is |zbar|^2.
    proof.step(
        "mean positive",
        "mean_i pos_i = (n mean_c |mu_c|^2 - 1)/(n-1): n^2 |mu_c|^2 is the sum of the products in class c, n of which "
        "are 1",
        lambda: equal((n**2 * K * b2 - n * K) / (K * n * (n - 1)), claims["mean positive"]),
    )
    proof.step(
        "mean negative",
        "mean_i neg_i = (K |zbar|^2 - mean_c |mu_c|^2)/(K-1): the sum of all products is (nK)^2 |zbar|^2",
        lambda: equal(((n * K) ** 2 * a**2 - n**2 * K * b2) / (n * K * n * (K - 1)), claims["mean negative"]),
    )
    difference = (CLAIMS["mean negative"] - CLAIMS["mean positive"]).subs(b2, 1 - spread**2)
    proof.step(
        "least difference",
        "mean_i (neg_i - pos_i) + K/(K-1) = K/(K-1) |zbar|^2 + (1/(K-1) + n/(n-1)) mean |z_i - mu_c|^2 >= 0, with "
        "equality only for collapsed classes and zbar = 0",
        lambda: is_sum_of_squares(
            difference - claims["least difference"], [(K / (K - 1), a), (1 / (K - 1) + n / (n - 1), spread)]
        ),
        needs=("spread of the classes", "mean positive", "mean negative"),
    )
    proof.step(
        "equality",
        "with collapsed classes each anchor's positives have the product 1; its negatives, by Jensen, one product q "
        "with it, and zbar = 0 gives 1 + (K-1) q = 0, the same for all anchors. The Gram matrix (1-q) I + q J of the "
        "class vectors is (1-q) times a projection: positive semidefinite, one configuration up to rotation",
        lambda: is_simplex(claims["product"], K),
        needs=("Jensen within an anchor", "Jensen over anchors", "least difference"),
    )
    proof.step(
        "dimension",
        "its rank is its trace over its only nonzero eigenvalue, K/(1-q) = K-1: it exists for d >= K-1 and nowhere "
        "else",
        lambda: equal(K / (1 - p), claims["dimension of the span"]),
        needs=("equality",),
    )
    at_simplex = -1 / tau + log((n - 1) * exp(1 / tau) + n * (K - 1) * exp(p / tau))
    proof.step(
        "value",
        "at collapsed classes on a simplex SupCon is phi(-K/(K-1)), which the bound cannot exceed",
        lambda: equal_logs(at_simplex, claims["SupCon"]) and equal_logs(phi(-K / (K - 1)), claims["SupCon"]),
        needs=("equality", "dimension"),
    )
    return proof.steps


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "an anchor's loss": {"anchor": log_Z - (n - 1) * pos / tau},  # the sum over positives without 1/(n-1)
    "tangent of the exponential": {"tangent": exp(y / tau) * (1 + (x - y))},
    "Jensen within an anchor": {"positives": n},  # i itself among its positives
    "one variable": {"phi": lambda u: log(n + n * (K - 1) * exp(u / tau))},
    "Jensen over anchors": {"phi convex": lambda u: -log(n - 1 + n * (K - 1) * exp(u / tau))},
    "spread of the classes": {"spread": 1 + b2},
    "mean positive": {"mean positive": b2},
    "mean negative": {"mean negative": a**2},
    "least difference": {"least difference": -(K + 1) / (K - 1)},
    "equality": {"product": -1 / K},
    "dimension": {"dimension of the span": K},
    "value": {"SupCon": log(n - 1 + n * (K - 1) * exp(-1 / ((K - 1) * tau)))},
}
