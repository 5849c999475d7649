"""Rows of numbers in text: read rightly or refused by line, never passed over."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.reading.configuration import read_points_file
from hyperenergy.geometry.reading.table import read_rows

OCTAHEDRON = np.concatenate([np.eye(3)[::-1], -np.eye(3)])


def written(folder: Path, text: str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def lines(*first: str, separator: str = ",") -> str:
    rest = [separator.join(f"{entry:g}" for entry in row) for row in OCTAHEDRON[1:]]
    return "\n".join([*first, *rest, ""])


@pytest.mark.parametrize(
    "text",
    [
        lines("0,0,1"),
        lines("0,0,1 # north pole"),
        lines("0,0,1, # a comma at the end"),
        lines("0,0,1,"),
        lines("# six points", "", "0,0,1"),
        lines("x,y,z", "0,0,1"),
        lines("# x,y,z", " x , y , z ", "0,0,1"),
        lines("0,1,2", "0,0,1"),  # pandas
        lines('"x","y","z"', '"0","0","1.0"'),
        lines("x;y;z", "0;0;1", separator=";"),
        lines("0;0;1;# semicolons", separator=";"),
        lines("0\t0\t1", separator="\t"),
        lines("0\t0\t1\t", separator="\t"),
        lines("x\ty\tz", "0\t0\t1\t# tabs", separator="\t"),
        lines("  0  0   1.", separator=" "),
        lines("0, 0,\t+1e0", separator=" ,\t"),
        lines("0,0,1").replace("\n", "\r\n"),
        lines("0,0,1").replace("\n", "\r"),
        "\ufeff" + lines("0,0,1"),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "tsv", "txt"])
def test_an_octahedron_keeps_its_points(tmp_path: Path, text: str, suffix: str) -> None:
    found = read_points_file(written(tmp_path, text, f"a.{suffix}"))
    np.testing.assert_array_equal(found.anchors, OCTAHEDRON)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (lines("0,0,l"), "line 1: '0,0,l' is no row of numbers: 'l' in it is no finite number; if it is a header"),
        (lines("0,0,1", "0,O,1"), "line 2: '0,O,1' is no row of numbers: 'O' in it is no finite number"),
        (lines("0,0,1,,"), "line 1: '0,0,1,,' is no row of numbers: an empty cell"),
        (lines("0,0,1", "0,,1"), "line 2: '0,,1' is no row of numbers: an empty cell"),
        (lines("# the points", "nan,nan,nan"), "line 2: 'nan,nan,nan' is no row of numbers: 'nan' in it"),
        (lines("0,0,inf"), "'inf' in it is no finite number"),
        (lines("0,0,1e999"), "'1e999' in it is no finite number"),
        (lines("0,0,1_0"), "'1_0' in it"),
        (lines("0,0,\u0661"), "in it is no finite number"),
        (lines("0,0,\u22121"), "in it is no finite number"),
        (lines("0,0 1"), "'0 1' in it"),
        (lines("0,0"), "line 2: '0,1,0' has 3 numbers, and line 1 has 2"),
        (lines("0,0,1", "0,0,"), "line 2: '0,0,' has 2 numbers, and line 1 has 3"),
        (lines(",,"), "line 1: ',,' is no row of numbers: an empty cell"),
        (lines("the octahedron", "0,0,1"), "line 1: 'the octahedron' is no row of numbers, nor a header of 3 columns"),
        (lines(",0,1,2", "0,0,0,1"), "line 1: ',0,1,2' is no row of numbers: an empty cell"),
        (lines("x1,y1,3", "0,0,1"), "line 1: 'x1,y1,3' is no row of numbers: 'x1' in it"),
        (lines("0,1,2", "0,0,1", "0,1,2"), "row 2 has length 2.23607"),
        ("0;1\n0,5;0,5\n", "line 1: '0;1' may be a point or a header"),
        ("1;0\n0,5;0,5\n", "'0,5' in it is no finite number; decimals have a point"),
        ("\t1\t0\n\t0\t1\n", "is no row of numbers: an empty cell"),
        ("x,y,z\n", "has shape (0, 0)"),
        ("", "has shape (0, 0)"),
        ("# nothing\n\n", "has shape (0, 0)"),
    ],
)
def test_what_is_refused_is_named_by_line(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ArgumentError, match=re.escape(message)) as refused:
        read_points_file(path, argument="start")
    assert str(refused.value).startswith(f"start: got {str(path)!r}; ") and "\n" not in str(refused.value)


def test_a_pentagon_under_pandas_header_is_asked_about(tmp_path: Path) -> None:
    angles = 2 * np.pi * np.arange(5) / 5 + 0.1
    rows = "\n".join(f"{np.cos(a):.17g},{np.sin(a):.17g}" for a in angles)
    path = written(tmp_path, f"0,1\n{rows}\n")
    with pytest.raises(ArgumentError, match=r"line 1: '0,1' may be a point or a header; say --no-header or --header"):
        read_points_file(path)
    assert len(read_points_file(path, header=True).anchors) == 5
    assert len(read_points_file(path, header=False).anchors) == 6
    # As a point it is written otherwise, or not first.
    assert len(read_rows(written(tmp_path, f"0.0,1.0\n{rows}\n"))) == 6
    assert len(read_rows(written(tmp_path, f"{rows}\n0,1\n"))) == 6


def test_header_is_what_the_caller_says(tmp_path: Path) -> None:
    path = written(tmp_path, lines("first 1", "0,0,1"))
    np.testing.assert_array_equal(read_rows(path, header=True), OCTAHEDRON)
    with pytest.raises(ArgumentError, match="line 1: 'x,y,z' is no row of numbers"):
        read_rows(written(tmp_path, lines("x,y,z", "0,0,1")), header=False)
    with pytest.raises(
        ArgumentError, match=r"header: got True; only rows of numbers in text have one, not \.json files"
    ):
        read_points_file(written(tmp_path, "{}", "a.json"), header=True)


def test_norms_of_few_digits_are_taken(tmp_path: Path) -> None:
    """Each entry of (1, ..., 1) / sqrt(52) = 0.13868 is off by 0.0003, and the norm by more than 1e-3."""
    rows = np.concatenate([np.full((1, 52), 0.139), np.eye(52)])
    read = read_points_file(written(tmp_path, "\n".join(" ".join(f"{x:g}" for x in row) for row in rows), "a.txt"))
    np.testing.assert_allclose(np.linalg.norm(read.anchors, axis=1), 1, atol=1e-15)
    np.testing.assert_array_equal(read.written, rows)
    with pytest.raises(ArgumentError, match=r"row 1 has length 1\.1"):
        read_points_file(written(tmp_path, "1.1,0\n0,1\n"))


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
SEPARATORS = st.sampled_from([",", ";", "\t", " ", " , ", "; ", "   "])


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[float]], list[str]]:
    """Rows, and lines that say the same: with separators, comments and blank lines of many kinds."""
    columns = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(NUMBERS, min_size=columns, max_size=columns), min_size=1, max_size=6))
    text = []
    for row in rows:
        separator = draw(SEPARATORS)
        cells = [draw(st.sampled_from([f"{x!r}", f"{x:.17e}", f"{x:+.17g}"])) for x in row]
        end = draw(st.sampled_from(["", " ", "# 0,0,l", "  # x", separator if separator.strip(" ") else " "]))
        text += [*draw(st.sampled_from([[], [""], ["# 1,2,3"], ["   "]])), separator.join(cells) + end]
    return rows, text


def read(text: list[str], header: bool | None = False) -> NDArray[np.float64]:
    with tempfile.TemporaryDirectory() as folder:
        return read_rows(written(Path(folder), "\n".join(text)), header)


@given(tables())
def test_rows_come_back_as_they_were(table: tuple[list[list[float]], list[str]]) -> None:
    rows, text = table
    np.testing.assert_array_equal(read(text), rows)


@given(st.lists(st.lists(NUMBERS, min_size=2, max_size=3), min_size=1, max_size=5), st.data())
def test_a_garbled_cell_is_never_passed_over(rows: list[list[float]], data: st.DataObject) -> None:
    """Whichever cell it is, in the first row as well, where that has a number besides; the line is named."""
    rows = [row[: min(map(len, rows))] for row in rows]
    cells = [[repr(x) for x in row] for row in rows]
    i, j = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(0, len(rows[0]) - 1))
    garbage = data.draw(
        st.sampled_from(["l", "0.0.1", "nan", "1e", "--1", "0x1", "1,", "", "x", "1 2", "\u0660", "1e999"])
    )
    cells[i][j] = garbage
    separator = data.draw(st.sampled_from([",", ";"]))
    if garbage == "" and j == len(rows[0]) - 1:
        return  # a separator at the end; such a row is shorter
    if garbage == "1," and separator == ",":
        return
    with pytest.raises(ArgumentError, match=f"line {i + 1}: "):
        read([separator.join(row) for row in cells], header=None)
