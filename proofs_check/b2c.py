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
from proofs_check.exact import equal, is_sum_of_squares, is_zero, mean_over, mean_over_pairs
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
kappa = sympy.Function("kappa")

CLAIMS: Claims = MappingProxyType(
    {
        "inner derivative": -2,  # of 2 - 2t
        "Newton's next factor": t - node,
        "generating function": 1 / (1 - t * z),  # of the powers of one variable
        "terms of H_1": 1,  # H_1 is the sum of the variables, once each
        "bound": N**2 * h_0 - N * h_1,
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
            and [sympy.series(factor, z, 0, 5).removeO().coeff(z, k) for k in range(5)] == [t**k for k in range(5)]
        ),
        kind=Kind.CITED,
    )
    proof.step(
        "H_1 H_m >= H_{m+1}",
        "every monomial of degree m+1 is a variable times a monomial of degree m, and all have coefficients 1: for "
        "nonnegative variables H_{m+1} <= H_1 H_m; checked for up to 4 variables and degrees up to 5",
        lambda: all(_dominated(k, m, claims["terms of H_1"]) for k in (1, 2, 3, 4) for m in range(5)),
        kind=Kind.WORDS,
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
        "polygons",
        "regular polygons are sharp, which is what theorem 1.2 asks for: m = floor(N/2) inner products, and sums of "
        "cos(2 pi j k/N) that vanish for k = 1..N-1 >= 2m-1; checked for N = 2..60",
        lambda: all(_polygon(points, claims["strength of the polygon"](points)) for points in range(2, 61)),
        general,
        kind=Kind.WORDS,
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


def _homogeneous(variables: list[Any], degree: int) -> Any:
    from itertools import combinations_with_replacement

    return sum(sympy.Mul(*chosen) for chosen in combinations_with_replacement(variables, degree))


def _dominated(k: int, m: int, terms: Any) -> bool:
    x = list(sympy.symbols(f"x1:{k + 1}"))
    difference = sympy.expand(terms * sum(x) * _homogeneous(x, m) - _homogeneous(x, m + 1))
    return all(coefficient >= 0 for coefficient in sympy.Poly(difference, *x).coeffs())


def _polygon(points: int, strength: int) -> bool:
    return strength >= 2 * (points // 2) - 1 and all(
        universal.sums_to_zero(range(points), points, k) for k in range(1, strength + 1)
    )


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
    "H_1 H_m >= H_{m+1}": {"terms of H_1": sympy.Rational(1, 2)},
    "bound": {"bound": N**2 * h_0},
    "polygons": {"strength of the polygon": lambda points: points},
    **{name: {f"dimension of {name}": dim + 1} for name, dim in TABLE.items()},
}
