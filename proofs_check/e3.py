"""E3, the expected kernel contrastive loss: its minimizer is known at every batch size, aligned pairs and uniform law.

In full: Let M >= 2 iid pairs (u,v) of unit vectors in R^d, d >= 2, have both marginals mu. Then E KCL = -E K_A(|u-v|^2) +
gamma I(mu), I(mu) the mean of K_U(|u-u'|^2) over independent u, u': M does not matter. For gamma > 0, K_A finite and
strictly decreasing and K_U continuous with Gegenbauer coefficients kappa_k > 0 for k >= 1, it is least exactly where u =
v almost surely and mu = sigma, the uniform law; with all kappa_k >= 0 these still minimize it. All kappa_k > 0 if K_U(r)
is completely monotone on (0, infinity) and not constant; the minimizer is unique then even where K_U is infinite at 0, if
I(sigma) is finite, and also if only -K_U' is completely monotone and not constant. Complete monotonicity on (0, 4] alone
is not enough: (1 + x.y)^2 has others. The energy term has the variance (4(M-2) zeta_1 + 2 zeta_2)/(M(M-1)).

Sources: Koromilas et al. (ICML 2024), kernel contrastive loss; Hoeffding (1948) for the variance; Schoenberg (1942).
Cited: the addition theorem (E P_k(u.u') = |E Y_k(u)|^2/N_k), density of the spherical harmonics, the theorem of Bernstein
and Widder, Tonelli's theorem, and the completeness of orthogonal polynomials.
"""

from __future__ import annotations

from itertools import combinations
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Integer, Rational, binomial, cos, exp, factorial, pi, rf

from hyperenergy.arithmetic.gegenbauer import gegenbauer
from proofs_check.exact import averaged, equal, is_nonnegative, is_positive, is_zero
from proofs_check.steps import Claims, Kind, Proof, Step

d = sympy.Symbol("d_minus_2", integer=True, nonnegative=True) + 2
M = sympy.Symbol("M_minus_2", integer=True, nonnegative=True) + 2
index, other = sympy.symbols("i j", integer=True, positive=True)
k = sympy.Symbol("k")  # of what is a polynomial in k, for each power of x: proved for all k
m = sympy.Symbol("m", integer=True, positive=True)
degree = sympy.Symbol("degree", integer=True, nonnegative=True) + 1
energy, aligned, zeta_1, zeta_2, gamma = sympy.symbols("I A zeta_1 zeta_2 gamma", real=True)
kappa_0, moment = sympy.symbols("kappa_0 Y", real=True)
kappa = sympy.Symbol("kappa_k", positive=True)
t, T = sympy.symbols("t T", real=True)
u, r, gap = sympy.symbols("u r gap", positive=True)
a, b, x = sympy.symbols("a b x", real=True)

CLAIMS: Claims = MappingProxyType(
    {
        "expectation": -aligned + gamma * energy,
        "overlaps": (
            binomial(M, 2) * binomial(M - 2, 2),  # ordered pairs of pairs that share no point,
            binomial(M, 2) * 2 * (M - 2),  # one,
            binomial(M, 2),  # or both
        ),
        "variance": (4 * (M - 2) * zeta_1 + 2 * zeta_2) / (M * (M - 1)),
        "alignment": (a - b) ** 2,
        "excess of a degree": kappa * moment**2,
        "lowering": d - 1,
        "steps down": 2**degree * rf((d - 1) / 2, degree),
        "share of the derivative": 1 / (2**degree * rf((d - 1) / 2, degree)),  # E f P_k over E f^(k) (1-T^2)^k
        "leading coefficient": lambda power: rf(-power, power),
        "derivative of the Gaussian": (2 * u) ** degree * exp(-2 * u * (1 - t)),
        "share of a Gaussian": exp(-u * r) - exp(-4 * u),  # over u, in K_U(r) - K_U(4)
        "vertices": 3,
    }
)


