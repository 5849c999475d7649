"""B8, mini-batches of a data set: all subsets ask for the simplex of the data set, a fixed partition for one per batch.

In full: Let 2 <= B <= N <= d+1. (1) The mean, over all C(N,B) subsets of size B of N pairs (u_i, v_i), of InfoNCE is at
least log(1+(B-1)e^(-N/((N-1)tau))), with equality exactly where u_i = v_i for all i and U is a regular simplex of N points.
(2) Let any number of pairs, N <= d+1 or more, be parted into batches of 2 <= B_k <= d+1 pairs, equally many or not. The
mean of InfoNCE over the batches is at least that of log(1+(B_k-1)e^(-B_k/((B_k-1)tau))), with equality exactly where u_i =
v_i and each batch is a regular simplex of its own. (3) Let B divide N <= d+1. The value of k = N/B batches of B pairs is
lower than that of (1) for B < N. There the products u_i.v_j of the N(N-1) ordered pairs i != j of the data set have the
mean -1/(N-1) and a variance between (N-B)/((B-1)(N-1)^2), where the spans of the batches are orthogonal, and
N(N-B)/((B-1)(N-1)^2), where they are one; both occur, and only so.

Sources: Cho et al., Mini-Batch Optimization of Contrastive Loss (2024), the minimizers; Lee et al., On the Similarities
of Embeddings in Contrastive Learning (arXiv 2506.09781, 2025), the variance.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Rational, binomial, exp, log

from proofs_check.exact import (
    averaged,
    equal,
    equal_logs,
    increases_and_is_convex,
    is_nonnegative,
    is_positive,
    is_simplex,
    is_sum_of_squares,
    is_zero,
)
from proofs_check.rules import jensen
from proofs_check.steps import Claims, Proof, Step

beyond = sympy.Symbol("beyond", integer=True, nonnegative=True)
B = sympy.Symbol("B_minus_2", integer=True, nonnegative=True) + 2
N = B + beyond
batches = sympy.Symbol("k_minus_1", integer=True, nonnegative=True) + 1
tau, Z = sympy.symbols("tau Z", positive=True)
x, y, p, q, u_squared, v_squared, s, inner = sympy.symbols("x y p q u_squared v_squared s ubar_dot_vbar", real=True)
a, b, gap = sympy.symbols("ubar_norm vbar_norm spread", nonnegative=True)
between = sympy.Symbol(
    "mean_between", nonnegative=True
)  # sum of (u_i.u_j)^2 between two batches, mean over pairs of them


def orthogonal(i: int, j: int, size: int) -> Fraction:
    """u_i.u_j where the batches, of consecutive points, are simplexes in orthogonal subspaces."""
    return repeated(i, j, size) if i // size == j // size else Fraction(0)


def repeated(i: int, j: int, size: int) -> Fraction:
    """u_i.u_j where all batches are one and the same simplex."""
    return Fraction(1) if i % size == j % size else Fraction(-1, size - 1)


CLAIMS: Claims = MappingProxyType(
    {
        "subsets with a pair": binomial(N - 2, B - 2),
        "anchor": log(1 + Z * exp(-s / tau)),
        "tangent": exp(y / tau) * (1 + (x - y) / tau),  # of e^{x/tau} at x = y
        "negatives": B - 1,
        "phi": lambda u: log(1 + (B - 1) * exp(u / tau)),
        "difference": N / (N - 1) * (inner - s),
        "deficit": gap**2 / 2 + a**2 / 2 + b**2 / 2,  # 1 + ubar.vbar - mean s
        "least difference": -N / (N - 1),
        "product": -1 / (N - 1),
        "dimension of the span": N - 1,
        "all subsets": log(1 + (B - 1) * exp(-N / ((N - 1) * tau))),
        "partition": log(1 + (B - 1) * exp(-B / ((B - 1) * tau))),
        "mean over parts": lambda excess, mean: (
            (excess + (batches - 1) * mean) / batches
        ),  # of the first, and the others
        "dimensions of a part": B - 1,
        "gain": beyond / ((B - 1) * (N - 1)),
        "mean": -1 / (N - 1),
        "squares in a batch": B**2 / (B - 1),
        "eigenvalue": B / (B - 1),
        "trace": B - 1,
        "largest between": B**2 / (B - 1),
        "orthogonal dimensions": batches * (B - 1),
        "least variance": lambda n, size: (n - size) / ((size - 1) * (n - 1) ** 2),
        "largest variance": lambda n, size: n * (n - size) / ((size - 1) * (n - 1) ** 2),
        "least example": orthogonal,
        "largest example": repeated,
    }
)
EXAMPLES = ((2, 2), (3, 2), (2, 3), (4, 2), (3, 3), (2, 4))  # (k, B)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    phi = CLAIMS["phi"]

    proof.step(
        "subsets",
        "each of the N(N-1) ordered pairs lies in C(N-2,B-2) of the C(N,B) subsets, which have B(B-1) each: the mean "
        "over subsets of the mean over pairs is the mean over all pairs",
        lambda: equal(sympy.combsimp(N * (N - 1) * claims["subsets with a pair"] / (binomial(N, B) * B * (B - 1))), 1),
    )
    proof.step(
        "an anchor's loss",
        "-s_i/tau + log(e^{s_i/tau} + Z) = log(1 + Z e^{-s_i/tau}), Z the sum of e^{u_i.v_j/tau} over the B-1 others "
        "of the subset: it depends on the differences u_i.v_j - s_i",
        lambda: equal_logs(-s / tau + log(exp(s / tau) + Z), claims["anchor"]),
    )
    proof.step(
        "tangent of the exponential",
        "e^{x/tau} >= e^{y/tau} (1 + (x-y)/tau), with equality only for x = y: value and slope agree there, and the "
        "second derivative is positive",
        lambda: jensen(claims["tangent"], exp(x / tau), x, y),
    )
    proof.step(
        "Jensen within an anchor",
        "the sum of e^{difference/tau} over the B-1 negatives is at least (B-1) e^{mean/tau}, with equality only for "
        "equal differences: average the tangents",
        lambda: equal(claims["negatives"] * averaged(CLAIMS["tangent"].subs(y, p), {x: p}), (B - 1) * exp(p / tau)),
        needs=("an anchor's loss", "tangent of the exponential"),
    )
    proof.step(
        "Jensen over anchors and subsets",
        "phi(u) = log(1+(B-1)e^{u/tau}) has phi' > 0 and phi'' > 0, so that it lies above its tangents: the mean loss "
        "is at least phi(D), D the mean of u_i.v_j - s_i over all ordered pairs, with equality only where these are "
        "all equal",
        lambda: increases_and_is_convex(claims["phi"](x), x),
        needs=("subsets", "Jensen within an anchor"),
    )
    proof.step(
        "difference",
        "D = N/(N-1) (ubar.vbar - mean s), because all N^2 products add up to N^2 ubar.vbar",
        lambda: equal((N**2 * inner - N * s) / (N * (N - 1)) - s, claims["difference"]),
    )
    proof.step(
        "deficit",
        "1 + ubar.vbar - mean s = (1/2) mean |(u_i-ubar)-(v_i-vbar)|^2 + (1/2)|ubar|^2 + (1/2)|vbar|^2 >= 0",
        # For one coordinate of u and v (x, y) with the means p and q; the squares of all coordinates add up to 1.
        lambda: equal(
            (u_squared + v_squared) / 2 + p * q - s,
            claims["deficit"].subs({a: p, b: q}).subs(gap**2, averaged((x - p - y + q) ** 2, _moments())),
        ),
    )
    proof.step(
        "least difference",
        "D >= -N/(N-1), with equality only for ubar = vbar = 0 and u_i = v_i",
        lambda: is_sum_of_squares(
            CLAIMS["difference"].subs(s, 1 + inner - CLAIMS["deficit"]) - claims["least difference"],
            [(N / (N - 1) / 2, gap), (N / (N - 1) / 2, a), (N / (N - 1) / 2, b)],
        ),
        needs=("difference", "deficit"),
    )
    proof.step(
        "equality",
        "then s_i = 1, and the equal differences are u_i.u_j - 1 = -N/(N-1). The Gram matrix (1-c) I + c J, c = "
        "-1/(N-1), is (1-c) times a projection: positive semidefinite, one configuration up to rotation",
        lambda: equal(1 - N / (N - 1), claims["product"]) and is_simplex(claims["product"], N),
        needs=("Jensen over anchors and subsets", "least difference"),
    )
    proof.step(
        "dimension",
        "its rank is its trace over its only nonzero eigenvalue, N/(1-c) = N-1 <= d",
        lambda: equal(N / (1 - CLAIMS["product"]), claims["dimension of the span"]),
        needs=("equality",),
    )
    proof.step(
        "value of all subsets",
        "at the aligned simplex of N points, every subset has the loss log(1+(B-1)e^{-N/((N-1)tau)})",
        lambda: equal_logs(
            -1 / tau + log(exp(1 / tau) + (B - 1) * exp(CLAIMS["product"] / tau)), claims["all subsets"]
        ),
        needs=("equality", "dimension"),
    )
    proof.step(
        "value of a partition",
        "each batch is the case N = B: its loss is at least phi(-B/(B-1)), with equality exactly for an aligned "
        "simplex of B points, and so is the mean over batches, which have no pair in common",
        lambda: equal_logs(phi(CLAIMS["least difference"].subs(beyond, 0)), claims["partition"]),
        needs=("equality",),
    )
    first, rest = sympy.Symbol("excess", positive=True), sympy.Symbol("mean_excess", nonnegative=True)
    proof.step(
        "parts of any sizes",
        "each part of B_k pairs, B_k for B, has at least its own least value, and no pair in common with others: their mean "
        "excess over these values is nonnegative, and positive if that of one part is, whatever their sizes",
        lambda: (
            is_positive(claims["mean over parts"](first, rest)) and equal(claims["mean over parts"](rest, rest), rest)
        ),
        needs=("value of a partition",),
    )
    proof.step(
        "any number of pairs",
        "a part spans M/(1-c) = B_k-1 dimensions, M = B_k and c = -1/(B_k-1), however many parts there are; they may lie in "
        "one space. So the least value is attained for every N, where all B_k are at most d+1",
        lambda: equal(B / (1 - CLAIMS["product"].subs(beyond, 0)), claims["dimensions of a part"]),
        needs=("parts of any sizes",),
    )
    proof.step(
        "a partition reaches lower",
        "B/(B-1) - N/(N-1) = (N-B)/((B-1)(N-1)) >= 0, and > 0 for N > B, while phi increases",
        lambda: (
            equal(B / (B - 1) - N / (N - 1), claims["gain"]) and is_positive(claims["gain"].subs(beyond, beyond + 1))
        ),
        needs=("value of all subsets", "value of a partition"),
    )
    _variance(proof, claims)
    return proof.steps


def _variance(proof: Proof, claims: Claims) -> None:
    """The products of the whole data set where each batch is a simplex."""
    size, n = B, batches * B
    inside, eigenvalue, most = CLAIMS["squares in a batch"], CLAIMS["eigenvalue"], CLAIMS["largest between"]

    proof.step(
        "mean product",
        "each batch is centered, so all N^2 products add up to 0, of which N are 1: those i != j have the mean "
        "-1/(N-1)",
        lambda: (
            is_zero(1 + (size - 1) * CLAIMS["product"].subs(beyond, 0))
            and equal((0 - N) / (N * (N - 1)), claims["mean"])
        ),
        needs=("value of a partition",),
    )
    proof.step(
        "squares in a batch",
        "the squares of the B^2 products in a batch add up to B + B(B-1)/(B-1)^2 = B^2/(B-1)",
        lambda: equal(size + size * (size - 1) * CLAIMS["product"].subs(beyond, 0) ** 2, claims["squares in a batch"]),
        needs=("value of a partition",),
    )
    proof.step(
        "frame of a batch",
        "the Gram matrix of a batch is B/(B-1) times a projection of rank B-1, hence so is sum_i u_i u_i^T, which has "
        "the same nonzero eigenvalues: B/(B-1) P, P the projection to the span",
        lambda: (
            equal(1 - CLAIMS["product"].subs(beyond, 0), claims["eigenvalue"])
            and is_simplex(1 - claims["eigenvalue"], size)
            and equal(size / claims["eigenvalue"], size - 1)
        ),
        needs=("value of a partition",),
    )
    trace = sympy.Symbol("tr_PQ", nonnegative=True)
    proof.step(
        "two projections",
        "tr PQ <= B-1, with equality only for equal spans: |P-Q|^2 = 2(B-1) - 2 tr PQ, because |P|^2 = tr PP = tr P = "
        "B-1",
        lambda: equal(
            averaged((x - y) ** 2, {x**2: size - 1, y**2: size - 1, x * y: trace}), 2 * claims["trace"] - 2 * trace
        ),
        needs=("frame of a batch",),
    )
    proof.step(
        "squares between batches",
        "the squares of the products between two batches add up to (B/(B-1))^2 tr PQ <= B^2/(B-1), and to 0 only "
        "where all these products are 0: for orthogonal spans",
        lambda: equal(eigenvalue**2 * CLAIMS["trace"], claims["largest between"]),
        needs=("two projections",),
    )
    proof.step(
        "room",
        "k simplexes in orthogonal spaces need N/(B/(B-1)) = k(B-1) dimensions, at most N-1 <= d: both ends occur in R^d",
        lambda: (
            equal(n / eigenvalue, claims["orthogonal dimensions"])
            and is_nonnegative(sympy.expand(n - 1 - claims["orthogonal dimensions"]))
        ),
        needs=("frame of a batch",),
    )
    # All squares, less the N on the diagonal, over N(N-1) ordered pairs, less the square of the mean.
    variance = (batches * inside + batches * (batches - 1) * between - n) / (n * (n - 1)) - 1 / (n - 1) ** 2
    formulas = {"least": "(N-B)/((B-1)(N-1)^2)", "largest": "N(N-B)/((B-1)(N-1)^2)"}
    for end, at in (("least", sympy.Integer(0)), ("largest", most)):
        proof.step(
            f"{end} variance",
            "the variance over ordered pairs i != j, for k = N/B batches, grows with the squares between batches: "
            f"{formulas[end]} where they are {end}",
            partial(_grows_from, variance, at, claims[f"{end} variance"](n, size)),
            needs=("mean product", "squares in a batch", "squares between batches"),
        )
        proof.step(
            f"{end} variance occurs",
            f"exact Gram matrices for (k, B) in {EXAMPLES}: unit vectors, a multiple of a projection of rank at most N-1, "
            f"batches that are simplexes, and the {end} variance",
            partial(_occurs, claims[f"{end} example"], claims[f"{end} variance"]),
            needs=(f"{end} variance", "room"),
        )


def _moments() -> dict[Any, Any]:
    """Means over i of the monomials in a coordinate of u_i and of v_i."""
    return {x**2: u_squared, y**2: v_squared, x * y: s, x: p, y: q}


def _grows_from(variance: Any, at: Any, value: Any) -> bool:
    return is_nonnegative(sympy.factor(sympy.diff(variance, between))) and equal(variance.subs(between, at), value)


def _occurs(product: Callable[[int, int, int], Fraction], variance: Any) -> bool:
    return all(_occurs_for(product, variance, count, size) for count, size in EXAMPLES)


def _occurs_for(product: Callable[[int, int, int], Fraction], variance: Any, count: int, size: int) -> bool:
    n = count * size
    gram = [[product(i, j, size) for j in range(n)] for i in range(n)]
    square = [[sum(gram[i][k] * gram[k][j] for k in range(n)) for j in range(n)] for i in range(n)]
    scale = square[0][0]  # the only nonzero eigenvalue: the rank is n / scale
    pairs = [gram[i][j] for i in range(n) for j in range(n) if i != j]
    mean = sum(pairs) / len(pairs)
    return (
        all(gram[i][i] == 1 for i in range(n))
        and square == [[scale * entry for entry in row] for row in gram]
        and n / scale <= n - 1
        and all(
            gram[i][j] == Fraction(-1, size - 1)
            for i in range(n)
            for j in range(n)
            if i // size == j // size and i != j
        )
        and sum(z * z for z in pairs) / len(pairs) - mean**2 == Fraction(variance(Rational(n), Rational(size)))
    )


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "subsets": {"subsets with a pair": binomial(N - 1, B - 1)},
    "an anchor's loss": {"anchor": log(Z * exp(-s / tau))},  # without the positive
    "tangent of the exponential": {"tangent": exp(y / tau) * (1 + (x - y))},
    "Jensen within an anchor": {"negatives": B},
    "Jensen over anchors and subsets": {"phi": lambda u: -log(1 + (B - 1) * exp(u / tau))},
    "difference": {"difference": inner - s},
    "deficit": {"deficit": gap**2 + a**2 / 2 + b**2 / 2},
    "least difference": {"least difference": -B / (B - 1)},  # of a subset, not of the data set
    "equality": {"product": -1 / (B - 1)},
    "dimension": {"dimension of the span": N},
    "value of all subsets": {"all subsets": log(1 + (B - 1) * exp(-B / ((B - 1) * tau)))},
    "value of a partition": {"partition": log(1 + (B - 1) * exp(-N / ((N - 1) * tau)))},
    "parts of any sizes": {"mean over parts": lambda excess, mean: (excess - (batches - 1) * mean) / batches},
    "any number of pairs": {"dimensions of a part": B},
    "a partition reaches lower": {"gain": -beyond / ((B - 1) * (N - 1))},
    "mean product": {"mean": -1 / (B - 1)},
    "squares in a batch": {"squares in a batch": B},
    "frame of a batch": {"eigenvalue": B},
    "two projections": {"trace": B},
    "squares between batches": {"largest between": B**2},
    "room": {"orthogonal dimensions": batches * B},
    "least variance": {"least variance": lambda n, size: 0 * n},
    "least variance occurs": {"least example": repeated},
    "largest variance": {"largest variance": lambda n, size: n**2 / ((size - 1) * (n - 1) ** 2)},
    "largest variance occurs": {"largest example": orthogonal},
}
