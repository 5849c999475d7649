"""Congruence where colorings alone do not tell: points with two inner products, from equivalent and from other designs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import hyperenergy as he
from hyperenergy.geometry import congruence
from tests import designs
from tests.designs import Integers, Triples

Array = NDArray[np.float64]

SQUARES: dict[str, Integers] = {
    "Z8": designs.cyclic(8),
    "Z2^3": designs.elementary(8),
    "Z2 x Z4": designs.product(designs.cyclic(2), designs.cyclic(4)),
    "switched": designs.cycle_switched(designs.cyclic(8), np.random.default_rng(1), 30),
    "switched more": designs.cycle_switched(designs.cyclic(8), np.random.default_rng(2), 60),
}
# |Aut G| of the groups, from their structure: units mod n, GL(3, 2), and the dihedral group for Z2 x Z4.
AUTOMORPHISMS = {"Z8": 4, "Z2^3": 168, "Z2 x Z4": 8}
SMALL: Triples = designs.differences(19, [(0, 1, 4), (0, 2, 9), (0, 5, 11)])
TRIPLES: dict[str, Triples] = {
    "Netto": designs.netto(19),
    "differences": SMALL,
    **{f"switched {k}": designs.switched(SMALL, np.random.default_rng(k), k) for k in (1, 3, 10)},
}


def moved(x: Array, seed: int) -> torch.Tensor:
    random = np.random.default_rng(seed)
    q = np.linalg.qr(random.standard_normal((x.shape[1],) * 2))[0]
    return torch.from_numpy((x @ q.T)[random.permutation(len(x))])


def check(X: torch.Tensor, Y: torch.Tensor, same: bool, **options: Any) -> None:
    m = he.congruent(X, Y, **options)
    assert m.outcome == ("congruent" if same else "different")
    assert float((X @ m.rotation.T - Y[m.permutation]).norm(dim=1).max()) == pytest.approx(m.residual, abs=1e-12)
    assert m.residual < 1e-12 if same else m.residual > 0.1


@pytest.mark.parametrize("name", SQUARES)
def test_equivalent_latin_squares(name: str) -> None:
    random = np.random.default_rng(3)
    x = designs.latin_points(SQUARES[name])
    assert x.shape == (64, 21)
    for seed in range(2):
        check(torch.from_numpy(x), moved(designs.latin_points(designs.isotope(SQUARES[name], random)), seed), True)


def test_other_latin_squares() -> None:
    """Told apart by their numbers of 2 x 2 subsquares, which the search does not look at."""
    random = np.random.default_rng(4)
    squares = [designs.isotope(s, random) for s in SQUARES.values()]
    counts = [designs.intercalates(s) for s in squares]
    assert counts == [designs.intercalates(s) for s in SQUARES.values()] and len(set(counts)) == len(counts)
    points = [torch.from_numpy(designs.latin_points(s)) for s in squares]
    for k, X in enumerate(points):
        np.testing.assert_allclose(
            (X @ X.T).flatten().sort()[0], (points[0] @ points[0].T).flatten().sort()[0], atol=1e-12
        )
        check(X, points[k - 1], False)


@pytest.mark.parametrize("name", AUTOMORPHISMS)
def test_symmetries_of_tables_of_groups(name: str) -> None:
    """Translations of rows and columns, automorphisms, and permutations of rows, columns and symbols: 6 n^2 |Aut G|."""
    assert he.symmetry(designs.latin_points(SQUARES[name])).order == 6 * 64 * AUTOMORPHISMS[name]


@pytest.mark.parametrize("name", TRIPLES)
def test_steiner_triple_systems(name: str) -> None:
    triples = TRIPLES[name]
    assert (
        len(triples) == 57
        and len({frozenset(p) for t in triples for p in [(a, b) for a in t for b in t if a < b]}) == 171
    )
    x = designs.triple_points(triples)
    assert x.shape == (57, 18)
    renamed = np.random.default_rng(5).permutation(19)
    y = designs.triple_points(frozenset(frozenset(int(renamed[p]) for p in t) for t in triples))
    check(torch.from_numpy(x), moved(y, 6), True)
    for other in TRIPLES.values():
        if len(designs.pasches(other)) != len(designs.pasches(triples)):
            check(torch.from_numpy(x), moved(designs.triple_points(other), 7), False)


def test_the_netto_system_has_its_known_group() -> None:
    """Order 19 * 18 / 2 = 171 (Robinson, The structure of certain triple systems, Math. Comp. 29 (1975)), without -1."""
    assert he.symmetry(designs.triple_points(TRIPLES["Netto"])).order == 171


@pytest.mark.slow
@pytest.mark.parametrize("same", [True, False])
def test_256_points(same: bool) -> None:
    """Without a symmetry, so that every image of the first points is tried."""
    random = np.random.default_rng(6)
    one = designs.cycle_switched(designs.cyclic(16), random, 40)
    two = designs.isotope(one, random) if same else designs.cycle_switched(designs.cyclic(16), random, 45)
    assert (designs.intercalates(one) == designs.intercalates(two)) is same
    X, Y = torch.from_numpy(designs.latin_points(one)), moved(designs.latin_points(two), 1)
    check(X, Y, same)


def test_what_the_work_does_not_decide_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    X, Y = (torch.from_numpy(designs.latin_points(SQUARES[name])) for name in ("switched", "switched more"))
    for name in ("_FIRST", "_SECOND"):
        monkeypatch.setattr(congruence, name, 10**7)
    assert he.congruent(X, Y).outcome == "undecided"
