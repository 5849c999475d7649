"""B2e, linear and concave kernels at any number of points: centered configurations, and two antipodal heaps.

In full: Let x_i be M >= 2 unit vectors in R^d, r_ij = |x_i-x_j|^2. (a) For K(r) = a - b r, b > 0, the mean of K(r_ij)
over i != j is at least K(2M/(M-1)), with equality exactly for sum x_i = 0, which M points can have unless d = 1 and M
is odd. (b) For K(r) = -r^sigma, sigma > 1, it is at least -(2M/(M-1)) 4^(sigma-1), with equality exactly for M/2 points
at each of two antipodes; so M is even. KCL is weight times this, less the mean of K_A(|u_i-v_i|^2) <= K_A(0), so that
aligned pairs of such points are its minimizers, and the only ones where K_A strictly decreases.

Sources: Björck, Distributions of positive mass which maximize a certain generalized energy integral (1956), for (b).
"""

from __future__ import annotations

from fractions import Fraction
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Integer, Rational, diff

from hyperenergy.arithmetic.namespaces import SympyNamespace
from hyperenergy.kernels.polynomial import Polynomial
from hyperenergy.kernels.riesz import Riesz
from proofs_check.exact import equal, is_positive, is_sum_of_squares, is_zero, mean_over, mean_over_pairs
from proofs_check.steps import Claims, Proof, Step

k, h, negative = sympy.symbols("k h negative", integer=True, nonnegative=True)
M, half = k + 2, h + 1
a, x, y = sympy.symbols("a x y", real=True)
center = sympy.Symbol("centroid_norm", nonnegative=True)
b, r, beta, C = sympy.symbols("b r beta C", positive=True)  # sigma = 1 + beta, C = 4^beta

CLAIMS: Claims = MappingProxyType(
    {
        "mean of r": 2 * M / (M - 1),  # of centered points
        "linear": lambda mean: a - b * mean,
        "Riesz": (Integer(0), Integer(1)),  # a and b of s = -2
        "polynomial": (1 + Rational(7, 3), Rational(1, 2)),  # of x.y + c, for one c
        "least linear": a - b * 2 * M / (M - 1),
        "chord": 4**beta,
        "least concave": -2 * M / (M - 1) * C,
        "pairs across": 2 * half**2,  # ordered pairs between two heaps are 2 half^2
        "sum of odd signs": 2 * (half - negative) + 1,  # of 2 half + 1 signs, so many of them negative
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    spread = mean_over(x**2, x) - mean_over(x, x) ** 2  # adds up to 1 - |xbar|^2 over the coordinates
    mean_r = claims["mean of r"]
    proof.step(
        "mean of r",
        "mean_{i != j} r_ij = (2M/(M-1)) (1 - |xbar|^2) <= 2M/(M-1), with equality exactly for centered points",
        lambda: equal(mean_over_pairs((x - y) ** 2, (x,), (y,), M), mean_r * spread) and is_positive(mean_r),
    )
    proof.step(
        "kernels",
        "Riesz of s = -2, -r, and the polynomial x.y + c of degree 1, 1 - r/2 + c, are of the form a - b r",
        lambda: (
            all(
                equal(kernel.profile(r, SympyNamespace), claims[name][0] - claims[name][1] * r)
                for name, kernel in (("Riesz", Riesz(-2)), ("polynomial", Polynomial(1, c=Fraction(7, 3))))
            )
            and all(is_positive(claims[name][1]) for name in ("Riesz", "polynomial"))
        ),
    )
    linear = claims["linear"]
    proof.step(
        "linear kernels",
        "the mean of a - b r is a - b times the mean of r: at least a - 2bM/(M-1), with equality exactly for centered "
        "points",
        lambda: equal(linear(CLAIMS["mean of r"]), claims["least linear"]) and is_positive(-diff(linear(r), r)),
        needs=("mean of r", "kernels"),
    )
    z = sympy.Symbol("z", positive=True)  # e^{2 pi i/M}, with z^M = 1 and z != 1
    proof.step(
        "centered points",
        "exist in d >= 2: the corners of a regular polygon, whose sum as powers of z = e^{2 pi i/M} is (z^M - 1)/(z - "
        "1) = 0; in d = 1 the sum of M signs is M - 2 n, which is 0 for even M and odd for odd M",
        lambda: (
            all(equal(sum(z**i for i in range(n)) * (z - 1), z**n - 1) for n in range(2, 9))
            and equal((z ** (M + 1) - 1) - (z**M - 1), (z - 1) * z**M)  # one more term
            and sympy.solve(2 * half - 2 * negative, negative) == [half]
            and equal((2 * half + 1) - 2 * negative, claims["sum of odd signs"])
        ),
    )
    proof.step(
        "chord",
        "-r^{1+beta} >= -4^beta r on [0, 4], with equality only at 0 and 4: r^beta strictly increases up to 4^beta",
        lambda: is_zero((r**beta).subs(r, 4) - claims["chord"]) and is_positive(diff(r**beta, r)),
    )
    proof.step(
        "concave kernels",
        "so the mean of -r^{1+beta} is at least -4^beta times the mean of r, -(2M/(M-1)) 4^beta, with equality only "
        "for centered points at squared distances 0 and 4, which are x or -x, as many of each",
        lambda: is_sum_of_squares(
            -C * CLAIMS["mean of r"] * (1 - center**2) - claims["least concave"], [(C * CLAIMS["mean of r"], center)]
        ),
        needs=("mean of r", "chord"),
    )
    even = {k: 2 * half - 2}
    proof.step(
        "heaps",
        "M = 2n points, n at each antipode, have 2 n^2 of M(M-1) ordered pairs at r = 4 and the others at 0: they "
        "attain it",
        lambda: equal(-claims["pairs across"] * 4 * C / (M * (M - 1)).subs(even), CLAIMS["least concave"].subs(even)),
        needs=("concave kernels",),
    )
    return proof.steps


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "mean of r": {"mean of r": Integer(2)},
    "kernels": {"polynomial": (Rational(7, 3), Rational(1, 2))},
    "linear kernels": {"least linear": a - 2 * b},
    "centered points": {"sum of odd signs": 2 * (half - negative)},
    "chord": {"chord": 2**beta},
    "concave kernels": {"least concave": -2 * C},
    "heaps": {"pairs across": half**2},
}
