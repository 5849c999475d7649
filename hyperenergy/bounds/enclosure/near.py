"""The critical point near some points: its proof, and how far it is."""

from __future__ import annotations

import math

from flint import arb, arb_mat

from hyperenergy.bounds.enclosure import gauge, krawczyk
from hyperenergy.bounds.enclosure.gauge import Floats
from hyperenergy.bounds.enclosure.krawczyk import Proof
from hyperenergy.bounds.enclosure.potentials import Potential

BITS, DIGITS = 192, 25


def proof(potential: Potential, x: Floats) -> tuple[Proof, float]:
    """The critical point near the points, at the bits set, and the radius.  NotDecided where there is no proof."""
    rows, pivots = gauge.rotation(x)
    found = krawczyk.prove(potential, krawczyk.refined(potential, gauge.sliced(x, rows, pivots)))
    given = (arb_mat([[arb(float(a)) for a in row] for row in x]) * arb_mat(rows).transpose()).table()
    skew = gauge.turned_by(rows)
    apart = [
        gauge.length([a - b for a, b in zip(there, here, strict=True)]) + skew * gauge.length(here)
        for there, here in zip(found.where.points, given, strict=True)
    ]
    return found, rounded_up(krawczyk.largest(apart))


def shown(x: arb) -> str:
    """As "[value +/- error]", with as many digits as are known, up to 25; nothing where none is."""
    return str(x.str(DIGITS)) if x.is_finite() else ""


def rounded_up(x: arb) -> float:
    """The float64 above."""
    return math.nextafter(float(x.upper()), math.inf)
