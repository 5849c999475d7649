"""The bound of an interpolant: exact where a code attains it, and at once everywhere.

h interpolates f to second order at nodes in (-1, 1), and to first order at -1 where that is a node.  Two choices of nodes:

- Levenshtein's: those of the quadrature of S^{d-1} that has the weight 1/N at t = 1 and is exact to the highest degree.
  N^2 h_0 - N h(1) is then the universal lower bound of Boyvalenkov, Dragnev, Hardin, Saff and Stoyanova (2016), which
  every sharp code attains.
- the inner products of a code, with degrees that h avoids (the 600-cell: 11 to 13).

Computed in balls of ``BITS``, which callers set, and handed on as decimals: what is certified is decided by the check alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import islice

from flint import arb, arb_mat, arb_poly

from hyperenergy.bounds import checking

# In powers of t, degrees up to the most lose fewer bits than these have beyond those that are handed on.
BITS, MOST_DEGREE = 1000, 128


def harmonics(dim: int, degree: int) -> int:
    """The dimension of the harmonic polynomials of that degree."""
    return math.comb(dim + degree - 1, degree) - (math.comb(dim + degree - 3, degree - 2) if degree > 1 else 0)


def levenshtein_nodes(points: int, dim: int, most_degree: int = MOST_DEGREE) -> list[arb] | None:
    """Nodes in [-1, 1), ascending; None where the interpolant would have a higher degree.

    L(p) = (uniform mean of p) - p(1)/N has a Gauss rule with k nodes, and one with k nodes and -1.  With K(t) = sum_{j<k}
    r_j P_j(t), the reproducing kernel at 1 of degrees below k, r_j the dimension of the harmonics:

    - Q = P_k + c K is orthogonal to degrees below k under L if c = Q(1)/N, so c = 1/(N - K(1));
    - Q = P_{k+1} + a P_k + c K with Q(-1) = 0 is it as well, if c = Q(1)/N = (1 + a)/(N - K(1)).

    k, and which of both, by Delsarte, Goethals and Seidel's bounds between which N lies.
    """
    size, k = 0, 0
    while 2 * k < most_degree:
        k += 1
        size += harmonics(dim, k - 1)
        ends = _design_bound(dim, 2 * k), _design_bound(dim, 2 * k + 1)
        if points <= ends[0]:
            return _nodes(points, dim, k, size, with_end=False)
        if points <= ends[1]:
            return _nodes(points, dim, k, size, with_end=True)
    return None


def _design_bound(dim: int, strength: int) -> int:
    """The least size of a design of that strength."""
    half, odd = divmod(strength, 2)
    if odd:
        return 2 * math.comb(dim + half - 1, dim - 1)
    return math.comb(dim + half - 1, dim - 1) + math.comb(dim + half - 2, dim - 1)


def _nodes(points: int, dim: int, k: int, size: int, *, with_end: bool) -> list[arb]:
    """size: K(1), of degrees below k."""
    r = [harmonics(dim, j) for j in range(k)]
    if not with_end:
        c = Fraction(1, points - size)
        return _roots([*(c * x for x in r), Fraction(1)], dim)
    # P_{k+1}(-1) + a P_k(-1) + (1 + a) K(-1)/(N - K(1)) = 0
    sign, end = (-1) ** k, Fraction(sum((-1) ** j * x for j, x in enumerate(r)), points - size)
    a = (sign - end) / (sign + end)
    c = (1 + a) / (points - size)
    return [arb(-1), *_roots([*(c * x for x in r), a, Fraction(1)], dim)[1:]]


def _gegenbauer(dim: int) -> Iterator[arb_poly]:
    return map(arb_poly, checking.gegenbauer(dim))


def _roots(coefficients: Sequence[Fraction], dim: int) -> list[arb]:
    """Of sum_j c_j P_j, whose last coefficient is 1; all real and simple, ascending.  They need not be enclosed.

    Begun at the eigenvalues of multiplication by t in the orthonormal basis sqrt(r_j) P_j, where P_n stands for what it is
    equal to at a root (a comrade matrix), and finished by Newton's method.  Companion matrices of powers lose all digits
    from about degree 50 on.
    """
    import numpy as np

    n = len(coefficients) - 1
    matrix = np.zeros((n, n))
    for j in range(n):
        up, down = (
            Fraction(j + dim - 2, 2 * j + dim - 2) if j else Fraction(1),
            Fraction(j, 2 * j + dim - 2) if j else 0,
        )
        if j + 1 < n:
            matrix[j, j + 1] = float(up) * _size(dim, j) / _size(dim, j + 1)
        else:
            matrix[j] -= [float(up * c) * _size(dim, j) / _size(dim, i) for i, c in enumerate(coefficients[:-1])]
        if j:
            matrix[j, j - 1] += float(down) * _size(dim, j) / _size(dim, j - 1)
    whole = sum((P * checking.ball(c) for P, c in zip(_gegenbauer(dim), coefficients, strict=False)), arb_poly([0]))
    slope, found = whole.derivative(), []
    for root in np.sort(np.linalg.eigvals(matrix).real):
        x = arb(float(root))
        for _ in range(10):
            x = (x - whole(x) / slope(x)).mid()
        found.append(x)
    return found


def _size(dim: int, degree: int) -> float:
    """sqrt(r_j): 1 over the norm of P_j."""
    return math.exp(0.5 * math.log(harmonics(dim, degree)))


Value = Callable[[arb], tuple[arb, arb]]


def interpolant(value: Value, nodes: Sequence[arb], dim: int, skip: Sequence[int] = ()) -> list[arb]:
    """Gegenbauer coefficients of h: h = f at the nodes and h' = f' at those in (-1, 1), of the lowest degrees but those to
    skip.  value: f and f' at an inner product."""
    inner = [x for x in nodes if x != -1]
    count = len(nodes) + len(inner)
    degrees = [k for k in range(count + len(skip)) if k not in skip]
    P = list(islice(_gegenbauer(dim), degrees[-1] + 1))
    slopes = [p.derivative() for p in P]
    found = [value(x) for x in nodes]
    rows = [[P[k](x) for k in degrees] for x in nodes] + [[slopes[k](x) for k in degrees] for x in inner]
    right = [f for f, _ in found] + [df for (_, df), x in zip(found, nodes, strict=True) if x != -1]
    solution = arb_mat(rows).solve(arb_mat([[x] for x in right]))
    h = [arb(0)] * (degrees[-1] + 1)
    for k, x in zip(degrees, range(len(degrees)), strict=True):
        h[k] = solution[x, 0]
    return h


def decimal(x: arb, digits: int) -> Fraction:
    """Its middle, rounded down to so many digits behind the point."""
    mantissa, exponent = x.mid().man_exp()
    return Fraction(math.floor(int(mantissa) * Fraction(2) ** int(exponent) * 10**digits), 10**digits)
