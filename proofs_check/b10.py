"""B10, multi-view losses up to d+1 objects: all views of an object coincide, and the objects form a regular simplex.

In full: Let u_i^l be unit vectors in R^d, i = 1..M objects in K >= 2 views l, 2 <= M <= d+1, and N_ij the sum of
exp(u_i^l.u_j^m/tau) over ordered pairs l != m. MV-InfoNCE = mean_i -log[N_ii / sum_j N_ij], j = i included, is at least
log(1+(M-1)e^(-M/((M-1)tau))). MV-DHEL = mean_i -log[sum_{l<m} exp(u_i^l.u_i^m/tau) / prod_l sum_{j != i}
exp(u_i^l.u_j^l/tau)] is at least -log(K(K-1)/2) - 1/tau + K[log(M-1) - 1/((M-1)tau)]. Both with equality exactly where
u_i^1 = ... = u_i^K for all i and these M vectors form a regular simplex.

Sources: Koromilas et al., A Principled Framework for Multi-View Contrastive Learning (arXiv 2507.06979, 2025), the
losses; the proof for MV-InfoNCE is by a reverse Cauchy-Schwarz inequality under a Gaussian mean, because -log N_ii is not
convex in the products.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import sympy
from sympy import Rational, exp, log, sqrt

from proofs_check.exact import (
    averaged,
    equal,
    equal_logs,
    increases_and_is_convex,
    is_simplex,
    is_sum_of_squares,
    is_zero,
)
from proofs_check.rules import jensen
from proofs_check.steps import Claims, Proof, Step

K = sympy.Symbol("K_minus_2", integer=True, nonnegative=True) + 2
M = sympy.Symbol("M_minus_2", integer=True, nonnegative=True) + 2
tau, N_ii, Z, X, Y, form = sympy.symbols("tau N_ii Z sum_x sum_y form_of_y", positive=True)
A, B, C, D = sympy.symbols("A B C D", positive=True)
x, y, z, g, a, b, s, xy, mean_N, mean_P = sympy.symbols("x y z g a b s sum_xy mean_log_N_ij mean_log_N_ii", real=True)
gap, center = sympy.symbols("gap center", nonnegative=True)
a_squared = sympy.Symbol("mean_a_squared", nonnegative=True)

CLAIMS: Claims = MappingProxyType(
    {
        "reverse": [(1, X / Y * form - (X * Y - xy)), (form, gap)],
        "Gaussian": exp(a**2 / 2),
        "exponent": (1 + s) / tau,
        "weight": 2 * exp(s / tau) / N_ii,
        "Lagrange": (A * D - B * C) ** 2,
        "overlap": -((a - b) ** 2) / 8,
        "tangent": exp(y) * (1 + (x - y)),  # of e^x at x = y
        "mean distance": 2 * a_squared - 2 * center**2,
        "length": 4 - gap**2,
        "least mean": -1 / tau,
        "least off the diagonal": -M / ((M - 1) * tau),
        "anchor": log(1 + Z / N_ii),
        "negatives": M - 1,
        "phi": lambda u: log(1 + (M - 1) * exp(u)),
        "product": -1 / (M - 1),
        "dimension of the span": M - 1,
        "MV-InfoNCE": log(1 + (M - 1) * exp(-M / ((M - 1) * tau))),
        "pairs of views": K * (K - 1) / 2,
        "within a view": -1 / (M - 1),
        "energy of a view": log(M - 1) - 1 / ((M - 1) * tau),
        "MV-DHEL": -log(K * (K - 1) / 2) - 1 / tau + K * (log(M - 1) - 1 / ((M - 1) * tau)),
        "two views": 2 * log(M - 1) - (M + 1) / ((M - 1) * tau),
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    unit = {x**2: 1, y**2: 1, x * y: s}  # coordinate by coordinate, for two unit vectors with the product s

    # F(x,y) = sum_{l != m} x_l y_m = sum x sum y - sum xy, with sum y^2 = (sum y)^2 - F(y,y) and gap^2 = sum (x - ty)^2.
    yy = Y**2 - form
    xx = gap**2 - averaged((X / Y * y) ** 2 - 2 * X / Y * x * y, {y**2: yy, x * y: xy})
    proof.step(
        "reverse Cauchy-Schwarz",
        "F(x,y) = sum_{l != m} x_l y_m has F(x,y)^2 - F(x,x) F(y,y) = (t F(y,y) - F(x,y))^2 + F(y,y) sum_l (x_l - t "
        "y_l)^2 >= 0, with t = sum x / sum y, for positive x, y: F(x,y) >= sqrt(F(x,x) F(y,y))",
        lambda: is_sum_of_squares((X * Y - xy) ** 2 - (X**2 - xx) * form, claims["reverse"]),
    )
    proof.step(
        "Gaussian mean",
        "for a standard Gaussian vector g, E e^{g.a} = e^{|a|^2/2}, coordinate by coordinate",
        lambda: equal(
            sympy.integrate(exp(g * a - g**2 / 2) / sqrt(2 * sympy.pi), (g, -sympy.oo, sympy.oo)), claims["Gaussian"]
        ),
    )
    proof.step(
        "N_ij as a mean",
        "|u+v|^2/(2 tau) = (1 + u.v)/tau, so e^{u.v/tau} = e^{-1/tau} E e^{g.u/sqrt tau} e^{g.v/sqrt tau}: N_ij = "
        "e^{-1/tau} E F(x_i,x_j) >= e^{-1/tau} E sqrt(p_i p_j), with x_i^l = e^{g.u_i^l/sqrt tau} and p_i = F(x_i,x_i)",
        lambda: equal(averaged(((x + y) / sqrt(tau)) ** 2 / 2, unit), claims["exponent"]),
        needs=("reverse Cauchy-Schwarz", "Gaussian mean"),
    )
    proof.step(
        "weights",
        "p_i = sum_{l<m} 2 e^{g.a}, a = (u_i^l+u_i^m)/sqrt tau, and p_i / (e^{1/tau} N_ii) = sum w e^{g.a-|a|^2/2}, "
        "with weights w = 2 e^{u_i^l.u_i^m/tau}/N_ii > 0 that add up to 1",
        lambda: equal(
            2 * exp(g) / (exp(1 / tau) * N_ii), sympy.powsimp(claims["weight"] * exp(g - (2 + 2 * s) / tau / 2))
        ),
        needs=("N_ij as a mean",),
    )
    proof.step(
        "Cauchy-Schwarz",
        "sum alpha sum beta - (sum sqrt(alpha beta))^2 is a sum of squares over pairs of terms (A^2, B^2 and C^2, "
        "D^2). With terms for pairs (w, a) of i and (w', a') of j: N_ij/sqrt(N_ii N_jj) >= sum w w' E e^{g.(a+a')/2 - "
        "|a|^2/4 - |a'|^2/4}",
        lambda: (
            equal((A**2 + C**2) * (B**2 + D**2) - (A * B + C * D) ** 2, claims["Lagrange"])
            and is_sum_of_squares(claims["Lagrange"], [(1, A * D - B * C)])
        ),
        needs=("weights",),
    )
    proof.step(
        "overlap",
        "that mean over g is e^{-|a-a'|^2/8}",
        lambda: equal(
            log(CLAIMS["Gaussian"]).expand(force=True).subs(a, (a + b) / 2) - (a**2 + b**2) / 4, claims["overlap"]
        ),
        needs=("Gaussian mean", "Cauchy-Schwarz"),
    )
    proof.step(
        "tangent of the exponential",
        "e^x >= e^y (1+x-y), with equality only for x = y: value and slope agree there, and the second derivative is "
        "positive. So the mean of e^x is at least e^{mean x}, and log(N_ij/sqrt(N_ii N_jj)) >= -sum w w' |a-a'|^2/8",
        lambda: jensen(claims["tangent"], exp(x), x, y),
        needs=("overlap",),
    )
    proof.step(
        "mean distance",
        "the mean over all M^2 pairs i, j of sum w w' |a-a'|^2 is 2 mean |a|^2 - 2 |mean a|^2, means over i and w: a "
        "and a' independent",
        lambda: equal(
            averaged((x - y) ** 2, {x**2: a_squared, y**2: a_squared, x * y: center**2}), claims["mean distance"]
        ),
    )
    proof.step(
        "length",
        "|u+v|^2 = 4 - |u-v|^2 <= 4 for unit vectors, so |a|^2 <= 4/tau, with equality only for u_i^l = u_i^m",
        lambda: equal(averaged((x + y) ** 2, unit), claims["length"].subs(gap**2, averaged((x - y) ** 2, unit))),
    )
    proof.step(
        "least mean",
        "the mean over all M^2 pairs of log(N_ij/sqrt(N_ii N_jj)) is at least -1/tau + |mean a|^2/4 + (mean sum w "
        "|u_i^l-u_i^m|^2)/(4 tau), which is -1/tau only where all views of each object coincide and sum_i u_i = 0",
        lambda: is_sum_of_squares(
            -CLAIMS["mean distance"].subs(a_squared, CLAIMS["length"] / tau) / 8 - claims["least mean"],
            [(Rational(1, 4), center), (1 / (4 * tau), gap)],
        ),
        needs=("tangent of the exponential", "mean distance", "length"),
    )
    proof.step(
        "off the diagonal",
        "for i = j it is 0, so its mean over i != j is at least q = -M/((M-1) tau)",
        lambda: equal((M**2 * CLAIMS["least mean"] - M * 0) / (M * (M - 1)), claims["least off the diagonal"]),
        needs=("least mean",),
    )
    proof.step(
        "an object's loss",
        "-log[N_ii/(N_ii+Z)] = log(1+Z/N_ii) with Z/N_ii = sum_{j != i} e^{y_ij}, y_ij = log(N_ij/N_ii); over i != j, "
        "y_ij has the mean of log(N_ij/sqrt(N_ii N_jj)), as i and j have the same mean",
        lambda: (
            equal_logs(-log(N_ii / (N_ii + Z)), claims["anchor"])
            and is_zero(averaged((x - y) - (x - y / 2 - z / 2), {x: mean_N, y: mean_P, z: mean_P}))
        ),
    )
    proof.step(
        "Jensen within an object",
        "sum_{j != i} e^{y_ij} is at least (M-1) e^{mean}, with equality only for equal y_ij",
        lambda: equal(claims["negatives"] * averaged(CLAIMS["tangent"].subs(y, z), {x: z}), (M - 1) * exp(z)),
        needs=("tangent of the exponential",),
    )
    proof.step(
        "Jensen over objects",
        "phi(u) = log(1+(M-1)e^u) has phi' > 0 and phi'' > 0, so that it lies above its tangents: MV-InfoNCE >= "
        "phi(mean y_ij) >= phi(q), with equality only where all y_ij are equal",
        lambda: increases_and_is_convex(claims["phi"](x), x),
        needs=("an object's loss", "Jensen within an object", "off the diagonal"),
    )
    proof.step(
        "equality",
        "where views coincide, N_ij = K(K-1) e^{u_i.u_j/tau}; all y_ij = q gives u_i.u_j = 1 + tau q = -1/(M-1), and "
        "sum u_i = 0. The Gram matrix (1-p) I + p J is (1-p) times a projection: positive semidefinite, one "
        "configuration up to rotation",
        lambda: (
            equal(1 + tau * CLAIMS["least off the diagonal"], claims["product"]) and is_simplex(claims["product"], M)
        ),
        needs=("least mean", "Jensen over objects"),
    )
    p = CLAIMS["product"]
    proof.step(
        "dimension",
        "its rank is its trace over its only nonzero eigenvalue, M/(1-p) = M-1 <= d",
        lambda: equal(M / (1 - p), claims["dimension of the span"]),
        needs=("equality",),
    )
    ordered = K**2 - K
    proof.step(
        "value of MV-InfoNCE",
        "at coinciding views on a simplex it is log(1+(M-1)e^q), with j = i in the sum over j: the ordered pairs of "
        "views cancel",
        lambda: equal_logs(
            -log(ordered * exp(1 / tau) / (ordered * exp(1 / tau) + (M - 1) * ordered * exp(p / tau))),
            claims["MV-InfoNCE"],
        ),
        needs=("equality", "dimension"),
    )
    proof.step(
        "positives of MV-DHEL",
        "u.v = 1 - |u-v|^2/2 <= 1, so the sum over the K(K-1)/2 pairs l < m is at most K(K-1)/2 e^{1/tau}, with "
        "equality only for coinciding views",
        lambda: (
            equal(1 - averaged((x - y) ** 2, unit) / 2, s)
            and equal(sympy.summation(sympy.Symbol("m") - 1, (sympy.Symbol("m"), 1, K)), claims["pairs of views"])
        ),
    )
    proof.step(
        "within a view",
        "mean_{i != j} u_i^l.u_j^l = (M |ubar|^2 - 1)/(M-1) >= -1/(M-1), with equality only for centered views",
        lambda: is_sum_of_squares(
            (M**2 * center**2 - M) / (M * (M - 1)) - claims["within a view"], [(M / (M - 1), center)]
        ),
    )
    proof.step(
        "energy of a view",
        "mean_i log sum_{j != i} e^{u_i^l.u_j^l/tau} >= log(M-1) + mean_{i != j} u_i^l.u_j^l/tau >= log(M-1) - "
        "1/((M-1)tau), with equality only where each i has one product c_i with all others and the view is centered: "
        "1 + (M-1) c_i = 0, the simplex",
        lambda: (
            equal_logs(
                log((M - 1) * averaged(CLAIMS["tangent"].subs(y, z), {x: z})).subs(z, CLAIMS["within a view"] / tau),
                claims["energy of a view"],
            )
            and sympy.solve(1 + (M - 1) * z, z) == [sympy.factor(p)]
        ),
        needs=("tangent of the exponential", "within a view"),
    )
    at_simplex = -log(K * (K - 1) / 2 * exp(1 / tau)) + K * log((M - 1) * exp(p / tau))
    proof.step(
        "value of MV-DHEL",
        "the product over views gives a sum of K energies; bound and value at coinciding views on a simplex agree",
        lambda: (
            equal_logs(
                -log(CLAIMS["pairs of views"] * exp(1 / tau) / exp(CLAIMS["energy of a view"]) ** K), claims["MV-DHEL"]
            )
            and is_zero(sympy.expand_log(at_simplex - claims["MV-DHEL"], force=True))
        ),
        needs=("positives of MV-DHEL", "energy of a view"),
    )
    proof.step(
        "two views",
        "for K = 2 it is the least value of two-view DHEL",
        lambda: equal_logs(CLAIMS["MV-DHEL"].subs(K - 2, 0), claims["two views"]),
        needs=("value of MV-DHEL",),
    )
    return proof.steps


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "reverse Cauchy-Schwarz": {"reverse": [(2, X / Y * form - (X * Y - xy)), (form, gap)]},
    "Gaussian mean": {"Gaussian": exp(a**2)},
    "N_ij as a mean": {"exponent": s / tau},
    "weights": {"weight": exp(s / tau) / N_ii},
    "Cauchy-Schwarz": {"Lagrange": (A * D + B * C) ** 2},
    "overlap": {"overlap": -((a - b) ** 2) / 4},
    "tangent of the exponential": {"tangent": exp(y) * (1 + 2 * (x - y))},
    "mean distance": {"mean distance": 2 * a_squared},
    "length": {"length": 4 + gap**2},
    "least mean": {"least mean": -1 / (2 * tau)},
    "off the diagonal": {"least off the diagonal": -1 / tau},
    "an object's loss": {"anchor": log(Z / N_ii)},  # the sum over j without j = i
    "Jensen within an object": {"negatives": M},
    "Jensen over objects": {"phi": lambda u: -log(1 + (M - 1) * exp(u))},
    "equality": {"product": -1 / M},
    "dimension": {"dimension of the span": M},
    "value of MV-InfoNCE": {"MV-InfoNCE": log(M - 1) - M / ((M - 1) * tau)},  # the sum over j without j = i
    "positives of MV-DHEL": {"pairs of views": K * (K - 1)},
    "within a view": {"within a view": -1 / M},
    "energy of a view": {"energy of a view": log(M) - 1 / ((M - 1) * tau)},
    "value of MV-DHEL": {"MV-DHEL": -1 / tau + K * (log(M - 1) - 1 / ((M - 1) * tau))},
    "two views": {"two views": log(M - 1) - M / ((M - 1) * tau)},
}
