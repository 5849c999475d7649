from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

import hyperenergy as he
from hyperenergy.geometry.symmetry import Symmetry, symmetry

Array = NDArray[np.float64]

# Orders of the full groups.
CODES = {
    # The reflection groups H3, F4, H4, D5, E6, E7, E8, B7, A8: Humphreys, Reflection Groups and Coxeter Groups (1990), 2.11.
    "icosahedron": 120,
    "24-cell": 1152,
    "600-cell": 14400,
    "clebsch": 1920,
    "schlaefli": 51840,
    "e7-56": 2903040,
    "e8-roots": 696729600,
    "cross-polytope-7": 2**7 * math.factorial(7),
    "simplex-9": math.factorial(9),
    # U4(3).D8, U4(3).2^2, HS.2, McL.2 and Co3 x 2: Conway et al., Atlas of Finite Groups (1985).
    "mclaughlin-112": 3265920 * 8,
    "mclaughlin-162": 3265920 * 4,
    "higman-sims": 44352000 * 2,
    "mclaughlin": 898128000 * 2,
    "equiangular-552": 495766656000 * 2,
}
# The point groups of the minimizers of Thomson's problem: Erber and Hockney, Complex systems: equilibrium configurations
# of N equal charges on a sphere, Adv. Chem. Phys. 98 (1997); also in Wikipedia, "Thomson problem".
THOMSON = {
    4: "T_d",
    5: "D_3h",
    6: "O_h",
    7: "D_5h",
    8: "D_4d",
    9: "D_3h",
    10: "D_4d",
    11: "C_2v",
    12: "I_h",
    13: "C_2v",
    14: "D_6d",
    16: "T",
    24: "O",
    32: "I_h",
}

CYCLE = np.eye(3)[[1, 2, 0]]
HALF_TURN = np.diag([1.0, -1.0, -1.0])
QUARTER_TURN = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
# About a vertex (0, 1, golden ratio) of the icosahedron.
GOLDEN = (1 + math.sqrt(5)) / 2
FIFTH_TURN = np.array([[GOLDEN - 1, -GOLDEN, 1], [GOLDEN, 1, GOLDEN - 1], [-1, GOLDEN - 1, GOLDEN]]) / 2
GENERIC = np.array([0.9, 0.2, 0.4])


def unit(x: object) -> Array:
    array = np.asarray(x, dtype=np.float64)
    return array / np.linalg.norm(array, axis=1, keepdims=True)


def random_unit(points: int, dim: int, seed: int) -> Array:
    return unit(np.random.default_rng(seed).standard_normal((points, dim)))


def orbit(point: Array, *maps: Array) -> Array:
    """The images of a point under the group that the maps generate."""
    found = [point / np.linalg.norm(point)]
    for x in found:
        for q in maps:
            if min(np.linalg.norm(np.array(found) - q @ x, axis=1)) > 1e-9:
                found.append(q @ x)
    return np.array(found)


def ring(n: int, z: float, turn: float = 0.0) -> Array:
    angle = 2 * np.pi * (np.arange(n) + turn) / n
    return unit(np.stack([np.cos(angle), np.sin(angle), np.full(n, z)], axis=1))


def rings(*parts: tuple[int, float, float]) -> Array:
    return np.concatenate([ring(*part) for part in parts])


def circle(*angles: float) -> Array:
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def disguised(x: Array, seed: int) -> Array:
    """The rows in another order, turned, perhaps reflected."""
    rng = np.random.default_rng(seed)
    q = np.linalg.qr(rng.standard_normal((x.shape[1], x.shape[1])))[0]
    return (x @ q.T)[rng.permutation(len(x))]


def check_law(s: Symmetry, *views: Array) -> None:
    """Each generator is a permutation that one orthogonal map of all views carries out; the generators give the orbits and,
    where that is not too long to list, the group."""
    for p in s.generators:
        assert sorted(p.tolist()) == list(range(len(views[0])))
        x, y = np.concatenate(views), np.concatenate([v[p] for v in views])
        left, _, right = np.linalg.svd(x.T @ y)
        assert np.abs(x @ left @ right - y).max() < 1e-6
    n = len(views[0])
    assert s.generators.shape[1] == n
    joined = connected_components(
        coo_array(
            (np.ones(s.generators.size), (np.tile(np.arange(n), len(s.generators)), s.generators.ravel())), shape=(n, n)
        ),
        directed=False,
    )[1]
    # A map takes a row to one of its images only, so that orbits of rows are put together where rows coincide.
    rows = np.concatenate(views, axis=1)
    joined = [joined[np.linalg.norm(rows - row, axis=1).argmin()] for row in rows] if len(rows) <= 120 else joined
    assert tuple(sorted(np.unique(joined, return_counts=True)[1].tolist(), reverse=True)) == s.orbits
    if s.order <= 200:
        found = [tuple(range(n))]
        seen = set(found)
        for p in found:
            new = {tuple(int(g[i]) for i in p) for g in s.generators} - seen
            found += new
            seen |= new
        assert len(found) == s.order
    assert s.rotations in (s.order, s.order / 2)


