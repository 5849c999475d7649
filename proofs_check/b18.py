"""B18, what the spectral contrastive loss asks for: orthonormal sets up to d pairs, tight frames beyond.

In full: Let L = -2 mean s + mean_{i != j} (u_i.v_j)^2, s_i = u_i.v_i, for M >= 2 pairs of unit vectors in R^d. For M <=
d, L >= -2, with equality exactly for aligned orthonormal sets. For M >= d, L >= -2 + (M-d)/(d(M-1)), with equality
exactly for u_i = v_i with sum_i u_i u_i^T = (M/d) 1, which exist for all M >= d >= 1: for M > d the harmonic frames,
whose coordinates are sqrt(2/d) cos and sin of 2 pi f i/M, f = 1..floor(d/2), and for odd d the constant 1/sqrt d; for M
= d an orthonormal basis.

Sources: HaoChen et al., Provable Guarantees for Self-Supervised Deep Learning with Spectral Contrastive Loss (NeurIPS
2021), the loss; Benedetto and Fickus, Finite Normalized Tight Frames (2003), aligned pairs.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import sympy
from sympy import Integer, Rational, cos, diff, sin

from proofs_check.exact import averaged, equal, is_nonnegative, is_positive, is_sum_of_squares, is_zero
from proofs_check.steps import Claims, Proof, Step

j, k, e = sympy.symbols("j k e", integer=True, nonnegative=True)
d, beyond = k + 2, j + k + 3  # d >= 2, and M > d
M = sympy.Symbol("M_minus_2", integer=True, nonnegative=True) + 2
dim = sympy.Symbol("d", positive=True)
x, y, s, m, trace, norm = sympy.symbols("x y s m trace norm", real=True)
theta, index = sympy.symbols("theta index", real=True)
distance, root = sympy.symbols("distance root", nonnegative=True)

CLAIMS: Claims = MappingProxyType(
    {
        "orthonormal": Integer(-2),
        "distance": distance**2 / 2,  # 1 - s
        "tangent": 2 * (M / dim) * trace - M**2 / dim,  # |A|^2 is no less
        "diagonal": M,  # the sum of s_i^2 is no more
        "line": -2 * m + (2 * M * m / dim - M / dim - 1) / (M - 1),
        "slope": -2 + 2 * M / (dim * (M - 1)),
        "frames": -2 + (M - dim) / (dim * (M - 1)),
        "bases": Integer(-2),
        "square of a product of signs": Integer(1),
        "step": 2 * sin(theta / 2) * cos(index * theta),  # of the telescoping sum of cosines
        "square of a coordinate": (1 + cos(2 * theta)) / 2,
        "norm": (Rational(2), Rational(1)),  # weights d w/2 of a frequency, d w of the constant
        "room": j,  # M - 1 - 2 floor(d/2) at least, for M > d
        "simplex": -2 + 1 / (M - 1) ** 2,
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    proof.step(
        "up to d pairs",
        "s = 1 - |u-v|^2/2, so L + 2 = mean |u_i-v_i|^2 + mean (u_i.v_j)^2 >= 0, zero exactly for aligned orthonormal "
        "sets, which exist for M <= d",
        lambda: (
            equal(averaged((x - y) ** 2, {x**2: 1, y**2: 1, x * y: s}) / 2, 1 - s)
            and is_sum_of_squares(
                -2 * (1 - claims["distance"]) + root**2 - claims["orthonormal"], [(1, distance), (1, root)]
            )
        ),
    )
    scale = M / dim
    proof.step(
        "tangent",
        "A = (u_i.v_j) has rank <= d < M; with P the projection to d dimensions that contain its range, tr A = <A, "
        "P>, |P|^2 = d, and 0 <= |A - (M/d) P|^2 = |A|^2 - [2 (M/d) tr A - M^2/d], zero only for A = (M/d) P",
        lambda: equal(norm - 2 * scale * trace + scale**2 * dim, norm - claims["tangent"]),
    )
    proof.step(
        "linear bound",
        "as s_i^2 <= 1, L >= l(mean s), l(m) = -2m + (2 M m/d - M/d - 1)/(M-1)",
        lambda: equal(
            -2 * m + (CLAIMS["tangent"].subs(trace, M * m) - claims["diagonal"]) / (M * (M - 1)), claims["line"]
        ),
        needs=("tangent",),
    )
    sizes = {dim: d, M - 2: beyond - 2}
    proof.step(
        "more pairs than dimensions",
        "l has the slope -2 + 2M/(d(M-1)) < 0 for M > d >= 2, and mean s <= 1: L >= l(1) = -2 + (M-d)/(d(M-1)), with "
        "equality exactly for s_i = 1 and A = (M/d) P, aligned pairs whose Gram matrix is M/d times a projection of "
        "rank d: tight frames",
        lambda: (
            equal(diff(CLAIMS["line"], m), claims["slope"])
            and is_positive(sympy.factor(-claims["slope"].subs(sizes)))
            and equal(CLAIMS["line"].subs(m, 1), claims["frames"])
        ),
        needs=("linear bound",),
    )
    proof.step(
        "one dimension",
        "for d = 1 all products are 1 or -1, and L = 1 - 2 mean s >= -1, which is the formula, with equality for s_i "
        "= 1: every choice of signs is a tight frame",
        lambda: (
            all(equal((u * v) ** 2, claims["square of a product of signs"]) for u in (1, -1) for v in (1, -1))
            and equal(-2 + claims["square of a product of signs"], CLAIMS["frames"].subs(dim, 1))
        ),
    )
    proof.step(
        "as many pairs as dimensions",
        "at M = d the formula is -2, and orthonormal bases are the tight frames",
        lambda: equal(CLAIMS["frames"].subs(dim, M), claims["bases"]),
        needs=("up to d pairs", "more pairs than dimensions"),
    )
    half = Rational(1, 2)
    proof.step(
        "sums of cosines",
        "2 sin(theta/2) cos(i theta) = sin((i+1/2) theta) - sin((i-1/2) theta) telescopes over i = 0..M-1 to "
        "sin((M-1/2) theta) + sin(theta/2), which is 0 where M theta is a multiple of 2 pi: then the cosines add up "
        "to 0 unless theta is one, too. The same for sines, by symmetry i -> M-i",
        lambda: (
            is_zero(
                sympy.expand_trig(sin((index + half) * theta) - sin((index - half) * theta))
                - sympy.expand_trig(claims["step"])
            )
            and is_zero(sympy.expand_trig(sin(2 * sympy.pi * e - theta / 2) + sin(theta / 2)))
        ),
    )
    weights = claims["norm"]
    proof.step(
        "harmonic frames",
        "with theta = 2 pi f i/M, cos^2 = (1 + cos 2 theta)/2 has the mean 1/2, as 0 < 2f < M, and sin^2 = 1 - cos^2 "
        "too: weights 2/d make each square's sum M/d, as weight 1/d does for the constant; products of two columns "
        "are sums of cosines or sines of f +- f', 0 < |f +- f'| < M, and add up to 0; each row has the norm d/2 * "
        "2/d, or (d-1)/2 * 2/d + 1/d, which is 1",
        lambda: (
            is_zero(sympy.expand_trig(cos(theta) ** 2 - claims["square of a coordinate"]))
            and equal(weights[0] / dim * half, 1 / dim)
            and equal(dim / 2 * (weights[0] / dim), 1)
            and equal((dim - 1) / 2 * (weights[0] / dim) + weights[1] / dim, 1)
        ),
        needs=("sums of cosines",),
    )
    proof.step(
        "room for the frequencies",
        "the largest is floor(d/2) <= d/2, and 2 d/2 = d < M",
        lambda: equal(beyond - 1 - d, claims["room"]) and is_nonnegative(claims["room"]),
        needs=("harmonic frames",),
    )
    proof.step(
        "one more pair than dimensions",
        "at M = d+1 the formula is -2 + 1/(M-1)^2, the value of the simplex, as in F2",
        lambda: equal(CLAIMS["frames"].subs(dim, M - 1), claims["simplex"]),
        needs=("more pairs than dimensions",),
    )
    return proof.steps


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "up to d pairs": {"orthonormal": Integer(-1)},
    "tangent": {"tangent": (M / dim) * trace - M**2 / dim},
    "linear bound": {"diagonal": Integer(0)},
    "more pairs than dimensions": {"slope": -2 + M / (dim * (M - 1))},
    "one dimension": {"square of a product of signs": Integer(0)},
    "as many pairs as dimensions": {"bases": Integer(-1)},
    "sums of cosines": {"step": sin(theta / 2) * cos(index * theta)},
    "harmonic frames": {"norm": (Rational(1), Rational(1))},
    "room for the frequencies": {"room": j - 1},
    "one more pair than dimensions": {"simplex": -2 + 1 / (M - 1)},
}
