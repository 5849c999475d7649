from __future__ import annotations

import math

import numpy as np
import pytest
import sympy
import torch

import hyperenergy as he
from hyperenergy import codes
from hyperenergy.arithmetic.gegenbauer import gegenbauer
from hyperenergy.arithmetic.steps import Fails
from hyperenergy.codes import constructions
from hyperenergy.codes.exact import ExactVectors
from tests.zoo import HARMONIC

R5 = sympy.sqrt(5)
Q = sympy.Rational
HALF, QUARTER, THIRD = Q(1, 2), Q(1, 4), Q(1, 3)

# name -> (dim, inner products with multiplicities, design strength, sharp); Cohn and Kumar 2007, Table 1.
EXPECTED = {
    "simplex-5": (4, {-QUARTER: 4}, 2, True),
    "cross-polytope-4": (4, {-1: 1, 0: 6}, 3, True),
    "icosahedron": (3, {-1: 1, -R5 / 5: 5, R5 / 5: 5}, 5, True),
    "24-cell": (4, {-1: 1, -HALF: 8, 0: 6, HALF: 8}, 5, False),
    "600-cell": (
        4,
        {
            -1: 1,
            -(1 + R5) / 4: 12,
            -HALF: 20,
            (1 - R5) / 4: 12,
            0: 30,
            (R5 - 1) / 4: 12,
            HALF: 20,
            (1 + R5) / 4: 12,
        },
        11,
        False,
    ),
    "clebsch": (5, {-Q(3, 5): 5, Q(1, 5): 10}, 3, True),
    "schlaefli": (6, {-HALF: 10, QUARTER: 16}, 4, True),
    "e7-56": (7, {-1: 1, -THIRD: 27, THIRD: 27}, 5, True),
    "e8-roots": (8, {-1: 1, -HALF: 56, 0: 126, HALF: 56}, 7, True),
    "isotropic-2": (6, {-HALF: 10, QUARTER: 16}, 4, True),
    "isotropic-3": (21, {-THIRD: 30, Q(1, 9): 81}, 3, True),
    "isotropic-4": (52, {-QUARTER: 68, Q(1, 16): 256}, 3, True),
    "mclaughlin-112": (21, {-THIRD: 30, Q(1, 9): 81}, 3, True),
    "mclaughlin-162": (21, {-Q(2, 7): 56, Q(1, 7): 105}, 3, True),
    "higman-sims": (22, {-Q(4, 11): 22, Q(1, 11): 77}, 3, True),
    "mclaughlin": (22, {-QUARTER: 112, Q(1, 6): 162}, 4, True),
    "leech-891": (22, {-HALF: 42, -Q(1, 8): 512, QUARTER: 336}, 5, True),
    "equiangular-552": (23, {-1: 1, -Q(1, 5): 275, Q(1, 5): 275}, 5, True),
    "leech-4600": (23, {-1: 1, -THIRD: 891, 0: 2816, THIRD: 891}, 7, True),
    "leech": (24, {-1: 1, -HALF: 4600, -QUARTER: 47104, 0: 93150, QUARTER: 47104, HALF: 4600}, 11, True),
    # Ballinger et al. 2009.
    "tetrahedra-40": (10, {-HALF: 8, -THIRD: 3, 0: 4, Q(1, 6): 24}, 3, False),
    "nordstrom-robinson-64": (14, {-Q(3, 7): 14, -Q(1, 7): 7, Q(1, 7): 42}, 3, False),
    # Cohn, de Laat and Leijenhorst 2024.
    "petersen": (4, {-Q(2, 3): 3, Q(1, 6): 6}, 2, False),
    "gewirtz": (20, {-Q(2, 5): 10, Q(1, 15): 45}, 2, False),
    "hoffman-singleton": (21, {-Q(3, 7): 7, Q(1, 21): 42}, 2, False),
    "m22": (21, {-Q(3, 8): 16, Q(1, 12): 60}, 2, False),
    "kerdock-288": (16, {-1: 1, -QUARTER: 128, 0: 30, QUARTER: 128}, 5, False),
    "kerdock-4224": (64, {-1: 1, -Q(1, 8): 2048, 0: 126, Q(1, 8): 2048}, 5, False),
}
# Their Gram matrices are small enough for floating point.
SMALL = [name for name in EXPECTED if name not in ("leech", "leech-4600", "kerdock-4224")]


@pytest.mark.parametrize("name", EXPECTED)
def test_exact_inner_products_multiplicities_and_strength(name: str) -> None:
    dim, products, strength, sharp = EXPECTED[name]
    code = codes.get(name)
    assert code.dim == dim
    found = {sympy.nsimplify(x): count for x, count in code.inner_products.items()}
    assert {sympy.expand(x): n for x, n in found.items()} == {sympy.expand(x): n for x, n in products.items()}
    assert code.design_strength == strength
    assert code.sharp == sharp
    assert code.size == 1 + sum(products.values())


