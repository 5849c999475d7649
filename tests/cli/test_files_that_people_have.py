"""`view FILE` and `minimize --start FILE` read what `he.read_points` reads, and name what the points are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import hyperenergy as he
from tests.command import inside
from tests.pages import Elements

ICOSAHEDRON = he.codes.get("icosahedron").coordinates


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = [" ".join(f"{x:.12f}" for x in row) for row in 2.5 * ICOSAHEDRON]
    Path("wales.xyz").write_text("12\nenergy\n" + "".join(f"LA {row}\n" for row in rows))
    Path("sloane.txt").write_text("".join(f"{x:.12f}\n" for x in ICOSAHEDRON.reshape(-1)))
    angles = np.stack([np.arccos(ICOSAHEDRON[:, 2]), np.arctan2(ICOSAHEDRON[:, 1], ICOSAHEDRON[:, 0])], 1)
    Path("angles.csv").write_text("".join(f"{a:.15f},{b:.15f}\n" for a, b in angles))
    np.savez("many.npz", one=ICOSAHEDRON, other=np.eye(3))
    return tmp_path


READ = [
    ["wales.xyz", "--normalize"],
    ["sloane.txt", "--dim", "3"],
    ["angles.csv", "--angles"],
    ["many.npz", "--array", "one"],
]


@pytest.mark.parametrize("words", READ, ids=lambda words: words[0])
def test_view_names_the_code(files: Path, words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    done = inside(capfd, "view", *words, "--no-open", "--out", "page.html")
    assert done.returncode == 0, done.stderr
    text = Elements((files / "page.html").read_text("utf-8")).text
    assert "icosahedron of the catalogue, to within" in text and "12 in R^3" in text


def test_view_names_no_code_where_there_is_none(files: Path, capfd: pytest.CaptureFixture[str]) -> None:
    near = ICOSAHEDRON + 1e-3 * np.random.default_rng(0).standard_normal(ICOSAHEDRON.shape)
    np.save("near.npy", near)
    assert inside(capfd, "view", "near.npy", "--normalize", "--no-open", "--out", "page.html").returncode == 0
    assert "of the catalogue" not in Elements((files / "page.html").read_text("utf-8")).text


@pytest.mark.parametrize("words", READ, ids=lambda words: words[0])
def test_minimize_starts_from_them(files: Path, words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    done = inside(capfd, "minimize", "riesz:s=1", "--start", *words)
    assert done.returncode == 0 and "49.16525305762" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["view", "wales.xyz"], "row 1 has length 2.5; rows must be finite unit vectors; --normalize"),
        (["view", "sloane.txt"], "where a point is several lines, say its dimension: --dim"),
        (["view", "many.npz"], "holds the arrays one, other; say which"),
        (["view", "many.npz", "--array", "two"], "has no array 'two'"),
        (["view", "icosahedron", "--angles"], "is no file; dim, normalize, angles and array go with one"),
        (
            ["view", "--minimize", "riesz:s=1", "--points", "4", "--dim", "3", "--angles"],
            "--angles: got True; goes with a file",
        ),
        (["view", "icosahedron", "--points", "4"], "--points: got 4; goes with --minimize alone"),
        (
            ["minimize", "riesz:s=1", "--points", "4", "--dim", "3", "--normalize"],
            "--normalize: got True; goes with --start",
        ),
        (["minimize", "riesz:s=1", "--start", "wales.xyz"], "--start: got 'wales.xyz'; rows: row 1 has length 2.5"),
        (
            ["minimize", "riesz:s=1", "--start", "sloane.txt", "--dim", "5"],
            "36 numbers, which are no whole number of points",
        ),
    ],
)
def test_what_is_wrong_is_said(files: Path, words: list[str], message: str, capfd: pytest.CaptureFixture[str]) -> None:
    done = inside(capfd, *words, *(["--no-open"] if words[0] == "view" else []))
    assert done.returncode == 2 and message in done.stderr and len(done.stderr.splitlines()) == 1