def coefficient(dim: Any, n: Any, power: Any) -> Any:
    """Of ((1-t)/2)^power in P_n, dimension dim: P_n = 2F1(-n, n+dim-2; (dim-1)/2; (1-t)/2)."""
    return rf(-n, power) * rf(n + dim - 2, power) / rf((dim - 1) / 2, power) / factorial(power)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    proof.step(
        "expectation",
        "every one of the M terms K_A has the mean A = E K_A, and every one of the pairs i != j the mean I, as u_i "
        "and u_j are independent of the law mu: summed over i, and over all j less j = i, M cancels",
        lambda: equal(
            -sympy.summation(aligned, (index, 1, M)) / M
            + gamma / (M * (M - 1)) * sympy.summation(sympy.summation(energy, (other, 1, M)) - energy, (index, 1, M)),
            claims["expectation"],
        ),
    )
    proof.step(
        "overlaps",
        "of the C(M,2)^2 ordered pairs of unordered pairs, C(M,2) C(M-2,2) share no point, C(M,2) 2(M-2) one and "
        "C(M,2) both: they add up for all M, and are counted for M <= 6",
        lambda: (
            equal(sympy.expand_func(sum(claims["overlaps"])), sympy.expand_func(binomial(M, 2) ** 2))
            and all(_overlaps(claims["overlaps"], count) for count in range(2, 7))
        ),
    )
    proof.step(
        "variance",
        "pairs that share no point are independent; with one in common the covariance is zeta_1 = Var E[K_U|u], with "
        "both it is zeta_2 = Var K_U. Under sigma zeta_1 = 0: E[K_U|u] does not depend on u",
        lambda: equal(
            sympy.expand_func((CLAIMS["overlaps"][1] * zeta_1 + CLAIMS["overlaps"][2] * zeta_2) / binomial(M, 2) ** 2),
            claims["variance"],
        ),
        ("overlaps",),
    )
    proof.step(
        "alignment",
        "|u-v|^2 = 2 - 2 u.v >= 0, and 0 only for u = v: with K_A strictly decreasing -E K_A >= -K_A(0), with "
        "equality only for u = v almost surely, which every law mu of the anchors allows",
        lambda: is_zero(a**2 + b**2 - 2 * a * b - claims["alignment"]) and is_nonnegative(claims["alignment"]),
    )
    proof.step(
        "energy",
        "I(mu) = sum_k kappa_k E P_k(u.u'), and E P_k(u.u') is the square of a moment of spherical harmonics "
        "(addition theorem), 0 for sigma and k >= 1: I(mu) - I(sigma) has the terms kappa_k |Y|^2 >= 0, all 0 only if "
        "mu has the moments of sigma, and so is sigma",
        lambda: (
            equal(
                averaged(kappa_0 + kappa * x, {x: moment**2}) - averaged(kappa_0 + kappa * x, {x: 0}),
                claims["excess of a degree"],
            )
            and is_nonnegative(claims["excess of a degree"])
            and is_positive(sympy.diff(claims["excess of a degree"], moment, 2))
        ),
        ("expectation", "alignment"),
        kind=Kind.CITED,
    )
    proof.step(
        "Gegenbauer polynomials",
        "P_n = sum_m (-n)_m (n+d-2)_m/((d-1)/2)_m ((1-t)/2)^m/m! has the degree n: its last coefficient is not 0, as "
        "the sign (-1)^n (-n)_n is positive; and it is that of the recurrence that the package uses, for n <= 6, d <= "
        "6",
        lambda: (
            is_positive((-1) ** degree * sympy.expand_func(claims["leading coefficient"](degree)).rewrite(factorial))
            and all(_is_recurrence(dim) for dim in range(2, 7))
        ),
    )
    proof.step(
        "lowering",
        "d/dt [(1-t^2)^{(d-1)/2} Q] = -(d-1) (1-t^2)^{(d-3)/2} P, with P = P_k of dimension d, Q = P_{k-1} of "
        "dimension d+2: divided by the weight, (1-t^2) Q' - (d-1) t Q = -(d-1) P, power by power of x = (1-t)/2, for "
        "all powers, k and d",
        lambda: _is_lowering(claims["lowering"]),
        ("Gegenbauer polynomials",),
    )
    proof.step(
        "integration by parts",
        "(1-t^2)^{(d-1)/2} is 0 at 1 and -1, for d >= 2: int f P_k (1-t^2)^{(d-3)/2} = 1/(d-1) int f' P_{k-1} "
        "(1-t^2)^{(d-1)/2}, P_{k-1} of dimension d+2. After k steps int f^(k) (1-t^2)^{k+(d-3)/2} over "
        "(d-1)(d+1)...(d+2k-3) = 2^k ((d-1)/2)_k > 0, by induction on k",
        lambda: (
            is_zero(((1 - t**2) ** ((d - 1) / 2)).subs(t, 1))
            and is_zero(((1 - t**2) ** ((d - 1) / 2)).subs(t, -1))
            and _is_product(claims["steps down"])
            and is_positive(claims["steps down"])
        ),
        ("lowering",),
    )
    proof.step(
        "coefficients",
        "for f of degree < k it gives E f P_k = 0: the P_k are orthogonal, kappa_k = E f P_k / E P_k^2, of the sign "
        "of the integral of f^(k). Against the definition: all t^p, p <= 6, k <= 4, d <= 4",
        lambda: all(
            _is_mean(power, n, dim, claims["share of the derivative"])
            for power in range(7)
            for n in range(1, 5)
            for dim in range(2, 5)
        ),
        ("integration by parts",),
    )
    proof.step(
        "Gaussian",
        "e^{-ur} at r = 2-2t is e^{-2u(1-t)}, whose k-th derivative in t is (2u)^k e^{-2u(1-t)} > 0, by induction on "
        "k: all its kappa_k, k >= 1, are positive for u > 0",
        lambda: (
            equal(claims["derivative of the Gaussian"].subs(degree - 1, 0), sympy.diff(exp(-2 * u * (1 - t)), t))
            and equal(
                sympy.simplify(sympy.diff(claims["derivative of the Gaussian"], t)),
                sympy.simplify(claims["derivative of the Gaussian"].subs(degree - 1, degree)),
            )
            and is_positive(claims["derivative of the Gaussian"])
        ),
        ("coefficients",),
    )
    proof.step(
        "Bernstein mixture",
        "K_U = int e^{-ur} dnu(u), nu >= 0 (Bernstein), has kappa_k = int kappa_k(u) dnu > 0 unless nu sits at u = 0, "
        "K_U constant. Where -K_U' is the mixture, K_U(r) - K_U(4) = int (e^{-ur} - e^{-4u})/u dnu(u), integrands >= "
        "0 for r <= 4, and 4 - r at u = 0. So I(mu) - I(sigma) is a mixture of those of Gaussians, each positive for "
        "mu != sigma (Tonelli)",
        lambda: (
            equal(sympy.integrate(exp(-u * T), (T, r, 4)) * u, claims["share of a Gaussian"])
            and is_positive(exp(-u * T))  # so that its integral is
            and equal(sympy.limit(claims["share of a Gaussian"] / u, u, 0), 4 - r)
        ),
        ("Gaussian", "energy"),
        kind=Kind.CITED,
    )
    proof.step(
        "(0, 4] is not enough",
        "(1 + x.y)^2 = (2 - r/2)^2 is completely monotone on (0, 4], and draws from a regular triangle have its "
        "energy under the uniform law in d = 2: it has degree 2",
        lambda: equal(
            sympy.Add(*((1 + cos(2 * pi * j / claims["vertices"])) ** 2 for j in range(claims["vertices"])))
            / claims["vertices"],
            sympy.integrate((1 + cos(x)) ** 2, (x, 0, 2 * pi)) / (2 * pi),
        ),
    )
    return proof.steps


