"""F1, false: "the simplex is optimal for every decreasing kernel".  Convexity in the squared distance is needed.

In full: False: the simplex minimizes the mean energy (over ordered pairs i != j) of M <= d+1 points for every decreasing
kernel. The Riesz kernel of s = -3, K(r) = -r^{3/2}, decreases in r but is concave. For M = 4, d = 3 two antipodal pairs
have -16/3 and the simplex -(8/3)^{3/2} > -16/3. For every s < -2, even M and d the least mean energy is -2M/(M-1)
4^{-s/2-1}, attained exactly by M/2 points at each of two antipodes, unique up to rotation; for M >= 4 the simplex has
more. At s = -3 it has more than two points for odd M >= 3, too. At s = -2 all centered batches tie, and for -2 < s < 0
the kernel is convex.

Sources: Koromilas et al., Bridging Mini-Batch and Asymptotic Analysis in Contrastive Learning (ICML 2024), for the
hypothesis; Björck, Distributions of positive mass which maximize a certain generalized energy integral (1956), for s <
-2.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Integer, Rational, diff, sqrt

from proofs_check.exact import equal, is_positive, is_zero, mean_over, mean_over_pairs
from proofs_check.steps import Claims, Proof, Step

r, beta = sympy.symbols("r beta", positive=True)  # s = -2 (1 + beta) < -2, K(r) = -r^{1+beta}
sigma = sympy.Symbol("sigma", positive=True)  # -s/2
x, y = sympy.symbols("x y", real=True)
k = sympy.Symbol("k", integer=True, nonnegative=True)
M, even, odd = k + 2, 2 * k + 4, 2 * k + 3

CLAIMS: Claims = MappingProxyType(
    {
        "kernel": -(r ** Rational(3, 2)),
        "antipodal pairs": Rational(-16, 3),
        "simplex": -Rational(8, 3) * sqrt(Rational(8, 3)),
        "gap of the squares": Rational(256, 27),  # (16/3)^2 - (8/3)^3
        "mean of r": 2 * M / (M - 1),  # of centered batches
        "chord": 4**beta,  # r^{1+beta} <= 4^beta r on [0, 4]
        "least energy": -2 * M / (M - 1) * 4**beta,
        "half": M / 2,
        "4 over the r of the simplex": 2 * (M - 1) / M,
        "smaller half": (odd - 1) / 2,
        "second derivative": sigma * (1 - sigma) * r ** (sigma - 2),  # of -r^sigma
    }
)


def _mean_energy(kernel: Any, points: Sequence[Any]) -> Any:
    pairs = list(permutations(points, 2))
    return sum(kernel.subs(r, (z - w).dot(z - w)) for z, w in pairs) / Integer(len(pairs))


def _two_points(count: Any, part: Any, power: Any) -> Any:
    """The mean of -r^power for ``part`` of the points at x and all others at -x: r = 4 for the pairs across, else 0."""
    return -(2 * part * (count - part)) * 4**power / (count * (count - 1))


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    kernel, mean_r = claims["kernel"], claims["mean of r"]
    e = sympy.Matrix([0, 0, 1])
    vertices = [sympy.Matrix(z) / sqrt(3) for z in ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))]

    proof.step("decreasing", "K(r) = -r^{3/2} strictly decreases in r > 0", lambda: is_positive(-diff(kernel, r)))
    proof.step(
        "concave",
        "K'' < 0: the hypothesis of the theorem on the simplex, convexity, fails",
        lambda: is_positive(-diff(kernel, r, 2)),
    )
    proof.step(
        "antipodal pairs",
        "x, x, -x, -x in dimension 3 have the mean energy -16/3",
        lambda: equal(_mean_energy(kernel, [e, e, -e, -e]), claims["antipodal pairs"]),
    )
    proof.step(
        "simplex",
        "the regular simplex of 4 points in dimension 3 has the mean energy -(8/3)^{3/2}",
        lambda: equal(_mean_energy(kernel, vertices), claims["simplex"]),
    )
    proof.step(
        "antipodal pairs win",
        "both values are negative, and the square of the first is larger by 256/27: so -16/3 < -(8/3)^{3/2}",
        lambda: (
            equal(claims["antipodal pairs"] ** 2 - claims["simplex"] ** 2, claims["gap of the squares"])
            and all(is_positive(-claims[name]) for name in ("antipodal pairs", "simplex"))
            and is_positive(claims["gap of the squares"])
        ),
        needs=("antipodal pairs", "simplex"),
    )
    # One coordinate; over all coordinates mean x^2 adds up to 1 and the square of mean x to |xbar|^2.
    spread = mean_over(x**2, x) - mean_over(x, x) ** 2
    proof.step(
        "mean of r",
        "mean_{i != j} r_ij = (2M/(M-1)) (1 - |xbar|^2) <= 2M/(M-1), with equality only for centered batches",
        lambda: equal(mean_over_pairs((x - y) ** 2, (x,), (y,), M), mean_r * spread) and is_positive(mean_r),
    )
    proof.step(
        "chord",
        "r^{1+beta} <= 4^beta r on [0, 4] with equality only at 0 and 4: r^beta strictly increases up to 4^beta",
        lambda: is_zero((r**beta).subs(r, 4) - claims["chord"]) and is_positive(diff(r**beta, r)),
    )
    # The mean of r of a centered batch, from all pairs.
    centered = mean_over_pairs((x - y) ** 2, (x,), (y,), M).subs({mean_over(x, x): 0, mean_over(x**2, x): 1})
    proof.step(
        "least energy",
        "mean (-r^{1+beta}) >= -4^beta mean r >= -4^beta 2M/(M-1)",
        lambda: equal(-claims["chord"] * centered, claims["least energy"]) and is_positive(claims["chord"]),
        needs=("mean of r", "chord"),
    )
    part = sympy.Symbol("part", positive=True)
    proof.step(
        "equality",
        "all r_ij are 0 or 4 at equality, so that all points are x or -x, and the batch is centered, so that there are "
        "M/2 of each: for even M that attains the bound, and only that, up to rotation",
        lambda: (
            sympy.solve(part - (M - part), part) == [claims["half"]]
            and equal(
                sympy.powsimp(_two_points(M, claims["half"], 1 + beta) / 4**beta), claims["least energy"] / 4**beta
            )
        ),
        needs=("least energy",),
    )
    proof.step(
        "antipodal pairs are optimal",
        "at M = 4, beta = 1/2 the bound is the value of the two antipodal pairs",
        lambda: equal(claims["least energy"].subs({k: 2, beta: Rational(1, 2)}), _mean_energy(kernel, [e, e, -e, -e])),
        needs=("equality",),
    )
    ratio = claims["4 over the r of the simplex"]
    proof.step(
        "the simplex for even M",
        "the bound is (4/r)^beta times the value -r^{1+beta} of the simplex, r = 2M/(M-1): lower for M >= 4, where 4/r "
        "> 1",
        lambda: equal(4 / mean_r, ratio) and is_positive(sympy.cancel(ratio.subs(k, even - 2) - 1)),
        needs=("equality",),
    )
    smaller = claims["smaller half"]
    proof.step(
        "the simplex for odd M",
        "at s = -3, (M-1)/2 and (M+1)/2 points at two antipodes have the lower energy for odd M >= 3, too, by the "
        "squares",
        lambda: is_positive(
            sympy.factor(_two_points(odd, smaller, Rational(3, 2)) ** 2 - mean_r.subs(k, odd - 2) ** 3)
        ),
        needs=("mean of r",),
    )
    proof.step(
        "threshold",
        "(-r^sigma)'' = sigma (1 - sigma) r^{sigma-2} is positive for sigma < 1, zero for sigma = 1, negative for "
        "sigma > 1; at sigma = 1 the mean energy is -mean r, the same for all centered batches",
        lambda: (
            equal(diff(-(r**sigma), r, 2), claims["second derivative"])
            and is_positive(claims["second derivative"].subs(sigma, 1 / (1 + beta)))
            and is_zero(claims["second derivative"].subs(sigma, 1))
            and is_positive(-claims["second derivative"].subs(sigma, 1 + beta))
        ),
        needs=("mean of r",),
    )
    return proof.steps


MUTATIONS: dict[str, dict[str, Any]] = {
    "decreasing": {"kernel": r ** Rational(3, 2)},
    "concave": {"kernel": -sqrt(r)},
    "antipodal pairs": {"antipodal pairs": Rational(-8, 3)},
    "simplex": {"simplex": -sqrt(Rational(8, 3))},
    "antipodal pairs win": {"gap of the squares": Rational(-256, 27)},
    "mean of r": {"mean of r": Integer(2)},
    "chord": {"chord": 2**beta},
    "least energy": {"least energy": -2 * 4**beta},
    "equality": {"half": M / 3},
    "antipodal pairs are optimal": {"kernel": -(r**2)},
    "the simplex for even M": {"4 over the r of the simplex": Integer(1)},
    "the simplex for odd M": {"smaller half": Integer(0)},
    "threshold": {"second derivative": sigma * (sigma - 1) * r ** (sigma - 2)},
}
