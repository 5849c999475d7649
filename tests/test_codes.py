from __future__ import annotations

import math

import numpy as np
import pytest
import sympy
import torch

import hyperenergy as he
from hyperenergy import codes
from hyperenergy.codes import constructions
from hyperenergy.codes.exact import ExactVectors
from hyperenergy.gegenbauer import gegenbauer
from tests.zoo import HARMONIC

R5 = sympy.sqrt(5)
HALF, QUARTER, THIRD = sympy.Rational(1, 2), sympy.Rational(1, 4), sympy.Rational(1, 3)

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
    "clebsch": (5, {-sympy.Rational(3, 5): 5, sympy.Rational(1, 5): 10}, 3, True),
    "schlaefli": (6, {-HALF: 10, QUARTER: 16}, 4, True),
    "e7-56": (7, {-1: 1, -THIRD: 27, THIRD: 27}, 5, True),
    "e8-roots": (8, {-1: 1, -HALF: 56, 0: 126, HALF: 56}, 7, True),
}


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


@pytest.mark.parametrize("name", [*EXPECTED, "polygon-7", "polygon-8"])
def test_coordinates_have_the_exact_inner_products(name: str) -> None:
    code = codes.get(name)
    assert code.points.shape == (code.size, code.dim) and code.points.dtype == torch.float64
    gram = np.sort((code.points @ code.points.T).numpy(), axis=1)[:, :-1]
    expected = np.sort(np.concatenate([[float(x)] * n for x, n in code.inner_products.items()]))
    np.testing.assert_allclose(gram, np.tile(expected, (code.size, 1)), atol=1e-14)


@pytest.mark.parametrize("name", [*EXPECTED, "polygon-5", "polygon-6"])
def test_strength_by_averages_of_coordinates(name: str) -> None:
    """An independent look in floating point: degree t vanishes up to the strength and not at strength + 1."""
    code = codes.get(name)
    gram = (code.points @ code.points.T).numpy()
    sums = [
        float(p.sum()) for p, _ in zip(gegenbauer(gram, code.dim), range(int(code.design_strength) + 2), strict=False)
    ]
    assert max(map(abs, sums[1:-1])) < 1e-8 * code.size**2
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
    with pytest.raises(ValueError, match=r"occurs twice|see different"):
        ExactVectors(vectors).distribution()
    vectors = constructions.icosahedron()
    a = vectors.a.copy()
    a[3, 0] += 1
    with pytest.raises(ValueError, match="one norm"):
        ExactVectors(a, vectors.b, 5).distribution()
    doubled = np.concatenate([constructions.hemicube().a] * 2)
    with pytest.raises(ValueError, match="occurs twice"):
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
    ],
)
def test_bad_input(call, message: str) -> None:
    with pytest.raises(he.ArgumentError, match=message):
        call()
