"""Hops: of one start, of given ones, of starts that all tie, and what they find."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import hyperenergy as he
from hyperenergy.search import multistart
from hyperenergy.search.minimum import Stop
from tests.zoo import THOMSON

COULOMB = he.Energy(he.Riesz(1))
ICOSAHEDRON = he.codes.get("icosahedron").points


@pytest.fixture(scope="module")
def second() -> torch.Tensor:
    """The other minimum of 16 charges, 92.92035396 (Erber and Hockney 1991)."""
    best = he.minimize(COULOMB, 16, 3, restarts=64, path="direct")
    assert best.minima[1].value == pytest.approx(92.920353962, abs=1e-8)
    return best.minima[1].rows


def test_hops_lead_from_a_local_minimum_to_the_best(second: torch.Tensor) -> None:
    stuck, freed = (he.minimize(COULOMB, 16, 3, start=second[None], hops=hops) for hops in (0, 50))
    assert freed.value == pytest.approx(THOMSON[16], abs=1e-9) and freed.hops == 50
    start, hops = freed.ways
    assert (start.hits, hops.label, hops.starts) == (0, "hops", 50) and hops.hits > 0
    assert stuck.value == pytest.approx(92.920353962, abs=1e-8) and stuck.hops == 0  # the control


@pytest.mark.parametrize(
    ("options", "jumps"),
    [
        ({"restarts": 1}, 6),
        ({"start": ICOSAHEDRON[None]}, 6),
        ({"start": ICOSAHEDRON.expand(3, 12, 3)}, 6),  # all tie: one of up to eight at the best value hops
        ({"restarts": 8}, 6),
        ({"restarts": 9}, 12),
    ],
)
def test_jumps_are_made_from_the_best_and_counted(options: dict, jumps: int) -> None:
    """Of 12 charges all starts end at the icosahedron."""
    best = he.minimize(COULOMB, 12, 3, hops=6, **options)
    assert best.hops == jumps and best.ways[-1].starts == jumps
    assert best.value == pytest.approx(THOMSON[12], abs=1e-9)


def test_all_above_the_best_hop(second: torch.Tensor) -> None:
    best = he.minimize(COULOMB, 16, 3, restarts=16, path="direct")
    start = torch.cat([best.rows[None], second.expand(4, 16, 3)])
    hopped = he.minimize(COULOMB, 16, 3, start=start, hops=1)
    assert hopped.hops == 5  # four above the best, and one at it
    assert he.minimize(COULOMB, 16, 3, start=second.expand(4, 16, 3), hops=1).hops == 1


def test_an_open_search_looks_around_from_the_best_before_it_ends() -> None:
    best = he.minimize(COULOMB, 12, 3)
    assert best.hops == best.ways[-1].starts == multistart._PROBES
    assert he.minimize(COULOMB, 12, 3, hops=0).hops == 0  # unless told not to hop


def test_an_open_search_hops_where_few_starts_reach_the_best() -> None:
    """The 24-cell, which 7 % of the starts reach; and not where all do (the control above)."""
    best = he.minimize(he.Energy(he.Riesz(2)), 24, 4)
    assert best.value == pytest.approx(167.0, rel=1e-12)
    assert best.hops > multistart._PROBES and best.ways[-1].hits > 0


def test_lengths_adapt_to_where_jumps_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    """They grow where jumps fall back, as of the octahedron, which has no other minimum."""
    scales = []
    import sys

    module = sys.modules["hyperenergy.search.local"]
    original = module.jump

    def seen(z, hop, scale, generator):
        scales.append(float(scale[0]))
        return original(z, hop, scale, generator)

    monkeypatch.setattr(module, "jump", seen)
    he.minimize(COULOMB, 6, 3, restarts=1, hops=8)
    assert scales[0] == 1 and scales[:5] == sorted(scales[:5]) and scales[4] > 2
    assert np.max(scales) <= 3.0


def test_hops_end_at_a_bound() -> None:
    best = he.minimize(COULOMB, 12, 3, restarts=1, hops=50, lower_bound=49.1652530576)
    assert best.hops == 0 and best.stop is Stop.BOUND
