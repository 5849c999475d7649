"""F5, a false claim: as tau -> 0 the minimizers of DHEL do not become best packings, for d+2 <= M <= 2d-1.

In full: let d >= 3 and G = -mean s + mean_i max_{j != i} u_i.u_j, the limit of tau DHEL (B11). G = -1 at every best
packing of M points, aligned, and G >= -1 there whatever the positives; G = -1 - 1/(4M(M-1)) at an apex over M-1
points of a (d-1)-cross-polytope at the height -1/(2(M-1)). So limits of minimizers, at which G is least, are no best
packings.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import sympy
from sympy import Integer, Matrix, Rational, exp, log, sqrt

from proofs_check.b11 import CLAIMS as SMALL
from proofs_check.b11 import M as PAIRS
from proofs_check.b11 import t as tau
from proofs_check.exact import enclosure, equal, interval, is_nonnegative, is_positive, is_zero
from proofs_check.steps import Claims, Kind, Proof, Step

d = sympy.Symbol("d_minus_3", integer=True, nonnegative=True) + 3
M = sympy.Symbol("M_minus_5", integer=True, nonnegative=True) + 5
p, q, f, near, far = sympy.symbols("p q f near far", positive=True)
h = sympy.Symbol("h", positive=True)
x, y, a, b, e = sympy.symbols("x y a b e", real=True)

CLAIMS: Claims = MappingProxyType(
    {
        "products of a cross-polytope": (0, -1),
        "least number": d + 2,
        "projected product": x - a * b,
        "points left": 1,  # taken away with one point
        "packings": Integer(-1),
        "apex": -h,
        "others": (h**2, 2 * h**2 - 1),
        "height": 1 / (2 * (M - 1)),
        "mean": -1 / (4 * M * (M - 1)),
        "mean at 2d-1": -1 / (8 * (d - 1) * (2 * d - 1)),
        "temperature": 1 / (4 * M * (M - 1) * log(M - 1)),
        "cases": MappingProxyType({(5, 3): Rational(-1, 80), (6, 4): Rational(-1, 120), (7, 4): Rational(-1, 168)}),
        "gap": Rational(1),  # of DHEL at (5, 3) and tau = 1/200 from -1/tau
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    height = claims["height"]

    proof.step(
        "no d+2 vectors are pairwise beyond right angles",
        "cited: Radon. Of n >= d+2 vectors in R^d some convex combinations of disjoint parts P and Q coincide, sum_P "
        "p_i v_i = sum_Q q_j v_j = z; were all v_i.v_j < 0, |z|^2 = sum p_i q_j v_i.v_j would be negative. So the "
        "largest product is >= 0",
        lambda: is_positive(p * q * f) and is_nonnegative(x**2) and is_nonnegative(claims["least number"] - d - 2),
        kind=Kind.CITED,
    )
    proof.step(
        "best packings",
        "points of a cross-polytope have products 0 and -1: for d+2 <= M <= 2d the least largest product is 0",
        lambda: (
            max(claims["products of a cross-polytope"]) == 0
            and all(
                (Matrix(v).T * Matrix(z))[0] in claims["products of a cross-polytope"]
                for v in ((1, 0), (-1, 0), (0, 1))
                for z in ((1, 0), (-1, 0), (0, 1), (0, -1))
                if v != z
            )
        ),
        ("no d+2 vectors are pairwise beyond right angles",),
    )
    # One coordinate along the point (a, b, the products with it) and one across it.
    proof.step(
        "projection",
        "let z be a point of a best packing with all products negative: the others, less their parts along z, have the "
        "products x_i.x_j - (x_i.z)(x_j.z) < 0, as x_i.x_j <= 0 and both others are negative",
        lambda: (
            equal(Matrix([a, e]).dot(Matrix([b, y])).subs(e * y, x - a * b) - a * b, claims["projected product"])
            and is_positive(-claims["projected product"].subs({x: -(f - near * far), a: -near, b: -far}) + f)
            and is_positive(-claims["projected product"].subs({x: 0, a: -near, b: -far}))
            and is_positive(-sympy.diff(-claims["projected product"], x))
        ),
        ("best packings",),
    )
    proof.step(
        "every point has a neighbor at a right angle",
        "these are M-1 >= (d-1)+2 vectors of R^(d-1) with negative products, which there are not",
        lambda: is_nonnegative((CLAIMS["least number"] - claims["points left"]) - ((d - 1) + 2)),
        ("no d+2 vectors are pairwise beyond right angles", "projection"),
    )
    proof.step(
        "packings",
        "so G = -mean s + 0 >= -1 at every best packing, and tau DHEL >= G >= -1 there (B11)",
        lambda: equal(-1 + max(CLAIMS["products of a cross-polytope"]), claims["packings"]),
        ("every point has a neighbor at a right angle",),
    )
    top, right, other, left = (
        Matrix(z) for z in ((0, 0, 1), (sqrt(1 - h**2), 0, -h), (0, sqrt(1 - h**2), -h), (-sqrt(1 - h**2), 0, -h))
    )
    proof.step(
        "apex",
        "the apex sees all others at -h; these, sqrt(1-h^2) times a corner, and -h, see each other at h^2, opposite "
        "ones at 2h^2 - 1 <= h^2, as h <= 1; all are unit vectors",
        lambda: (
            all(equal(z.dot(z), 1) for z in (top, right, other, left))
            and all(equal(top.dot(z), claims["apex"]) for z in (right, other, left))
            and equal(right.dot(other), claims["others"][0])
            and equal(right.dot(left), claims["others"][1])
        ),
    )
    nearest = (CLAIMS["apex"] + (M - 1) * CLAIMS["others"][0]) / M
    proof.step(
        "mean",
        "of the M-1 >= 4 each has others that are not opposite, the nearest: the mean of the largest products, (-h + "
        "(M-1) h^2)/M, is least at h = 1/(2(M-1)), with the value -1/(4M(M-1)) < 0",
        lambda: (
            is_zero(sympy.diff(nearest, h).subs(h, height))
            and is_positive(sympy.diff(nearest, h, 2))
            and equal(nearest.subs(h, height), claims["mean"])
            and is_positive(-claims["mean"])
        ),
        ("apex",),
    )
    proof.step(
        "2d-1 points",
        "for M = 2d-1 that is the whole cross-polytope, and -1/(8(d-1)(2d-1))",
        lambda: equal(CLAIMS["mean"].subs(M - 5, 2 * d - 6), claims["mean at 2d-1"]),
        ("mean",),
    )
    proof.step(
        "limit",
        "G is continuous, and least at every limit of minimizers of DHEL as tau -> 0, since tau DHEL is G within tau "
        "log(M-1) (B11): there it is at most -1 - 1/(4M(M-1)), less than the -1 of best packings; DHEL itself is less "
        "than at all of them for tau < 1/(4M(M-1) log(M-1))",
        lambda: equal(
            -1 + CLAIMS["mean"] + SMALL["excess"].subs(PAIRS - 2, M - 2).subs(tau, claims["temperature"]),
            CLAIMS["packings"],
        ),
        ("packings", "mean"),
        kind=Kind.WORDS,
    )
    proof.step(
        "coordinates",
        "from coordinates, exactly: mean_i max_j x_i.x_j = -1/80 at (M, d) = (5, 3), -1/120 at (6, 4), -1/168 at (7, "
        "4)",
        lambda: all(equal(_mean_of_largest(*size), value) for size, value in claims["cases"].items()),
        ("mean",),
    )
    proof.step(
        "one temperature",
        "at (5, 3) and tau = 1/200, in interval arithmetic: DHEL at the apex configuration is below -200, which no "
        "best packing is, by the gap stated at least",
        lambda: bool(-200 - enclosure(interval(_dhel_at_apex(Rational(1, 200))))[1] >= claims["gap"] > 0),
        ("packings", "coordinates"),
    )
    return proof.steps


def _products(points: int, dim: int) -> Matrix:
    """The Gram matrix of the apex over points - 1 corners of a cross-polytope, from coordinates."""
    height = Rational(1, 2 * (points - 1))
    rows = [[0] * (dim - 1) + [1]]
    for n in range(points - 1):
        row = [Integer(0)] * dim
        row[n // 2], row[-1] = (-1) ** n * sqrt(1 - height**2), -height
        rows.append(row)
    X = Matrix(rows)
    return X * X.T


def _mean_of_largest(points: int, dim: int) -> Any:
    G = _products(points, dim)
    return sum(max(G[i, j] for j in range(points) if j != i) for i in range(points)) / Integer(points)


def _dhel_at_apex(temperature: Any) -> Any:
    G = _products(5, 3)
    rows = [sum(exp(G[i, j] / temperature) for j in range(5) if j != i) for i in range(5)]
    return sum(log(row) for row in rows) / 5 - 1 / temperature


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "no d+2 vectors are pairwise beyond right angles": {"least number": d + 1},
    "best packings": {"products of a cross-polytope": (Rational(-1, 2), -1)},
    "projection": {"projected product": x + a * b},
    "every point has a neighbor at a right angle": {"points left": 2},
    "packings": {"packings": Rational(-1, 2)},
    "apex": {"apex": h},
    "mean": {"height": 1 / (M - 1)},
    "2d-1 points": {"mean at 2d-1": -1 / (4 * (d - 1) * (2 * d - 1))},
    "limit": {"temperature": 1 / (2 * M * (M - 1) * log(M - 1))},
    "coordinates": {"cases": {(5, 3): Rational(-1, 40)}},
    "one temperature": {"gap": Integer(10)},
}
