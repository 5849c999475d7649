"""Where B4 is proved, refuted and open."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import torch

import hyperenergy as he
from hyperenergy import theorems
from hyperenergy.show.report.section import section
from hyperenergy.theorems.fronts import CODES, HEADER, fronts, heaps_below, rows, text, unstable
from hyperenergy.verify.report import Summary, markdown

torch.set_num_threads(1)


def test_the_octahedron() -> None:
    dhel, dcl, across, sim_clr, info_nce, aligned = fronts("octahedron")
    assert (dhel.proved_from, sim_clr.proved_from, dcl.proved_from) == (
        Fraction(934, 1000),
        Fraction(139, 100),
        Fraction(154, 100),
    )
    assert across.proved_from is info_nce.proved_from is None
    assert all(front.refuted == () for front in fronts("octahedron"))
    assert aligned.aligned and aligned.open_at == ()


def test_polygons() -> None:
    hexagon = {front.loss: front for front in fronts("hexagon")}
    assert hexagon["DHEL"].refuted == () and hexagon["DCL"].refuted == ()
    assert hexagon["DCL, cross-view"].refuted == ((0.005, pytest.approx(0.322)),)
    octagon = {front.loss: front for front in fronts("octagon")}
    assert [pytest.approx(pair, abs=2e-3) for pair in octagon["DHEL"].refuted] == [(0, 0.0422), (0.108, 0.206)]


def test_what_is_called_refuted_is() -> None:
    """At the ends of the ranges of the heptagon and the octagon a search finds something lower, aligned or not."""
    for loss, M in ((he.DHEL, 8), (he.DCL, 7)):
        ends = unstable(loss(0.1), M)
        assert ends is not None
        for tau in (ends[0] + 0.005, ends[1] - 0.005, 0.9 * heaps_below(M)):
            claimed = theorems.get("F3").predict(he.minimize(loss(tau), M, 2, restarts=2, throw=False).objective, M, 2)
            best = he.minimize(loss(tau), M, 2, restarts=24, seed=0, throw=False)
            assert claimed is not None and best.value < claimed.value - 1e-7
    assert heaps_below(6) == 0.0 and heaps_below(7) == pytest.approx((math.cos(2 * math.pi / 7) - 4 / 7) / math.log(6))


def test_the_table_stands_in_the_reports() -> None:
    found = rows()
    assert len(found) == 6 * len(CODES) and {len(row) for row in found} == {len(HEADER)}
    summary = Summary(theorems.get("B4"), ())
    shown = markdown([summary], "verify", 1.0, True)
    assert "| octahedron | DHEL |  | below 0.934 | from 0.934 on |" in shown
    assert "600-cell" in section(summary, "run") and "Fronts" in section(summary, "run")
    assert "600-cell" not in section(Summary(theorems.get("B1"), ()), "run").split("Fronts")[-1]
    assert text(found).splitlines()[0].startswith("code")
