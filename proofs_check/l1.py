"""L1, cross-polytopes are local minima of losses with a logarithm, at every temperature.

In full: the points s e_i, s = +-1, i = 1..d, d >= 2, move to s e_i + xi_{i,s} as anchors and to s e_i + eta_{i,s} as
positives, normalized. With a_i = xi_{i,+} + xi_{i,-}, b_i = xi_{i,+} - xi_{i,-}, A and B alike of eta, entries a_ij, j !=
i, and u = 1/tau, w = e^{-u}, Z = 2d-2+w, c the number of sums in the denominator, N = c Z, or c Z + e^u with the positive,
and p = 1/N: M times the loss grows, to second order, by u p times the sum over modes of

  (c Z/4) (a-A)^2, of the positives, and the sum across views
    (w/4)(b-B)^2 + (u/2)(b_s+B_s)^2 + (u/2)(b_r-B_r)^2, b_s and b_r the symmetric and the antisymmetric part of b_ij, and
    (w/4)(a+A)^2 + k aA + (u/2)(a^2+A^2), k = -1 where sum_i a_ij = 0, and d-2 where the a_ij are equal for all i, there less
    u p (d-1) A^2,
  and the sum within views 2u b_s^2 and (w + k + u) a^2, there less u p (d-1) a^2; with both sums less u p (d-1)(a+A)^2.

All these forms are positive, but that of b_r at b_r = B_r, which are the rotations.

Sources: this package.
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Integer, Matrix, Rational, exp, sqrt

from proofs_check.exact import equal, is_positive, is_zero, mean_over, mean_over_pairs
from proofs_check.steps import Claims, Proof, Step

d = sympy.Symbol("d_minus_2", integer=True, nonnegative=True) + 2
e, rho, sigma = sympy.symbols("e rho sigma", real=True)
x2, x3, y1, y2, y3 = sympy.symbols("xi_2 xi_3 eta_1 eta_2 eta_3", real=True)
up, down, left, right = sympy.symbols("up down left right", real=True)
a, A, b, B, q = sympy.symbols("a A b B q", real=True)
u, w, Z, z, p = sympy.symbols("u w Z z p", positive=True)
share = 1 / (1 + z)  # any number in (0, 1)
spare = sympy.Symbol("spare", positive=True)
n = sympy.Symbol("n_minus_2", integer=True, nonnegative=True) + 2


def across(k: Any, c: Any) -> Any:
    """Of a mode of a, positives included, over u p."""
    return c * Z / 4 * (a - A) ** 2 + w / 4 * (a + A) ** 2 + k * a * A + u / 2 * (a**2 + A**2)


# Any u > 1 - w, and any p (d-1) < 1/(2c), by loss.
_LEAST_U = {name: 1 - w + spare for name in ("DHEL", "InfoNCE and cross-view DCL", "SimCLR and DCL")}
_WEIGHTS = {"InfoNCE and cross-view DCL": share / 2, "SimCLR and DCL": share / 4}

CLAIMS: Claims = MappingProxyType(
    {
        "own product": -((x2 - y2) ** 2 + (x3 - y3) ** 2) / 2,
        "opposite product": ((x2 + y2) ** 2 + (x3 + y3) ** 2) / 2,
        "orthogonal product": (rho * x2 + sigma * y1, x3 * y3),
        "squares": lambda first, other: (
            first[0] ** 2 + first[1] ** 2 + other[0] ** 2 + other[1] ** 2 + 2 * first[1] * other[1]
        ),
        "sum of slopes": lambda s: s * (left + right),
        "pairs of columns": lambda total, square: total**2 - square,  # sum over i != j of a_ik a_jk
        "opposite": lambda same, change: (same + change) / 2,  # sum over both points
        "weight": w * p,  # of the opposite point
        "symmetric": (Rational(1, 2), Rational(1, 2)),  # before the squares, and before those of s+S and r-R
        "columns": (Integer(-1), d - 2),
        "within": lambda k: w + k + u,
        "DHEL": (8 * u**2 / Z, 4 * u / Z * (u - 1 + w), 4 * u / Z * (d - 2 + w + u * (1 - (d - 1) / Z))),
        "modes": (d * (d - 1) / 2, d * (d - 2), d, d * (d - 1) / 2),
        "least u": 1 - w,
        "Z": 2 * d - 2 + w,
        "most weight": Rational(1, 2),  # p (d-1), over 1/c
        "u": MappingProxyType(_LEAST_U),
        "p (d-1)": MappingProxyType(_WEIGHTS),
        "sum": 1,  # the coefficient of b in b + B, beside b - B
        "halves": Rational(1, 2),
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    _forms(proof, claims)
    _signs(proof, claims)
    return proof.steps


def _moved(point: Matrix, by: Matrix) -> Matrix:
    return (point + e * by) / sqrt(1 + e**2 * by.dot(by))


def _second(product: Any) -> tuple[Any, Any]:
    """First derivative in e at 0, and half of the second."""
    return sympy.diff(product, e).subs(e, 0), sympy.diff(product, e, 2).subs(e, 0) / 2


def _forms(proof: Proof, claims: Claims) -> None:
    first, other = Matrix([1, 0, 0]), Matrix([0, 1, 0])
    xi, eta = Matrix([0, x2, x3]), Matrix([0, y2, y3])
    proof.step(
        "own and opposite products",
        "of an anchor and its positive, and of an anchor and a point opposite to it, first derivatives vanish; half "
        "the second ones are -|xi-eta|^2/2 and |xi+eta|^2/2",
        lambda: all(
            is_zero(slope) and equal(half, claim)
            for (slope, half), claim in zip(
                (
                    _second(_moved(first, xi).dot(_moved(first, eta))),
                    _second(_moved(first, xi).dot(_moved(-first, eta))),
                ),
                (claims["own product"], claims["opposite product"]),
                strict=True,
            )
        ),
    )
    slope, half = _second(_moved(sigma * first, xi).dot(_moved(rho * other, Matrix([y1, 0, y3]))))
    proof.step(
        "orthogonal products",
        "of sigma e_i + xi and rho e_j + eta: rho xi_j + sigma eta_i, and xi.eta",
        lambda: equal(slope, claims["orthogonal product"][0]) and equal(half, claims["orthogonal product"][1]),
    )
    signs = [(s, r) for s in (1, -1) for r in (1, -1)]
    moves = {1: (up, left), -1: (down, right)}
    squares = sum((r * moves[s][0] + s * moves[r][1]) ** 2 for s, r in signs)
    proof.step(
        "squares",
        "of the first derivatives of the four products of +-e_i and +-e_j: a_ij^2 + b_ij^2 + A_ji^2 + B_ji^2 + 2 b_ij "
        "B_ji",
        lambda: equal(squares, claims["squares"]((up + down, up - down), (left + right, left - right))),
        ("orthogonal products",),
    )
    proof.step(
        "slopes",
        "of one anchor, over both +-e_j: sigma A_ji, as those of xi cancel; so the mean of first derivatives is u p "
        "sigma sum_j A_ji",
        lambda: all(equal(sum(r * up + s * moves[r][1] for r in (1, -1)), claims["sum of slopes"](s)) for s in (1, -1)),
        ("orthogonal products",),
    )
    proof.step(
        "second derivatives",
        "sum over i != j and signs of xi.eta is the sum over k and i != j of a_ik A_jk: (sum_i a_ik)(sum_j A_jk) less "
        "sum_i a_ik A_ik; with A = a, of any number of i",
        lambda: equal(
            n * (n - 1) * mean_over_pairs(x2 * y2, (x2,), (y2,), n),
            claims["pairs of columns"](n * mean_over(x2, x2), n * mean_over(x2**2, x2)),
        ),
        ("orthogonal products",),
    )
    proof.step(
        "opposite points",
        "|xi_+ + eta_-|^2 + |xi_- + eta_+|^2 = (|a+A|^2 + |b-B|^2)/2, and with minus signs between xi and eta of one "
        "point (|a-A|^2 + |b-B|^2)/2; within views |a|^2 for each of the two",
        lambda: (
            equal(
                (up + right) ** 2 + (down + left) ** 2,
                claims["opposite"]((up + down + left + right) ** 2, (up - down - left + right) ** 2),
            )
            and equal(
                (up - left) ** 2 + (down - right) ** 2,
                claims["opposite"]((up + down - left - right) ** 2, (up - down - left + right) ** 2),
            )
        ),
        ("own and opposite products",),
    )
    proof.step(
        "weights",
        "each orthogonal point has the weight p in the mean, the opposite one w p, and all negatives c Z p = 1 - p_ii, "
        "c sums with 2d-2 and one term: so, over u p, the positives have c Z/4",
        lambda: (
            equal(claims["weight"] / p, exp(-u).subs(exp(-u), w))
            and equal((2 * d - 2) * p + claims["weight"], p * CLAIMS["Z"])
        ),
    )
    # b_ij = (s + r), b_ji = (s - r) for the symmetric part s and the antisymmetric r; B alike.
    s_, r_, S_, R_ = sympy.symbols("s r S R", real=True)
    pair = CLAIMS["squares"]((0, s_ + r_), (0, S_ - R_)) + CLAIMS["squares"]((0, s_ - r_), (0, S_ + R_))
    proof.step(
        "modes of b",
        "the squares, with u/2, of a pair i < j: (u/2) 2 ((s+S)^2 + (r-R)^2), s and r the symmetric and the "
        "antisymmetric part",
        lambda: equal(
            pair * claims["symmetric"][0], 2 * claims["symmetric"][1] * 2 * ((s_ + S_) ** 2 + (r_ - R_) ** 2) / 2
        ),
        ("squares",),
    )
    proof.step(
        "modes of a",
        "a column a_ik, i != k, has d-1 entries: its sum squared is 0, or (d-1)|a|^2 where they are equal, and less "
        "|a|^2 that is k = -1 and k = d-2 times |a|^2",
        lambda: (
            equal((q - q) ** 2 - (q**2 + (-q) ** 2), claims["columns"][0] * 2 * q**2)
            and equal((d - 1) ** 2 * q**2 - (d - 1) * q**2, claims["columns"][1] * (d - 1) * q**2)
        ),
        ("second derivatives", "slopes"),
    )


def _positive(form: Any) -> bool:
    """Whether a quadratic form of a and A is positive, by its first entry and its determinant."""
    aa, bb = form.expand().coeff(a, 2), form.expand().coeff(A, 2)
    ab = form.expand().coeff(a, 1).coeff(A, 1) / 2
    return is_positive(sympy.factor(sympy.expand(aa))) and is_positive(sympy.factor(sympy.expand(aa * bb - ab**2)))


def _signs(proof: Proof, claims: Claims) -> None:
    proof.step(
        "DHEL",
        "among aligned pairs (xi = eta) its form over u/Z is w |a|^2 + k |a|^2 + u |a|^2, less (u/Z)(d-1)|a|^2, and 2u "
        "b_s^2; modes of length 1 have |a|^2 = 2 or |b|^2 = 2, and eigenvalues are twice the form",
        lambda: (
            equal(2 * 2 * u / Z * (2 * u), claims["DHEL"][0])
            and equal(2 * 2 * u / Z * CLAIMS["within"](CLAIMS["columns"][0]), claims["DHEL"][1])
            and equal(2 * 2 * u / Z * (CLAIMS["within"](CLAIMS["columns"][1]) - u / Z * (d - 1)), claims["DHEL"][2])
        ),
        ("squares", "slopes", "second derivatives", "opposite points"),
    )
    proof.step(
        "number of modes",
        "d(d-1)/2 pairs, d columns with d-2 and with 1 mode, and d(d-1)/2 rotations: 2d (d-1), as many as 2d points of "
        "a sphere of dimension d-1 have",
        lambda: equal(sum(claims["modes"]), 2 * d * (d - 1)),
    )
    proof.step(
        "u > 1 - w",
        "e^{-u} - 1 + u vanishes at 0 and has the derivative 1 - e^{-u} > 0",
        lambda: (
            equal(sympy.diff(exp(-u) - (claims["least u"]).subs(w, exp(-u)) - exp(-u) + u, u), 1 - exp(-u))
            and is_positive(sympy.factor((1 - w).subs(w, share)))
        ),
    )
    proof.step(
        "small weights",
        "Z > 2(d-1), so that p (d-1) < 1/(2c)",
        lambda: is_positive(sympy.factor(claims["most weight"] - (d - 1) / CLAIMS["Z"])),
    )
    proof.step(
        "DHEL is positive",
        "all three eigenvalues are, and the positives add (u/2)|xi-eta|^2: with xi and eta free, too, the second "
        "derivative is positive but along rotations",
        lambda: _dhel_is_positive(claims["u"]["DHEL"]),
        ("DHEL", "u > 1 - w", "small weights"),
    )
    for name, c in (("InfoNCE and cross-view DCL", 1), ("SimCLR and DCL", 2)):
        proof.step(
            f"columns of sum 0: {name}",
            "the form is positive where k = -1, as u > 1 - w",
            partial(_positive_where_they_cancel, c, claims["u"][name]),
            ("modes of a", "u > 1 - w", "weights"),
        )
        proof.step(
            f"columns of equal entries: {name}",
            "the form is positive where k = d-2, as p (d-1) < 1/(2c)",
            partial(_positive_where_they_agree, c, claims["p (d-1)"][name]),
            ("modes of a", "small weights", "weights"),
        )
    proof.step(
        "differences",
        "the form of b and B is positive but where b_r = B_r and b_s = B_s = 0: (c Z + w)/4 (b-B)^2 + "
        "(u/2)(b_s+B_s)^2, the difference and the sum of b_s and B_s; and b_ij = -b_ji, b = B is what a rotation "
        "gives, xi_i+- = +-R e_i",
        lambda: (
            is_positive((Z + w) / 4)
            and Matrix([[1, -1], [claims["sum"], 1]]).det() != 0
            and is_zero(
                Matrix([[0, q, 0], [-q, 0, 0], [0, 0, 0]])[0, 1] + Matrix([[0, q, 0], [-q, 0, 0], [0, 0, 0]])[1, 0]
            )
        ),
        ("modes of b", "weights", "opposite points"),
    )
    proof.step(
        "symmetrized losses",
        "the mean of two forms that are positive but along rotations, the same of both, is so, too; for two-view DHEL "
        "their sum",
        lambda: is_positive(claims["halves"] * z) and is_positive(claims["halves"]),
        (
            *(f"columns of sum 0: {name}" for name in ("InfoNCE and cross-view DCL", "SimCLR and DCL")),
            "DHEL is positive",
        ),
    )


def _dhel_is_positive(u_of_w: Any) -> bool:
    second = (u - 1 + w).subs(u, u_of_w)
    third = (d - 2 + w + u * (1 - (d - 1) / Z)).subs(Z, CLAIMS["Z"])
    return is_positive(sympy.expand(second)) and is_positive(sympy.factor(third))


def _both(k: Any, c: int) -> Any:
    return across(k, c) + (CLAIMS["within"](k) * a**2 if c == 2 else 0)


def _positive_where_they_cancel(c: int, u_of_w: Any) -> bool:
    return _positive(_both(CLAIMS["columns"][0], c).subs({u: u_of_w, Z: CLAIMS["Z"]}).subs(w, share))


def _positive_where_they_agree(c: int, weight: Any) -> bool:
    slopes = A**2 if c == 1 else (a + A) ** 2
    return _positive((_both(CLAIMS["columns"][1], c) - u * weight * slopes).subs(Z, CLAIMS["Z"]))


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "own and opposite products": {"own product": -((x2 - y2) ** 2)},
    "orthogonal products": {"orthogonal product": (rho * x2 - sigma * y1, x3 * y3)},
    "squares": {"squares": lambda first, other: first[0] ** 2 + first[1] ** 2 + other[0] ** 2 + other[1] ** 2},
    "slopes": {"sum of slopes": lambda s: s * (left - right)},
    "second derivatives": {"pairs of columns": lambda total, square: total**2},
    "opposite points": {"opposite": lambda same, change: same + change},
    "weights": {"weight": p},
    "modes of b": {"symmetric": (Rational(1, 2), Integer(1))},
    "modes of a": {"columns": (Integer(-1), d - 1)},
    "DHEL": {"DHEL": (4 * u**2 / Z, *CLAIMS["DHEL"][1:])},
    "number of modes": {"modes": (d * (d - 1) / 2, d * (d - 1), d, d * (d - 1) / 2)},
    "u > 1 - w": {"least u": 1 + w},
    "small weights": {"most weight": Rational(1, 3)},
    "DHEL is positive": {"u": MappingProxyType({**_LEAST_U, "DHEL": (1 - w) / 2})},
    **{
        f"columns of sum 0: {name}": {"u": MappingProxyType({**_LEAST_U, name: (1 - w) / 9})}
        for name in ("InfoNCE and cross-view DCL", "SimCLR and DCL")
    },
    **{
        f"columns of equal entries: {name}": {"p (d-1)": MappingProxyType({**_WEIGHTS, name: Integer(4)})}
        for name in ("InfoNCE and cross-view DCL", "SimCLR and DCL")
    },
    "differences": {"sum": -1},
    "symmetrized losses": {"halves": Rational(-1, 2)},
}
