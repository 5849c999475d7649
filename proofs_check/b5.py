"""B5, why coupled one-sided losses need not align: the force on positives at their anchors, and counterexamples.

In full: Let L be the mean over i of -s_i/tau + log(a e^{s_i/tau} + sum_{j != i} [e^{u_i.v_j/tau} + w e^{u_i.u_j/tau}]), a
and w in {0,1}, or of Phi(sum_{j != i} [Psi(u_i.v_j - s_i) + w Psi(u_i.u_j - s_i)]), Phi' > 0, Psi' > 0. At V = U let p_ij be
tau times the derivative of the i-th term in u_i.v_j, P_j the projection onto the tangent space at u_j, R_j = P_j sum_k p_jk
u_k and C_j = P_j sum_i p_ij u_i. M tau times the gradients in v_j and u_j on the sphere are C_j and (1+w) R_j + w C_j, among
aligned configurations it is (1+w)(R_j + C_j). So an aligned configuration that is critical among aligned ones is critical
if and only if all C_j vanish, if and only if all R_j do: it is an equilibrium of sum_{i<j} e^{u_i.u_j/tau}, or of sum Psi.
If C_j != 0, L falls as v_j moves along -C_j. In ((1+l) L(U,V) + (1-l) L(V,U))/2 the forces F = -C/tau become l F; where A,
the second derivatives for moving pairs apart, is positive (L3), v_i - u_i = (4 l/M) (A^{-1} F)_i + O(l^3) at the minimizer
beside a nondegenerate U, and it is (2 l^2/M^2) F.A^{-1} F + O(l^4) lower than (U, U).
For d = 2, cross-view DCL (a = w = 0), M >= 13: every aligned configuration has M tau L >= -(77/25 +
20/M^2), and a misaligned one has M tau L <= -16/5 + M tau log(M-1).

Sources: found and proved by this package; balanced configurations: Leech (1957), Cohn, Elkies, Kumar, Schuermann (2010).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Function, Integer, Rational, cos, diff, exp, log, pi, sin, sqrt

from hyperenergy import codes
from hyperenergy.codes.exact import ExactVectors
from hyperenergy.theorems.balanced_codes import balance, shells_are_along
from proofs_check.exact import (
    dot,
    enclosure,
    equal,
    equal_in_exponentials,
    interval,
    is_positive,
    is_sum_of_squares,
    is_zero,
    vector,
)
from proofs_check.steps import Claims, Kind, Proof, Step

t, Z_i, Z_j, A, h = sympy.symbols("tau Z_i Z_j A h", positive=True)
a, w, rest = sympy.symbols("a w rest", nonnegative=True)
s, x, y, g, R, C, eta, lam = sympy.symbols("s x y g R C eta lambda", real=True)
first, second = sympy.symbols("C_1 C_2", real=True)
M = sympy.Symbol("M_minus_13", integer=True, nonnegative=True) + 13
u_i, v_i, u_j, v_j = (vector(name) for name in ("u_i", "v_i", "u_j", "v_j"))
phi, psi, loss = Function("Phi"), Function("Psi"), Function("L")

# Name -> anchor and positive, in units of 1/5: three pairs, and a heap of all others.
_PAIRS = {"P": ((0, 5), (3, 4)), "Q": ((-5, 0), (-5, 0)), "R": ((0, -5), (3, -4)), "heap": ((5, 0), (5, 0))}
# Codes whose shells are added up, whatever their strength; and those too large for that in a second.
_SMALL = tuple(name for name in codes.names() if codes.catalogue.size_of(name)[0] <= 120)
_LARGE = tuple(name for name in codes.names() if 120 < codes.catalogue.size_of(name)[0] < 10_000)

CLAIMS: Claims = MappingProxyType(
    {
        "weight": lambda Z: exp(x / t) / Z,
        "share of the other view": w,
        "directions": {"v_j": u_i, "v_i": u_i, "u_j": u_i, "u_i": (v_i, v_j, u_j)},
        "in U": (1 + w) * R + w * C,
        "opposite": -C,
        "determinant": -(1 + w),  # of (R, C) -> gradients in V and U
        "energy": exp(x / t),
        "descent": Integer(-1),
        "difference": exp(x / t) * (Z_j - Z_i) / (Z_i * Z_j),
        "symmetrized": (1 + w) * (R + C) / 2,
        "degree": lambda m: m,
        "vectors": lambda name: codes.get(name).vectors,
        "others": lambda code: len(code.inner_products) - 1,  # than -1, of antipodal codes
        "slope": 2 * lam * C,
        "gain": 2 * lam**2 * C**2 / A,
        "mean": ((1 + lam) * loss(x, y) + (1 - lam) * loss(y, x)) / 2,
        "extra": 1,  # how often the smallest gap counts once more
        "numerator": g * sin(g) - 1 + cos(g),
        "parabola": g**2 / 2,
        "middle": (Rational(19, 20), Rational(23, 10)),
        "bound": Rational(77, 25),
        "chord": Rational(3, 4),
        "smallest gap": Integer(20),
        "margins": {"P": Rational(4, 5), "Q": Rational(8, 5), "R": Rational(4, 5), "heap": Integer(0)},
        "misaligned": Rational(16, 5),
        "temperature": (Rational(3, 25) - 20 / M**2) / (M * log(M - 1)),
    }
)


def softmax(positive: Any, cross: Any, within: Any) -> Any:
    """The term of an anchor, one other pair written out."""
    return -positive / t + log(a * exp(positive / t) + exp(cross / t) + w * exp(within / t) + rest)


def family(positive: Any, cross: Any, within: Any) -> Any:
    return phi(psi(cross - positive) + w * psi(within - positive) + rest)


Term = Callable[[Any, Any, Any], Any]
_SIMILARITIES = {s: dot(u_i, v_i), x: dot(u_i, v_j), y: dot(u_i, u_j)}


def _weights(claimed: Any, share: Any) -> bool:
    """At V = U, where s = 1 and the two similarities agree."""
    across, within = (diff(softmax(s, x, y), z).subs({y: x, s: 1}) for z in (x, y))
    return equal_in_exponentials(across, claimed / t) and equal_in_exponentials(within, share * claimed / t)


def _chain(term: Term, directions: Any) -> bool:
    """The gradients of the term of u_i are its slopes in the three similarities times these vectors."""
    whole = term(*_SIMILARITIES.values())
    slopes = [diff(term(s, x, y), z).doit().subs(_SIMILARITIES) for z in (s, x, y)]
    for k in (0, 1):
        found = {name: diff(whole, z[k]).doit() for name, z in {"v_i": v_i, "v_j": v_j, "u_j": u_j, "u_i": u_i}.items()}
        wanted = {name: slope * directions[name][k] for name, slope in zip(("v_i", "v_j", "u_j"), slopes, strict=True)}
        wanted["u_i"] = sum(slope * z[k] for slope, z in zip(slopes, directions["u_i"], strict=True))
        if not all(equal_in_exponentials(found[name], wanted[name]) for name in found):
            return False
    return True


def _energy(claimed: Any, weight: Any) -> bool:
    """The slope of the energy in u_j.u_k is p_jk Z_j/tau, for every k with the same Z_j."""
    return equal_in_exponentials(diff(claimed, x), weight(Z_j) * Z_j / t)


def _shell(m: int) -> Any:
    """A polynomial in z = x_j.x that picks out one of m inner products, times a coordinate y of x across x_j."""
    z = sympy.Symbol("z")
    return sympy.Poly(sympy.Mul(*(z - Rational(k, m + 1) for k in range(1, m))) * y, z, y)


def _charged(extra: int) -> bool:
    """For every order of six gaps around a circle, and every threshold: how many minima of neighbors reach it, against how
    many gaps do, without the largest and with the smallest counted ``extra`` times more."""
    for order in itertools.permutations(range(1, 7)):
        minima = [min(pair) for pair in zip(order, (*order[1:], order[0]), strict=True)]
        counted = [*range(1, 6), *[1] * extra]
        if any(sum(m >= n for m in minima) > sum(k >= n for k in counted) for n in range(1, 7)):
            return False
    return True


def _at_most(bound: Any, upper: Callable[[Any, Any], Any], low: Any, high: Any, parts: int) -> bool:
    """Whether a quantity is at most ``bound`` on [low, high]: upper(p, q) is at least its values on [p, q]."""
    ends = [low + (high - low) * Rational(k, parts) for k in range(parts + 1)]
    return all(enclosure(interval(upper(p, q)))[1] <= bound for p, q in itertools.pairwise(ends))


def _margins() -> dict[str, Any]:
    """u_i.v_i less the largest u_i.v_j of other pairs; the heap has two pairs or more."""

    def product(anchor: str, positive: str) -> Any:
        return Rational(sum(p * q for p, q in zip(_PAIRS[anchor][0], _PAIRS[positive][1], strict=True)), 25)

    return {k: product(k, k) - max(product(k, n) for n in _PAIRS if n != k or n == "heap") for k in _PAIRS}


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    Z = a * exp(1 / t) + (1 + w) * exp(x / t) + rest
    proof.step(
        "weights",
        "at V = U tau times the derivative of the term of u_i in u_i.v_j is p_ij = e^{u_i.u_j/tau}/Z_i, in u_i.u_j w p_ij",
        lambda: _weights(claims["weight"](Z), claims["share of the other view"]),
    )
    proof.step(
        "gradients",
        "the term of u_i changes in v_j, v_i and u_j along u_i, and in u_i along v_i, v_j and u_j, each by its slope in "
        "that similarity; at V = U what is along v_i = u_i is across the sphere and drops out",
        lambda: _chain(softmax, claims["directions"]),
    )
    proof.step(
        "gradients of the family",
        "the same for Phi(sum Psi)",
        lambda: _chain(family, claims["directions"]),
    )
    proof.step(
        "among aligned configurations",
        "M tau times the gradients are C_j in v_j and R_j + w R_j + w C_j in u_j; together (1+w)(R_j + C_j)",
        lambda: equal(C + claims["in U"], (1 + w) * (R + C)) and equal(claims["in U"].subs(w, 0), R),
        needs=("weights", "gradients"),
    )
    proof.step(
        "opposite",
        "so at a critical point among aligned ones, R_j = -C_j, the gradient in u_j is -C_j: the force on u_j is opposite "
        "to that on v_j",
        lambda: equal(claims["in U"].subs(R, -C), claims["opposite"]),
        needs=("among aligned configurations",),
    )
    proof.step(
        "balanced",
        "(U, U) is critical in all points if and only if R_j = C_j = 0: the map from them to the gradients is invertible",
        lambda: (
            equal(sympy.Matrix(2, 2, [0, 1, *(claims["in U"].coeff(z) for z in (R, C))]).det(), claims["determinant"])
            and is_positive(-claims["determinant"])
        ),
        needs=("among aligned configurations",),
    )
    proof.step(
        "equilibrium",
        "Z_j R_j/tau is the gradient of sum_{i<j} e^{u_i.u_j/tau} in u_j: the normalizers drop out, and all R_j = 0 is "
        "the equilibrium of that energy, whatever a and w",
        lambda: _energy(claims["energy"], claims["weight"]),
        needs=("weights", "balanced"),
    )
    proof.step(
        "descent",
        "as v_j alone moves along -C_j, M tau L has the slope -|C_j|^2",
        lambda: is_sum_of_squares(-claims["descent"] * (first * first + second * second), [(1, first), (1, second)]),
        needs=("among aligned configurations",),
    )
    proof.step(
        "no aligned minimizer",
        "an aligned minimizer of L is least among aligned configurations, too, and has no slope: where none of those that "
        "are least is balanced, no minimizer is aligned",
        lambda: is_positive(-claims["descent"]) and not is_zero(claims["opposite"]),
        needs=("balanced", "descent"),
        kind=Kind.WORDS,
    )
    proof.step(
        "equal normalizers",
        "p_ij - p_ji = e^{u_i.u_j/tau} (Z_j - Z_i)/(Z_i Z_j): where all Z_i agree R_j = C_j, and R_j + C_j = 0 makes both 0",
        lambda: equal(claims["weight"](Z_i) - claims["weight"](Z_j), claims["difference"]),
        needs=("weights", "balanced"),
    )
    proof.step(
        "symmetrized losses",
        "the mean of L(U,V) and L(V,U) has the same gradient in u_j and v_j, half of that among aligned ones: it vanishes",
        lambda: equal((claims["in U"] + C) / 2, claims["symmetrized"]),
        needs=("among aligned configurations",),
    )
    proof.step(
        "designs",
        "a spherical m-design with m inner products other than +-1 is balanced: a polynomial of degree m-1 in x_j.x picks "
        "out one of them, and times a coordinate of x across x_j it has degree m, a mean over the design that is the one "
        "over the sphere, and is odd in that coordinate",
        lambda: all(
            _shell(m).total_degree() == claims["degree"](m)
            and is_zero(_shell(m).as_expr() + _shell(m).as_expr().subs(y, -y))
            for m in range(1, 8)
        ),
        kind=Kind.CITED,
    )
    proof.step(
        "codes up to 120 points",
        f"{len(_SMALL)} codes of the catalogue are balanced: the points that x sees at any inner product add up to a "
        "multiple of x, in exact arithmetic",
        lambda: all(shells_are_along(claims["vectors"](name)) for name in _SMALL),
    )
    proof.step(
        "larger codes",
        f"so are {len(_LARGE)} of more, by their strength as designs; the Leech vectors are an 11-design with 5 inner "
        "products other than -1 (B2c)",
        lambda: all(
            codes.get(name).design_strength >= claims["others"](codes.get(name)) and bool(balance(codes.get(name)))
            for name in _LARGE
        ),
        needs=("designs",),
    )
    proof.step(
        "exchange",
        "L_lambda(U,V) = ((1+lambda) L(U,V) + (1-lambda) L(V,U))/2 is L_{-lambda}(V,U): what moves apart is odd in lambda, "
        "and values are even",
        lambda: (
            equal_in_exponentials(claims["mean"], (loss(x, y) + loss(y, x)) / 2 + lam * (loss(x, y) - loss(y, x)) / 2)
            and equal_in_exponentials(claims["mean"], claims["mean"].subs({x: y, y: x, lam: -lam}, simultaneous=True))
        ),
    )
    proof.step(
        "slope",
        "with the gradients C in V and -C in U, its slope along v = exp(eta), u = exp(-eta) is 2 lambda C, and that along "
        "u = v is 0",
        lambda: equal(
            ((1 + lam) * C + (1 - lam) * claims["opposite"]) / 2 - ((1 + lam) * claims["opposite"] + (1 - lam) * C) / 2,
            claims["slope"],
        ),
        needs=("opposite", "exchange"),
    )
    proof.step(
        "expansion",
        "to leading order it is 2 lambda C eta + A eta^2/2, A positive (L3): least at eta = -2 lambda C/A, by 2 lambda^2 "
        "C^2/A; in several dimensions so along each eigenvector of A",
        lambda: is_sum_of_squares(
            claims["slope"] * eta + A * eta**2 / 2 + claims["gain"], [(A / 2, eta + claims["slope"] / A)]
        ),
        needs=("slope",),
    )
    _circle(proof, claims)
    return proof.steps


def _circle(proof: Proof, claims: Claims) -> None:
    """Cross-view DCL on the circle; f(g) = 1 - cos g."""
    proof.step(
        "gaps",
        "let M points on a circle have the gaps g_1..g_M, of sum 2 pi. The angle from a point to its nearest is the lesser "
        "of its two gaps. From the largest gap L go both ways to the smallest q: each pair of neighboring gaps has its "
        "minimum at most the one farther on, so that sum f <= f(q) + sum f(g_k) without L, as f increases",
        lambda: _charged(claims["extra"]),
        kind=Kind.WORDS,
    )
    low, high = claims["middle"]
    proof.step(
        "chords",
        "f(g)/g increases on [0, 23/10]: its derivative is N/g^2, N = g sin g - f(g), N' = g cos g, N(0) = 0, and N > 0 at "
        "the end, so that N, which first rises and then falls, is positive",
        lambda: (
            equal(diff((1 - cos(g)) / g, g), claims["numerator"] / g**2)
            and equal(diff(claims["numerator"], g), g * cos(g))
            and is_zero(claims["numerator"].subs(g, 0))
            and bool(enclosure(interval(claims["numerator"].subs(sin(g), sqrt(1 - cos(g) ** 2)).subs(g, high)))[0] > 0)
        ),
    )
    proof.step(
        "parabola",
        "f(g) <= g^2/2: both and their slopes are 0 at 0, and 1 - cos g = 2 sin^2(g/2) is the second derivative of the "
        "difference",
        lambda: (
            is_sum_of_squares(diff(claims["parabola"] - 1 + cos(g), g, 2), [(2, sin(g / 2))])
            and is_zero(diff(claims["parabola"] - 1 + cos(g), g).subs(g, 0))
            and is_zero((claims["parabola"] - 1 + cos(g)).subs(g, 0))
        ),
    )
    proof.step(
        "L up to 23/10",
        "then sum f(g_k) <= (f(L)/L)(2 pi - L) <= 77/25: up to 19/20 by the parabola, at most pi L; beyond on 350 intervals "
        "[p, q], where it is at most f(q)(2 pi/p - 1)",
        lambda: (
            bool(enclosure(interval(pi * low))[1] <= claims["bound"])
            and _at_most(claims["bound"], lambda p, q: (1 - cos(q)) * (2 * pi / p - 1), low, high, 350)
        ),
        needs=("gaps", "chords", "parabola"),
    )
    chord = claims["chord"]
    proof.step(
        "L above",
        "f(g) <= 3g/4 on [0, pi]: up to 3/2 by the parabola, from 8/3 on because f <= 2, and between on 60 intervals; so "
        "sum f(g_k) <= (3/4)(2 pi - 23/10) < 77/25",
        lambda: (
            bool(Rational(3, 2) / 2 <= chord)
            and bool(2 / Rational(8, 3) <= chord)
            and _at_most(chord, lambda p, q: (1 - cos(q)) / p, Rational(3, 2), Rational(8, 3), 60)
            and bool(enclosure(interval(chord * (2 * pi - high)))[1] < claims["bound"])
        ),
        needs=("gaps", "parabola"),
    )
    proof.step(
        "aligned configurations",
        "q <= 2 pi/M, so that f(q) <= 2 pi^2/M^2 <= 20/M^2; and log sum >= the largest: M tau L >= sum_i (max_j u_i.u_j - "
        "1) >= -(77/25 + 20/M^2)",
        lambda: bool(enclosure(interval(CLAIMS["parabola"].subs(g, 2 * pi)))[1] <= claims["smallest gap"]),
        needs=("L up to 23/10", "L above"),
    )
    proof.step(
        "a misaligned one",
        "positives (3/5, 4/5), (-1, 0), (3/5, -4/5), and all others (1, 0), with anchors (0, 1), (-1, 0), (0, -1), (1, 0): "
        "u_i.v_i exceeds all u_i.v_j by 4/5, 8/5, 4/5 and 0, together 16/5; and log sum <= log(M-1) + the largest",
        lambda: _margins() == claims["margins"] and equal(sum(_margins().values()), claims["misaligned"]),
    )
    proof.step(
        "counterexamples",
        "16/5 > 77/25 + 20/M^2 for M >= 13, and the misaligned one is lower than all aligned ones where M tau log(M-1) is "
        "below the difference",
        lambda: (
            is_positive(sympy.factor(claims["misaligned"] - CLAIMS["bound"] - CLAIMS["smallest gap"] / M**2))
            and equal(
                -claims["misaligned"] + M * claims["temperature"] * log(M - 1),
                -CLAIMS["bound"] - CLAIMS["smallest gap"] / M**2,
            )
        ),
        needs=("aligned configurations", "a misaligned one"),
    )


def _pyramid(name: str) -> ExactVectors:
    """An octahedron without a point, where four feel the one opposite to it."""
    octahedron = codes.cross_polytope(3).vectors
    assert octahedron is not None
    return ExactVectors(octahedron.a[:-1])


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "weights": {"share of the other view": Integer(1)},
    "gradients": {"directions": {**CLAIMS["directions"], "v_j": u_j}},
    "gradients of the family": {"directions": {**CLAIMS["directions"], "u_j": v_i}},
    "among aligned configurations": {"in U": (1 + w) * R},
    "opposite": {"opposite": C},
    "balanced": {"determinant": -w},
    "equilibrium": {"energy": exp(2 * x / t)},
    "descent": {"descent": Integer(1)},
    "no aligned minimizer": {"opposite": Integer(0), "descent": Integer(-1)},
    "equal normalizers": {"difference": exp(x / t) * (Z_j - Z_i)},
    "symmetrized losses": {"symmetrized": (1 + w) * (R + C)},
    "designs": {"degree": lambda m: m - 1},
    "codes up to 120 points": {"vectors": _pyramid},
    "larger codes": {"others": lambda code: 2 * len(code.inner_products) + 1},
    "exchange": {"mean": ((1 + lam) * loss(x, y) + (1 + lam) * loss(y, x)) / 2},
    "slope": {"slope": lam * C},
    "expansion": {"gain": lam**2 * C**2 / A},
    "gaps": {"extra": 0},
    "chords": {"numerator": g * sin(g) - 1},
    "parabola": {"parabola": g**2 / 4},
    "L up to 23/10": {"bound": Integer(3)},
    "L above": {"chord": Rational(7, 10)},
    "aligned configurations": {"smallest gap": Integer(19)},
    "a misaligned one": {"misaligned": Rational(17, 5)},
    "counterexamples": {"temperature": 1 / (M * log(M - 1))},
}