@pytest.mark.parametrize("name", CODES)
def test_orders_of_codes_from_the_literature(name: str) -> None:
    x = disguised(he.codes.get(name).coordinates, 3)
    s = symmetry(x)
    assert (s.order, s.rotations, s.orbits, s.dim) == (CODES[name], CODES[name] // 2, (len(x),), x.shape[1])
    check_law(s, x)


@pytest.mark.parametrize("points", THOMSON)
def test_point_groups_of_the_minimizers_of_thomsons_problem(points: int) -> None:
    found = he.minimize(he.Energy(he.Riesz(1)), points=points, dim=3, restarts=16, seed=0)
    s = symmetry(found.anchors)
    assert s.name == THOMSON[points]
    check_law(s, found.anchors.numpy())


MIRROR = np.diag([1.0, 1.0, -1.0])
SOME = random_unit(4, 3, 5)


@pytest.mark.parametrize(
    ("x", "name", "order", "orbits"),
    [
        (SOME, "C_1", 1, (1,) * 4),
        (np.concatenate([SOME, -SOME]), "C_i", 2, (2,) * 4),
        (np.concatenate([SOME, SOME @ MIRROR]), "C_s", 2, (2,) * 4),
        (np.concatenate([SOME, SOME @ HALF_TURN]), "C_2", 2, (2,) * 4),
        (np.concatenate([SOME, SOME @ HALF_TURN, -SOME, -SOME @ HALF_TURN]), "C_2h", 4, (4,) * 4),
        (rings((5, 0.4, 0), (5, 0.1, 0.3)), "C_5", 5, (5, 5)),
        (ring(7, 0.4), "C_7v", 14, (7,)),
        (rings((5, 0.5, 0), (5, -0.5, 0), (5, 0.2, 0.3), (5, -0.2, 0.3)), "C_5h", 10, (10, 10)),
        (rings((4, 0.5, 0), (4, -0.5, 0.5), (4, 0.2, 0.2), (4, -0.2, 0.7)), "S_8", 8, (8, 8)),
        (rings((2, 0.5, 0), (2, -0.5, 0.2)), "D_2", 4, (4,)),
        (rings((6, 0.5, 0), (6, -0.5, 0.3)), "D_6", 12, (12,)),
        (rings((30, 0.5, 0), (30, -0.5, 0.3)), "D_30", 60, (60,)),
        (rings((3, 0.5, 0), (3, -0.5, 0)), "D_3h", 12, (6,)),
        (rings((5, 0.5, 0), (5, -0.5, 0), (1, 1e9, 0), (1, -1e9, 0)), "D_5h", 20, (10, 2)),
        (rings((12, 0, 0), (1, 1e9, 0), (1, -1e9, 0)), "D_12h", 48, (12, 2)),
        (rings((2, 0.5, 0), (2, -0.5, 0.5)), "D_2d", 8, (4,)),
        (rings((7, 0.5, 0), (7, -0.5, 0.5)), "D_7d", 28, (14,)),
        (rings((4, math.sqrt(0.5), 0), (4, -math.sqrt(0.5), 0)), "O_h", 48, (8,)),
        (orbit(GENERIC, CYCLE, HALF_TURN), "T", 12, (12,)),
        (orbit(GENERIC, CYCLE, HALF_TURN, -np.eye(3)), "T_h", 24, (24,)),
        (orbit(GENERIC, CYCLE, HALF_TURN, np.eye(3)[[1, 0, 2]]), "T_d", 24, (24,)),
        (orbit(GENERIC, CYCLE, FIFTH_TURN), "I", 60, (60,)),
        (orbit(GENERIC, CYCLE, FIFTH_TURN, -np.eye(3)), "I_h", 120, (120,)),
    ],
)
def test_schoenflies_symbols(x: Array, name: str, order: int, orbits: tuple[int, ...]) -> None:
    s = symmetry(disguised(x, 8))
    assert (s.name, s.order, s.orbits) == (name, order, orbits)
    check_law(symmetry(x), x)


def test_snub_cube() -> None:
    """Its vertices: the orbit of (1, 1/t, t), t the tribonacci constant (Weisstein, MathWorld, "Snub Cube")."""
    t = max(np.roots([1, -1, -1, -1]).real)
    s = symmetry(orbit(np.array([1, 1 / t, t]), CYCLE, QUARTER_TURN))
    assert (s.name, s.order, s.rotations, s.orbits) == ("O", 24, 24, (24,))


@pytest.mark.parametrize("n", [3, 4, 5, 12, 101])
def test_polygons_are_dihedral_and_chiral_ones_cyclic(n: int) -> None:
    s = symmetry(he.codes.get(f"polygon-{n}").coordinates)
    assert (s.name, s.order, s.rotations, s.orbits) == (f"D_{n}", 2 * n, n, (n,))
    steps = 2 * np.pi * np.arange(n) / n
    s = symmetry(circle(*steps, *(steps + 0.1 / n), *(steps + 0.3 / n)))
    assert (s.name, s.order, s.rotations, s.orbits) == (f"C_{n}", n, n, (n, n, n))


@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize("points", [1, 2, 3, 4, 5, 6])
def test_order_and_orbits_agree_with_all_permutations(points: int, dim: int) -> None:
    """On points of a small grid, where symmetries abound; coincident points are drawn, too, and count once."""
    rng = np.random.default_rng(points * 10 + dim)
    for _ in range(12):
        rows = rng.integers(-1, 2, size=(points, dim))
        rows[~rows.any(1), 0] = 1
        x = unit(rows)
        items, multiplicity = np.unique(x.round(9), axis=0, return_counts=True)
        gram = items @ items.T
        group = [
            p
            for p in map(list, permutations(range(len(items))))
            if np.abs(gram[np.ix_(p, p)] - gram).max() < 1e-6 and (multiplicity[p] == multiplicity).all()
        ]
        orbits = {frozenset(p[i] for p in group) for i in range(len(items))}
        s = symmetry(x)
        assert s.order == len(group)
        assert s.orbits == tuple(sorted((int(multiplicity[list(o)].sum()) for o in orbits), reverse=True))
        check_law(s, x)


def test_few_points_and_subspaces() -> None:
    """Maps of the span: two points have the reflection between them, in any space."""
    for x, order, dim, name in [
        ([[1.0, 0, 0]], 1, 1, None),
        ([[1.0], [-1.0]], 2, 1, None),
        ([[1.0], [1.0], [-1.0]], 1, 1, None),
        ([[0, 1.0, 0], [0, -1.0, 0]], 2, 1, None),
        ([[0, 1.0, 0], [0, 0.6, 0.8]], 2, 2, "D_1"),
        (np.hstack([np.zeros((5, 2)), he.codes.get("polygon-5").coordinates]), 10, 2, "D_5"),
        (np.hstack([he.codes.get("icosahedron").coordinates, np.zeros((12, 4))]), 120, 3, "I_h"),
    ]:
        s = symmetry(np.array(x))
        assert (s.order, s.dim, s.name) == (order, dim, name)
        check_law(s, np.array(x))


def test_coincident_points_do_not_multiply_the_order() -> None:
    x = he.codes.get("icosahedron").coordinates
    s = symmetry(disguised(np.concatenate([x, x, x]), 1))
    assert (s.order, s.name, s.orbits) == (120, "I_h", (36,))
    # One vertex twice is a marked vertex, whose stabilizer is C_5v.
    doubled = np.concatenate([x, x[:1]])
    s = symmetry(doubled)
    assert (s.order, s.name, s.orbits) == (10, "C_5v", (5, 5, 2, 1))
    check_law(s, doubled)


@pytest.mark.parametrize(("points", "dim", "tolerance"), [(2, 3, 0.1), (20, 3, 1e-6), (300, 3, 1e-4), (300, 10, 1e-3)])
def test_random_points_have_no_symmetry(points: int, dim: int, tolerance: float) -> None:
    """Except two, and also where the tolerance chains all inner products into one class."""
    s = symmetry(random_unit(points, dim, 4), tolerance=tolerance)
    assert (s.order, s.rotations) == ((2, 1) if points == 2 else (1, 1))


def test_a_moved_point_breaks_the_symmetry_and_keeps_its_stabilizer() -> None:
    x = he.codes.get("icosahedron").coordinates.copy()
    x[0] = unit(x[:1] + 1e-3 * random_unit(1, 3, 0))[0]
    assert symmetry(x).order == 1
    # Out of the plane of a polygon, inner products change only to second order.
    y = np.hstack([he.codes.get("polygon-7").coordinates, np.zeros((7, 1))])
    y[0] = unit([y[0] + [0, 0, 1e-3]])[0]
    s = symmetry(y)
    assert (s.name, s.orbits) == ("C_s", (2, 2, 2, 1))
    # The tolerance is what makes the difference.
    assert symmetry(x, tolerance=0.01).name == "I_h"


@pytest.mark.parametrize("name", ["icosahedron", "24-cell", "e8-roots", "simplex-12", "higman-sims"])
def test_errors_below_and_above_the_tolerance(name: str) -> None:
    x = he.codes.get(name).coordinates
    order = symmetry(x).order
    noise = random_unit(len(x), x.shape[1], 2)
    assert symmetry(unit(x + 3e-7 * noise)).order == order
    assert symmetry(unit(x + 1e-3 * noise)).order == 1
    assert symmetry(unit(x).round(5), tolerance=1e-4).order == order
    # In between nothing is claimed.
    with pytest.raises(he.ArgumentError, match="too near to the tolerance"):
        symmetry(unit(x + 2e-6 * noise))


def test_maps_that_do_not_form_a_group_are_refused() -> None:
    """A step around a wavy polygon misses by 2 pi e / n, half a turn by 2 e."""
    steps = 2 * np.pi * np.arange(100) / 100
    assert symmetry(circle(*(steps + 1e-7 * np.cos(steps)))).order == 200
    with pytest.raises(he.ArgumentError, match="tolerance"):
        symmetry(circle(*(steps + 8e-6 * np.cos(steps))))


def test_pairs() -> None:
    x = he.codes.get("simplex-5").coordinates
    s = symmetry(x, x)
    assert (s.order, s.orbits) == (120, (5,))
    assert symmetry(x, -x).order == 120
    # A shift of the positives leaves the maps that commute with it: the cyclic group of the permutation.
    s = symmetry(x, np.roll(x, 1, axis=0))
    assert (s.order, s.orbits) == (5, (5,))
    check_law(s, x, np.roll(x, 1, axis=0))
    # One misaligned pair breaks all but what fixes it and the direction of its positive.
    v = x.copy()
    v[0] = unit([x[0] + 0.1 * x[1]])[0]
    s = symmetry(x, v)
    assert (s.order, s.orbits) == (6, (3, 1, 1))
    v[0] = unit([x[0] + 0.1 * random_unit(1, 4, 0)[0]])[0]
    assert symmetry(x, v).order == 1
    # The same anchors with different positives are different pairs.
    u = np.array([[1.0, 0], [1.0, 0]])
    assert symmetry(u, np.array([[0.0, 1], [0, -1]])).order == 2
    assert symmetry(u, np.array([[0.0, 1], [0.6, 0.8]])).order == 1


def test_the_work_is_bounded() -> None:
    with pytest.raises(he.ArgumentError, match="limit"):
        symmetry(he.codes.get("e8-roots").coordinates, limit=10**5)
    with pytest.raises(he.ArgumentError, match="1 to 1000 points"):
        symmetry(random_unit(1001, 3, 0))


@pytest.mark.parametrize(
    ("x", "positives"),
    [
        (np.zeros((3, 2)), None),
        (np.full((3, 2), np.nan), None),
        (np.eye(3)[0], None),
        (np.zeros((0, 3)), None),
        (np.array([["a"]]), None),
        (np.eye(3), np.eye(2)),
        (np.eye(3), 2 * np.eye(3)),
    ],
)
def test_impossible_arguments(x: Array, positives: Array | None) -> None:
    with pytest.raises(he.ArgumentError):
        symmetry(x, positives)


@pytest.mark.parametrize("tolerance", [0, -1e-6, math.nan, 0.2])
def test_impossible_tolerances(tolerance: float) -> None:
    with pytest.raises(he.ArgumentError, match="tolerance"):
        symmetry(np.eye(3), tolerance=tolerance)


def test_tensors_are_taken() -> None:
    assert he.symmetry(torch.eye(3)).name == "C_3v"