def _overlaps(claimed: Any, count: int) -> bool:
    pairs = list(combinations(range(count), 2))
    shared = [len(set(one) & set(two)) for one in pairs for two in pairs]
    return all(shared.count(s) == claimed[s].subs(M - 2, count - 2) for s in range(3))


def _is_recurrence(dim: int) -> bool:
    recurrence = gegenbauer(t, dim)
    return all(
        equal(next(recurrence), sum(coefficient(Integer(dim), n, p) * ((1 - t) / 2) ** p for p in range(n + 1)))
        for n in range(7)
    )


def _is_lowering(factor: Any) -> bool:
    """-2 x (1-x) Q'(x) - (d-1) (1-2x) Q + factor P = 0, x = (1-t)/2, at the power m >= 1 and at 0: quotients of rising
    factorials are rational, and polynomials in k that agree where the quotients exist agree for all k."""
    q = coefficient(d + 2, k - 1, m)  # the others over it
    before, p = _rational(coefficient(d + 2, k - 1, m - 1) / q), _rational(coefficient(d, k, m) / q)
    total = -2 * m + 2 * (m - 1) * before - (d - 1) + 2 * (d - 1) * before + factor * p
    constant = -(d - 1) * coefficient(d + 2, k - 1, 0) + factor * coefficient(d, k, 0)
    return is_zero(total) and is_zero(constant)