@pytest.mark.parametrize("name", [*SMALL, "polygon-7", "polygon-8"])
def test_coordinates_have_the_exact_inner_products(name: str) -> None:
    code = codes.get(name)
    assert code.points.shape == (code.size, code.dim) and code.points.dtype == torch.float64
    gram = np.sort((code.points @ code.points.T).numpy(), axis=1)[:, :-1]
    expected = np.sort(np.concatenate([[float(x)] * n for x, n in code.inner_products.items()]))
    np.testing.assert_allclose(gram, np.tile(expected, (code.size, 1)), atol=1e-14)


@pytest.mark.parametrize("name", [*SMALL, "polygon-5", "polygon-6"])
def test_strength_by_averages_of_coordinates(name: str) -> None:
    """An independent look in floating point: degree t vanishes up to the strength and not at strength + 1."""
    code = codes.get(name)
    gram = (code.points @ code.points.T).numpy()
    sums = [
        float(p.sum()) for p, _ in zip(gegenbauer(gram, code.dim), range(int(code.design_strength) + 2), strict=False)
    ]
    assert np.max(np.abs(sums[1:-1])) < 1e-8 * code.size**2
    assert sums[-1] > 1e-3


@pytest.mark.parametrize("N", [2, 3, 5, 8, 12])
def test_polygons(N: int) -> None:
    code = codes.polygon(N)
    assert code.design_strength == N - 1
    assert sum(code.inner_products.values()) == N - 1
    assert {sympy.cos(2 * sympy.pi * j / N) for j in range(1, N)} == set(code.inner_products)


def test_families() -> None:
    assert codes.simplex(5, dim=7).points.shape == (5, 7)
    assert codes.simplex(5, dim=7).design_strength == 1  # balanced, but not spanning R^7
    assert codes.simplex(2, dim=1).design_strength == math.inf
    assert codes.get("cross-polytope-9") is codes.cross_polytope(9)


@pytest.mark.parametrize(("key", "energy"), HARMONIC.items(), ids=lambda k: str(k))
def test_harmonic_energies(key: tuple[str, int, int], energy: float) -> None:
    name, dim, points = key
    code = codes.get(name)
    assert (code.dim, code.size) == (dim, points)
    assert float(he.energy(code.points, he.Riesz(dim - 2))) == pytest.approx(energy, rel=1e-11)


def test_the_24_cell_is_not_called_universally_optimal() -> None:
    code = codes.get("24-cell")
    assert not code.universally_optimal and not code.sharp
    assert codes.universal_optimum(24, 4) is None


def test_gegenbauer_polynomials_are_the_classical_ones() -> None:
    t = np.linspace(-1, 1, 7)
    from scipy import special

    for dim, expected in ((2, special.eval_chebyt), (3, special.eval_legendre)):
        for k, (p, _) in enumerate(zip(gegenbauer(t, dim), range(9), strict=False)):
            np.testing.assert_allclose(p, expected(k, t), atol=1e-14)
    eight = [p for p, _ in zip(gegenbauer(sympy.Rational(1, 3), 8), range(5), strict=False)]
    for k, p in enumerate(eight):
        assert p == sympy.gegenbauer(k, 3, THIRD) / sympy.gegenbauer(k, 3, 1)


def test_tampering_is_noticed() -> None:
    """A moved point changes a norm or the distribution that it sees; a doubled point is no code."""
    vectors = constructions.e8_roots().a.copy()
    vectors[17] = vectors[17][::-1]
    with pytest.raises(Fails, match=r"occurs twice|see different"):
        ExactVectors(vectors).distribution()
    icosahedron = constructions.icosahedron()
    a = icosahedron.a.copy()
    a[3, 0] += 1
    with pytest.raises(Fails, match="one norm"):
        ExactVectors(a, icosahedron.b, 5).distribution()
    doubled = np.concatenate([constructions.hemicube().a] * 2)
    with pytest.raises(Fails, match="occurs twice"):
        ExactVectors(doubled).distribution()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: codes.get("icosahedrn"), "code: got 'icosahedrn'; did you mean icosahedron"),
        (lambda: codes.get("simplex-x"), "code: got 'simplex-x'"),
        (lambda: codes.simplex(5, dim=3), "dim: got 3; a simplex of 5 points needs dim >= 4"),
        (lambda: codes.simplex(1), "points: got 1; must be an integer in 2..2000"),
        (lambda: codes.polygon(1), "points: got 1"),
        (lambda: codes.cross_polytope(0), "dim: got 0"),
        (lambda: codes.isotropic(6), "q: got 6; must be a prime power"),
        (lambda: codes.get("isotropic-1"), "q: got 1; must be an integer >= 2"),
        (lambda: codes.isotropic(8), "q: got 8; must be at most 5"),
        (lambda: codes.get("mclauglin"), "code: got 'mclauglin'; did you mean mclaughlin"),
    ],
)
def test_bad_input(call, message: str) -> None:
    with pytest.raises(he.ArgumentError, match=message):
        call()


