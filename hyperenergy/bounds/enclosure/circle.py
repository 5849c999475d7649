"""A lower bound of a softmax loss over all aligned configurations on the circle.

Four points or more have gaps g_1, .., g_M around the circle, of sum 2 pi, and with l positive terms less than the loss has,

    l(e; a, b) = log(own + copies (e^{(cos a - 1)/tau} + e^{(cos b - 1)/tau} + e^{(cos(e+a) - 1)/tau})),

M L >= sum_i l(g_{i-2}; g_{i-1}, g_i) = -2 pi s + sum_i (l(g_{i-2}; g_{i-1}, g_i) + s (g_{i-1} + g_i)/2) for any s > 0.

Each gap lies in one of K parts of the circle, [k, k+1] 2 pi/K, with sum of the k from K - M to K.  Of e only its class
counts, an upper bound up to which e + a stays in the half circle where the last term falls; without one that term is left
out, too.  Of a and b parts of parts count, in which terms are at least their values at the least cosines, and s (a+b)/2 the
one at the lower ends.  All numbers are integers, rounded down.  The least sum around the circle is found exactly, by dynamic
programming: over the first gap, which may be taken as the smallest one, and the class of the last one; then over the sum
so far, the gap, and the class of the one before.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from hyperenergy.bounds import checking

Integers = NDArray[np.int64]
# Costs are integers in these units, terms in units of 2^-_BITS; entries of the table of logarithms.
_UNIT, _BITS, _TABLE = 10**9, 46, 2**13
# More than any sum, less than overflows when some are added.
_NEVER = 2**60


@dataclass(frozen=True)
class Circle:
    """A loss, and how it is bounded.  cuts: a class of gaps of at most so many parts for each, and one of all others."""

    points: int
    temperature: Fraction
    own: int
    copies: int
    parts: int = 100
    finer: int = 16
    cuts: tuple[int, ...] = (2, 5, 9)

    def least(self) -> Fraction:
        """No aligned configuration has a lower loss.  s is what the slope is at a polygon, of one point more."""
        s = ((2 * arb(1) / (self.points + 1)).sin_pi() / checking.ball(self.temperature)).mid()
        costs = np.array([self._costs(cut, s) for cut in (*self.cuts, None)])
        kinds = np.searchsorted(self.cuts, np.arange(1, self.parts + 1))
        found = [
            _least_from(first, last, costs, kinds, self.points)
            for first in range(self.parts // self.points + 1)
            for last in range(int(kinds[first]), len(costs))
        ]
        return Fraction(min(found) - _up(2 * arb.pi() * s), self.points * _UNIT)

    def _costs(self, cut: int | None, s: arb) -> Integers:
        """(K, K), of the parts of a and b."""
        fine = self.parts * self.finer
        near = np.array([self._term(k, fine) for k in range(fine)])
        more = np.zeros_like(near)
        if cut is not None:
            ends = range(cut * self.finer, fine // 2)  # e + a, at most
            more[: len(ends)] = [self._term(k, fine) for k in ends]
        drift = np.array([_down(arb.pi() * s * k / fine) for k in range(fine)])
        tau = checking.ball(self.temperature)
        least = _down((self.own + 2 * self.copies * (-2 / tau).exp()).log())
        costs = np.empty((self.parts, self.parts), dtype=np.int64)
        for a in range(self.parts):
            part = slice(a * self.finer, (a + 1) * self.finer)
            sums = (near + more)[part, None] + near
            found = np.maximum(_logs((self.own << _BITS) + self.copies * sums), least) + drift[part, None] + drift
            costs[a] = found.reshape(self.finer, self.parts, self.finer).min((0, 2))
        return costs

    def _term(self, k: int, fine: int) -> int:
        """Its least value on [k, k+1] 2 pi/fine: the cosine falls on the first half of the circle, rises on the second."""
        middle = 2 * k < fine < 2 * (k + 1)
        cosine = arb(-1) if middle else (2 * arb(k + 1 if 2 * k < fine else k) / fine).cos_pi()
        return _floor(((cosine - 1) / checking.ball(self.temperature)).exp() * 2**_BITS)


def _logs(x: Integers) -> Integers:
    """Of x in units of 2^-_BITS, below 2^53, as floating point has them exactly; of 0 less than of any other."""
    table, two = _logarithms()
    mantissa, exponent = np.frexp(x.astype(np.float64))
    places = exponent.astype(np.int64) - _BITS
    found: Integers = table[(mantissa * _TABLE).astype(np.int64)] + places * np.where(places < 0, two + 1, two)
    return found


@functools.cache
def _logarithms() -> tuple[Integers, int]:
    """log(k/_TABLE) for all k that begin a mantissa, and log 2, rounded down."""
    table = np.full(_TABLE, -_NEVER // 4)
    table[_TABLE // 2 :] = [_down((arb(k) / _TABLE).log()) for k in range(_TABLE // 2, _TABLE)]
    return table, _down(arb(2).log())


def _down(x: arb) -> int:
    return _floor(x * _UNIT)


def _up(x: arb) -> int:
    return -_floor(-x * _UNIT)


def _floor(x: arb) -> int:
    found: Any = x.lower().floor().unique_fmpz()
    return int(found)


def _least_from(first: int, last: int, costs: Integers, kinds: Integers, points: int) -> int:
    """The least sum around the circle among gaps that begin with part ``first``, have no smaller one, and end in class
    ``last``."""
    parts = costs.shape[1]
    # By class of the gap before, sum of the parts so far, gap.
    best = np.full((len(costs), parts + 1, parts), _NEVER)
    for k in range(first, min(parts, parts - first + 1)):
        best[kinds[first], first + k, k] = costs[last, first, k]
    for step in range(2, points):
        then = np.full_like(best, _NEVER)
        most = parts - (points - 1 - step) * first  # those to come are as large as the first
        for k in range(first, min(parts, most + 1)):
            rows = most + 1 - k
            now = (best[:, :rows] + costs[:, None, :, k]).min(0)
            for c in range(len(costs)):
                then[c, k : most + 1, k] = now[:, kinds == c].min(1)
        best = np.minimum(then, _NEVER)
    closed = (best + costs[:, None, :, first]).min(0)
    return int(closed[max(0, parts - points) :, kinds == last].min())
