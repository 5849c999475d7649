"""Proofs that a code minimizes the energy of every completely monotone kernel, in exact arithmetic.

Let f(t) = kappa(2-2t), absolutely monotone on [-1, 1), and let the polynomial h interpolate f at the inner products of
the code: to second order, but to first order at -1.  If f >= h on [-1, 1) and the Gegenbauer coefficients h_k, k >= 1,
are nonnegative, then for any N points sum_{i != j} f(x_i.x_j) >= sum_{i != j} h(x_i.x_j) >= N^2 h_0 - N h(1); the code
attains this if f = h at its inner products and its Gegenbauer sums vanish wherever h_k != 0.

For Newton's form h = sum_j c_j p_j with p_j = (t-t_1)...(t-t_j), whose divided differences c_j = f[t_1..t_{j+1}] are
nonnegative, it is enough to look at the p_j: one check for all kernels.  The remainder is f[t_1..t_n, t] F(t) with
F = (t-t_1)...(t-t_n) >= 0.

Where degrees must be skipped (the 600-cell is no 12-design, but its sums vanish in the degrees 13 to 19), p_j is
replaced by h_j = p_j + q_j F, with q_j such that the coefficients of h_j in the skipped degrees vanish.  It remains to
show that sum_j c_j q_j(t) <= f[t_1..t_n, t] on [-1, 1].  Both sides are linear in f, which is a sum of nonnegative
multiples of (1+t)^k (Bernstein).  For these c_j is the complete homogeneous polynomial H_{k-j}(s_1..s_{j+1}) in
s_i = 1+t_i >= 0, and the right side is H_{k-n}(s_1..s_n, 1+t).  It is enough that
  - q_j <= 0 for j < n-1, so that only the last term can be positive, and that is there for k >= n-1 alone;
  - q_{n-1} + (s_1 + ... + s_{n-1}) q_{n-2} <= 0, which settles k = n-1, where c_{n-1} = 1 and the right side is 0;
  - (s_1 + ... + s_n) q_{n-1} < 1, which settles k >= n: with m = k-n, H_{m+1} <= H_1 H_m as all monomials have
    coefficients 1, hence c_{n-1} q_{n-1} = H_{m+1}(s_1..s_n) q_{n-1} <= H_m(s_1..s_n) <= H_m(s_1..s_n, 1+t).

Sources: Cohn and Kumar 2007, sections 4, 5 and 7; Delsarte, Goethals and Seidel 1977.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import islice

import numpy as np

from hyperenergy.arithmetic.gegenbauer import gegenbauer
from hyperenergy.arithmetic.polynomial import (
    Polynomial,
    from_roots,
    gegenbauer_coefficients,
    nonpositive_on_interval,
    solve,
)
from hyperenergy.arithmetic.quadratic import Quadratic
from hyperenergy.arithmetic.steps import Fails, Proof, Step
from hyperenergy.checks import integer
from hyperenergy.codes.exact import ExactVectors, in_own_span
from hyperenergy.errors import ArgumentError

Distribution = Mapping[Quadratic, int]
_LESS_THAN_ONE = Fraction(-999, 1000)


def gegenbauer_sums(distribution: Distribution, dim: int, degree: int) -> list[Quadratic]:
    """sum_j P_k(x_i.x_j) over all j, for k = 0..degree: (1/N) sum_{ij} P_k, which is nonnegative for any points."""
    sums = [Quadratic(Fraction(1))] * (degree + 1)
    for x, count in distribution.items():
        for k, value in enumerate(islice(gegenbauer(x, dim), degree + 1)):
            sums[k] = sums[k] + value * count
    return sums


def interpolation_nodes(distribution: Distribution) -> list[Quadratic]:
    """The inner products in ascending order, twice each, but -1 once."""
    return [x for x in sorted(distribution) for _ in range(1 if x == -1 else 2)]


def interpolants(nodes: list[Quadratic], dim: int, skip: tuple[int, ...]) -> list[tuple[Polynomial, Polynomial]]:
    """(h_j, q_j) for j = 0..n-1 = len(nodes)-1."""
    F = from_roots(nodes)
    # Gegenbauer coefficients of t^i F in the skipped degrees.
    columns = [gegenbauer_coefficients(F * Polynomial.of([0] * i + [1]), dim) for i in range(len(skip))]
    matrix = [[column[k] for column in columns] for k in skip]
    pairs = []
    for j in range(len(nodes)):
        p = from_roots(nodes[:j])
        h = gegenbauer_coefficients(p, dim)
        wrong = [h[k] if k < len(h) else Quadratic(Fraction(0)) for k in skip]
        q = Polynomial.of(solve(matrix, [-x for x in wrong]) if any(x.sign for x in wrong) else [])
        pairs.append((p + q * F, q))
    return pairs


def remainder_is_nonnegative(nodes: list[Quadratic], q: list[Polynomial]) -> bool:
    """The three conditions above; without skipped degrees all q_j are zero, and they hold."""
    *others, last = q
    total = sum((x + 1 for x in nodes), Quadratic(Fraction(0)))
    before = last + others[-1] * (total - (nodes[-1] + 1)) if others else last
    return (
        all(nonpositive_on_interval(x) for x in others)
        and nonpositive_on_interval(before)
        and nonpositive_on_interval(last * total + _LESS_THAN_ONE)
    )


def prove(
    vectors: ExactVectors,
    dim: int,
    *,
    rank: int | None = None,
    skip: tuple[int, ...] = (),
    coordinates: np.ndarray | None = None,
    full: bool = False,
) -> tuple[Step, ...]:
    """The steps of the proof for a code of R^dim given by exact vectors.

    rank: of the space that they span, dim unless given (a simplex spans less).  skip: at most three degrees that h avoids.
    coordinates: of the code in float64, to be compared with the exact ones.  full: look at every point, also where the
    symmetries of the vectors make one of each orbit enough.
    """
    rank = dim if rank is None else integer("rank", rank, 1, dim)
    if len(skip) > 3:
        raise ArgumentError("skip", skip, "must be at most three degrees: the sign of q_j is decided for parabolas")
    proof = Proof()
    proof.step("norm", "all vectors have one norm", lambda: vectors.norm() is not None)
    found = _count(proof, vectors, by_symmetry=bool(vectors.symmetries) and not full)
    if coordinates is not None:
        proof.step(
            "coordinates",
            "the float64 coordinates are those of the exact vectors",
            lambda: same_coordinates(coordinates, float_coordinates(vectors, coordinates.shape[1])),
            ("norm",),
        )
    proof.step(
        "dimension",
        f"the vectors span {rank} dimensions: S = sum x x^T is a multiple of a projector of that trace",
        lambda: _is((found := vectors.frame_dimension()) == rank, f"they span {found} dimensions"),
    )
    _analytic_steps(proof, found, dim, skip)
    return proof.steps


def _count(proof: Proof, vectors: ExactVectors, *, by_symmetry: bool) -> Mapping[str, Distribution]:
    """The steps that count inner products; their distribution stands under "x" once they hold."""
    found: dict[str, Distribution] = {}
    points = np.arange(len(vectors))

    def orbits() -> bool:
        nonlocal points
        points = vectors.orbits()
        return True

    def distribution() -> bool:
        found["x"] = vectors.distribution(points)
        return True

    if by_symmetry:
        proof.step(
            "symmetries",
            f"{len(vectors.symmetries)} signed permutations keep the set; one point per orbit will do",
            orbits,
        )
    proof.step(
        "distribution",
        "every point sees the same inner products with the same multiplicities, and no point occurs twice",
        distribution,
        ("norm", *(["symmetries"] if by_symmetry else [])),
    )
    return found


def _analytic_steps(proof: Proof, found: Mapping[str, Distribution], dim: int, skip: tuple[int, ...]) -> None:
    """What follows from the distribution alone."""

    def pairs() -> list[tuple[Polynomial, Polynomial]]:
        return interpolants(interpolation_nodes(found["x"]), dim, skip)

    def degrees() -> list[int]:
        n = len(interpolation_nodes(found["x"])) + len(skip)
        return [k for k in range(1, n) if k not in skip]

    def design() -> bool:
        sums = gegenbauer_sums(found["x"], dim, max(degrees(), default=0))
        wrong = [k for k in degrees() if sums[k].sign]
        return _is(not wrong, f"the Gegenbauer sums do not vanish in the degrees {wrong}")

    def positive() -> bool:
        wrong = [
            (j, k)
            for j, (h, _) in enumerate(pairs())
            for k, c in enumerate(gegenbauer_coefficients(h, dim))
            if k and (c.sign < 0 or (k in skip and c.sign))
        ]
        return _is(not wrong, f"h_j has a negative coefficient of degree k at (j, k) = {wrong}")

    def remainder() -> bool:
        return remainder_is_nonnegative(interpolation_nodes(found["x"]), [q for _, q in pairs()])

    def attained() -> bool:
        size = 1 + sum(found["x"].values())
        return all(
            h(1) + sum((h(x) * m for x, m in found["x"].items()), Quadratic(Fraction(0)))
            == gegenbauer_coefficients(h, dim)[0] * size
            for h, _ in pairs()
        )

    avoiding = f", avoiding {skip}" if skip else ""
    proof.step(
        "design",
        f"the Gegenbauer sums vanish in every degree of the interpolation{avoiding}"
        + ("" if skip else ": the code is sharp, a spherical (2m-1)-design with m inner products"),
        design,
        ("distribution", "dimension"),
    )
    proof.step(
        "positive",
        f"each h_j, degrees >= 1{avoiding}, has nonnegative Gegenbauer coefficients",
        positive,
        ("distribution",),
    )
    if skip:
        proof.step("remainder", "f >= h: F >= 0, and the q_j are small enough", remainder, ("distribution",))
    proof.step(
        "attained",
        "the code attains N^2 h_0 - N h(1) for every h_j: no N points have less energy under a completely monotone kernel",
        attained,
        ("dimension", "positive", *(("remainder",) if skip else ())),
    )


def polygon_coordinates(points: int) -> np.ndarray:
    angles = 2 * np.pi * np.arange(points) / points
    return np.stack([np.cos(angles), np.sin(angles)], 1)


def prove_polygon(coordinates: np.ndarray, residues: Sequence[int], order: int) -> tuple[Step, ...]:
    """Points (cos 2 pi a/N, sin 2 pi a/N), N = ``order``, a in ``residues``.  For the regular polygon these are 0..N-1, and
    it is sharp, hence universally optimal by Cohn and Kumar's theorem.

    Its coordinates lie in no quadratic field, and are compared up to round-off.  The rest is arithmetic in Z/N, where the
    differences of the residues are the angles.
    """
    seen = [sorted(min((a - b) % order, (b - a) % order) for b in residues) for a in residues]
    products = len(set(seen[0])) - 1  # a point sees itself at the angle 0
    proof = Proof()
    proof.step(
        "coordinates",
        "the points are (cos 2 pi a/N, sin 2 pi a/N) up to round-off",
        lambda: same_coordinates(coordinates, polygon_coordinates(order)[list(residues)]),
    )
    proof.step(
        "distribution",
        "every point sees the same inner products cos(2 pi (a-b)/N), and no point occurs twice",
        lambda: all(angles == seen[0] and angles.count(0) == 1 for angles in seen),
        ("coordinates",),
    )
    wanted = range(1, 2 * products)
    proof.step(
        "design",
        "the sums of cos(2 pi a k/N) and sin(2 pi a k/N) vanish in the degrees k = 1..2m-1, m the number of inner products: "
        "a sharp code, optimal by Cohn and Kumar's theorem 1.2",
        lambda: _is(not (wrong := [k for k in wanted if not sums_to_zero(residues, order, k)]), f"not for k = {wrong}"),
        ("distribution",),
    )
    return proof.steps


def sums_to_zero(residues: Sequence[int], order: int, k: int) -> bool:
    """Whether sum_a z^{ak} = 0 for a primitive root of unity z: whether the polynomial sum_a x^{ak mod N} is divisible by
    the cyclotomic one, the minimal polynomial of z."""
    import sympy

    x = sympy.Symbol("x")
    counts = Counter(a * k % order for a in residues)
    polynomial = sympy.Poly({(a,): n for a, n in counts.items()}, x)
    return bool(polynomial.rem(sympy.Poly(sympy.cyclotomic_poly(order, x), x)).is_zero)


def _is(condition: bool, reason: str) -> bool:
    if not condition:
        raise Fails(reason)
    return True


def float_coordinates(vectors: ExactVectors, dim: int) -> np.ndarray:
    """The unit vectors in R^dim, float64."""
    x = vectors.floats()
    return x if x.shape[1] == dim else in_own_span(x, dim)


def same_coordinates(found: np.ndarray, expected: np.ndarray) -> bool:
    """Whether they agree up to a few units of round-off.  Fails, naming the point that is farthest off."""
    if found.shape != expected.shape:
        raise Fails(f"the coordinates have the shape {found.shape}, and the vectors {expected.shape}")
    wrong = abs(found - expected).max(1)
    return _is(wrong.max() < 1e-14, f"point {int(wrong.argmax())} is off by {wrong.max():.1e}")
