"""B15, the supervised contrastive loss with classes of any sizes: a convex program over the Gram matrix of the classes.

In full: Let n_c >= 2 unit vectors in R^d belong to each of K >= 2 classes, N in all, and let SupCon be the mean over the
anchors i of -1/(n_c-1) sum_p log[exp(z_i.z_p/tau) / sum_{a != i} exp(z_i.z_a/tau)], c the class of i and p its others. Let
f(G) = (1/N) sum_c n_c log(n_c-1 + sum_{c' != c} n_c' e^{(G_cc'-1)/tau}). Then SupCon >= min f over the positive
semidefinite G with unit diagonal; f has one minimizer there, which is singular; equality holds exactly where the vectors
of each class coincide and the class vectors have that Gram matrix, so for d >= K-1 it is attained.

The majority: for one class of n and K-1 >= 2 of m points the minimizer has one product g between the first and the others
and one, b, among these, g = -sqrt((1+(K-2)b)/(K-1)); f is convex in b, and b = 1 exactly if 2(K-1) m Z <=
n e^{-2/tau} (z+Z).

Source of the balanced case: Graf, Hofer, Niethammer and Kwitt (ICML 2021).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import sympy
from sympy import Integer, exp, log, sqrt

from proofs_check.exact import (
    averaged,
    enclosure,
    equal,
    equal_logs,
    increases_and_is_convex,
    is_positive,
    is_sum_of_squares,
    is_taylor_weight,
    is_zero,
)
from proofs_check.rules import jensen
from proofs_check.steps import Claims, Kind, Proof, Step

n, m = (sympy.Symbol(f"{name}_minus_2", integer=True, nonnegative=True) + 2 for name in "nm")
K = sympy.Symbol("K_minus_3", integer=True, nonnegative=True) + 3
tau, Z = sympy.symbols("tau Z", positive=True)
x, y, p, q, pos, log_Z, t, g, h = sympy.symbols("x y p q mean_positive log_Z t g h", real=True)
square, product, s = sympy.symbols("mean_square product s", real=True)
spread = sympy.Symbol("class_spread", nonnegative=True)
w = sympy.Symbol("w", positive=True)  # 1 + (K-2) b
b = sympy.Symbol("b", positive=True)
apart = sympy.Symbol("apart", positive=True)  # e^{-2/tau}

CLAIMS: Claims = MappingProxyType(
    {
        "anchor": log_Z - pos / tau,
        "tangent": exp(y / tau) * (1 + (x - y) / tau),  # of e^{x/tau} at x = y
        "positives": n - 1,
        "curvature": square - p**2,  # tau^2 times the second derivative of log Z along y, y with these means
        "own share": (n - 1) / Z,
        "slope": m * exp(x / tau) / (tau * Z),
        "Taylor weight": 1 - s,
        "mean positive": (n * square - 1) / (n - 1),
        "mean negative": product,
        "excess": n / (n - 1) * spread**2,
        "diagonal": 1 - square,
        "row": log(n - 1 + m * exp(x / tau)),
        "eigenvalues of a swap": {Integer(1): 1, Integer(-1): 1},
        "collapsed": log(n - 1 + m * exp((g - 1) / tau)),
        "antipodes": Integer(-1),
        "two classes": n * log(n - 1 + m * exp(-2 / tau)) + m * log(m - 1 + n * exp(-2 / tau)),
        "majority": -sqrt(w / (K - 1)),
        "majority's curvature": 1 / (4 * sqrt(K - 1) * w * sqrt(w)),
        "collapse": lambda n, m, K, apart: (
            2 * (K - 1) * m * (n - 1 + (K - 1) * m * apart)
            - n * apart * ((K - 1) * m - 1 + n * apart + n - 1 + (K - 1) * m * apart)
        ),
        "example": (20, 2, 3, Integer(2)),  # n, m, K, tau
        "certificate": q,
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
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
    line = averaged(CLAIMS["tangent"].subs(y, p), {x: p})
    proof.step(
        "Jensen within an anchor",
        "averaging the tangents over its n-1 positives and over the n' points of each other class, Z_i >= (n-1) "
        "e^{pos_i/tau} + sum_c' n' e^{neg_ic'/tau}: the loss is at least log(n-1 + sum_c' n' e^{(neg_ic'-pos_i)/tau})",
        lambda: (
            equal(claims["positives"] * line, (n - 1) * exp(p / tau))
            and equal_logs(
                log(claims["positives"] * exp(p / tau) + m * exp(q / tau)) - p / tau,
                log(n - 1 + m * exp((q - p) / tau)),
            )
        ),
        needs=("an anchor's loss", "tangent of the exponential"),
    )
    along = sympy.Function("Z")(t)
    proof.step(
        "curvature",
        "for Z = n-1 + sum_c' n' e^{x_c'/tau} the second derivative of log Z along y is Z''/Z - (Z'/Z)^2, tau^2 times "
        "which is the variance of y under the shares of the terms, y = 0 for the term n-1: half of the mean of "
        "(y-y')^2 over two independent draws",
        lambda: (
            equal(sympy.diff(log(along), t, 2), along.diff(t, 2) / along - (along.diff(t) / along) ** 2)
            and equal(averaged((x - y) ** 2 / 2, {x**2: square, y**2: square, x * y: p**2}), claims["curvature"])
        ),
    )
    proof.step(
        "strictly convex and increasing",
        "the share (n-1)/Z of the term without y is positive, so that the variance is positive for y other than 0; and "
        "the slopes n' e^{x/tau}/(tau Z) are positive",
        lambda: (
            is_positive(claims["own share"])
            and is_positive(claims["slope"])
            and equal(sympy.diff(log(n - 1 + m * exp(x / tau)), x), claims["slope"].subs(Z, n - 1 + m * exp(x / tau)))
        ),
        needs=("curvature",),
    )
    proof.step(
        "Jensen over the anchors of a class",
        "a convex function lies above its tangent planes, h(1) = h(0) + h'(0) + int (1-s) h'': the mean over class c "
        "is at least log(n-1 + sum_c' n' e^{D/tau}), D the mean of neg_ic' - pos_i over c",
        lambda: is_taylor_weight(claims["Taylor weight"], s),
        needs=("Jensen within an anchor", "strictly convex and increasing"),
    )
    proof.step(
        "means",
        "with mu_c the mean of class c, the mean of neg_ic' is mu_c.mu_c', and that of pos_i (n|mu_c|^2-1)/(n-1): the "
        "products within a class add up to n^2 |mu_c|^2, n of which are 1",
        lambda: (
            equal((n**2 * square - n) / (n * (n - 1)), claims["mean positive"])
            and equal(n * m * product / (n * m), claims["mean negative"])
        ),
    )
    proof.step(
        "collapse",
        "1 less the mean of pos_i is n/(n-1) times the spread 1-|mu_c|^2 of the class, so that D >= mu_c.mu_c' - 1, "
        "with equality only for |mu_c| = 1, a class in one point",
        lambda: is_sum_of_squares(
            (1 - CLAIMS["mean positive"]).subs(square, 1 - spread**2), [(claims["excess"] / spread**2, spread)]
        ),
        needs=("means",),
    )
    rows = sympy.Matrix(3, 2, sympy.symbols("a:6", real=True))
    direction = sympy.Matrix(sympy.symbols("c:3", real=True))
    proof.step(
        "a correlation matrix",
        "the products mu_c.mu_c' with 1 on the diagonal are the Gram matrix of the mu_c and diag(1-|mu_c|^2): positive "
        "semidefinite, y^T G y = |sum y_c mu_c|^2 + sum (1-|mu_c|^2) y_c^2 (term by term, here for three classes)",
        lambda: _is_correlation(rows, direction, claims["diagonal"]),
        needs=("collapse",),
        kind=Kind.WORDS,
    )
    proof.step(
        "one minimizer",
        "so SupCon >= f(G) at that G, with equality only where all classes collapse. f is a sum of strictly convex "
        "functions of the rows of G (here of one entry, the others being part of n-1): a change of G off the diagonal "
        "changes a row, and f has one minimizer on the convex and compact set of correlation matrices",
        lambda: increases_and_is_convex(claims["row"], x),
        needs=("strictly convex and increasing", "Jensen over the anchors of a class", "a correlation matrix"),
        kind=Kind.WORDS,
    )
    proof.step(
        "singular",
        "a change of one product by e moves eigenvalues by at most e, as a swap has eigenvalues 1 and -1: of a "
        "positive definite G a product could be lowered, and f with it. So the minimizer has rank at most K-1, and is "
        "the Gram matrix of class vectors in R^d for d >= K-1",
        lambda: sympy.Matrix([[0, 1], [1, 0]]).eigenvals() == claims["eigenvalues of a swap"],
        needs=("one minimizer",),
        kind=Kind.WORDS,
    )
    proof.step(
        "attained",
        "at collapsed classes with these class vectors the loss of an anchor is log(n-1 + sum_c' n' e^{(G_cc'-1)/tau})",
        lambda: equal_logs(-1 / tau + log((n - 1) * exp(1 / tau) + m * exp(g / tau)), claims["collapsed"]),
        needs=("singular",),
    )
    two = sympy.Matrix([[1, g], [g, 1]])
    proof.step(
        "two classes",
        "det G = 1-g^2 >= 0 leaves g in [-1,1], and f increases: antipodes",
        lambda: (
            set(sympy.solve(two.det(), g)) == {claims["antipodes"], -claims["antipodes"]}
            and is_positive(-claims["antipodes"])
            and equal_logs(
                n * CLAIMS["collapsed"].subs(g, claims["antipodes"])
                + m * log(m - 1 + n * exp((claims["antipodes"] - 1) / tau)),
                claims["two classes"],
            )
        ),
        needs=("attained",),
    )
    _majority(proof, claims)
    v = sympy.Matrix(sympy.symbols("v:3", real=True))
    u = sympy.Matrix(sympy.symbols("u:3", real=True))
    proof.step(
        "certificate",
        "f(G') >= f(G) + <A, G'-G> for the gradient A at G; <A, G'> = <A - diag(y), G'> + sum y, as G' has ones on "
        "the diagonal, and <S, G'> >= 0 for S positive semidefinite, a sum of (u.v)^2: f >= f(G) - <A, G> + sum y for "
        "every y with A - diag(y) positive semidefinite",
        lambda: (
            is_sum_of_squares((u * u.T * v * v.T).trace(), [(1, (u.T * v)[0])])
            and equal((sympy.diag(p, q) * sympy.Matrix([[1, g], [g, 1]])).trace() - p, claims["certificate"])
        ),
        needs=("one minimizer",),
    )
    return proof.steps


def _is_correlation(rows: Any, direction: Any, diagonal: Any) -> bool:
    squares = [row.dot(row) for row in (rows.row(k) for k in range(3))]
    rest = [diagonal.subs(square, value) for value in squares]
    gram = rows * rows.T + sympy.diag(*rest)
    form = (direction.T * gram * direction)[0]
    means = [(direction.T * rows.col(k))[0] for k in range(2)]
    parts = sum(z**2 for z in means) + sum(r * z**2 for r, z in zip(rest, direction, strict=True))
    return all(equal(gram[k, k], 1) for k in range(3)) and equal(form, parts)


def _majority(proof: Proof, claims: Claims) -> None:
    """One class of n and K-1 classes of m points."""
    majority = CLAIMS["majority"]
    proof.step(
        "one majority",
        "f does not change when minorities change places, and neither does its only minimizer: it has one product g "
        "with the majority, and one, b, among minorities. On vectors that are constant over these G is [[1, (K-1) g], "
        "[g, 1+(K-2)b]], on those that add up to 0 it is 1-b; f increases with g, which goes down to where the "
        "determinant is 0",
        lambda: (
            is_zero(sympy.Matrix([[1, (K - 1) * g], [g, w]]).det().subs(g, claims["majority"]))
            and is_positive(-claims["majority"])
        ),
        needs=("one minimizer", "strictly convex and increasing"),
    )
    proof.step(
        "convex in b",
        "that g is convex in 1+(K-2)b, and f is convex and increases: f is convex in b",
        lambda: (
            equal(sympy.diff(CLAIMS["majority"], w, 2), claims["majority's curvature"])
            and is_positive(claims["majority's curvature"])
        ),
        needs=("one majority",),
    )
    at = majority.subs(w, 1 + (K - 2) * b)
    Z_n = n - 1 + (K - 1) * m * exp((at - 1) / tau)
    Z_m = m - 1 + n * exp((at - 1) / tau) + (K - 2) * m * exp((b - 1) / tau)
    total = n * log(Z_n) + (K - 1) * m * log(Z_m)
    proof.step(
        "slope at b = 1",
        "N df/db there is (K-2) m / (2 tau z Z) times 2(K-1) m Z - n e^{-2/tau} (z+Z): the minorities coincide "
        "exactly where that is at most 0",
        lambda: equal(
            sympy.simplify(sympy.diff(total, b).subs(b, 1)).subs(exp(-2 / tau), apart).subs(exp(2 / tau), 1 / apart),
            (K - 2)
            * m
            * claims["collapse"](n, m, K, apart)
            / (2 * tau * (n - 1 + (K - 1) * m * apart) * ((K - 1) * m - 1 + n * apart)),
        ),
        needs=("convex in b",),
    )
    proof.step(
        "minority collapse",
        "20 points against two classes of 2 at tau = 2: it is below 0, in interval arithmetic",
        lambda: bool(enclosure(_collapse_at(*claims["example"]))[1] < 0),
        needs=("slope at b = 1",),
    )


def _collapse_at(majority: int, minority: int, classes: int, temperature: Any) -> Any:
    found: Any = CLAIMS["collapse"](majority, minority, classes, exp(-2 / temperature))
    return sympy.expand(found)


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "an anchor's loss": {"anchor": log_Z - (n - 1) * pos / tau},
    "tangent of the exponential": {"tangent": exp(y / tau) * (1 + (x - y))},
    "Jensen within an anchor": {"positives": n},
    "curvature": {"curvature": square + p**2},
    "strictly convex and increasing": {"own share": (1 - n) / Z},
    "Jensen over the anchors of a class": {"Taylor weight": s},
    "means": {"mean positive": square},
    "collapse": {"excess": spread**2},
    "a correlation matrix": {"diagonal": square},
    "one minimizer": {"row": (n - 1) * x},
    "singular": {"eigenvalues of a swap": {Integer(2): 1, Integer(-2): 1}},
    "attained": {"collapsed": log(n + m * exp((g - 1) / tau))},
    "two classes": {"antipodes": Integer(0)},
    "one majority": {"majority": -sqrt(w / K)},
    "convex in b": {"majority's curvature": -1 / (4 * sqrt(K - 1) * w * sqrt(w))},
    "slope at b = 1": {"collapse": lambda n, m, K, apart: 2 * (K - 1) * m - n * apart},
    "minority collapse": {"example": (20, 2, 3, sympy.Rational(1, 2))},
    "certificate": {"certificate": p * q},
}
