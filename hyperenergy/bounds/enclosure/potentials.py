"""Functions of the inner products t_ij of N points, in balls: values, and derivatives by the t_ij.

All have the form that ``derivatives`` carries over to the sphere: the second derivative along dt is

    sum_{i<j} curvature_ij dt_ij^2 - sum_i (sum_j share_ij dt_ij)^2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

from flint import arb, arb_poly

from hyperenergy.bounds import checking

Table = list[list[Any]]


@dataclass(frozen=True)
class Jet:
    """value; slopes and curvatures: symmetric (N, N), by t_ij = t_ji, the diagonal 0; shares: (N, N), or None for none."""

    value: arb
    slopes: Table
    curvatures: Table
    shares: Table | None = None


class Potential(Protocol):
    def jet(self, t: Table) -> Jet: ...


@dataclass(frozen=True)
class Pairs:
    """sum_{i<j} f(t_ij), f a kernel that ``checking`` knows, by name and exact parameters."""

    name: str
    numbers: Mapping[str, Fraction]

    def jet(self, t: Table) -> Jet:
        at, n = self._profile(), len(t)
        value, slopes, curvatures = arb(0), zeros(n), zeros(n)
        for i in range(n):
            for j in range(i):
                f, slope, half = at(t[i][j])
                value += f
                slopes[i][j] = slopes[j][i] = slope
                curvatures[i][j] = curvatures[j][i] = 2 * half
        return Jet(value, slopes, curvatures)

    def _profile(self) -> Any:
        if self.name == "Polynomial":
            f = arb_poly([checking.ball(self.numbers["c"]), 1]) ** int(self.numbers["degree"])
            slope, bend = f.derivative(), f.derivative().derivative()
            return lambda t: (f(t), slope(t), bend(t) / 2)
        series = checking.series(self.name, self.numbers)

        def at(t: arb) -> tuple[arb, arb, arb]:
            found = series(t, 3)
            return found[0], found[1], found[2]

        return at


@dataclass(frozen=True)
class Softmax:
    """mean over anchors of log(own + sum_j counts_ij e^{(t_ij - 1)/tau}) + (1 - t_ii')/tau, i' the anchor's positive.

    counts: a row for each anchor, over all N points.  own: what does not move, the positive of aligned pairs.  positives:
    for each anchor the index of its positive; none where pairs are aligned, whose last term is 0.
    """

    counts: Sequence[Sequence[int]]
    own: int
    temperature: Fraction
    positives: Sequence[int] | None = None

    def jet(self, t: Table) -> Jet:
        n, tau, anchors = len(t), checking.ball(self.temperature), len(self.counts)
        value, slopes, curvatures, shares = arb(0), zeros(n), zeros(n), zeros(n)
        root = arb(anchors).sqrt() * tau
        for i, row in enumerate(self.counts):
            terms = {j: k * ((t[i][j] - 1) / tau).exp() for j, k in enumerate(row) if k}
            total = sum(terms.values(), arb(self.own))
            value += total.log() / anchors
            for j, term in terms.items():
                p = term / total
                shares[i][j] = p / root
                _both(slopes, i, j, p / (anchors * tau))
                _both(curvatures, i, j, p / (anchors * tau**2))
            if self.positives is not None:
                mate = self.positives[i]
                value += (1 - t[i][mate]) / (anchors * tau)
                _both(slopes, i, mate, -1 / (anchors * tau))
        return Jet(value, slopes, curvatures, shares)


def _both(table: Table, i: int, j: int, x: arb) -> None:
    table[i][j] += x
    table[j][i] += x


def zeros(n: int) -> Table:
    return [[arb(0)] * n for _ in range(n)]
