"""B17, mini-batches of a data set for the family: all subsets, kernel losses, and fixed partitions.

In full: Let 2 <= B <= N <= d+1 and q = -N/((N-1) tau). Over all C(N,B) subsets of N pairs the mean DHEL and the mean
cross-view DCL are at least log(B-1) + q, DCL log 2(B-1) + q, SimCLR and NT-Xent log(1+2(B-1)e^q), two-view DHEL
2 log(B-1) - (N+1)/((N-1)tau), with equality at the aligned simplex of N points; without the positive in the denominator
also elsewhere exactly for B = 2 and N >= 4. At any N, the mean KCL over batches that meet all pairs equally often is the
KCL of the whole set; over B iid draws from the N pairs it is -mean K_A + gamma [(1-1/N) E + K_U(0)/N], E the mean energy
of the N anchors. Over a fixed partition the mean of a loss is least exactly where it is least on each part.

Sources: as B8, B16 and E3.
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Rational, binomial, exp, log

from proofs_check.b16 import CLAIMS as DESIGN
from proofs_check.b16 import B, N, copies, lam, tau
from proofs_check.exact import averaged, equal, equal_logs, is_positive, is_simplex, is_zero
from proofs_check.steps import Claims, Proof, Step

x, s, energy, at_zero, p = sympy.symbols("x s E K_0 product", real=True)
four = sympy.Symbol("N_minus_4", integer=True, nonnegative=True) + 4
first, second = sympy.Function("L_1"), sympy.Function("L_2")
quotient = -N / ((N - 1) * tau)

CLAIMS: Claims = MappingProxyType(
    {
        "subsets with a pair": binomial(N - 2, B - 2),
        "DHEL": log(B - 1) + quotient,
        "DCL": log(2 * (B - 1)) + quotient,
        "SimCLR": log(1 + 2 * (B - 1) * exp(quotient)),
        "two-view DHEL": 2 * log(B - 1) - (N + 1) / ((N - 1) * tau),
        "loss of a pair": (x - s) / tau,
        "product of a pair": sympy.Integer(-1),
        "product of the others": -1 / (four - 3),
        "product of three": Rational(-1, 2),
        "others in a batch": B - 1,
        "share of repetitions": 1 / N,
        "slope": 1 - 1 / N,
        "two batches": (first(x) + second(s)) / 2,
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    proof.step(
        "subsets",
        "all subsets of size B are a 2-design, with lambda = C(N-2,B-2): B16 gives minima and minimizers",
        lambda: equal(
            sympy.combsimp(DESIGN["batches"].subs(lam - 1, claims["subsets with a pair"] - 1) / binomial(N, B)), 1
        ),
    )
    for name, own, sums in (("DHEL", 0, 1), ("DCL", 0, 2), ("SimCLR", 1, 2)):
        proof.step(
            name,
            f"its minimum: o = {own} and c = {sums} in the bound of B16"
            + {"DHEL": ", and the same for cross-view DCL", "DCL": "", "SimCLR": ", and NT-Xent is a mean of two"}[
                name
            ],
            partial(_is_least, own, sums, claims[name]),
            needs=("subsets",),
        )
    simplex = log(B - 1) + DESIGN["product"] / tau  # the logarithm of one view
    proof.step(
        "two-view DHEL",
        "it has the logarithms of both views and the alignment once: -1/tau + 2 (log(B-1) - 1/((N-1) tau))",
        lambda: (
            equal_logs(-1 / tau + simplex, log((B - 1) * exp(DESIGN["least difference"] / tau)))
            and equal_logs(-1 / tau + 2 * simplex, claims["two-view DHEL"])
        ),
        needs=("DHEL",),
    )
    proof.step(
        "batches of two",
        "at B = 2 an anchor's loss without the positive in the denominator is (x-s)/tau, x its one negative product: "
        "the mean is D/tau, and with both sums log 2 more where they are equal, so that every centered aligned set "
        "has the minimum",
        lambda: (
            equal_logs(-s / tau + log(exp(x / tau)), claims["loss of a pair"])
            and equal_logs(-s / tau + log(exp(x / tau) + exp(x / tau)) - log(2), claims["loss of a pair"])
        ),
        needs=("DHEL", "DCL"),
    )
    proof.step(
        "four points",
        "for N >= 4 there are others: an antipodal pair and, in directions at right angles to it, a simplex of the "
        "N-2 others are centered, with the products -1, 0 and -1/(N-3), in N-2 dimensions",
        lambda: (
            is_zero(averaged((x + s) ** 2, {x**2: 1, s**2: 1, x * s: claims["product of a pair"]}))
            and is_simplex(claims["product of the others"], four - 2)
            and is_positive(sympy.factor(-1 / (four - 1) - claims["product of a pair"]))
        ),
        needs=("batches of two",),
    )
    proof.step(
        "three points",
        "for N = 3 there are none: x+y = -z gives 2 + 2 x.y = 1",
        lambda: equal(averaged((x + s) ** 2, {x**2: 1, s**2: 1, x * s: claims["product of three"]}), 1),
        needs=("batches of two",),
    )
    proof.step(
        "batches of three and more",
        "for B >= 3 any i, j, k lie in one subset: u_i.u_j = u_i.u_k for all of them, so that a centered set has all "
        "products -1/(N-1)",
        lambda: (
            is_positive(claims["others in a batch"].subs(B - 2, B - 1) - 1) and is_zero(1 + (N - 1) * DESIGN["product"])
        ),
        needs=("subsets",),
    )
    proof.step(
        "kernel losses",
        "KCL is a mean over points and a mean over ordered pairs: over batches that meet all pairs equally often "
        "these are the means over the whole set",
        lambda: equal(lam * N * (N - 1) / (DESIGN["batches"] * B * claims["others in a batch"]), 1),
    )
    proof.step(
        "iid draws",
        "two draws are one point with the share 1/N, and else any two of the set: E becomes (1-1/N) E + K_U(0)/N, "
        "whatever B",
        lambda: equal(
            (N * (N - 1) * energy + N * at_zero) / N**2,
            (1 - claims["share of repetitions"]) * energy + claims["share of repetitions"] * at_zero,
        ),
    )
    proof.step(
        "least with iid draws",
        "that increases with E, by 1-1/N > 0: the minimizers are those of the KCL of the whole set",
        lambda: (
            is_positive(sympy.factor(claims["slope"]))
            and equal(sympy.diff((1 - 1 / N) * energy + at_zero / N, energy), claims["slope"])
        ),
        needs=("iid draws",),
    )
    proof.step(
        "fixed partition",
        "the mean over batches without a pair in common is a sum of functions of variables of their own, here of two: "
        "it is least where each is",
        lambda: (
            is_zero(sympy.diff(claims["two batches"], x, s))
            and equal(sympy.diff(claims["two batches"], x), first(x).diff(x) / 2)
        ),
    )
    return proof.steps


def _is_least(own: int, sums: int, value: Any) -> bool:
    return equal_logs(DESIGN["phi"](own, DESIGN["least difference"]).subs(copies, sums), value)


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "subsets": {"subsets with a pair": binomial(N - 1, B - 1)},
    "DHEL": {"DHEL": log(B - 1) - B / ((B - 1) * tau)},
    "DCL": {"DCL": log(B - 1) + quotient},
    "SimCLR": {"SimCLR": log(1 + (B - 1) * exp(quotient))},
    "two-view DHEL": {"two-view DHEL": 2 * (log(B - 1) + quotient)},  # twice the one-sided value
    "batches of two": {"loss of a pair": log(1 + exp((x - s) / tau))},
    "four points": {"product of the others": -1 / (four - 1)},
    "three points": {"product of three": Rational(-1, 3)},
    "batches of three and more": {"others in a batch": sympy.Integer(1)},
    "kernel losses": {"others in a batch": B},
    "iid draws": {"share of repetitions": 1 / (N - 1)},
    "fixed partition": {"two batches": (first(x) + second(s)) / 2 + x * s},  # a pair in common
    "least with iid draws": {"slope": 1 / N - 1},
}
