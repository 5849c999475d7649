"""Symmetry of rows with few digits, and what the rows tell about their errors."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import hyperenergy as he
from hyperenergy.geometry.automorphisms import UndecidedError
from hyperenergy.geometry.precision import row_error
from tests.geometry.test_symmetry import CODES, CYCLE, QUARTER_TURN, orbit, random_unit, unit

Array = NDArray[np.float64]

ORDERS = {
    **{
        name: CODES[name]
        for name in ("icosahedron", "24-cell", "600-cell", "e8-roots", "equiangular-552", "higman-sims")
    },
    "polygon-600": 1200,
    "simplex-30": math.factorial(30),
    "cross-polytope-40": 2**40 * math.factorial(40),
}


def turned(x: Array, seed: int) -> Array:
    return x @ np.linalg.qr(np.random.default_rng(seed).standard_normal((x.shape[1],) * 2))[0]


@pytest.mark.parametrize("digits", range(3, 9))
@pytest.mark.parametrize("name", ORDERS)
def test_rounded_codes_keep_their_group(name: str, digits: int) -> None:
    """As the file has them, and scaled after reading."""
    for x in (he.codes.get(name).coordinates, turned(he.codes.get(name).coordinates, digits)):
        rounded = x.round(digits)
        for rows in (rounded, unit(rounded)):
            s = he.symmetry(rows)
            assert s.order == ORDERS[name]
            # The golden ratio's last digit may be a zero.
            assert s.tolerance <= max(1e-6, math.sqrt(x.shape[1]) * 10.0 ** (1 - digits) * (1 + 1e-9))


@pytest.mark.parametrize("digits", range(3, 9))
def test_a_rounded_snub_cube_is_chiral(digits: int) -> None:
    t = max(np.roots([1, -1, -1, -1]).real)
    x = turned(orbit(np.array([1, 1 / t, t]), CYCLE, QUARTER_TURN), 1)
    s = he.symmetry(x.round(digits))
    assert (s.name, s.order, s.mirrors) == ("O", 24, False)
    assert he.symmetry(he.codes.get("icosahedron").coordinates.round(digits)).mirrors


@pytest.mark.parametrize("digits", [3, 4, 5])
def test_significant_digits_and_single_precision(digits: int) -> None:
    x = turned(he.codes.get("600-cell").coordinates, 2)
    written = np.array([[float(f"{entry:.{digits}g}") for entry in row] for row in x])
    assert he.symmetry(written).order == 14400
    assert he.symmetry(torch.tensor(x.round(digits), dtype=torch.float32)).order == 14400


def test_errors_that_digits_tell() -> None:
    x = random_unit(20, 3, 0)
    for digits in (3, 5, 7):
        bound = math.sqrt(3) / 2 * 10.0**-digits
        for rows in (x.round(digits), unit(x.round(digits))):
            assert row_error(rows) == (pytest.approx(bound), True)
        assert np.linalg.norm(x.round(digits) - x, axis=1).max() <= bound
    # All digits, or exact in few of them, or along small whole numbers.
    for exact in (x, np.eye(3), np.array([[0.6, 0.8], [0.28, -0.96]]), unit([[1, 1, 0], [1, -2, 3]])):
        assert row_error(exact) == (0.0, False)
    # Norms that scatter are errors, too, and a common factor is none.
    error, digits = row_error(x + 1e-4 * random_unit(20, 3, 1))
    assert 1e-4 < error < 1e-3 and not digits
    assert row_error(x * 1.0004)[0] < 1e-12


def test_a_moved_point_is_seen_among_rounded_ones() -> None:
    """Rounding explains no more than it does: sqrt(3) 10^-4 here; of what is near nothing is claimed."""
    x = he.codes.get("icosahedron").coordinates.copy()
    for size, name in ((0.0, "I_h"), (3e-3, "C_s"), (3e-4, None)):
        y = x.copy()
        # Along the meridian through a neighbor, a mirror plane.
        neighbor = x[1] - (x[1] @ x[0]) * x[0]
        y[0] = unit([x[0] + size * neighbor])[0]
        if name is None:
            with pytest.raises(UndecidedError, match="too near"):
                he.symmetry(y.round(4))
        else:
            assert he.symmetry(y.round(4)).name == name


def test_between_scales_nothing_is_claimed() -> None:
    x = he.codes.get("icosahedron").coordinates
    noise = random_unit(12, 3, 3)
    for size in (3e-6, 1e-5, 3e-5):
        with pytest.raises(UndecidedError, match="tolerance: got 1e-06; a map misses points by"):
            he.symmetry(unit(x + size * noise))
    assert he.symmetry(unit(x + 3e-5 * noise), tolerance=1e-4).order == 120
    assert he.symmetry(unit(x + 1e-3 * noise)).order == 1
    assert he.symmetry(unit(x + 1e-7 * noise)).order == 120
