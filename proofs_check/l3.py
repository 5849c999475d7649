"""L3, symmetrized losses align near their best aligned configurations: moving the two of each pair apart costs.

In full: Let L be the mean of (U,V) and (V,U) of the mean over i of -s_i/tau + log(a e^{s_i/tau} + sum_{j != i}
[e^{u_i.v_j/tau} + w e^{u_i.u_j/tau}]), a and w in {0,1}. Let U have p_ij = e^{x_ij/tau}/Z_i, x_ij = u_i.u_j, with the sums
over j of p_ij (w_i), of p_ji (c_i), of p_ij x_ij (r_i) and of p_ji x_ij (g_i). For tangent xi_i let S(xi) and A(xi) be M
times the coefficient of e^2 in L at u_i = v_i = exp(e xi_i), and at u_i = exp(e xi_i), v_i = exp(-e xi_i). For w = 1
    A(xi) = mean over signs of S(+-xi_1, ..., +-xi_M) + (4/tau) sum_i w_i |xi_i|^2 + (2/tau^2) sum_ij p_ij^2 (xi_j.u_i)^2,
so that A > 0 where U is a local minimizer among aligned configurations, where S >= 0. For w = 0 A(xi) is at least
    (1/tau) sum_ij p_ij [|xi_i-xi_j|^2/2 + (1-x_ij)(|xi_i|^2+|xi_j|^2)/2] + (1/tau) sum_i (w_i - c_i) |xi_i|^2,
and at least (1/(2 tau)) sum_i (3 w_i - c_i - r_i - g_i) |xi_i|^2. Where A > 0, (U, U) is a local minimizer of L, and near it
all that is as good is aligned.

Source: found and proved by this package.
"""

from __future__ import annotations

import itertools
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Function, Integer, cos, diff, exp, log, sin

from proofs_check.exact import averaged, equal, equal_in_exponentials, is_nonnegative, is_positive, is_sum_of_squares
from proofs_check.steps import Claims, Kind, Proof, Step

t = sympy.Symbol("tau", positive=True)
a = sympy.Symbol("a", nonnegative=True)
e, x, c, b, d, u, v = sympy.symbols("e x c a_ij a_ji u v", real=True)
n, m, E, F, G, z, big = sympy.symbols("n_i n_j E_1 E_2 E_0 z M", positive=True)
p, q, p_1, p_2, left = sympy.symbols("p q p_1 p_2 left", nonnegative=True)
al_1, al_2 = sympy.symbols("alpha_1 alpha_2", real=True)
weight, columns, rows_x, columns_x = sympy.symbols("w_i c_i r_i g_i", real=True)
# Of two other pairs, j = 1, 2: inner products xi_i.u_j, xi_j.u_i, xi_i.xi_j, u_i.u_j, and |xi_j|.
_B, _D, _C, _X = (sympy.symbols(f"{name}_1 {name}_2", real=True) for name in ("b", "d", "c", "x"))
_M = sympy.symbols("m_1 m_2", positive=True)
# What exponentials of the two at e = 0 are, over e^{1/tau}'s own symbol.
_E, _Z = (E, F), a * G + 2 * E + 2 * F

CLAIMS: Claims = MappingProxyType(
    {
        "positive": 1 - 2 * n**2 * e**2,
        "cross": x + (b - d) * e - (c + (n**2 + m**2) * x / 2) * e**2,
        "within": x + (b + d) * e + (c - (n**2 + m**2) * x / 2) * e**2,
        "surplus": lambda k: 4 * n**2 * _E[k] / (t * _Z) + 2 * (_E[k] / _Z) ** 2 * _D[k] ** 2 / t**2,
        "variance": [(p_1 * p_2, al_1 - al_2), (left * p_1, al_1), (left * p_2, al_2)],
        "pair": (1 / (2 * t), (1 - x) / (2 * t), 1 / t),
        "weight back": p,  # p_ji
        "crude": lambda weights: (3 * weights[0] - weights[1] - weights[2] - weights[3]) / (2 * t),
        "ratio": (3 - x) / (1 + x),
        "even": Function("L")(u, v) + Function("L")(v, u),
        "second derivative": 8 / (big * t),
    }
)


def _geodesic(own: int, other: int) -> Any:
    """The inner product of exp(+-e xi_i) and exp(+-e xi_j), u_i.u_j = x, by the signs."""
    first, second = own * e, other * e
    return (
        cos(first * n) * cos(second * m) * x
        + sin(first * n) * cos(second * m) * b / n
        + cos(first * n) * sin(second * m) * d / m
        + sin(first * n) * sin(second * m) * c / (n * m)
    )


