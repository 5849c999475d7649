"""Losses whose minimizers need not align (B5): a misaligned configuration proved to be below an aligned one."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import flint
import numpy as np
from flint import arb

from hyperenergy.bounds import checking
from hyperenergy.bounds.enclosure import circle, gauge, krawczyk, proposals
from hyperenergy.bounds.enclosure.derivatives import inner_products, pulls_on
from hyperenergy.bounds.enclosure.gauge import Floats, Row
from hyperenergy.bounds.enclosure.krawczyk import NotDecided, Proof
from hyperenergy.bounds.enclosure.near import BITS, proof, shown
from hyperenergy.bounds.enclosure.potentials import Softmax
from hyperenergy.checks import integer, positive
from hyperenergy.errors import unknown_name

# Name -> whether the positive is in the denominator, and negatives of the anchor's own view.
LOSSES = {
    "InfoNCE": (True, False),
    "SimCLR": (True, True),
    "DCL": (False, True),
    "cross-view DCL": (False, False),
}
_STARTS = 24
# Gaps below which the bound over all aligned configurations of the circle, as coarse as it is made, is not tried.
_WORTH = 0.1
# Below, its integers could leave their range.
_COLD = Fraction(1, 1000)


@dataclass(frozen=True)
class Counterexample:
    """A pair of configurations of one loss, what was proved about them, and whether that refutes alignment.

    All numbers in balls, as "[value +/- error]".  aligned: the value at a true critical point among aligned configurations,
    in ``aligned_points`` up to rounding; aligned_minimum: whether it is proved a strict local minimum among them.
    misaligned: the value at a true critical point of the loss, or, where ``misaligned_critical`` is False, at the points
    ``anchors`` and ``positives``, scaled to unit length.  gap: aligned - misaligned.  force: the largest force on a positive
    at the aligned one, (1/tau) |P_j sum_i p_ij u_i|; forced: whether it is proved not to vanish.  apart: the largest
    |u_i - v_i| of the misaligned one.  proved: whether gap > 0 is proved, and apart > 0.  none_aligned: whether
    the misaligned one is proved to be below all aligned ones.  verdict: what is proved, in words.
    """

    loss: str
    points: int
    dim: int
    temperature: str
    aligned: str
    aligned_minimum: bool
    misaligned: str
    misaligned_critical: bool
    gap: str
    force: str
    forced: bool
    apart: str
    proved: bool
    none_aligned: bool
    verdict: str
    aligned_points: tuple[tuple[float, ...], ...]
    anchors: tuple[tuple[float, ...], ...]
    positives: tuple[tuple[float, ...], ...]


def counterexample(loss_name: str, points: int, dim: int, temperature: float | str | Fraction) -> Counterexample:
    """The best aligned and the best free configuration that a search finds, enclosed and compared.

    loss_name: "InfoNCE", "SimCLR", "DCL" or "cross-view DCL", one-sided.  points: pairs, 3 or more.  temperature: the exact
    number that it is, a text such as "1/10" too.

    What is proved where ``proved``: a misaligned configuration lies below a critical point among aligned ones, a strict
    local minimum among them where ``aligned_minimum``; where ``forced``, that this point is no critical point of the loss.
    That no aligned configuration at all is as low, and no minimizer therefore aligned, is proved where ``none_aligned``.
    It is tried on the circle only, where gaps are large; in higher dimensions no rigorous lower bound over all aligned
    configurations is at hand that lies above the loss of free ones, and the best aligned one is the best that was found.
    Raises ArgumentError for other losses, and sizes and temperatures out of range; NotDecided where the best aligned
    configuration is degenerate.
    Source: B5; Krawczyk 1969.
    """
    if str(loss_name) not in LOSSES:
        raise unknown_name("loss_name", str(loss_name), LOSSES)
    points, dim = integer("points", points, 3), integer("dim", dim, 2)
    positive("temperature", temperature)
    with flint.ctx.workprec(BITS):
        return _Case(loss_name, points, dim, Fraction(temperature)).compared()


@dataclass(frozen=True)
class _Case:
    loss: str
    points: int
    dim: int
    temperature: Fraction

    @property
    def aligned(self) -> Softmax:
        """Of U alone."""
        own, within = LOSSES[self.loss]
        rows = [[(1 + within) * (i != j) for j in range(self.points)] for i in range(self.points)]
        return Softmax(rows, int(own), self.temperature)

    @property
    def free(self) -> Softmax:
        """Of U, V, one below the other."""
        own, within = LOSSES[self.loss]
        M = self.points
        rows = [[int(within and i != j) for j in range(M)] + [int(own or i != j) for j in range(M)] for i in range(M)]
        return Softmax(rows, 0, self.temperature, [M + i for i in range(M)])

    def compared(self) -> Counterexample:
        low = proposals.lowest(self.free, 2 * self.points, self.dim, _STARTS)
        best = self._best_aligned(low)
        U, value = best.where.points, best.jet.value
        free, critical = self._misaligned(low, _floats(U))
        lower = self.free.jet(inner_products(free)).value
        gap, force = value - lower, self._force(U)
        apart = _largest([[a - b for a, b in zip(u, v, strict=True)] for u, v in self._pairs(free)])
        proved, forced = bool(gap > 0 and apart > 0), bool(force > 0)
        none = proved and bool(gap > _WORTH) and self._above(lower)
        return Counterexample(
            loss=self.loss,
            points=self.points,
            dim=self.dim,
            temperature=str(self.temperature),
            aligned=shown(value),
            aligned_minimum=best.descending == 0,
            misaligned=shown(lower),
            misaligned_critical=critical,
            gap=shown(gap),
            force=shown(force),
            forced=forced,
            apart=shown(apart),
            proved=proved,
            none_aligned=none,
            verdict=_verdict(best, proved, forced, none),
            aligned_points=_rows(_floats(U)),
            anchors=_rows(_floats(free[: self.points])),
            positives=_rows(_floats(free[self.points :])),
        )

    def _pairs(self, free: list[Row]) -> list[tuple[Row, Row]]:
        return list(zip(free[: self.points], free[self.points :], strict=True))

    def _best_aligned(self, low: Floats) -> Proof:
        """The midpoints of the best free pairs are a start, too, so that none of them is below for lack of one."""
        middles = low[: self.points] + low[self.points :]
        start = proposals.lowest(self.aligned, self.points, self.dim, _STARTS, [middles])
        try:
            return proof(self.aligned, start)[0]
        except NotDecided as reason:
            raise NotDecided(f"the best aligned configuration found is not decided: {reason}") from None

    def _misaligned(self, low: Floats, U: Floats) -> tuple[list[Row], bool]:
        """In balls, the lowest that was found; and whether it is a critical point of the loss."""
        pairs = np.concatenate([U, U])
        near = pairs + 1e-2 * np.random.default_rng(0).normal(size=pairs.shape)
        low = proposals.lowest(self.free, len(pairs), self.dim, 0, [low, near])
        tried = [([gauge.unit([arb(float(a)) for a in row]) for row in low], False)]
        for start in (low, pairs):  # a step of Newton's from aligned points finds what is as near as round-off
            try:
                tried.append((proof(self.free, start)[0].where.points, True))
            except NotDecided:
                continue
        values = [self.free.jet(inner_products(points)).value for points, _ in tried]
        least = min(values, key=lambda x: x.upper())
        # Where Newton's method stays at the same point, what it proves is preferred.
        return next(x for x, value in zip(reversed(tried), reversed(values), strict=True) if value.overlaps(least))

    def _force(self, U: list[Row]) -> arb:
        """The largest one on a positive at V = U."""
        z = [*U, *U]
        s = pulls_on(z, self.free.jet(inner_products(z)))[self.points :]
        return _largest(
            [
                [self.points * (a - gauge.dot(x, y) * b) for a, b in zip(x, y, strict=True)]
                for x, y in zip(s, U, strict=True)
            ]
        )

    def _above(self, lower: arb) -> bool:
        """Whether all aligned configurations are proved to be."""
        if self.dim != 2 or self.points < 4 or self.temperature < _COLD:
            return False
        own, within = LOSSES[self.loss]
        least = circle.Circle(self.points, self.temperature, int(own), 1 + within).least()
        return bool(checking.ball(least) > lower)


def _largest(vectors: list[Row]) -> arb:
    """The largest length, in a ball."""
    lower = [sum((a.abs_lower() ** 2 for a in x), arb(0)).sqrt().lower() for x in vectors]
    upper = [gauge.length(x) for x in vectors]
    least, most = max(lower, key=float), krawczyk.largest(upper)
    return least.union(most)


def _verdict(best: Proof, proved: bool, forced: bool, none: bool) -> str:
    if not proved:
        return "no misaligned configuration is proved to be lower"
    kind = "a strict local minimum" if best.descending == 0 else "a critical point"
    told = [f"a misaligned configuration is lower than {kind} among aligned ones, the best that was found"]
    if forced:
        told.append("which is no critical point of the loss")
    if none:
        told.append("and lower than all aligned ones: no minimizer is aligned")
    return ", ".join(told)


def _floats(points: list[Row]) -> Floats:
    return np.array([[float(a) for a in x] for x in points])


def _rows(x: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in x.tolist())
