"""G1, the direct gradient: what one anchor's term does to its anchor."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Function, Integer, cos, exp, log, sin

from proofs_check.exact import dot, equal, equal_in_exponentials, is_positive, is_zero, vector
from proofs_check.steps import Claims, Proof, Step

STATEMENT = (
    "Let M >= 2, tau > 0, p_ii the softmax weight of the positive and w the softmax over the negatives alone. The "
    "Euclidean gradient of an anchor's own term in u_i is -(f/tau) [v_i - sum w_ij x_j], with x_j the negatives: f = 1 "
    "- p_ii for InfoNCE (x_j = v_j) and SimCLR (v_j and u_j); f = 1 for DCL (v_j, and u_j unless cross-view only) and "
    "DHEL (u_j). So InfoNCE's is 1 - p_ii < 1 times that of cross-view DCL. On the sphere it vanishes exactly where "
    "the bracket is a multiple of u_i. Losses with within-view negatives add the terms of the other anchors to it."
)
SOURCE = (
    "Koromilas et al., Bridging Mini-Batch and Asymptotic Analysis in Contrastive Learning (ICML 2024); the factor: "
    "Yeh et al., Decoupled Contrastive Learning (ECCV 2022)"
)

t = sympy.Symbol("tau", positive=True)
p = sympy.Symbol("p_ii")
k = sympy.Symbol("k", integer=True, nonnegative=True)
M = k + 2  # at least two pairs
x, m = sympy.symbols("x m", real=True)
u, v, other, far = vector("u_i"), vector("v_i"), vector("x_j"), vector("u_j")
# The sum of exponentials of all further negatives of an anchor: a function of that anchor alone, of which nothing is used.
others, others_of_j = Function("R_i")(*u), Function("R_j")(*far)

CLAIMS: Claims = MappingProxyType(
    {
        "weight": lambda term, total: term / (total * t),  # derivative of log-sum-exp in one similarity
        "sum of derivatives": 1 / t,
        "InfoNCE": 1 - p,
        "SimCLR": 1 - p,
        "DCL": Integer(1),
        "DCL cross-view": Integer(1),
        "DHEL": Integer(1),
        "ratio": 1 - p,  # of the gradients of InfoNCE and cross-view DCL
        "factor": lambda positive, negatives: negatives / (positive + negatives),
        "bracket on the sphere": lambda pull, push: pull - push,  # components along a tangent vector
        "radial part": lambda bracket, anchor: bracket * anchor,  # of a vector with that inner product with the anchor
        "bracket at the simplex": M / (M - 1),
        "terms of the other anchors": Integer(1),  # weight of w_ji u_j beside that of w_ij u_j in DHEL
    }
)

LOSSES = ("InfoNCE", "SimCLR", "DCL", "DCL cross-view", "DHEL")


def own_term(name: str, s: Any, cross: Sequence[Any], within: Sequence[Any], rest: Any = 0) -> Any:
    """An anchor's term of a loss, by its definition: its positive similarity, those to its negatives of the other view and
    of its own, and the sum of the exponentials of further negatives."""
    kept = {"InfoNCE": cross, "DCL cross-view": cross, "DHEL": within}.get(name, [*cross, *within])
    positive = exp(s / t) if name in ("InfoNCE", "SimCLR") else 0
    return -s / t + log(positive + sum(exp(n / t) for n in kept) + rest)


def predicted(factor: Any, s: Any, negatives: Sequence[tuple[Any, Any]], pull: Any, sums: tuple[Any, Any]) -> Any:
    """-(f/tau) [v_i - sum_j w_ij x_j], one coordinate.  ``negatives``: pairs of a similarity and the coordinate of x_j;
    ``sums``: the sums of e^{n/tau} and of e^{n/tau} x_j over further negatives."""
    total = sum(exp(n / t) for n, _ in negatives) + sums[0]
    push = sum(exp(n / t) * c for n, c in negatives) + sums[1]
    return -factor.subs(p, exp(s / t) / (exp(s / t) + total)) / t * (pull - push / total)


def _general(name: str, factor: Any) -> bool:
    """Any M and d: one negative is explicit, all others are a function R of u_i with the gradient sum e^{n/tau} x / tau."""
    s, n = dot(u, v), dot(u, other)
    term = own_term(name, s, [n], [n] if name == "DHEL" else [], others)
    return all(
        equal_in_exponentials(
            sympy.diff(term, u[c]),
            predicted(factor, s, [(n, other[c])], v[c], (others, t * sympy.diff(others, u[c]))),
        )
        for c in (0, 1)
    )


def _exact(name: str, factor: Any) -> bool:
    """The definition in full with indeterminate vectors of two coordinates: every negative where the loss has it."""
    return all(_exact_for(name, factor, pairs) for pairs in (2, 3, 4))


def _exact_for(name: str, factor: Any, pairs: int) -> bool:
    U, V = ([sympy.symbols(f"{side}{i}_1:3", real=True) for i in range(pairs)] for side in "uv")
    inner = [[sum(a * b for a, b in zip(U[0], y, strict=True)) for y in side] for side in (U, V)]
    term = own_term(name, inner[1][0], inner[1][1:], inner[0][1:])
    cross, within = ([(inner[side][j], (U, V)[side][j][0]) for j in range(1, pairs)] for side in (1, 0))
    negatives = {"InfoNCE": cross, "DCL cross-view": cross, "DHEL": within}.get(name, cross + within)
    return equal_in_exponentials(sympy.diff(term, U[0][0]), predicted(factor, inner[1][0], negatives, V[0][0], (0, 0)))


def _dhel_in_total(weight: Any) -> bool:
    """u_i in its own term and in that of one other anchor u_j, whose negative it is."""
    inner, s, s_j = dot(u, far), dot(u, v), sympy.Symbol("s_j")
    both = own_term("DHEL", s, [], [inner], others) + own_term("DHEL", s_j, [], [inner], others_of_j)
    w, w_j = (exp(inner / t) / (exp(inner / t) + rest) for rest in (others, others_of_j))
    further = t * sympy.diff(others, u[0]) / (exp(inner / t) + others)
    expected = -(v[0] - (w + weight * w_j) * far[0] - further) / t
    return equal_in_exponentials(sympy.diff(both, u[0]), expected)


def _on_the_sphere(name: str, factor: Any, bracket: Any) -> bool:
    """Further negatives contribute R and, to first order in the angle, h.sum e^{n/tau} x / tau."""
    angle, along_v, along_x, rest, along = sympy.symbols("theta h_v h_x R h_R", real=True)
    s, n = dot(u, v), dot(u, other)
    moved_s, moved_n = s * cos(angle) + along_v * sin(angle), n * cos(angle) + along_x * sin(angle)
    cross, within = ([], [moved_n]) if name == "DHEL" else ([moved_n], [])
    term = own_term(name, moved_s, cross, within, rest + along * sin(angle) / t)
    negatives = exp(n / t) + rest
    weight = exp(s / t) / (exp(s / t) + negatives)
    expected = -factor.subs(p, weight) / t * bracket(along_v, (exp(n / t) * along_x + along) / negatives)
    return equal_in_exponentials(sympy.diff(term, angle).subs(angle, 0), expected)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    n, rest = sympy.symbols("n_j R", real=True)
    shift = sympy.Symbol("c", real=True)
    positive, negatives = sympy.symbols("P N", positive=True)

    proof.step(
        "softmax",
        "the derivative of log sum_j e^{n_j/tau} in n_j is the softmax weight over tau, whatever the other terms are",
        lambda: equal_in_exponentials(
            sympy.diff(log(exp(n / t) + rest), n), claims["weight"](exp(n / t), exp(n / t) + rest)
        ),
    )
    proof.step(
        "weights add up to one",
        "a shift of all similarities shifts log sum_j e^{n_j/tau} by as much over tau, so that the weights add up to 1",
        lambda: equal_in_exponentials(
            sympy.diff(log(exp((n + shift) / t) + rest * exp(shift / t)), shift), claims["sum of derivatives"]
        ),
        needs=("softmax",),
    )
    for name in LOSSES:
        proof.step(
            f"gradient of {name}",
            f"the gradient of {name} is -(f/tau) [v_i - sum w_ij x_j] with f = {claims[name]}, in every coordinate, "
            "for any number of negatives x_j of either view (one is explicit, all others are a function of u_i) and "
            "any dimension",
            partial(_general, name, claims[name]),
            needs=("softmax", "weights add up to one"),
        )
        proof.step(
            f"{name} for M = 2, 3, 4",
            f"the definition of {name} in full, differentiated with indeterminate vectors: the negatives are those "
            "stated",
            partial(_exact, name, claims[name]),
        )
    proof.step(
        "InfoNCE against DCL",
        "the gradient of InfoNCE is 1 - p_ii times that of cross-view DCL, at every batch",
        lambda: equal_in_exponentials(
            sympy.diff(own_term("InfoNCE", dot(u, v), [dot(u, other)], [], others), u[0]),
            sympy.diff(own_term("DCL cross-view", dot(u, v), [dot(u, other)], [], others), u[0])
            * claims["ratio"].subs(p, exp(dot(u, v) / t) / (exp(dot(u, v) / t) + exp(dot(u, other) / t) + others)),
        ),
        needs=("gradient of InfoNCE", "gradient of DCL cross-view"),
    )
    proof.step(
        "the factor is below one",
        "1 - p_ii = N/(P + N) is between 0 and 1, with the exponential P of the positive and the sum N of the "
        "negatives'",
        lambda: (
            equal_in_exponentials(
                1 - t * sympy.diff(log(exp(n / t) + negatives), n), claims["factor"](exp(n / t), negatives)
            )
            and is_positive(sympy.cancel(claims["factor"](positive, negatives)))
            and is_positive(sympy.cancel(1 - claims["factor"](positive, negatives)))
        ),
        needs=("InfoNCE against DCL",),
    )
    proof.step(
        "on the sphere",
        "along the great circle u_i cos + h sin, h orthogonal to u_i, each loss changes by -(f/tau) h.[v_i - sum w_ij "
        "x_j]",
        lambda: all(_on_the_sphere(name, claims[name], claims["bracket on the sphere"]) for name in LOSSES),
        needs=tuple(f"gradient of {name}" for name in LOSSES),
    )
    proof.step(
        "critical points",
        "b - (b.u_i) u_i is orthogonal to u_i, and zero for b a multiple of u_i: the gradient on the sphere vanishes "
        "exactly where the bracket is one",
        # Inner product with u_i, |u_i| = 1: that of b, less that of the part removed, which is (b.u_i) |u_i|^2.
        lambda: is_zero(x - claims["radial part"](x, 1)) and is_zero(m * u[0] - claims["radial part"](m * 1, u[0])),
        needs=("on the sphere",),
    )
    proof.step(
        "the simplex is critical",
        "at the aligned simplex the M-1 negatives of a view have equal weights and add up to -u_i, so that the bracket "
        "is M/(M-1) u_i, with one view of negatives and with two",
        lambda: all(
            equal(u[0] - views * (-u[0]) * exp(n) / (views * (M - 1) * exp(n)), claims["bracket at the simplex"] * u[0])
            for views in (1, 2)
        ),
        needs=("critical points",),
    )
    proof.step(
        "total gradient of DHEL",
        "in M times the loss, u_j pushes u_i with the weights w_ij + w_ji, because u_i is a negative of each other "
        "anchor, too",
        lambda: _dhel_in_total(claims["terms of the other anchors"]),
        needs=("gradient of DHEL",),
    )
    return proof.steps


MUTATIONS: dict[str, dict[str, Any]] = {
    "softmax": {"weight": lambda term, total: term / total},
    "weights add up to one": {"sum of derivatives": Integer(1)},
    **{f"gradient of {name}": {name: Integer(1)} for name in ("InfoNCE", "SimCLR")},
    **{f"gradient of {name}": {name: 1 - p} for name in ("DCL", "DCL cross-view", "DHEL")},
    **{f"{name} for M = 2, 3, 4": {name: p} for name in LOSSES},
    "InfoNCE against DCL": {"ratio": Integer(1)},
    "the factor is below one": {"factor": lambda positive, negatives: positive / (positive + negatives)},
    "on the sphere": {"bracket on the sphere": lambda pull, push: pull + push},
    "critical points": {"radial part": lambda bracket, anchor: 2 * bracket * anchor},
    "the simplex is critical": {"bracket at the simplex": Integer(1)},
    "total gradient of DHEL": {"terms of the other anchors": Integer(0)},
}
