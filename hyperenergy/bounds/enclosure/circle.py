"""A lower bound of a softmax loss over all aligned configurations on the circle.

With the gaps g_1, .., g_M between neighbors, of sum 2 pi, M L is at least the sum of l(g_i, g_{i+1}) around the circle,

    l(a, b) = log(own + copies (e^{(cos a - 1)/tau} + e^{(cos b - 1)/tau})),

as the terms of all but both neighbors are left out (for M = 3 they are all; M = 2 has one).  Each gap lies in one of K parts
of the circle, [k, k+1] 2 pi/K, with sum of the k at most K, and l is at least its value at the least cosines of both parts,
rounded down to an integer number of units.  The least sum around the circle is then found exactly, by dynamic programming
in integers: over the first gap, which may be taken as the smallest one; then over the sum so far, and the last gap.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, fmpz
from numpy.typing import NDArray

from hyperenergy.bounds import checking

Integers = NDArray[np.int64]
_PARTS, _UNIT = 160, 10**9
# More than any sum, less than overflows when some are added.
_NEVER = 2**60


def least_aligned(points: int, temperature: Fraction, own: int, copies: int, parts: int = _PARTS) -> Fraction:
    """No aligned configuration of so many points of the circle, three or more, has a lower loss."""
    costs = _costs(temperature, own, copies, parts)
    least = min(_least_from(first, costs, points) for first in range(parts // points + 1))
    return Fraction(least, points * _UNIT)


def _costs(temperature: Fraction, own: int, copies: int, parts: int) -> Integers:
    """(K, K), in units, rounded down."""
    # cos falls up to the middle of the circle and rises behind it.
    cosines = [
        arb(-1) if 2 * k < parts < 2 * (k + 1) else (2 * _share(k + 1 if 2 * k < parts else k, parts)).cos_pi()
        for k in range(parts)
    ]
    tau = checking.ball(temperature)
    terms = [copies * ((x - 1) / tau).exp() for x in cosines]
    costs = np.empty((parts, parts), dtype=np.int64)
    for a in range(parts):
        for b in range(a + 1):
            costs[a, b] = costs[b, a] = _floor((own + terms[a] + terms[b]).log() * _UNIT)
    return costs


def _share(k: int, parts: int) -> Any:
    return arb(k) / parts


def _floor(x: arb) -> int:
    found = x.lower().floor().unique_fmpz()
    if not isinstance(found, fmpz):
        raise ArithmeticError("a term could not be enclosed")
    return int(found)


def _least_from(first: int, costs: Integers, points: int) -> int:
    """The least sum around the circle among gaps that begin with part ``first``, and have no smaller part."""
    parts = len(costs)
    # Sum of the parts so far, last part.
    best = np.full((parts + 1, parts), _NEVER, dtype=np.int64)
    best[first, first] = 0
    for step in range(1, points):
        then = np.full_like(best, _NEVER)
        most = parts - (points - 1 - step) * first  # the others are as large as the first
        for k in range(first, most - step * first + 1):
            if k < parts:
                then[k : most + 1, k] = (best[: most + 1 - k] + costs[:, k]).min(1)
        best = np.minimum(then, _NEVER)
    closed = best + costs[:, first]
    return int(closed.min())