def test_every_row_of_the_table_is_there() -> None:
    """Cohn and Kumar 2007, Table 1, and the two of Ballinger et al."""
    table = [
        (3, 12),
        (4, 120),
        (5, 16),
        (6, 27),
        (7, 56),
        (8, 240),
        (21, 112),
        (21, 162),
        (22, 100),
        (22, 275),
        (22, 891),
    ]
    table += [(23, 552), (23, 4600), (24, 196560), (52, 325), (105, 756)]
    for dim, points in table:
        code = codes.universal_optimum(points, dim)
        assert code is not None and (code.dim, code.size) == (dim, points) and code.universally_optimal
    for dim, points in ((10, 40), (14, 64)):
        assert codes.universal_optimum(points, dim) is None
        code = codes.conjectured_optimum(points, dim)
        assert code is not None and code.optimality == "conjecture" and "Ballinger" in code.citation
    assert codes.conjectured_optimum(12, 3) is None
    assert all(code.citation for code in codes.examples())


@pytest.mark.parametrize(("one", "other"), [("isotropic-3", "mclaughlin-112"), ("isotropic-2", "schlaefli")])
def test_two_constructions_of_one_code(one: str, other: str) -> None:
    """Both are unique: over a finite field, and as sections of a lattice."""
    assert he.congruent(codes.get(one).points, codes.get(other).points).congruent


def test_finite_fields() -> None:
    from hyperenergy.codes.isotropic import field, prime_power

    assert [q for q in range(2, 20) if prime_power(q)] == [2, 3, 4, 5, 7, 8, 9, 11, 13, 16, 17, 19]
    for q in (4, 9, 16):
        add, times = field(q)
        one = np.arange(q)
        for table in (add, times[1:, 1:]):  # groups: every row is a permutation
            assert all(len(set(row)) == len(row) for row in table.tolist())
        x, y, z = np.meshgrid(one, one, one)
        assert (times[x, add[y, z]] == add[times[x, y], times[x, z]]).all()
        assert (times[x, times[y, z]] == times[times[x, y], z]).all()


def test_export(tmp_path) -> None:
    from hyperenergy.codes.export import export

    code = codes.get("icosahedron")
    for suffix in (".npz", ".csv", ".xyz"):
        export(code, tmp_path / f"x{suffix}")
    stored = np.load(tmp_path / "x.npz")
    assert np.array_equal(stored["coordinates"], code.coordinates) and int(stored["D"]) == 5
    exact = stored["a"] + stored["b"] * math.sqrt(5)
    np.testing.assert_allclose(exact / np.linalg.norm(exact, axis=1, keepdims=True), code.coordinates, atol=1e-15)
    assert np.array_equal(np.loadtxt(tmp_path / "x.csv", delimiter=",", skiprows=1), code.coordinates)
    lines = (tmp_path / "x.xyz").read_text().splitlines()
    assert lines[:2] == ["12", "icosahedron"] and len(lines) == 14
    assert np.array_equal([[float(c) for c in line.split()[1:]] for line in lines[2:]], code.coordinates)
    for path, message in (
        ("x.txt", "must be a .npz or .csv or .xyz file"),
        ("no/x.csv", "folder that exists"),
        ("24.xyz", "4 coordinates"),
    ):
        with pytest.raises(he.ArgumentError, match=message):
            export(codes.get("24-cell"), tmp_path / path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.csv", "x.npz", "x.xyz"]


def test_each_name_is_gettable_and_families_are_apart() -> None:
    assert len(codes.names()) >= 17 and set(codes.names()) <= set(EXPECTED)
    for name in codes.names():
        assert codes.get(name).name == name
    assert codes.families() == ["simplex-N", "cross-polytope-N", "polygon-N", "isotropic-N"]
    for family in codes.families():
        assert family not in codes.names()
        assert codes.get(family.replace("N", "3")).name == family.replace("N", "3")
        for given in (family, family.lower(), family.removesuffix("-N")):
            with pytest.raises(
                he.ArgumentError, match=rf"code: got '{given}'; is a family; put a number for N, as in .*-\d$"
            ):
                codes.get(given)
    with pytest.raises(he.ArgumentError, match="did you mean simplex-N"):
        codes.get("simplx-4")
