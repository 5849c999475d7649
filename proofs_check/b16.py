"""B16, mini-batches that are the blocks of a 2-design: they do what all subsets do.

In full: Let S_1..S_b be subsets of size B >= 2 of N pairs (u_i, v_i), 2 <= N <= d+1, such that every two i != j lie in
lambda >= 1 of them. Let an anchor's loss be -s_i/tau + log(o e^{s_i/tau} + Z_i), o = 1 (InfoNCE, SimCLR) or o = 0 (DCL,
DHEL), Z_i the sum of e^{u_i.v_j/tau}, e^{u_i.u_j/tau} or both over the others j of the batch: c = 1 or 2 sums. The mean
over batches of the mean over anchors is at least log(o + c (B-1) e^{-N/((N-1) tau)}), with equality at the aligned simplex
of N points. For o = 1 there is no other minimizer; for o = 0 the minimizers are the centered aligned sets whose products
u_i.u_j, j in a batch with i, are equal for each i and batch. Means over both directions have the same minima.

For the lines of the Fano plane these are the simplex alone; for those of the affine plane of order 3 there are others.

Sources: as B8, of which this is the proof with other counts.
"""

from __future__ import annotations

from functools import partial
from itertools import combinations
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Rational, exp, log

from proofs_check.exact import (
    averaged,
    equal,
    equal_logs,
    increases_and_is_convex,
    is_positive,
    is_simplex,
    is_sum_of_squares,
    is_zero,
)
from proofs_check.rules import jensen
from proofs_check.steps import Claims, Proof, Step

B = sympy.Symbol("B_minus_2", integer=True, nonnegative=True) + 2
N = B + sympy.Symbol("beyond", integer=True, nonnegative=True)
lam = sympy.Symbol("lambda_minus_1", integer=True, nonnegative=True) + 1
tau, Z, own, copies = sympy.symbols("tau Z o c", positive=True)
x, y, p, q, u_squared, v_squared, s, inner = sympy.symbols("x y p q u_squared v_squared s ubar_dot_vbar", real=True)
a, b, gap = sympy.symbols("ubar_norm vbar_norm spread", nonnegative=True)

FANO = ((0, 1, 2), (0, 3, 4), (0, 5, 6), (1, 3, 5), (1, 4, 6), (2, 3, 6), (2, 4, 5))
# Nine points 3x+y; lines of the four directions, three each.
AFFINE = (
    *((3 * k, 3 * k + 1, 3 * k + 2) for k in range(3)),
    *(tuple(3 * z + (slope * z + k) % 3 for z in range(3)) for slope in range(3) for k in range(3)),
)

