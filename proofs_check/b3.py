"""B3, decoupling: alignment at every fixed U for one-sided DHEL and KCL; at the joint minimum alone for two-view forms.

In full: Let M >= 2, any d and tau, and let K_A be differentiable, strictly decreasing and finite at 0, as Gaussian,
Laplace, inverse multiquadric, Riesz with s < 0, regularized logarithmic and (x.y + c)^n, c >= 1, n >= 1, are. One-sided
DHEL and KCL are A(s) + E(U) with A strictly decreasing in every s_i = u_i.v_i: for every U, V = U is the one minimizer in
V. Two- view DHEL and KCL are A(s) + E(U) + E(V): L(U,V) >= (L(U,U) + L(V,V))/2 with equality only for V = U, so that every
joint minimizer has V = U, U a minimizer of E; but for a fixed U, V = U need not be optimal. In all of them d^2L/du_i dv_j =
0 for j != i. In one-sided InfoNCE, SimCLR and DCL that block is not zero, and V = U is not optimal for every U, for any M
>= 2, d >= M.

Sources: Koromilas et al., Bridging Mini-Batch and Asymptotic Analysis in Contrastive Learning (ICML 2024), decoupling;
for two-view forms the statement is corrected here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Function, Integer, Rational, cos, diff, exp, log, sin, sqrt

from proofs_check.exact import dot, equal, equal_in_exponentials, equal_logs, is_positive, is_sum_of_squares, vector
from proofs_check.g2 import decoupled
from proofs_check.steps import Claims, Proof, Step

t, r, c, q, p = sympy.symbols("tau r c q p", positive=True)
k = sympy.Symbol("k", integer=True, nonnegative=True)
extra = sympy.Symbol("c_minus_1", nonnegative=True)
M = k + 2  # at least two pairs
s, x, y, a, b = sympy.symbols("s x y a b", real=True)
u, v, u_j, v_j = (vector(name) for name in ("u_i", "v_i", "u_j", "v_j"))
COUPLED = ("InfoNCE", "SimCLR", "DCL", "DCL cross-view")

CLAIMS: Claims = MappingProxyType(
    {
        "squared distance": 2 - 2 * s,
        "negatives of DHEL": lambda anchors, positives: anchors,  # the side from which an anchor takes its negatives
        "negatives of KCL": lambda anchors, positives: anchors,
        "second energy": lambda anchors, positives: positives,  # the same for the positives in two-view forms
        "excess of DHEL": 1 / (2 * t),  # times |u_i - v_i|^2, per pair
        "slope of KCL": Integer(2),  # dA/ds_i over K_A'(r_i)
        "kernels": {
            "Gaussian": exp(-p * r),
            "Laplace": exp(-p * sqrt(r)),
            "inverse multiquadric": c / sqrt(c**2 + r),
            "Riesz of negative exponent": -(r**p),
            "regularized logarithmic": -log(1 + p * r),
            "(x.y + c)^n, c >= 1, n >= 1": (1 - r / 2 + c) ** (k + 1),
        },
        "least c": Integer(1),
        "weight of aligned batches": Rational(1, 2),
        # d^2L / da_i db_j of angles in a plane, all points coincident.
        "coupling of InfoNCE": 1 / (M**2 * t),
        "coupling of SimCLR": 1 / (M * (2 * M - 1) * t),
        "coupling of DCL": 1 / (2 * M * (M - 1) * t),
        "coupling of DCL cross-view": 1 / (M * (M - 1) * t),
        # Derivative in the angle of v_1 from u_1 to u_2 at V = U, U orthonormal.
        "drift of InfoNCE": 1 / (M * t * (exp(1 / t) + M - 1)),
        "drift of SimCLR": 1 / (M * t * (exp(1 / t) + 2 * (M - 1))),
        "drift of DCL": 1 / (2 * M * (M - 1) * t),
        "drift of DCL cross-view": 1 / (M * (M - 1) * t),
        "loss by aligning two-view DHEL": (1 - c) * (1 + M * c) / ((M - 1) * t),
        "loss by aligning two-view KCL": Rational(5, 64),
    }
)

# Similarities, each with how often it occurs.
Counted = Sequence[tuple[Any, Any]]


def term(name: str, positive: Any, cross: Counted, within: Counted) -> Any:
    """The term of one anchor, by the definition of its loss: the positive, its cross-view and its within-view negatives."""
    kept = [(positive, 1)] if name in ("InfoNCE", "SimCLR") else []
    kept += [] if name == "DHEL" else list(cross)
    kept += [] if name in ("InfoNCE", "DCL cross-view") else list(within)
    return -positive / t + log(sum(count * exp(similarity / t) for similarity, count in kept))


def _coupling(name: str) -> Any:
    """u_i at the angle a, v_j at b and all other points at 0: the terms of u_i, of u_j and of the M-2 other anchors."""
    own = term(name, cos(a), [(cos(a - b), 1), (cos(a), M - 2)], [(cos(a), M - 1)])
    of_j = term(name, cos(b), [(1, M - 1)], [(cos(a), 1), (1, M - 2)])
    of_k = term(name, Integer(1), [(cos(b), 1), (1, M - 2)], [(cos(a), 1), (1, M - 2)])
    return diff((own + of_j + (M - 2) * of_k) / M, a, b).subs({a: 0, b: 0})


def _drift(name: str) -> Any:
    """U orthonormal and V = U but for v_1 = cos b u_1 + sin b u_2: the terms of u_1, of u_2 and of the others."""
    orthogonal = [(Integer(0), M - 1)]
    first = term(name, cos(b), orthogonal, orthogonal)
    second = term(name, Integer(1), [(sin(b), 1), (0, M - 2)], orthogonal)
    return diff((first + second + (M - 2) * term(name, Integer(1), orthogonal, orthogonal)) / M, b).subs(b, 0)


def _in_M(formula: Any) -> Any:
    return sympy.factor(formula.subs(k, sympy.Symbol("M") - 2))


def _positive_and_equal(found: Any, claimed: Any) -> bool:
    return equal_in_exponentials(found, claimed) and is_positive(claimed)


def _splits(kernel: bool, negatives: Any) -> bool:
    """The term of u_i changes with v_i as its alignment does, and not with another positive v_j."""
    n = dot(u, negatives(u_j, v_j))
    alignment = -Function("K_A")(2 - 2 * dot(u, v)) if kernel else -dot(u, v) / t
    whole = alignment + (Function("K_U")(2 - 2 * n) if kernel else log(exp(n / t) + Function("R")(*u)))
    return all(equal_in_exponentials(diff(whole, w), diff(alignment, w)) for w in (*v, *v_j))


def _joint(weight: Any) -> bool:
    A, aligned = Function("A"), Integer(1)
    E_U, E_V = sympy.symbols("E_U E_V", real=True)

    def loss(similarity: Any, first: Any, second: Any) -> Any:
        return A(similarity) + first + second

    average = weight * (loss(aligned, E_U, E_U) + loss(aligned, E_V, E_V))
    return equal_in_exponentials(loss(s, E_U, E_V) - average, A(s) - A(aligned))


def _two_view_dhel() -> Any:
    """L(U,U) - L(U,V) for equal u_i, and v_i at the inner product c with them whose orthogonal parts are a simplex."""
    product = c**2 - (1 - c**2) / (M - 1)
    first, second = (term("DHEL", positive, [], [(1, M - 1)]) for positive in (Integer(1), c))
    return first + log((M - 1) * exp(1 / t)) - second - log((M - 1) * exp(product / t))


def _two_view_kcl() -> Any:
    """The same for M = 2, d = 2, gamma = 1, both kernels (3/4)^r, and positives at 60 degrees on either side."""
    anchor, positives = sympy.Matrix([1, 0]), [sympy.Matrix([1, sign * sqrt(3)]) / 2 for sign in (1, -1)]

    def value(V: Sequence[Any]) -> Any:
        def kernel(z: Any, w: Any) -> Any:
            return Rational(3, 4) ** (z - w).dot(z - w)

        alignment = -2 * sum(kernel(anchor, z) for z in V) / 2
        return alignment + kernel(anchor, anchor) + kernel(V[0], V[1])

    return value([anchor, anchor]) - value(positives)


def _aligns(kernel: Any) -> bool:
    """Whether it is finite at r = 0 and decreases; the base of a polynomial, taken for c after differentiation, is > 0."""
    base = {c: q - 1 + r / 2} if kernel.has(1 - r / 2 + c) else {}
    return kernel.subs(r, 0).is_finite is True and is_positive(-diff(kernel, r).subs(base))


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    square = sympy.Poly((x - y) ** 2, x, y)
    proof.step(
        "squared distance",
        "|u-v|^2 = |u|^2 + |v|^2 - 2 u.v = 2 - 2s: so s <= 1, with equality only for u = v",
        lambda: equal(
            sum(square.coeff_monomial(z) * total for z, total in ((x**2, 1), (y**2, 1), (x * y, s))),
            claims["squared distance"],
        ),
    )
    for name in ("DHEL", "KCL"):
        proof.step(
            f"{name} splits",
            f"the term of u_i in one-sided {name} is its alignment and what does not depend on V, for any M and d",
            partial(_splits, name == "KCL", claims[f"negatives of {name}"]),
        )
    proof.step(
        "V = U for DHEL",
        "L(U,V) - L(U,U) = mean (1 - s_i)/tau = mean |u_i-v_i|^2/(2 tau) >= 0, zero only for V = U",
        lambda: is_sum_of_squares(
            (1 - sympy.solve(claims["squared distance"] - q**2, s)[0]) / t, [(claims["excess of DHEL"], q)]
        ),
        needs=("squared distance", "DHEL splits"),
    )
    K = Function("K_A")
    proof.step(
        "V = U for KCL",
        "dA/ds_i is a positive multiple of K_A'(r_i), r_i = 2 - 2 s_i: A strictly decreases in s_i where K_A does in "
        "r_i, and is least for s_i = 1, V = U, alone",
        lambda: (
            equal_in_exponentials(
                diff(-K(2 - 2 * s), s), claims["slope of KCL"] * diff(K(r), r).subs(r, claims["squared distance"])
            )
            and is_positive(claims["slope of KCL"])
        ),
        needs=("squared distance", "KCL splits"),
    )
    proof.step(
        "base of the polynomial",
        "1 - r/2 + c > 0 for 0 < r = 4q/(1+q) < 4 and c at least 1",
        lambda: is_positive(sympy.factor((1 - r / 2 + claims["least c"] + extra).subs(r, 4 * q / (1 + q)))),
    )
    proof.step(
        "kernels that align",
        f"finite at 0 and strictly decreasing for 0 < r < 4: {', '.join(claims['kernels'])}",
        lambda: all(_aligns(kernel) for kernel in claims["kernels"].values()),
        needs=("base of the polynomial",),
    )
    proof.step(
        "joint minimum",
        "for L = A(s) + E(U) + E(V), L(U,V) is (L(U,U) + L(V,V))/2 + A(s) - A(1): at a minimum V = U. Both energies "
        "are equal then, and the sum is least at a minimizer of E",
        lambda: _joint(claims["weight of aligned batches"]),
        needs=("V = U for DHEL", "V = U for KCL"),
    )
    proof.step(
        "fixed U, two-view DHEL",
        "with all u_i equal, spreading V over a simplex around them lowers the loss by (1-c)(1+Mc)/((M-1) tau), c the "
        "inner product u_i.v_i: at c = 3/5, say. So V = U is not optimal for this U, for any M, d >= M and tau",
        lambda: (
            equal_logs(_two_view_dhel(), claims["loss by aligning two-view DHEL"])
            and is_positive(claims["loss by aligning two-view DHEL"].subs(c, Rational(3, 5)))
        ),
    )
    proof.step(
        "fixed U, two-view KCL",
        "for M = 2, d = 2, gamma = 1, K_A = K_U the Gaussian kernel (3/4)^r and u_1 = u_2, positives at 60 degrees on "
        "either side have a loss that is lower by 5/64 than V = U",
        lambda: (
            equal(_two_view_kcl(), claims["loss by aligning two-view KCL"])
            and is_positive(claims["loss by aligning two-view KCL"])
        ),
    )
    proof.step(
        "mixed block",
        "d^2L/du_i dv_j = 0, j != i, for DHEL and KCL, one-sided and two-view, at every batch, M and d",
        lambda: all(
            decoupled(name == "KCL", claims[f"negatives of {name}"], second)
            for name in ("DHEL", "KCL")
            for second in (None, claims["second energy"])
        ),
    )
    for name in COUPLED:
        coupling, drift = claims[f"coupling of {name}"], claims[f"drift of {name}"]
        proof.step(
            f"coupling of {name}",
            f"with all points equal, d^2L/da_i db_j = {_in_M(coupling)} > 0 in the angles of u_i and v_j in a plane",
            partial(_positive_and_equal, _coupling(name), coupling),
        )
        proof.step(
            f"drift of {name}",
            f"at V = U, U orthonormal, the derivative in the angle of v_1 toward u_2 is {_in_M(drift)} > 0: "
            "turning v_1 the other way lowers the loss, so that V = U is not optimal for this U",
            partial(_positive_and_equal, _drift(name), drift),
        )
    return proof.steps


MUTATIONS: dict[str, dict[str, Any]] = {
    "squared distance": {"squared distance": 1 - s},
    **{f"{name} splits": {f"negatives of {name}": lambda anchors, positives: positives} for name in ("DHEL", "KCL")},
    "V = U for DHEL": {"excess of DHEL": 1 / t},
    "V = U for KCL": {"slope of KCL": Integer(-2)},
    "base of the polynomial": {"least c": Integer(0)},
    "kernels that align": {"kernels": {"Riesz of positive exponent": r ** (-p)}},  # infinite at 0
    "joint minimum": {"weight of aligned batches": Integer(1)},
    "fixed U, two-view DHEL": {"loss by aligning two-view DHEL": (1 - c) / t},
    "fixed U, two-view KCL": {"loss by aligning two-view KCL": Rational(-5, 64)},
    "mixed block": {"second energy": lambda anchors, positives: anchors},
    **{f"coupling of {name}": {f"coupling of {name}": Integer(0)} for name in COUPLED},
    **{f"drift of {name}": {f"drift of {name}": Integer(0)} for name in COUPLED},
}
