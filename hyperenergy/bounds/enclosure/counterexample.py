"""Losses whose minimizers need not align (B5): a misaligned configuration proved to be below an aligned one."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import flint
from flint import arb

from hyperenergy.bounds import checking
from hyperenergy.bounds.enclosure import gauge, proposals
from hyperenergy.bounds.enclosure.derivatives import inner_products, pulls
from hyperenergy.bounds.enclosure.enclose import BITS, proof, shown
from hyperenergy.bounds.enclosure.gauge import Floats, Row
from hyperenergy.bounds.enclosure.krawczyk import NotDecided, Proof
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


@dataclass(frozen=True)
class Counterexample:
    """A pair of configurations of one loss, what was proved about them, and whether that refutes alignment.

    All numbers in balls, as "[value +/- error]".  aligned: the value at a true critical point among aligned configurations,
    in ``aligned_points`` up to rounding; aligned_minimum: whether it is proved a strict local minimum among them.
    misaligned: the value at a true critical point of the loss, or, where ``misaligned_critical`` is False, at the points
    ``anchors`` and ``positives``, scaled to unit length.  gap: aligned - misaligned.  force: the largest force on a positive
    at the aligned one, (1/tau) |P_j sum_i p_ij u_i|; forced: whether it is proved not to vanish.  apart: the largest
    |u_i - v_i| of the misaligned one.  proved: whether gap > 0 is proved.  verdict: what is proved, in words.
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
    verdict: str
    aligned_points: tuple[tuple[float, ...], ...]
    anchors: tuple[tuple[float, ...], ...]
    positives: tuple[tuple[float, ...], ...]
