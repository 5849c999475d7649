"""B20, multi-view DHEL decouples: at every M it is least where all views are one minimizer of the energy of one view.

In full: Let U^1..U^K be K >= 2 views of M >= 2 objects, unit vectors in R^d, E(X) = mean_i log sum_{j != i}
e^(x_i.x_j/tau), and L = mean_i -log[sum_{l<m} e^(u_i^l.u_i^m/tau) / prod_l sum_{j != i} e^(u_i^l.u_j^l/tau)]. Then
L(U^1, ..., U^K) is at least the mean over l of L(U^l, ..., U^l) = K E(U^l) - log(K(K-1)/2) - 1/tau, with equality
exactly for U^1 = ... = U^K. So min L = K min E - log(K(K-1)/2) - 1/tau, attained exactly where all views are one
minimizer of E.

Sources: Koromilas et al., A Principled Framework for Multi-View Contrastive Learning (arXiv 2507.06979, 2025), the
loss.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import sympy
from sympy import Rational, diff, exp, log

from proofs_check.exact import averaged, equal, equal_logs, is_nonnegative, is_positive, is_sum_of_squares
from proofs_check.steps import Claims, Proof, Step

K = sympy.Symbol("K_minus_2", integer=True, nonnegative=True) + 2
M = sympy.Symbol("M_minus_2", integer=True, nonnegative=True) + 2
tau, attraction, normalizers, Z = sympy.symbols("tau attraction normalizers Z", positive=True)
x, y, s, E, least = sympy.symbols("x y s E least", real=True)
gap, excess = sympy.symbols("gap excess", nonnegative=True)
first, second = sympy.symbols("l m", integer=True)

CLAIMS: Claims = MappingProxyType(
    {
        "one more view": -log(attraction) + log(normalizers) + log(Z),
        "product": 1 - gap**2 / 2,
        "pairs of views": K * (K - 1) / 2,
        "largest attraction": log(K * (K - 1) / 2) + 1 / tau,
        "decoupled": lambda energy: K * energy - log(K * (K - 1) / 2) - 1 / tau,
        "sum of energies": K * (least + excess),  # least + excess their mean
        "two views": 2 * E - 1 / tau,
        "simplex": -log(K * (K - 1) / 2) - 1 / tau + K * (log(M - 1) - 1 / ((M - 1) * tau)),
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    proof.step(
        "energies",
        "each view adds the logarithm of its own sum: by induction over views, L = -mean_i log sum_{l<m} "
        "e^{u_i^l.u_i^m/tau} + sum_l E(U^l)",
        lambda: equal_logs(-log(attraction / (normalizers * Z)), claims["one more view"]),
    )
    proof.step(
        "attraction",
        "u.v = 1 - |u-v|^2/2 <= 1, and e^{s/tau} increases in s: each of the K(K-1)/2 terms is at most e^{1/tau}, "
        "with equality exactly for equal views",
        lambda: (
            equal(
                averaged((x - y) ** 2, {x**2: 1, y**2: 1, x * y: s}),
                sympy.solve(claims["product"] - s, gap**2)[0],
            )
            and is_sum_of_squares(1 - claims["product"], [(Rational(1, 2), gap)])
            and is_positive(diff(exp(s / tau), s))
        ),
    )
    proof.step(
        "pairs of views",
        "there are K(K-1)/2 pairs l < m, so that the logarithm is at most log(K(K-1)/2) + 1/tau",
        lambda: (
            equal(sympy.summation(sympy.summation(1, (second, first + 1, K)), (first, 1, K)), claims["pairs of views"])
            and equal_logs(log(claims["pairs of views"] * exp(1 / tau)), claims["largest attraction"])
        ),
        needs=("attraction",),
    )
    decoupled = claims["decoupled"]
    proof.step(
        "equal views",
        "L(X, ..., X) = K E(X) - log(K(K-1)/2) - 1/tau",
        lambda: equal(sympy.expand(K * E - CLAIMS["largest attraction"]), sympy.expand(decoupled(E))),
        needs=("energies", "pairs of views"),
    )
    proof.step(
        "views are better equal",
        "L >= sum_l E(U^l) - log(K(K-1)/2) - 1/tau, the mean over l of L(U^l, ..., U^l), which is at least K times "
        "the least energy of a view, with equality in the first exactly for equal views",
        lambda: (
            equal(averaged(CLAIMS["decoupled"](x), {x: E}), CLAIMS["decoupled"](E))
            and equal(claims["sum of energies"] - CLAIMS["largest attraction"], CLAIMS["decoupled"](least + excess))
            and is_nonnegative(sympy.expand(claims["sum of energies"] - K * least))
        ),
        needs=("equal views",),
    )
    proof.step(
        "two views",
        "for K = 2 this is two-view DHEL, 2 E - 1/tau",
        lambda: equal(CLAIMS["decoupled"](E).subs(K - 2, 0), claims["two views"]),
        needs=("equal views",),
    )
    products = log((M - 1) * exp(-1 / ((M - 1) * tau)))
    proof.step(
        "simplex",
        "for M <= d+1 the simplex, with E = log(M-1) - 1/((M-1) tau), gives the value of B10",
        lambda: equal_logs(CLAIMS["decoupled"](E), claims["simplex"] + K * (E - products)),
        needs=("equal views",),
    )
    return proof.steps


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "energies": {"one more view": -log(attraction) + log(normalizers) - log(Z)},
    "attraction": {"product": 1 - gap**2},
    "pairs of views": {"pairs of views": K * (K - 1)},  # ordered ones
    "equal views": {"decoupled": lambda energy: K * energy - 1 / tau},
    "views are better equal": {"sum of energies": K * (least - excess)},
    "two views": {"two views": E - 1 / tau},  # that of one-sided DHEL
    "simplex": {"simplex": -1 / tau + K * (log(M - 1) - 1 / ((M - 1) * tau))},
}
