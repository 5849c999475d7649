"""B2c, universally optimal codes: the linear-programming bound of Cohn and Kumar, and every code of the catalogue.

In full: Let K_U be completely monotone on (0, 4], up to a constant, and let N points of R^d be one of the codes below.
Then no N points of the sphere have less energy. If K_U is strictly completely monotone, every configuration with this
energy has its inner products among those of the code. Aligned, the code minimizes KCL, as in B2b. The bound uses that
sums of Gegenbauer polynomials over all pairs of points are nonnegative (Schoenberg 1942).

Sources: Cohn and Kumar, Universally optimal distribution of points on spheres (J. Amer. Math. Soc. 2007), theorem 1.2 and
Table 1; for the 600-cell the sign of the remainder is shown by an argument of this package, see
hyperenergy.codes.universal.
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import Any

import sympy

from hyperenergy import codes
from hyperenergy.arithmetic.steps import Fails
from hyperenergy.codes import universal
from proofs_check.exact import (
    equal,
    is_nonnegative,
    is_positive,
    is_sum_of_squares,
    is_zero,
    mean_over,
    mean_over_pairs,
)
from proofs_check.steps import Claims, Kind, Proof, Step

HAS_FULL = True  # check(full=True) looks at all pairs of Leech vectors

# Cohn and Kumar's Table 1: name in the catalogue -> dimension.
TABLE = {
    "simplex-5": 4,
    "cross-polytope-4": 4,
    "icosahedron": 3,
    "600-cell": 4,
    "clebsch": 5,
    "schlaefli": 6,
    "e7-56": 7,
    "e8-roots": 8,
    "isotropic-2": 6,
    "isotropic-3": 21,
    "isotropic-4": 52,
    "mclaughlin-112": 21,
    "mclaughlin-162": 21,
    "higman-sims": 22,
    "mclaughlin": 22,
    "leech-891": 22,
    "equiangular-552": 23,
    "leech-4600": 23,
    "leech": 24,
}

t, u, z, G = sympy.symbols("t u z G", positive=True)
c_j, next_difference, earlier, p_j, node = sympy.symbols("c_j D earlier p_j node", real=True)
N = sympy.Symbol("N", integer=True, positive=True)
h_0, h_1, x, y = sympy.symbols("h_0 h(1) x y", real=True)
h_k = sympy.Symbol("h_k", nonnegative=True)
# Complete homogeneous polynomials: of degree 1, m and m+1 without the variable ``new``, of degree m-1 with it.
new, before_1, before_m, after, lead, q = sympy.symbols("x_k before_1 before_m after_m_minus_1 D q", nonnegative=True)
H_1, H_m, D, F = sympy.symbols("H_1 H_m difference F", positive=True)
before_next = sympy.Symbol("before_m_plus_1", real=True)
distance = sympy.Symbol("t_minus_node", real=True, nonzero=True)
m, half = sympy.symbols("m half", integer=True, positive=True)
kappa = sympy.Function("kappa")

CLAIMS: Claims = MappingProxyType(
    {
        "inner derivative": -2,  # of 2 - 2t
        "Newton's next factor": t - node,
        "generating function": 1 / (1 - t * z),  # of the powers of one variable
        "H_m": before_m + new * after,  # with one variable more
        "gain of a variable": new * before_1 * after,  # of H_1 H_m - H_{m+1}
        "share of the last term": q * H_1,  # of H_m, that it takes at most
        "multiplicity of a node": 2,  # in F
        "bound": N**2 * h_0 - N * h_1,
        "excess": lambda gap, total: gap + h_k * total**2,  # over the bound; total: of a Y over the points
        "strength of the polygon": lambda points: points - 1,
        **{f"dimension of {name}": dim for name, dim in TABLE.items()},
    }
)


def check(claims: Claims = CLAIMS, full: bool = False) -> tuple[Step, ...]:
    proof = Proof()
    proof.step(
        "absolutely monotone",
        "f(t) = K_U(2-2t) has f^(n)(t) = (-2)^n K_U^(n)(2-2t), nonnegative on [-1, 1): each derivative brings a factor -2",
        lambda: equal(sympy.diff(kappa(2 - 2 * t), t).as_coeff_Mul()[0], claims["inner derivative"]),
    )
    proof.step(
        "Newton's form",
        "f = sum_j c_j p_j + f[t_1..t_n, t] F with p_{j+1} = p_j (t - t_{j+1}): one more node splits the last difference "
        "f[t_1..t_j, t] = c_j + (t - t_{j+1}) f[t_1..t_{j+1}, t]",
        lambda: is_zero(
            (earlier + (c_j + (t - node) * next_difference) * p_j)
            - (earlier + c_j * p_j + next_difference * (p_j * claims["Newton's next factor"]))
        ),
    )
    factor = claims["generating function"]
    proof.step(
        "differences of powers",
        "for f = (1+t)^k the difference over 1+t_1..1+t_{j+1} is the complete homogeneous polynomial of degree k-j, with "
        "coefficients 1: (G/(1-tz) - G/(1-uz))/(t-u) = z G/((1-tz)(1-uz)). f is a sum of nonnegative multiples of such "
        "powers (Bernstein), so that all c_j and f[t_1..t_n, t] are nonnegative, and positive if f^(n) > 0 for all n",
        lambda: (
            is_zero((G * factor - G * factor.subs(t, u)) / (t - u) - z * G * factor * factor.subs(t, u))
            and equal(factor, 1 + t * z * factor)  # the coefficients begin with 1, and each is t times the one before
        ),
        kind=Kind.CITED,
    )
    proof.step(
        "one variable more",
        "the generating function of the H_m in k variables, times 1 - x_k z, is that in k-1 variables: H_m in k of them "
        "is H_m in k-1, plus x_k times H_{m-1} in k",
        lambda: (
            is_zero(G * factor.subs(t, new) * (1 - new * z) - G)
            and equal(sympy.Poly((after + claims["H_m"] * z) * (1 - new * z), z).coeff_monomial(z), before_m)
        ),
    )
    proof.step(
        "H_1 H_m >= H_{m+1}",
        "for any number of variables >= 0, by induction: x_k more adds x_k H_1 H_{m-1} >= 0 to H_1 H_m - H_{m+1}, H_1 in "
        "k-1 variables and H_{m-1} in k; of one variable both are x^{m+1}",
        lambda: (
            is_zero(
                (before_1 + new) * CLAIMS["H_m"]
                - (before_next + new * CLAIMS["H_m"])
                - (before_1 * before_m - before_next)
                - claims["gain of a variable"]
            )
            and is_nonnegative(claims["gain of a variable"])
            and is_zero(sympy.powsimp(new * new**m - new ** (m + 1)))
        ),
        ("one variable more",),
    )
    proof.step(
        "bound",
        "cited: the addition formula, P_k(x.y) is a sum of products Y(x) Y(y). Each adds h_k (sum_i Y(x_i))^2 >= 0 to the "
        "sum of h over i != j, and h_k mean Y(x_i)^2 to h(1): sum_{i != j} h(x_i.x_j) >= N^2 h_0 - N h(1)",
        # One of the products, x = Y(x_i) and y = Y(x_j).
        lambda: is_sum_of_squares(
            N * (N - 1) * mean_over_pairs(h_0 + h_k * x * y, (x,), (y,), N)
            - claims["bound"].subs(h_1, h_0 + h_k * mean_over(x**2, x)),
            [(h_k, N * mean_over(x, x))],
        ),
        kind=Kind.CITED,
    )
    general = ("absolutely monotone", "Newton's form", "differences of powers", "bound")
    proof.step(
        "remainder off the nodes",
        "F = (t-t_1)...(t-t_n) has each inner product of the code twice, but -1 once: factor by factor it stays positive "
        "where t is none of them. With skipped degrees, f[t_1..t_n, t] - sum c_j q_j is at least (1 - (s_1+...+s_n) "
        "q_{n-1}) H_m > 0 for f = (1+t)^k, k >= n, where q_{n-1} > 0, because H_{m+1} <= H_1 H_m",
        lambda: (
            is_positive(D * F * distance ** claims["multiplicity of a node"])
            and is_positive(D * F * u)  # u = t + 1
            # H_m less q H_{m+1}, H_{m+1} = H_1 H_m - lead, where the share of H_m is 1 - z < 1.
            and is_zero(H_m - q * (H_1 * H_m - lead) - (1 - claims["share of the last term"]) * H_m - q * lead)
            and is_positive(z * H_m + q * lead)
        ),
        ("differences of powers", "H_1 H_m >= H_{m+1}"),
    )
    gap = sympy.Symbol("sum_of_f_minus_h", positive=True)
    energy = N * (N - 1) * mean_over_pairs(h_0 + h_k * x * y, (x,), (y,), N) + gap
    excess = claims["excess"](gap, N * mean_over(x, x))
    proof.step(
        "equality",
        "the energy less the bound is the sum of f-h over i != j and of the squares: if it is 0, each f(x_i.x_j) - "
        "h(x_i.x_j) >= 0 is. For a strictly completely monotone kernel f[t_1..t_n, t] > 0, and so every x_i.x_j is an inner "
        "product of the code",
        lambda: (
            equal(energy - CLAIMS["bound"].subs(h_1, h_0 + h_k * mean_over(x**2, x)), excess) and is_positive(excess)
        ),
        ("bound", "remainder off the nodes"),
    )
    order, power = m + half, sympy.exp(2 * sympy.pi * sympy.I * m / (m + half))  # N, and z^k for k = m < N
    partial_sum = (u**m - 1) / (u - 1)
    strength = claims["strength of the polygon"]
    proof.step(
        "polygons",
        "regular polygons are sharp, which is what theorem 1.2 asks for: there are floor(N/2) inner products, and the sum "
        "of w^j over j < N is (w^N - 1)/(w - 1), 0 for w = e^{2 pi i k/N}, 0 < k < N: so are those of cos(2 pi j k/N), up "
        "to k = N-1 >= 2 floor(N/2) - 1",
        lambda: (
            equal(partial_sum.subs(m, 1), 1)
            and equal(partial_sum + u**m, partial_sum.subs(m, m + 1))
            and equal(power**order, 1)
            and is_positive(order - strength(order))
            and all(is_nonnegative(strength(points) - (2 * half - 1)) for points in (2 * half, 2 * half + 1))
        ),
        general,
    )
    for name in TABLE:
        proof.step(
            name,
            "norm, distribution at every point, dimension, Gegenbauer sums, positive coefficients, sign of the remainder "
            "and attainment of the bound, in exact arithmetic",
            partial(_code, name, claims[f"dimension of {name}"], full),
            (*general, "H_1 H_m >= H_{m+1}") if codes.get(name).skip else general,
        )
    return proof.steps


def _code(name: str, dim: int, full: bool) -> bool:
    code = codes.get(name)
    assert code.vectors is not None
    steps = universal.prove(code.vectors, dim, skip=code.skip, full=full)
    broken = [f"{step.name} ({step.reason})" for step in steps if not step.holds]
    if broken:
        raise Fails("; ".join(broken))
    return True


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "absolutely monotone": {"inner derivative": 2},
    "Newton's form": {"Newton's next factor": t},
    "differences of powers": {"generating function": 1 / (1 + t * z)},
    "one variable more": {"H_m": before_m + after},
    "H_1 H_m >= H_{m+1}": {"gain of a variable": new * before_1 * after / 2},
    "remainder off the nodes": {"multiplicity of a node": 1},
    "equality": {"excess": lambda gap, total: gap - h_k * total**2},
    "bound": {"bound": N**2 * h_0},
    "polygons": {"strength of the polygon": lambda points: points},
    **{name: {f"dimension of {name}": dim + 1} for name, dim in TABLE.items()},
}
