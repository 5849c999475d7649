"""F2, false: "the spectral loss shares the simplex minimizer"; and how positives are bounded by negatives.

In full: (a) The spectral contrastive loss L = -2 mean s + mean_{i!=j} (u_i.v_j)^2 of n <= d pairs has the minimum -2,
attained exactly by aligned orthonormal batches; the aligned simplex has -2 + 1/(n-1)^2 (n = 4: -17/9). For n > d >= 2 the
minimum is -2 + (n-d)/(d(n-1)), attained exactly by aligned unit-norm tight frames: for n = d+1, by the simplex and by
every change of signs of its vectors. (b) Let s+ = mean s, s- = mean_{i!=j} u_i.v_j. For every batch s+ <= 1 + (s- +
1/(n-1)), with equality exactly for aligned centered batches, and, if n >= 3, s+ <= 1 + (2(n-1)/(n-2)) (s- + 1/(n-1)),
with equality exactly where ubar.u_i = |ubar|^2 and v_i = u_i - 2 ubar. The second bound is attained, for d >= 3, at every
s- in [-1, -1/(n-1)], where it is the lower one; for s- >= -1/(n-1), again with d >= 3, the least upper bound is 1.

Sources: The loss: HaoChen et al., Provable Guarantees for Self-Supervised Deep Learning with Spectral Contrastive Loss
(NeurIPS 2021); the first bound: Lee et al., On the Similarities of Embeddings in Contrastive Learning (ICML 2025). Cited:
unit-norm tight frames exist for all n >= d (Benedetto and Fickus 2003).
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Integer, Rational, diff, sqrt

from proofs_check.exact import equal, is_positive, is_sum_of_squares, is_zero, mean_over, mean_over_pairs
from proofs_check.steps import Claims, Proof, Step

k, j = sympy.symbols("k j", integer=True, nonnegative=True)
n, d = k + 2, sympy.Symbol("d", positive=True)
more = {k: k + 1}  # n >= 3
beyond = {k: j + k + 1, d: j + 2}  # n > d >= 2
x, y, x_j, y_j, m, z = sympy.symbols("x y x_j y_j m z", real=True)
s_plus, inner, frobenius, trace = sympy.symbols("s_plus ubar_vbar A_squared trace_A", real=True)
a = sympy.Symbol("a", nonnegative=True)
mean_x, mean_y = mean_over(x, x, y), mean_over(y, x, y)
unit = mean_over(x**2 + y**2, x, y) / 2  # adds up to 1 over the coordinates
deviation = mean_over((x - mean_x - y + mean_y) ** 2, x, y)  # adds up to mean |(u_i-ubar) - (v_i-vbar)|^2

CLAIMS: Claims = MappingProxyType(
    {
        "loss": lambda positives, squares: -2 * positives + squares,  # by mean s and mean (u_i.v_j)^2
        "orthonormal": Integer(-2),
        "simplex": -2 + 1 / (n - 1) ** 2,
        "simplex of four": Rational(-17, 9),
        "least square of the norm": trace**2 / d,  # of a matrix of rank <= d
        "slope factor": 2 - n * (1 + m) / (d * (n - 1)),
        "tight frames": -2 + (n - d) / (d * (n - 1)),
        "square of a coordinate": 1 / n,  # of the unit vector orthogonal to the range, for n = d+1
        "value with a changed sign": Rational(-7, 4),  # n = 3, d = 2
        "s-": (n * inner - s_plus) / (n - 1),
        "first squares": [(Rational(1, 2), mean_x), (Rational(1, 2), mean_y)],  # |ubar|^2/2 + |vbar|^2/2
        "first slope": Integer(1),
        "second squares": [(Rational(1, 2), mean_x + mean_y)],  # |ubar+vbar|^2/2
        "second slope": 2 * (n - 1) / (n - 2),
        "height at equality": m,  # u_i.ubar, with m = |ubar|^2
        "s- at equality": -(1 + (n - 2) * a**2) / (n - 1),
        "s- of aligned batches": (n * a**2 - 1) / (n - 1),
        "gap at s- = -1": n / (n - 1),
    }
)


def _spectral(loss: Any, U: Any, V: Any) -> Any:
    """The loss of the rows of U and V, by its definition."""
    count = U.rows
    A = U * V.T
    squares = sum(A[i, h] ** 2 for i in range(count) for h in range(count) if i != h)
    return loss(A.trace() / count, squares / Integer(count * (count - 1)))


def _bound(slope: Any, negatives: Any) -> Any:
    return 1 + slope * (negatives + 1 / (n - 1))


def _similarities(a_u: Any, a_v: Any) -> dict[Any, Any]:
    """s+ and ubar.vbar for u_i = c w_i + a_u e, v_i = c w_i + a_v e, with centered unit w_i orthogonal to e and
    c^2 = 1 - a^2."""
    c = sqrt(1 - a**2)
    moments = {mean_over(x, x): 0, mean_over(x**2, x): 1}  # of the coordinates of w_i, added up
    means = mean_over((c * x) ** 2, x), mean_over(c * x, x) ** 2
    return {name: mean.subs(moments) + a_u * a_v for name, mean in zip((s_plus, inner), means, strict=True)}


def _lower_bound_beyond(loss: Any, claims: Claims) -> Any:
    """The least loss for mean s = m: sum_{i != j} (u_i.v_j)^2 >= |A|^2 - n, the diagonal being at most 1."""
    return loss(m, (claims["least square of the norm"].subs(trace, n * m) - n) / (n * (n - 1)))


def _identity(weight: int, squares: Any) -> bool:
    """One coordinate."""
    return is_sum_of_squares(unit + weight * mean_x * mean_y - mean_over(x * y, x, y) - deviation / 2, squares)


def _multiple(slope: Any, negatives: Any, weight: int) -> bool:
    """(1 + slope (s- + 1/(n-1)) - s+) / (1 + weight ubar.vbar - s+) for n >= 3, or n >= 2 for the first."""
    shift = more if weight == 2 else {}
    ratio = sympy.cancel(((_bound(slope, negatives) - s_plus) / (1 + weight * inner - s_plus)).subs(shift))
    return not ratio.has(inner, s_plus) and is_positive(ratio)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    loss, least = claims["loss"], claims["orthonormal"]
    root_distance, root_square = sympy.symbols("q z", real=True)
    proof.step(
        "orthonormal",
        "mean s = 1 - mean |u_i-v_i|^2/2, so that L + 2 = mean |u_i-v_i|^2 + mean (u_i.v_j)^2 >= 0, zero exactly for "
        "aligned orthonormal batches, which exist for n <= d",
        lambda: (
            equal(mean_over((x - y) ** 2, x, y), 2 * unit - 2 * mean_over(x * y, x, y))
            and is_sum_of_squares(
                loss(1 - root_distance**2 / 2, root_square**2) - least, [(1, root_distance), (1, root_square)]
            )
        ),
    )
    proof.step(
        "simplex",
        "the aligned simplex, u_i.v_j = -1/(n-1), has 1/(n-1)^2 > 0 more",
        lambda: (
            equal(loss(1, (-1 / (n - 1)) ** 2), claims["simplex"])
            and is_positive(sympy.cancel(claims["simplex"] - loss(1, 0)))
        ),
    )
    four = sympy.eye(4)
    proof.step(
        "four pairs in dimension 4",
        "by the definition, the orthonormal basis has -2 and the simplex -17/9",
        lambda: (
            equal(_spectral(loss, four, four), least)
            and equal(_spectral(loss, *[(four - sympy.ones(4) / 4) * 2 / sqrt(3)] * 2), claims["simplex of four"])
            and equal(claims["simplex"].subs(k, 2), claims["simplex of four"])
        ),
    )
    norm, scale = claims["least square of the norm"], trace / d
    proof.step(
        "rank",
        "A = (u_i.v_j) has rank <= d <= n; with P the projection to d dimensions that contain its range, tr A = <A, P> "
        "and 0 <= |A - (tr A/d) P|^2 = |A|^2 - (tr A)^2/d, zero only for A = (tr A/d) P",
        lambda: equal(frobenius - 2 * scale * trace + scale**2 * d, frobenius - norm),
    )
    least_at = _lower_bound_beyond(loss, claims)
    proof.step(
        "more pairs than dimensions",
        "as s_i^2 <= 1, L >= h(m), m = mean s <= 1, and h(m) - h(1) = (1-m) g(m), g(m) >= g(1) > 0 for n > d >= 2",
        lambda: (
            equal(least_at - least_at.subs(m, 1), (1 - m) * claims["slope factor"])
            and is_positive(sympy.factor(claims["slope factor"].subs(m, 1).subs(beyond)))
            and is_positive(sympy.factor(-diff(claims["slope factor"], m).subs(beyond)))
        ),
        needs=("rank",),
    )
    proof.step(
        "tight frames",
        "so L >= h(1) = -2 + (n-d)/(d(n-1)), with equality exactly for s_i = 1 and A = (n/d) P: aligned unit-norm "
        "tight frames. For n = d+1 that is the value of the simplex",
        lambda: (
            equal(least_at.subs(m, 1), claims["tight frames"])
            and equal(claims["tight frames"].subs(d, n - 1), claims["simplex"])
        ),
        needs=("more pairs than dimensions",),
    )
    w = claims["square of a coordinate"]
    changed = sympy.Matrix([[1, 0], [-1, sqrt(3)], [-1, -sqrt(3)]])
    changed = sympy.diag(-1, Rational(1, 2), Rational(1, 2)) * changed
    proof.step(
        "n = d+1",
        "P = 1 - w w^T, and (n/d) (1 - w_i^2) = 1 gives w_i^2 = 1/n: u_i.u_j = -(n/d) w_i w_j is 1/(n-1) up to sign, "
        "and the signs are those of w_i w_j: the simplex up to signs of its vectors, which the loss does not see",
        lambda: (
            equal(n / (n - 1) * (1 - w), 1)
            and equal((n / (n - 1)) ** 2 * w * w, 1 / (n - 1) ** 2)
            and equal(_spectral(loss, changed, changed), claims["value with a changed sign"])
            and equal(claims["simplex"].subs(k, 1), claims["value with a changed sign"])
        ),
        needs=("tight frames",),
    )
    negatives = claims["s-"]
    proof.step(
        "negatives",
        "s- = (n ubar.vbar - s+)/(n-1)",
        lambda: equal(
            mean_over_pairs(x * y_j, (x, y), (x_j, y_j), n),
            negatives.subs({inner: mean_x * mean_y, s_plus: mean_over(x * y, x, y)}),
        ),
    )
    for which, weight, squares in (("first", 1, "|ubar|^2 + |vbar|^2"), ("second", 2, "|ubar+vbar|^2")):
        proof.step(
            f"{which} identity",
            f"1 + {weight} ubar.vbar - s+ is half of mean |(u_i-ubar) - (v_i-vbar)|^2 + {squares}, by coordinates",
            partial(_identity, weight, claims[f"{which} squares"]),
        )
        proof.step(
            f"{which} bound",
            f"1 + {claims[f'{which} slope'].subs(k, sympy.Symbol('n') - 2)} (s- + 1/(n-1)) - s+ is a positive multiple "
            "of that",
            partial(_multiple, claims[f"{which} slope"], negatives, weight),
            needs=("negatives", f"{which} identity"),
        )
    proof.step(
        "equality",
        "in the first bound, ubar = vbar = 0 and u_i = v_i; in the second vbar = -ubar and v_i = u_i - 2 ubar, a unit "
        "vector exactly where u_i.ubar = |ubar|^2",
        # |u - 2 ubar|^2 = 1 - 4 u.ubar + 4 |ubar|^2
        lambda: (
            sympy.solve(sympy.expand((x - 2 * y) ** 2).subs({x * y: z, x**2: 1, y**2: m}) - 1, z)
            == [claims["height at equality"]]
        ),
        needs=("first bound", "second bound"),
    )
    attained = _similarities(a, -a)
    proof.step(
        "second bound is attained",
        "u_i = c w_i + a e, v_i = c w_i - a e with centered unit w_i orthogonal to e (d >= 3: a regular polygon), c^2 "
        "= 1 - a^2: equality, at s- = -(1 + (n-2) a^2)/(n-1), which falls from -1/(n-1) to -1 as a goes from 0 to 1",
        lambda: (
            equal(negatives.subs(attained), claims["s- at equality"])
            and is_zero((_bound(claims["second slope"], negatives) - s_plus).subs(attained).subs(more))
            and is_zero(claims["s- at equality"].subs(a, 1) + 1)
            and is_zero(claims["s- at equality"].subs(a, 0) + 1 / (n - 1))
        ),
        needs=("second bound",),
    )
    slopes = claims["first slope"], claims["second slope"]
    proof.step(
        "second bound is lower",
        "both are 1 at s- = -1/(n-1), and below that the second, whose slope is greater, is the lower one; at s- = -1, "
        "where s+ = -1 is the only value (u_i = -v_j), it says so, and the first bound is n/(n-1) too high: it is not "
        "tight",
        lambda: (
            is_positive(sympy.factor((slopes[1] - slopes[0]).subs(more)))
            and is_zero((_bound(slopes[1], -1) + 1).subs(more))
            and equal((_bound(slopes[0], -1) - _bound(slopes[1], -1)).subs(more), claims["gap at s- = -1"].subs(more))
        ),
        needs=("first bound", "second bound is attained"),
    )
    aligned = _similarities(a, a)
    proof.step(
        "above -1/(n-1)",
        "aligned batches, u_i = v_i = c w_i + a e, have s+ = 1 at s- = (n a^2 - 1)/(n-1), which rises from -1/(n-1) to "
        "1: the least upper bound is 1, and both bounds exceed it for s- > -1/(n-1)",
        lambda: (
            equal(aligned[s_plus], 1)
            and equal(negatives.subs(aligned), claims["s- of aligned batches"])
            and is_zero(claims["s- of aligned batches"].subs(a, 1) - 1)
            and is_zero(claims["s- of aligned batches"].subs(a, 0) + 1 / (n - 1))
            and all(is_positive(sympy.cancel(slope.subs(more))) for slope in slopes)
        ),
        needs=("negatives",),
    )
    return proof.steps


MUTATIONS: dict[str, dict[str, Any]] = {
    "orthonormal": {"orthonormal": Integer(-3)},
    "simplex": {"simplex": -2 - 1 / (n - 1)},
    "four pairs in dimension 4": {"simplex of four": Rational(-5, 3)},
    "rank": {"least square of the norm": trace**2},
    "more pairs than dimensions": {"slope factor": 2 - n / (d * (n - 1))},
    "tight frames": {"tight frames": -2 + (n - d) / (n - 1)},
    "n = d+1": {"square of a coordinate": 1 / (n - 1)},
    "negatives": {"s-": inner - s_plus},
    "first identity": {"first squares": [(1, mean_x), (1, mean_y)]},
    "first bound": {"first slope": Rational(1, 2)},
    "second identity": {"second squares": [(Rational(1, 2), mean_x - mean_y)]},
    "second bound": {"second slope": (n - 1) / (n - 2)},
    "equality": {"height at equality": 2 * m},
    "second bound is attained": {"s- at equality": -(1 + a**2) / (n - 1)},
    "second bound is lower": {"gap at s- = -1": Integer(1)},
    "above -1/(n-1)": {"s- of aligned batches": (a**2 - 1) / (n - 1)},
}
