"""B6, finitely many points: their least mean energy increases to that of the uniform law, at the rate 1/M.

In full: Let M >= 2, kappa(r) a kernel on S^{d-1}, bounded below, e_M the infimum of the mean energy over ordered pairs i
!= j of M points and I the mean of kappa under the uniform law. Then e_M <= e_{M+1} <= I. For continuous kappa, e_M =
e_{M+1} exactly if removing any point of some minimizer of M+1 points leaves a minimizer, and e_M < I unless kappa is
constant. For continuous positive definite kappa 0 <= I - e_M <= (kappa(0) - I)/(M-1), attained on the right exactly if
for some batch sum_i Y(x_i) = 0 for all spherical harmonics Y of the degrees >= 1 in kappa, as for 1 + x.y and any
centered batch. Positive definiteness is needed: for 1 - x.y the bound fails.

Sources: Averaging over sub-configurations: Fekete; Borodachov, Hardin and Saff, Discrete Energy on Rectifiable Sets
(2019), chapter 2. Cited: Schoenberg's theorem (positive definite zonal kernels have Gegenbauer coefficients >= 0) and the
addition theorem for degrees above 2, d >= 3.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import sympy
from sympy import Integer, cos, gegenbauer, sin, summation

from proofs_check.exact import equal, is_positive, is_sum_of_squares, mean_over, mean_over_pairs
from proofs_check.steps import Claims, Kind, Proof, Step

d = sympy.Symbol("d", integer=True, positive=True) + 1
k = sympy.Symbol("k", integer=True, nonnegative=True)
M = k + 2
index, other = sympy.symbols("i j", integer=True, positive=True)
total, row, uniform, at_zero, pair, energy = sympy.symbols("T R I kappa_0 kappa_12 E", real=True)
t, x, y, angle_x, angle_y = sympy.symbols("t x y angle_x angle_y", real=True)
degree = sympy.Symbol("n", integer=True, positive=True)

CLAIMS: Claims = MappingProxyType(
    {
        "ordered pairs": M * (M - 1),
        "removals that keep a pair": M - 1,  # of M+1
        "expected sum": M * (M - 1) * uniform,  # over the pairs of independent draws
        "pairs of the first two points": Integer(2),
        "least double sum": M**2 * uniform,
        "gap": (at_zero - uniform) / (M - 1),
        "degree 2": d / (d - 1),  # P_2(x.y) over the inner product of x x^T - 1/d and y y^T - 1/d
        "degree n, d = 2": cos(degree * angle_x) * cos(degree * angle_y)
        + sin(degree * angle_x) * sin(degree * angle_y),
        "least mean product": -1 / (M - 1),
        "positive definite": lambda product: 1 + product,
        "not positive definite": lambda product: 1 - product,
    }
)


def _of_linear_kernel(kernel: Any, product_mean: Any) -> dict[Any, Any]:
    """kappa(0), I and the mean energy for a kernel linear in x.y, by the mean of x_i.x_j over the pairs."""
    return {at_zero: kernel(1), uniform: kernel(0), energy: kernel(product_mean)}


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    pairs, gap = claims["ordered pairs"], claims["gap"]
    proof.step(
        "ordered pairs",
        "each of M points has M-1 others: M(M-1) ordered pairs, all M^2 less the M on the diagonal",
        lambda: equal(summation(M - 1, (index, 1, M)), pairs) and equal(M**2 - M, pairs),
    )
    others = mean_over(total - 2 * row, row)
    proof.step(
        "removing a point",
        "each pair of M+1 points survives M-1 removals: the mean over the removals of the mean energy of the others is "
        "that of all. Each is at least e_M, so that e_{M+1} >= e_M, with equality only if all are e_M",
        # T loses the row and the column of the point removed; the rows add up to T.
        lambda: (
            equal(
                others.subs(mean_over(row, row), total / (M + 1)), claims["removals that keep a pair"] * total / (M + 1)
            )
            and equal(claims["removals that keep a pair"] * total / (M + 1) / pairs, total / ((M + 1) * M))
        ),
        needs=("ordered pairs",),
    )
    proof.step(
        "independent draws",
        "the law of two of M independent draws does not depend on which they are: the kernel has the mean I at each of the "
        "M(M-1) ordered pairs, and the expected mean energy is the energy I of the law (with equal points counted), as the "
        "expectation is linear. One draw of the uniform law has at most that, so that e_M <= I",
        lambda: (
            equal(summation(summation(uniform, (other, 1, M - 1)), (index, 1, M)), claims["expected sum"])
            and equal(claims["expected sum"] / pairs, uniform)
        ),
        needs=("ordered pairs",),
    )
    one_pair = claims["pairs of the first two points"]
    proof.step(
        "strict",
        "given x_1 and x_2, the expected mean energy is I + 2 (kappa_12 - I)/(M(M-1)), other pairs contributing I. If "
        "e_M = I, all mean energies are >= I with the mean I, hence equal to I, and so kappa_12 = I for all x_1, x_2",
        lambda: (
            # The other ordered pairs: neither point is one of the two, or one is, the first or the second.
            equal(pairs - one_pair, (M - 2) * (M - 3) + 2 * 2 * (M - 2))
            and equal((one_pair * pair + (pairs - one_pair) * uniform) / pairs - uniform, 2 * (pair - uniform) / pairs)
        ),
        needs=("independent draws",),
    )
    proof.step(
        "positive definite",
        "0 <= the double integral of kappa for sum_i delta_{x_i} - M sigma = sum_{ij} kappa_ij - M^2 I, because "
        "kappa(x, .) has the mean I at every x",
        lambda: equal(
            total + 2 * summation(-M * uniform, (index, 1, M)) + M**2 * uniform, total - claims["least double sum"]
        ),
    )
    proof.step(
        "upper bound",
        "M kappa(0) + M(M-1) E >= M^2 I is I - E <= (kappa(0) - I)/(M-1)",
        lambda: equal(uniform - sympy.solve(M * at_zero + pairs * energy - claims["least double sum"], energy)[0], gap),
        needs=("positive definite", "ordered pairs"),
    )
    alpha = (d - 2) / 2
    proof.step(
        "degree 1",
        "sum_{ij} P_1(x_i.x_j) = |sum_i x_i|^2 >= 0: the mean of x_i.x_j over the pairs is -1/(M-1) + M/(M-1) |xbar|^2",
        # One coordinate; over all coordinates mean x^2 adds up to 1.
        lambda: is_sum_of_squares(
            mean_over_pairs(x * y, (x,), (y,), M) - claims["least mean product"] * mean_over(x**2, x),
            [(M / (M - 1), mean_over(x, x))],
        ),
        needs=("ordered pairs",),
    )
    proof.step(
        "degree 2",
        "P_2(x.y) = d/(d-1) <x x^T - 1/d, y y^T - 1/d>, so that sum_{ij} P_2 = d/(d-1) |sum_i (x_i x_i^T - 1/d)|^2 >= 0",
        lambda: (
            # The inner product of the two matrices: t^2 - |x|^2/d - |y|^2/d + d/d^2.
            equal(
                gegenbauer(2, alpha, t),
                gegenbauer(2, alpha, 1) * claims["degree 2"] * (t**2 - 1 / d - 1 / d + d / d**2),
            )
            and is_positive(claims["degree 2"])
        ),
    )
    proof.step(
        "all degrees for d = 2",
        "P_n = cos n(angle_x - angle_y): sum_{ij} P_n = (sum_i cos n angle_i)^2 + (sum_i sin n angle_i)^2 >= 0. With "
        "a_n >= 0 (and the addition theorem for d >= 3) sum_{ij} kappa_ij - M^2 I is a sum of squares, zero only where "
        "all of the degrees with a_n > 0 are",
        lambda: equal(sympy.expand_trig(cos(degree * angle_x - degree * angle_y)), claims["degree n, d = 2"]),
        needs=("degree 1", "degree 2"),
        kind=Kind.CITED,
    )
    proof.step(
        "the bound is attained",
        "for kappa = 1 + x.y, centered batches have the least mean energy 1 - 1/(M-1), and I - e_M = (kappa(0) - "
        "I)/(M-1)",
        lambda: _attained(claims["positive definite"], claims["least mean product"], gap),
        needs=("upper bound", "degree 1"),
    )
    proof.step(
        "positive definiteness is needed",
        "for kappa = 1 - x.y >= 0, equal points have the least mean energy 0, and I - e_M = 1 > -1/(M-1) = (kappa(0) - "
        "I)/(M-1)",
        lambda: _violated(claims["not positive definite"], gap),
    )
    return proof.steps


def _attained(kernel: Any, product_mean: Any, gap: Any) -> bool:
    values = _of_linear_kernel(kernel, product_mean)
    return equal((uniform - energy).subs(values), gap.subs(values))


def _violated(kernel: Any, gap: Any) -> bool:
    values = _of_linear_kernel(kernel, Integer(1))
    return values[energy] == 0 and is_positive(sympy.cancel((uniform - energy - gap).subs(values)))


MUTATIONS: dict[str, dict[str, Any]] = {
    "ordered pairs": {"ordered pairs": M**2},
    "removing a point": {"removals that keep a pair": M},
    "independent draws": {"expected sum": M**2 * uniform},
    "strict": {"pairs of the first two points": Integer(1)},
    "positive definite": {"least double sum": M * uniform},
    "upper bound": {"gap": (at_zero - uniform) / M},
    "degree 1": {"least mean product": -1 / M},
    "degree 2": {"degree 2": d / (d + 1)},
    "all degrees for d = 2": {"degree n, d = 2": cos(degree * angle_x) * cos(degree * angle_y)},
    "the bound is attained": {"positive definite": lambda product: 1 + product**2},
    "positive definiteness is needed": {"not positive definite": lambda product: 1 + product},
}
