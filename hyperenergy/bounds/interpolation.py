"""The bound of an interpolant: exact where a code attains it, and at once everywhere.

h interpolates f to second order at nodes in (-1, 1), and to first order at -1 where that is a node.  Two choices of nodes:

- Levenshtein's: those of the quadrature of S^{d-1} that has the weight 1/N at t = 1 and is exact to the highest degree.
  N^2 h_0 - N h(1) is then the universal lower bound of Boyvalenkov, Dragnev, Hardin, Saff and Stoyanova (2016), which
  every sharp code attains.
- the inner products of a code, with degrees that h avoids (the 600-cell: 11 to 13).

Computed in balls, and handed on as decimals: what is certified is decided by the check alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import islice

import flint
from flint import arb, arb_mat, arb_poly

BITS = 400


class Precise:
    """Inside, balls have so many bits; the global setting is put back."""

    def __enter__(self) -> None:
        self._before = flint.ctx.prec
        flint.ctx.prec = BITS

    def __exit__(self, *_: object) -> None:
        flint.ctx.prec = self._before


def harmonics(dim: int, degree: int) -> int:
    """The dimension of the harmonic polynomials of that degree."""
    return math.comb(dim + degree - 1, degree) - (math.comb(dim + degree - 3, degree - 2) if degree > 1 else 0)


def levenshtein_nodes(points: int, dim: int) -> list[arb]:
    """Nodes in [-1, 1), ascending.

    L(p) = (uniform mean of p) - p(1)/N has a Gauss rule with k nodes, and one with k nodes and -1.  With K(t) = sum_{j<k}
    r_j P_j(t), the reproducing kernel at 1 of degrees below k, r_j the dimension of the harmonics:

    - Q = P_k + c K is orthogonal to degrees below k under L if c = Q(1)/N, so c = 1/(N - K(1));
    - Q = P_{k+1} + a P_k + c K with Q(-1) = 0 is it as well, if c = Q(1)/N = (1 + a)/(N - K(1)).

    k, and which of both, by Delsarte, Goethals and Seidel's bounds between which N lies.
    """
    size, k = 0, 0
    while True:  # size = K_k(1), the dimension of the polynomials below degree k, is the bound of 2k-designs and beyond
        k += 1
        size += harmonics(dim, k - 1)
        ends = _design_bound(dim, 2 * k), _design_bound(dim, 2 * k + 1)
        if points <= ends[0]:
            return _nodes(points, dim, k, size, with_end=False)
        if points <= ends[1]:
            return _nodes(points, dim, k, size, with_end=True)


def _design_bound(dim: int, strength: int) -> int:
    """The least size of a design of that strength."""
    half, odd = divmod(strength, 2)
    if odd:
        return 2 * math.comb(dim + half - 1, dim - 1)
    return math.comb(dim + half - 1, dim - 1) + math.comb(dim + half - 2, dim - 1)


def _nodes(points: int, dim: int, k: int, size: int, *, with_end: bool) -> list[arb]:
    P = list(islice(_gegenbauer(dim), k + 2))
    K = sum((P[j] * harmonics(dim, j) for j in range(k)), arb_poly([0]))
    if not with_end:
        return _roots(P[k] + K * (arb(1) / (points - size)))
    # P_{k+1}(-1) + a P_k(-1) + (1 + a) K(-1)/(N - K(1)) = 0
    sign, end = (-1) ** k, K(arb(-1)) / (points - size)
    a = (sign - end) / (sign + end)
    whole = P[k + 1] + P[k] * a + K * ((1 + a) / (points - size))
    quotient, _ = divmod(whole, arb_poly([1, 1]))
    return [arb(-1), *_roots(quotient)]


def _gegenbauer(dim: int) -> Iterator[arb_poly]:
    t = arb_poly([0, 1])
    before, now, k = arb_poly([1]), t, 1
    yield before
    while True:
        yield now
        before, now = now, (t * now * (2 * k + dim - 2) - before * k) * (arb(1) / (k + dim - 2))
        k += 1


def _roots(polynomial: arb_poly) -> list[arb]:
    """All are real and simple.  From floating point by Newton's method: they need not be enclosed."""
    import numpy as np

    c = np.array([float(polynomial[k]) for k in range(polynomial.degree() + 1)])
    slope = polynomial.derivative()
    found = []
    for root in np.sort(np.roots(c[::-1]).real):
        x = arb(float(root))
        for _ in range(10):
            x = (x - polynomial(x) / slope(x)).mid()
        found.append(x)
    return found


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
