"""G2, the indirect coupling: how the positive of one pair changes the gradient in the anchor of another."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Function, Integer, Rational, exp, log

from proofs_check.exact import dot, equal, equal_in_exponentials, is_positive, vector
from proofs_check.steps import Claims, Proof, Step

STATEMENT = (
    "Let M >= 2, tau > 0, i != j, L the mean over the anchors, p_kj and q_ki the softmax weights of v_j and u_i in the "
    "term of u_k, and m_i the weighted mean of all that u_i is compared with. Then M d^2L/du_i dv_j^T = (p_ij/tau) [I "
    "+ (v_j - m_i) u_i^T/tau] for InfoNCE and cross-view DCL. For SimCLR and, with p_jj = 0, for DCL it is that less "
    "(1/tau^2) sum_{k != i} p_kj q_ki u_k u_k^T. It is zero for DHEL and KCL, one-sided and two-view. For InfoNCE and "
    "cross-view DCL it is zero at no batch if d >= 2, nor, restricted to the tangent spaces, if d >= 3; for SimCLR and "
    "DCL at none if d > M, or d > M+1."
)
SOURCE = (
    "Koromilas et al., Bridging Mini-Batch and Asymptotic Analysis in Contrastive Learning (ICML 2024), on coupling"
)

t, gamma = sympy.symbols("tau gamma", positive=True)
delta, p, q, first, second, difference = sympy.symbols("delta p q first second difference", real=True)
U: Sequence[Any] = [vector(f"u_{name}") for name in "ijk"]  # k stands for all other pairs
V: Sequence[Any] = [vector(f"v_{name}") for name in "ijk"]
COUPLED = ("InfoNCE", "DCL cross-view", "SimCLR", "DCL")
ENTRIES = [(a, b) for a in (0, 1) for b in (0, 1)]

CLAIMS: Claims = MappingProxyType(
    {
        # Entry (a, b): delta is that of I; difference is (v_j - m_i)_a, second (u_i)_b.
        "own term": p / t * (delta + difference * second / t),
        # The term of u_k, k != i: first is (u_k)_a, second (u_k)_b.
        "InfoNCE, other terms": Integer(0),
        "DCL cross-view, other terms": Integer(0),
        "SimCLR, other terms": -p * q / t**2 * first * second,
        "DCL, other terms": -p * q / t**2 * first * second,
        "InfoNCE, term of u_j": Integer(0),
        "DCL cross-view, term of u_j": Integer(0),
        "SimCLR, term of u_j": -p * q / t**2 * first * second,
        "DCL, term of u_j": Integer(0),
        # The term of v_j in loss(V, U): difference is (u_i - m_j)_b, first (v_j)_a.
        "reversed": p / t * (delta + first * difference / t),
        # The side from which an anchor of the first and of the second energy takes its negatives.
        "negatives of DHEL": lambda anchors, positives: anchors,
        "negatives of KCL": lambda anchors, positives: anchors,
        "negatives of two-view DHEL": lambda anchors, positives: positives,
        "negatives of two-view KCL": lambda anchors, positives: positives,
        "on orthogonal vectors": p / t,
    }
)


def block(term: Any, row: Any = U[0], column: Any = V[1]) -> list[Any]:
    """The four entries of the second derivative in u_i and v_j that two coordinates have."""
    return [sympy.diff(term, row[a], column[b]) for a, b in ENTRIES]


def _own_term(formula: Any) -> bool:
    """v_j is explicit in the term of u_i, and all else (the positive, too) is a function R of u_i."""
    e, rest = exp(dot(U[0], V[1]) / t), Function("R")(*U[0])
    found = block(-dot(U[0], V[0]) / t + log(e + rest))
    mean = [(e * V[1][a] + t * sympy.diff(rest, U[0][a])) / (e + rest) for a in (0, 1)]
    return all(
        equal_in_exponentials(
            entry,
            formula.subs({p: e / (e + rest), delta: int(a == b), difference: V[1][a] - mean[a], second: U[0][b]}),
        )
        for entry, (a, b) in zip(found, ENTRIES, strict=True)
    )


def _reversed_term(formula: Any) -> bool:
    """u_i is explicit in the term of v_j."""
    e, rest = exp(dot(U[0], V[1]) / t), Function("R")(*V[1])
    found = block(-dot(U[1], V[1]) / t + log(e + rest))
    mean = [(e * U[0][b] + t * sympy.diff(rest, V[1][b])) / (e + rest) for b in (0, 1)]
    return all(
        equal_in_exponentials(
            entry,
            formula.subs({p: e / (e + rest), delta: int(a == b), difference: U[0][b] - mean[b], first: V[1][a]}),
        )
        for entry, (a, b) in zip(found, ENTRIES, strict=True)
    )


def _other_term(name: str, anchor: int, formula: Any) -> bool:
    """The term of u_k (anchor 2) or of u_j (anchor 1, its positive is v_j); R: all that contains neither u_i nor v_j."""
    u = U[anchor]
    cross = exp(dot(u, V[1]) / t) if anchor == 2 or name in ("InfoNCE", "SimCLR") else 0
    within = exp(dot(u, U[0]) / t) if name in ("SimCLR", "DCL") else 0
    total = cross + within + Function("R")(*u)
    found = block(-dot(u, V[anchor]) / t + log(total))
    weights = {p: exp(dot(u, V[1]) / t) / total, q: exp(dot(u, U[0]) / t) / total}
    return all(
        equal_in_exponentials(entry, formula.subs({**weights, first: u[a], second: u[b]}))
        for entry, (a, b) in zip(found, ENTRIES, strict=True)
    )


def alignment(kernel: bool) -> Any:
    """The positives of the pairs i and j, by DHEL or by KCL; that of another pair contains neither u_i nor v_j."""
    K_A = Function("K_A")
    return sum(-K_A(2 - 2 * dot(u, v)) if kernel else -dot(u, v) / t for u, v in zip(U[:2], V[:2], strict=True))


def energy(anchors: Sequence[Any], negatives: Sequence[Any], kernel: bool) -> Any:
    """Of DHEL or KCL, up to a factor: the anchors i, j and k, and R for what each is compared with beyond the three."""
    pairs = [(a, b) for a in range(3) for b in range(3) if a != b]
    if kernel:
        return gamma * sum(Function("K_U")(2 - 2 * dot(anchors[a], negatives[b])) for a, b in pairs)
    return sum(
        log(sum(exp(dot(anchors[a], negatives[b]) / t) for c, b in pairs if c == a) + Function(f"R_{a}")(*anchors[a]))
        for a in range(3)
    )


def decoupled(kernel: bool, negatives: Any, second: Any = None) -> bool:
    loss = alignment(kernel) + energy(U, negatives(U, V), kernel)
    if second is not None:
        loss = loss + energy(V, second(U, V), kernel)
    return all(equal_in_exponentials(entry, 0) for entry in block(loss))


def _block_at_a_batch(name: str, claims: Claims) -> bool:
    """The whole loss for M = 3 and tau = 1, differentiated with indeterminate u_i and v_j, at rational unit vectors."""
    x, y, z, w = ((Rational(a, c), Rational(b, c)) for a, b, c in ((1, 0, 1), (3, 4, 5), (-5, 12, 13), (15, -8, 17)))
    us, vs = [U[0], y, z], [z, V[1], x]
    point = {**dict(zip(U[0], x, strict=True)), **dict(zip(V[1], w, strict=True)), t: 1}
    found, expected = [Integer(0)] * 4, [Integer(0)] * 4
    for k, key in enumerate(("own term", f"{name}, term of u_j", f"{name}, other terms")):
        compared = [v for j, v in enumerate(vs) if j != k or name in ("InfoNCE", "SimCLR")]
        compared += [u for i, u in enumerate(us) if i != k and name in ("SimCLR", "DCL")]
        total = sum(exp(_inner(us[k], other) / t) for other in compared)
        found = [f + g for f, g in zip(found, block(-_inner(us[k], vs[k]) / t + log(total)), strict=True)]
        weights = {p: exp(_inner(us[k], V[1]) / t) / total, q: exp(_inner(us[k], U[0]) / t) / total}
        for index, (a, b) in enumerate(ENTRIES):
            mean = sum(exp(_inner(us[k], other) / t) * other[a] for other in compared) / total
            entry = {delta: int(a == b), difference: V[1][a] - mean, first: us[k][a], second: us[k][b]}
            expected[index] += claims[key].subs(weights | entry)
    return all(equal_in_exponentials(f.subs(point), g.subs(point)) for f, g in zip(found, expected, strict=True))


def _inner(x: Any, y: Any) -> Any:
    return sum(a * b for a, b in zip(x, y, strict=True))


def _never_zero(claims: Claims) -> bool:
    """The blocks times a vector, of which coord is one coordinate: each entry is linear in (delta, second)."""
    coord, with_u_i, with_u_k = sympy.symbols("x_a x_u_i x_u_k")
    positive = sympy.Symbol("p", positive=True)
    own, other = (sympy.expand(claims[name]) for name in ("own term", "SimCLR, other terms"))
    image = own.coeff(delta) * coord + own.coeff(second) * with_u_i + other.coeff(second) * with_u_k
    factor = claims["on orthogonal vectors"]
    return equal(image.subs({with_u_i: 0, with_u_k: 0}), factor * coord) and is_positive(factor.subs(p, positive))


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    proof.step(
        "own term",
        "the block of the term of u_i is (p_ij/tau) [I + (v_j - m_i) u_i^T/tau], whatever u_i is compared with beside "
        "v_j, for any M and d, for InfoNCE, SimCLR and DCL alike",
        partial(_own_term, claims["own term"]),
    )
    for name in COUPLED:
        for anchor, key in ((2, f"{name}, other terms"), (1, f"{name}, term of u_j")):
            which = "u_j, whose positive is v_j," if anchor == 1 else "u_k, k != i, j,"
            proof.step(
                key,
                f"the entry of the block of the term of {which} is {claims[key]}, for any M and d, "
                "first and second being the two coordinates of that anchor",
                partial(_other_term, name, anchor, claims[key]),
            )
        proof.step(
            f"{name} for M = 3",
            f"the block of {name} as a whole is the sum of these, at a batch of rational unit vectors with tau = 1",
            partial(_block_at_a_batch, name, claims),
        )
    proof.step(
        "reversed",
        "the term of v_j in loss(V, U) has the block (p'_ji/tau) [I + v_j (u_i - m_j)^T/tau]: so symmetric losses "
        "couple, too",
        partial(_reversed_term, claims["reversed"]),
    )
    proof.step(
        "zero at no batch",
        "a vector orthogonal to u_i and, for SimCLR and DCL, to every u_k is multiplied by p_ij/tau > 0. There is one "
        "if d > 1 and d > M, and one orthogonal to v_j, too, and so tangent at both points, in one dimension more",
        partial(_never_zero, claims),
        needs=("own term", "SimCLR, other terms", "SimCLR, term of u_j", "DCL, other terms", "DCL, term of u_j"),
    )
    for name in ("DHEL", "KCL"):
        kernel, first_energy = name == "KCL", claims[f"negatives of {name}"]
        proof.step(
            name,
            f"the block of {name} is zero for any M, d and "
            + (
                "kernels K_A and K_U: no term contains u_i and v_j, j != i"
                if kernel
                else "tau: no term contains u_i and v_j, j != i"
            ),
            partial(decoupled, kernel, first_energy),
        )
        proof.step(
            f"two-view {name}",
            f"the block of two-view {name} is zero, too: its second energy compares positives with positives",
            partial(decoupled, kernel, first_energy, claims[f"negatives of two-view {name}"]),
        )
    return proof.steps


MUTATIONS: dict[str, dict[str, Any]] = {
    "own term": {"own term": p / t * delta},
    **{f"{name}, other terms": {f"{name}, other terms": -p * q / t * first * second} for name in COUPLED},
    **{f"{name}, term of u_j": {f"{name}, term of u_j": p * q / t**2 * first * second} for name in COUPLED},
    **{f"{name} for M = 3": {"own term": p / t * (delta - difference * second / t)} for name in COUPLED},
    "reversed": {"reversed": p / t * (delta + second * difference / t)},
    "zero at no batch": {"on orthogonal vectors": Integer(0)},
    **{name: {f"negatives of {name}": lambda anchors, positives: positives} for name in ("DHEL", "KCL")},
    **{
        f"two-view {name}": {f"negatives of two-view {name}": lambda anchors, positives: anchors}
        for name in ("DHEL", "KCL")
    },
}