def _rational(quotient: Any) -> Any:
    """A quotient of rising factorials, for a k at which none of the gamma functions has a pole."""
    gammas = quotient.replace(rf, lambda start, count: sympy.gamma(start + count) / sympy.gamma(start))
    return sympy.cancel(sympy.gammasimp(sympy.expand_func(gammas.rewrite(sympy.gamma))))


def _is_product(product: Any) -> bool:
    """The factor of the first step and, by the quotient of two, of each further one: d-1 at dimension d + 2k."""
    further = product.subs(degree - 1, degree) / product
    return equal(product.subs(degree - 1, 0), d - 1) and equal(
        sympy.gammasimp(sympy.expand_func(further.rewrite(sympy.gamma))), (d + 2 * degree) - 1
    )


def _moment(power: int, dim: int) -> Any:
    """E T^power: 0 for odd powers."""
    half = power // 2
    return rf(Rational(1, 2), half) / rf(Rational(dim, 2), half) if power % 2 == 0 else Integer(0)


def _is_mean(power: int, n: int, dim: int, share: Any) -> bool:
    """E T^power P_n from moments, and from the n-th derivative: the means of T^j (1-T^2)^n are sums of moments, too."""
    polynomial = sum(coefficient(Integer(dim), n, p) * ((1 - t) / 2) ** p for p in range(n + 1))
    means = {t**j: _moment(j, dim) for j in range(1, power + 2 * n + 1)}
    left = averaged(t**power * polynomial, means)
    right = averaged(sympy.diff(t**power, t, n) * (1 - t**2) ** n, means)
    return equal(left, right * share.subs({degree - 1: n - 1, d - 2: dim - 2}))


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "expectation": {"expectation": -aligned + gamma * energy * M / (M - 1)},
    "overlaps": {"overlaps": (binomial(M, 2) * binomial(M - 2, 2), binomial(M, 2) * (M - 2), binomial(M, 2))},
    "variance": {"variance": 2 * zeta_2 / (M * (M - 1))},
    "alignment": {"alignment": (a + b) ** 2},
    "energy": {"excess of a degree": -kappa * moment**2},
    "Gegenbauer polynomials": {"leading coefficient": lambda power: rf(1 - power, power)},
    "lowering": {"lowering": d},
    "integration by parts": {"steps down": 2**degree * rf(d / 2, degree)},
    "coefficients": {"share of the derivative": 1 / rf((d - 1) / 2, degree)},
    "Gaussian": {"derivative of the Gaussian": (-2 * u) ** degree * exp(-2 * u * (1 - t))},
    "Bernstein mixture": {"share of a Gaussian": exp(-u * r)},
    "(0, 4] is not enough": {"vertices": 2},
}
