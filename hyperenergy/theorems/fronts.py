"""Where B4 is proved, where it is refuted, and what is open between, by code and loss."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from hyperenergy.losses.dcl import DCL
from hyperenergy.losses.dhel import DHEL
from hyperenergy.losses.facts import SoftmaxFacts, facts
from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.info_nce import InfoNCE
from hyperenergy.losses.sim_clr import SimCLR
from hyperenergy.theorems.log_bound import proved, proved_free, threshold
from hyperenergy.theorems.modes import least_at_polygon

Interval = tuple[float, float]

# The temperatures at which aligned pairs are decided, and polygons are tested for being local minima.
_GRID = tuple(n / 100 for n in range(2, 200, 2))
_FINE = np.arange(0.005, 0.5, 0.001)
# Negative eigenvalues beyond round-off, relative to the largest.
_ROUND_OFF = 1e-9

CODES = {
    "square": (4, 2),
    "pentagon": (5, 2),
    "hexagon": (6, 2),
    "heptagon": (7, 2),
    "octagon": (8, 2),
    "12-gon": (12, 2),
    "octahedron": (6, 3),
    "cross-polytope-4": (8, 4),
    "icosahedron": (12, 3),
    "clebsch": (16, 5),
    "schlaefli": (27, 6),
    "e7-56": (56, 7),
    "e8-roots": (240, 8),
    "600-cell": (120, 4),
}


@dataclass(frozen=True)
class Front:
    """proved_from: the least temperature from which on it is proved, of DHEL to three digits (B21), of SimCLR and DCL to two
    and as far as tested (B22); None where nowhere.  refuted: ranges of temperature where something is lower: by F3's heaps,
    by proof, and by L2's modes, computed to .001.  aligned: whether it is about aligned pairs; open_at: of these, the tested
    temperatures, .02 to 1.98, that are not proved."""

    code: str
    points: int
    dim: int
    loss: str
    proved_from: Fraction | None
    refuted: tuple[Interval, ...]
    aligned: bool = False
    open_at: tuple[float, ...] = ()


def _said(loss: PairLoss) -> SoftmaxFacts:
    found = facts(loss)
    assert isinstance(found, SoftmaxFacts)
    return found


def heaps_below(points: int) -> float:
    """The temperature below which M - 3 points at a corner of a square are better than the polygon (F3); 0 for M <= 6."""
    return (math.cos(2 * math.pi / points) - (points - 3) / points) / math.log(points - 1) if points > 6 else 0.0


def unstable(loss: PairLoss, points: int) -> Interval | None:
    """The lowest and the highest temperature, of a grid of .001 from .005 on, at which the polygon is no local minimum."""
    said = _said(loss)
    bad = [
        float(tau)
        for tau in _FINE
        if least_at_polygon(dataclasses.replace(said, temperature=float(tau)), points) < -_ROUND_OFF
    ]
    return (bad[0], bad[-1]) if bad else None


def _refuted(loss: PairLoss, points: int, dim: int) -> tuple[Interval, ...]:
    if dim != 2 or _said(loss).own:
        return ()
    found: list[Interval] = [(0.0, below)] if (below := heaps_below(points)) > 0 else []
    unstable_there = unstable(loss, points)
    return (*found, unstable_there) if unstable_there else tuple(found)


def _free_from(loss: PairLoss, points: int, dim: int) -> Fraction | None:
    """Of temperatures 1.2, 1.21, ..., 2 the one from which on all are proved, with both views free."""
    said = _said(loss)
    if not (said.within and said.across):
        return None
    least = None
    for hundredths in range(200, 119, -1):
        if not proved_free(points, dim, Fraction(hundredths, 100), said.own):
            break
        least = Fraction(hundredths, 100)
    return least


@functools.cache
def fronts(name: str) -> tuple[Front, ...]:
    """The fronts at one of ``CODES``: DHEL, DCL and cross-view DCL, SimCLR, InfoNCE, and InfoNCE among aligned pairs."""
    points, dim = CODES[name]
    losses: tuple[PairLoss, ...] = (DHEL(0.1), DCL(0.1), DCL(0.1, within_view=False), SimCLR(0.1), InfoNCE(0.1))
    found = []
    for loss in losses:
        least = threshold(points, dim) if _said(loss).decoupled else _free_from(loss, points, dim)
        found.append(Front(name, points, dim, _label(loss), least, _refuted(loss, points, dim)))
    missing = tuple(tau for tau in _GRID if not proved(points, dim, tau, 1, True))
    found.append(Front(name, points, dim, "InfoNCE", None, (), True, missing))
    return tuple(found)


def _label(loss: PairLoss) -> str:
    return f"{type(loss).__name__}{'' if _said(loss).within or _said(loss).own else ', cross-view'}"


HEADER = ("code", "loss", "refuted for tau in", "open", "proved")


def table() -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    return HEADER, rows()


def rows() -> list[tuple[str, ...]]:
    """The table of all fronts under HEADER."""
    return [_row(front) for name in CODES for front in fronts(name)]


def _row(front: Front) -> tuple[str, ...]:
    refuted = ", ".join(f"({low:.3g}, {high:.3g})" for low, high in front.refuted)
    if front.aligned:
        missing = f"{front.open_at[0]:g} to {front.open_at[-1]:g}" if front.open_at else ""
        return front.code, f"{front.loss}, aligned pairs", "", missing, "elsewhere" if missing else "everywhere tested"
    top = max((high for _, high in front.refuted), default=0.0)
    if front.proved_from is None:
        return front.code, front.loss, refuted, f"above {top:.3g}" if top else "all", ""
    least = f"{float(front.proved_from):g}"
    tested = "" if front.loss == "DHEL" else ", as far as tested"
    least_open = f"{top:.3g} to {least}" if top else f"below {least}"
    return front.code, front.loss, refuted, least_open, f"from {least} on{tested}"


def text(found: Iterable[tuple[str, ...]]) -> str:
    """A plain table."""
    lines = [HEADER, *found]
    widths = [max(len(line[k]) for line in lines) for k in range(len(HEADER))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