CLAIMS: Claims = MappingProxyType(
    {
        "batches of a point": lam * (N - 1) / (B - 1),
        "batches": lam * N * (N - 1) / (B * (B - 1)),
        "pairs of a batch": B * (B - 1),
        "anchor": log(own + Z * exp(-s / tau)),
        "tangent": exp(y / tau) * (1 + (x - y) / tau),  # of e^{x/tau} at x = y
        "negatives": copies * (B - 1),
        "phi": lambda o, z: log(o + copies * (B - 1) * exp(z / tau)),
        "across": N / (N - 1) * (inner - s),
        "deficit": gap**2 / 2 + a**2 / 2 + b**2 / 2,  # 1 + ubar.vbar - mean s
        "within": (N * a**2 - 1) / (N - 1),
        "least difference": -N / (N - 1),
        "product": -1 / (N - 1),
        "dimension of the span": N - 1,
        "value": lambda o: log(o + copies * (B - 1) * exp(-N / ((N - 1) * tau))),
        "Fano": FANO,
        "affine": AFFINE,
        "rank of the Fano plane": 7,
        "products on lines": (Rational(0), Rational(-1, 4), Rational(-1, 8), Rational(-1, 8)),  # by direction
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    proof.step(
        "counts",
        "the batches of a point i have r (B-1) = lambda (N-1) other points, each of which is in lambda of them: r is "
        "the same for all points, and b B = r N",
        lambda: (
            equal(claims["batches of a point"] * (B - 1), lam * (N - 1))
            and equal(claims["batches"] * B, claims["batches of a point"] * N)
        ),
    )
    proof.step(
        "means over batches",
        "so the mean over batches of the mean over their B(B-1) ordered pairs is the mean over all N(N-1), and that "
        "of the mean over their B points the mean over all N",
        lambda: (
            equal(lam / (CLAIMS["batches"] * claims["pairs of a batch"]), 1 / (N * (N - 1)))
            and equal(CLAIMS["batches of a point"] / (CLAIMS["batches"] * B), 1 / N)
        ),
        needs=("counts",),
    )
    proof.step(
        "an anchor's loss",
        "it is log(o + Z e^{-s_i/tau}): it depends on the differences of the negatives' products from s_i",
        lambda: equal_logs(-s / tau + log(own * exp(s / tau) + Z), claims["anchor"]),
    )
    proof.step(
        "tangent of the exponential",
        "e^{x/tau} >= e^{y/tau} (1 + (x-y)/tau), with equality only for x = y: value and slope agree there, and the "
        "second derivative is positive",
        lambda: jensen(claims["tangent"], exp(x / tau), x, y),
    )
    proof.step(
        "Jensen within an anchor",
        "the sum of e^{difference/tau} over the c (B-1) negatives is at least c (B-1) e^{mean/tau}, with equality "
        "only for equal differences: average the tangents",
        lambda: equal(
            claims["negatives"] * averaged(CLAIMS["tangent"].subs(y, p), {x: p}), copies * (B - 1) * exp(p / tau)
        ),
        needs=("an anchor's loss", "tangent of the exponential"),
    )
    proof.step(
        "Jensen over anchors and batches",
        "phi(z) = log(o + c(B-1) e^{z/tau}) increases and is strictly convex for o > 0, and is log(c(B-1)) + z/tau "
        "for o = 0: the mean loss is at least phi(D), D the mean difference over all ordered pairs; for o > 0 with "
        "equality only where all differences are equal",
        lambda: (
            increases_and_is_convex(claims["phi"](own, x), x)
            and equal_logs(claims["phi"](0, x), log(copies * (B - 1)) + x / tau)
        ),
        needs=("means over batches", "Jensen within an anchor"),
    )
    proof.step(
        "differences across views",
        "their mean is N/(N-1) (ubar.vbar - mean s), because all N^2 products add up to N^2 ubar.vbar",
        lambda: equal((N**2 * inner - N * s) / (N * (N - 1)) - s, claims["across"]),
    )
    proof.step(
        "deficit",
        "1 + ubar.vbar - mean s = (1/2) mean |(u_i-ubar)-(v_i-vbar)|^2 + (1/2)|ubar|^2 + (1/2)|vbar|^2 >= 0",
        # For one coordinate of u and v (x, y) with the means p and q; the squares of all coordinates add up to 1.
        lambda: equal(
            (u_squared + v_squared) / 2 + p * q - s,
            claims["deficit"]
            .subs({a: p, b: q})
            .subs(
                gap**2,
                averaged((x - p - y + q) ** 2, {x**2: u_squared, y**2: v_squared, x * y: s, x: p, y: q}),
            ),
        ),
    )
    least = claims["least difference"]
    proof.step(
        "least difference across views",
        "it is at least -N/(N-1), with equality only for ubar = vbar = 0 and u_i = v_i",
        lambda: is_sum_of_squares(
            CLAIMS["across"].subs(s, 1 + inner - CLAIMS["deficit"]) - least,
            [(N / (N - 1) / 2, gap), (N / (N - 1) / 2, a), (N / (N - 1) / 2, b)],
        ),
        needs=("differences across views", "deficit"),
    )
    misaligned = sympy.Symbol("misalignment", nonnegative=True)  # its square is mean |u_i-v_i|^2 = 2 - 2 mean s
    proof.step(
        "least difference within a view",
        "the mean of u_i.u_j is (N|ubar|^2-1)/(N-1), so that the mean difference is -N/(N-1) + N/(N-1) |ubar|^2 + "
        "(1/2) mean |u_i-v_i|^2, with equality only for ubar = 0 and u_i = v_i",
        lambda: (
            equal((N**2 * a**2 - N) / (N * (N - 1)), claims["within"])
            and is_sum_of_squares(
                claims["within"] - (1 - misaligned**2 / 2) - CLAIMS["least difference"],
                [(N / (N - 1), a), (Rational(1, 2), misaligned)],
            )
        ),
    )
    proof.step(
        "equality",
        "then s_i = 1, and equal differences are u_i.u_j - 1 = -N/(N-1): the simplex, one configuration up to rotation",
        lambda: equal(1 + CLAIMS["least difference"], claims["product"]) and is_simplex(claims["product"], N),
        needs=("Jensen over anchors and batches", "least difference across views", "least difference within a view"),
    )
    proof.step(
        "dimension",
        "its rank is its trace over its only nonzero eigenvalue, N/(1-c) = N-1 <= d",
        lambda: equal(N / (1 - CLAIMS["product"]), claims["dimension of the span"]),
        needs=("equality",),
    )
    proof.step(
        "value",
        "at the aligned simplex every batch has the loss phi(-N/(N-1))",
        lambda: all(
            equal_logs(
                -1 / tau + log(o * exp(1 / tau) + copies * (B - 1) * exp(CLAIMS["product"] / tau)), claims["value"](o)
            )
            for o in (0, 1)
        ),
        needs=("equality", "dimension"),
    )
    _planes(proof, claims)
    return proof.steps


def _planes(proof: Proof, claims: Claims) -> None:
    for name, lines, points in (("Fano", claims["Fano"], 7), ("affine", claims["affine"], 9)):
        proof.step(
            f"{name} plane",
            f"{len(lines)} lines of 3 of {points} points, and one through each two of them: a 2-design with lambda = 1",
            partial(_meets_once, lines, points),
            needs=("counts",),
        )
    proof.step(
        "Fano plane, o = 0",
        "with one product on each line, whose sums over the lines through a point are -1/2, that is one solution: the "
        "seven lines and points have an incidence matrix of rank 7, and DHEL and DCL the simplex alone",
        lambda: sympy.Matrix(7, 7, lambda i, k: int(i in FANO[k])).rank() == claims["rank of the Fano plane"],
        needs=("Fano plane",),
    )
    proof.step(
        "affine plane, o = 0",
        "products 0, -1/4, -1/8, -1/8 on the lines of the four directions give a Gram matrix that is centered and "
        "positive semidefinite, of unit vectors in R^8, and not that of the simplex: a minimizer of DHEL and DCL, too",
        lambda: _is_another(claims["products on lines"]),
        needs=("affine plane",),
    )


def _meets_once(lines: Any, points: int) -> bool:
    met = sorted(pair for line in lines for pair in combinations(sorted(line), 2))
    return met == list(combinations(range(points), 2))


def _is_another(products: Any) -> bool:
    gram = sympy.eye(9)
    for k, line in enumerate(AFFINE):
        for i, j in combinations(line, 2):
            gram[i, j] = gram[j, i] = products[k // 3]
    return (
        bool(gram.is_positive_semidefinite)
        and all(is_zero(sum(gram.row(i))) for i in range(9))
        and gram.rank() <= 8
        and any(gram[0, j] != gram[0, 1] for j in range(2, 9))
        and is_positive(gram[0, 0])
    )


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "counts": {"batches of a point": lam * (N - 1)},
    "means over batches": {"pairs of a batch": B**2},
    "an anchor's loss": {"anchor": log(own + Z)},
    "tangent of the exponential": {"tangent": exp(y / tau) * (1 + (x - y))},
    "Jensen within an anchor": {"negatives": copies * B},
    "Jensen over anchors and batches": {"phi": lambda o, z: -log(o + copies * (B - 1) * exp(z / tau))},
    "differences across views": {"across": inner - s},
    "deficit": {"deficit": gap**2 + a**2 / 2 + b**2 / 2},
    "least difference across views": {"least difference": -B / (B - 1)},  # of a batch, not of the data set
    "least difference within a view": {"within": a**2},
    "equality": {"product": -1 / (B - 1)},
    "dimension": {"dimension of the span": N},
    "value": {"value": lambda o: log(o + copies * (B - 1) * exp(-B / ((B - 1) * tau)))},
    "Fano plane": {"Fano": FANO[:-1]},
    "affine plane": {"affine": AFFINE[1:]},
    "Fano plane, o = 0": {"rank of the Fano plane": 4},
    "affine plane, o = 0": {"products on lines": (Rational(-1, 8),) * 4},  # the simplex
}
