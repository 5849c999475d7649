"""Spherical designs: the degrees whose Gegenbauer sums vanish."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from hyperenergy.arithmetic.gegenbauer import gegenbauer
from hyperenergy.arithmetic.quadratic import Quadratic

_ONE = Quadratic(Fraction(1))


def design_strength(distribution: Mapping[Quadratic, int], dim: int) -> float:
    """The largest t such that the code is a spherical t-design, from its exact inner products, ``{x: count}``.

    A distance-invariant code is a t-design if and only if 1 + sum_x count(x) P_k(x) = 0 for k = 1..t (Delsarte,
    Goethals and Seidel 1977).  On S^0 there are no harmonics of degree >= 2: two points are designs of any strength.
    """
    if dim == 1:
        return math.inf
    strength = 0
    sequences = {x: gegenbauer(x, dim) for x in distribution}
    for values in sequences.values():
        next(values)  # P_0 = 1
    while sum((next(values) * distribution[x] for x, values in sequences.items()), start=_ONE).sign == 0:
        strength += 1
    return strength