def _expands(whole: Any, claimed: Any) -> bool:
    return all(equal(diff(whole - claimed, e, k).subs(e, 0), 0) for k in range(3))


def _second(own: int, other: int, signs: tuple[int, int, int] = (1, 1, 1)) -> Any:
    """The coefficient of e^2 in the term of an anchor with two other pairs and within-view negatives, from the expansions
    of the similarities; xi_i and xi_j times signs."""
    cross, within = CLAIMS["cross" if other < 0 else "within"], CLAIMS["within"]
    positive = CLAIMS["positive"] if other < 0 else Integer(1)
    shifts = []
    for k in (0, 1):
        turned = {
            x: _X[k],
            b: signs[0] * _B[k],
            d: signs[k + 1] * _D[k],
            c: signs[0] * signs[k + 1] * _C[k],
            m: _M[k],
        }
        shifts += [(_E[k], similarity.subs(turned) - _X[k]) for similarity in (cross, within)]
    total = a * G * exp((positive - 1) / t) + sum(size * exp(shift / t) for size, shift in shifts)
    return diff(-own * positive / t + log(total), e, 2).subs(e, 0) / 2


def _signs(surplus: Any) -> bool:
    """Symmetric forms with eight choices of signs, their mean, and the antisymmetric form."""
    choices = [(i, j, k) for i, j, k in itertools.product((1, -1), repeat=3)]
    mean = sum(_second(1, 1, choice) for choice in choices) / len(choices)
    return equal(_second(1, -1), mean + surplus(0) + surplus(1))


def _of_pair(parts: Any) -> bool:
    """2 n^2 - c - (n^2+m^2) x/2 by the squares |xi_i-xi_j|^2 = n^2 + m^2 - 2c, n^2 + m^2, and what is odd."""
    apart, crowded, odd = parts
    whole = -(CLAIMS["positive"] - 1).coeff(e, 2) + CLAIMS["cross"].coeff(e, 2)
    return equal(
        whole / t, apart * (n**2 + m**2 - 2 * c) + crowded * (n**2 + m**2) + odd * (n**2 - m**2)
    ) and is_positive(apart)


