"""What the page says of symmetry, chirality and design strength, also of rows with few digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hyperenergy import codes
from hyperenergy.show.view import Configuration, facts, load
from tests.geometry.test_symmetry import CYCLE, QUARTER_TURN, orbit
from tests.pages import random_rows

T = max(np.roots([1, -1, -1, -1]).real)
SNUB_CUBE = orbit(np.array([1, 1 / T, T]), CYCLE, QUARTER_TURN)
TURN = np.linalg.qr(random_rows(3, 3, 5))[0]


def said(tmp_path: Path, rows: NDArray[np.float64], digits: int) -> dict[str, str]:
    path = tmp_path / "a.csv"
    np.savetxt(path, rows, fmt=f"%.{digits}f", delimiter=",")
    return dict(facts.rows(load(path, header=False))[0])


@pytest.mark.parametrize("digits", range(3, 9))
def test_files_of_few_digits(tmp_path: Path, digits: int) -> None:
    for x in (codes.get("icosahedron").coordinates, codes.get("icosahedron").coordinates @ TURN):
        found = said(tmp_path, x, digits)
        assert found["symmetry"].startswith("I_h, order 120; all points are alike")
        assert found["chirality"] == "mirror-symmetric"
        assert found["design strength"].startswith("5, numerically")
    found = said(tmp_path, SNUB_CUBE @ TURN, digits)
    assert found["symmetry"].startswith("O, order 24; all points are alike") and found["chirality"].startswith("chiral")
    assert found["design strength"].startswith("3, numerically")
    found = said(tmp_path, codes.get("600-cell").coordinates, digits)
    assert found["symmetry"].startswith("order 14400") and found["design strength"].startswith("11, numerically")


def test_errors_are_stated_where_they_matter(tmp_path: Path) -> None:
    assert "within errors of 0.0009 in the rows" in said(tmp_path, SNUB_CUBE @ TURN, 3)["design strength"]
    assert "may miss points by 0.0017" in said(tmp_path, SNUB_CUBE @ TURN, 3)["symmetry"]
    for digits in (9, 16):
        assert said(tmp_path, SNUB_CUBE @ TURN, digits)["symmetry"] == "O, order 24; all points are alike"


def test_few_digits_hide_no_asymmetry(tmp_path: Path) -> None:
    x = codes.get("icosahedron").coordinates.copy()
    x[0] = x[0] + 0.01 * (x[1] - (x[1] @ x[0]) * x[0])
    x[0] /= np.linalg.norm(x[0])
    found = said(tmp_path, x, 4)
    assert found["symmetry"].startswith("C_s, order 2") and found["design strength"].startswith("0, numerically")


def test_chirality() -> None:
    def of(x: NDArray[np.float64], positives: NDArray[np.float64] | None = None) -> str:
        return dict(facts.rows(Configuration("x", x, positives))[0])["chirality"]

    assert of(SNUB_CUBE).startswith("chiral")
    assert of(random_rows(9, 3)).startswith("chiral")
    assert of(codes.get("24-cell").coordinates) == "mirror-symmetric"
    # In a larger space it can be turned over.
    assert of(np.pad(SNUB_CUBE, ((0, 0), (0, 1)))) == "mirror-symmetric: the points lie in a subspace"
    # Positives count.
    assert of(codes.get("icosahedron").coordinates, random_rows(12, 3)).startswith("chiral")
    assert dict(facts.rows(load("icosahedron"))[0])["chirality"] == "mirror-symmetric"