def _crude(claimed: Any) -> bool:
    """Summed over i and j with p_ij, where -c >= -(n^2+m^2)/2: what multiplies |xi_i|^2, from n^2 in the terms (i, j), whose
    means are w_i and r_i, and from m^2 in the terms (j, i), c_i and g_i."""
    term = sympy.expand(2 * n**2 - (n**2 + m**2) / 2 - (n**2 + m**2) * x / 2)
    mine, others = term.coeff(n, 2), term.coeff(m, 2)
    total = averaged(mine * p + others * q, {p: weight, q: columns, p * x: rows_x, q * x: columns_x})
    return equal(total / t, claimed((weight, columns, rows_x, columns_x)))


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    proof.step(
        "positive",
        "exp(e xi_i).exp(-e xi_i) = cos(2 e |xi_i|) = 1 - 2 e^2 |xi_i|^2 + ...",
        lambda: _expands(cos(e * n) ** 2 - sin(e * n) ** 2, claims["positive"]),
    )
    proof.step(
        "cross-view",
        "exp(e xi_i).exp(-e xi_j) = x_ij + e (a_ij - a_ji) - e^2 (xi_i.xi_j + (|xi_i|^2 + |xi_j|^2) x_ij/2), "
        "a_ij = xi_i.u_j",
        lambda: _expands(_geodesic(1, -1), claims["cross"]),
    )
    proof.step(
        "within view",
        "exp(e xi_i).exp(e xi_j) = x_ij + e (a_ij + a_ji) + e^2 (xi_i.xi_j - (|xi_i|^2 + |xi_j|^2) x_ij/2)",
        lambda: _expands(_geodesic(1, 1), claims["within"]),
    )
    proof.step(
        "signs",
        "w = 1: the second-order term of u_i for pairs that move apart is the mean, over signs of xi_i and of all xi_j, of "
        "that for pairs that stay together, plus sum_j (4/tau) p_ij |xi_i|^2 + (2/tau^2) p_ij^2 a_ji^2; two other pairs "
        "show every entry of these quadratic forms",
        lambda: _signs(claims["surplus"]),
        needs=("positive", "cross-view", "within view"),
    )
    proof.step(
        "apart costs",
        "at a local minimizer among aligned configurations S >= 0 along geodesics, whatever the signs: A(xi) >= (4/tau) "
        "sum_i w_i |xi_i|^2, and the second derivative of L is 2 A/M",
        lambda: (
            equal(2 * diff(CLAIMS["surplus"](0), n, 2) / 2 / big, claims["second derivative"] * (E / _Z))
            and is_positive(CLAIMS["surplus"](0).subs(_D[0], 0))
            and is_nonnegative(CLAIMS["surplus"](0) - CLAIMS["surplus"](0).subs(_D[0], 0))
        ),
        needs=("signs",),
    )
    proof.step(
        "variance",
        "w = 0: what is quadratic in a_ij - a_ji is a variance, sum_j p_ij f_j^2 - (sum_j p_ij f_j)^2 >= 0 as sum_j p_ij <= "
        "1, by a sum of squares; for more j by the same identity, with a square for each pair of them",
        lambda: is_sum_of_squares(
            (p_1 + p_2 + left) * (p_1 * al_1**2 + p_2 * al_2**2) - (p_1 * al_1 + p_2 * al_2) ** 2, claims["variance"]
        ),
    )
    proof.step(
        "pairs",
        "the rest is (1/tau) sum_ij p_ij times 2 |xi_i|^2 - xi_i.xi_j - (|xi_i|^2+|xi_j|^2) x_ij/2 = |xi_i-xi_j|^2/2 + "
        "(1-x_ij)(|xi_i|^2+|xi_j|^2)/2 + |xi_i|^2 - |xi_j|^2",
        lambda: _of_pair(claims["pair"]),
        needs=("positive", "cross-view", "variance"),
    )
    proof.step(
        "equal normalizers",
        "where all Z_i agree p_ij = p_ji, so that |xi_i|^2 - |xi_j|^2 adds up to 0: A >= 0, and 0 only where all x_ij = 1 "
        "or all xi = 0",
        lambda: (
            equal(p * (n**2 - m**2) + claims["weight back"] * (m**2 - n**2), 0)
            and is_positive(CLAIMS["pair"][1].subs(x, 1 - z))
        ),
        needs=("pairs",),
    )
    proof.step(
        "light points",
        "with -xi_i.xi_j >= -(|xi_i|^2+|xi_j|^2)/2 it is at least (1/(2 tau)) sum_i (3 w_i - c_i - r_i - g_i) |xi_i|^2",
        lambda: _crude(claims["crude"]),
        needs=("pairs",),
    )
    proof.step(
        "InfoNCE",
        "let 0 <= x_ij <= x where positive, and z the largest ratio of normalizers: c_i <= z w_i, r_i <= x w_i, g_i <= x z "
        "w_i, so that z + x + x z < 3, that is z < (3-x)/(1+x), suffices; and z <= 1 + (M-1) e^{-(1-x)/tau}, so that (M-1) "
        "e^{-(1-x)/tau} < 2(1-x)/(1+x) does",
        lambda: (
            equal((z + x + x * z - 3).subs(z, claims["ratio"]), 0)
            and equal(claims["ratio"] - 1, 2 * (1 - x) / (1 + x))
            and is_positive(diff(z + x + x * z, z).subs(x, p))
        ),
        needs=("light points",),
    )
    proof.step(
        "near by",
        "any pair near (U, U) is exp(eta), exp(-eta) of a midpoint U' near U, and L, which does not change when the views "
        "are exchanged, is even in eta: with A > 0 near U, L(U', eta) > L(U', 0) >= L(U, 0) for eta != 0",
        lambda: equal_in_exponentials(claims["even"], claims["even"].subs({u: v, v: u}, simultaneous=True)),
        needs=("apart costs", "equal normalizers", "light points"),
        kind=Kind.WORDS,
    )
    return proof.steps


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "positive": {"positive": 1 - n**2 * e**2},
    "cross-view": {"cross": x + (b + d) * e - (c + (n**2 + m**2) * x / 2) * e**2},
    "within view": {"within": x + (b + d) * e - (c + (n**2 + m**2) * x / 2) * e**2},
    "signs": {"surplus": lambda k: 4 * n**2 * _E[k] / (t * _Z)},
    "apart costs": {"second derivative": 16 / (big * t)},
    "variance": {"variance": [(p_1 * p_2, al_1 + al_2), (left * p_1, al_1), (left * p_2, al_2)]},
    "pairs": {"pair": (1 / t, (1 - x) / (2 * t), 1 / t)},
    "equal normalizers": {"weight back": 2 * p},
    "light points": {"crude": lambda weights: (3 * weights[0] - weights[1]) / (2 * t)},
    "InfoNCE": {"ratio": 3 / (1 + x)},
    "near by": {"even": Function("L")(u, v) - Function("L")(v, u)},
}
