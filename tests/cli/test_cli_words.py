"""Names that are no text, widths, versions, claims in any case, and progress."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import hyperenergy as he
from hyperenergy.cli.progress import watched
from hyperenergy.verify.claims import select

CODES = [sys.executable, "-m", "hyperenergy.cli", "codes", "icosahedron"]
ENV = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def test_a_file_whose_name_is_no_text(tmp_path: Path) -> None:
    name = b"a\xff.csv"
    (tmp_path / os.fsdecode(name)).write_text("1,0\n0,1\n-1,0\n")
    command = [os.fsencode(sys.executable), b"-m", b"hyperenergy.cli", b"view", name, b"--no-open"]
    for utf8 in ("0", "1"):
        env = {**ENV, "PYTHONUTF8": utf8, "PYTHONIOENCODING": "utf-8:strict"}
        done = subprocess.run(command, capture_output=True, cwd=tmp_path, env=env, check=False)
        notices = [line for line in done.stderr.splitlines() if not line.startswith(b"drawing ")]  # of a slow machine
        assert done.returncode == 0 and notices == [] and done.stdout.startswith(b"page: ")
    assert (tmp_path / os.fsdecode(b"a\xff.html")).read_text("utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(("columns", "most"), [("60", 60), ("", 400)])
def test_tables_in_a_pipe_are_as_wide_as_asked(columns: str, most: int) -> None:
    env = {**ENV, "COLUMNS": columns}
    done = subprocess.run(CODES, capture_output=True, text=True, env=env, check=True)
    table = [line for line in done.stdout.splitlines() if line[0] in "┏┃┡│└"]
    widths = [len(line) for line in table]
    assert widths
    assert all(width <= most for width in widths) and (columns == "60" or any(width > 60 for width in widths))


def test_version() -> None:
    from importlib.metadata import version

    assert he.__version__ == version("hyperenergy")
    with pytest.raises(AttributeError):
        _ = he.__author__


def test_claims_in_any_case() -> None:
    assert [claim.id for claim in select(["b1", "b2C"])] == ["B1", "B2c"] and select(["b2"]) == select(["B2"])
    with pytest.raises(he.ArgumentError, match="claims: got 'b99'"):
        select(["b99"])


def test_progress_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with watched("label") as callback:
        assert callback is None  # no terminal
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    seen: list[he.Progress] = []
    with watched("label", seen.append) as callback:
        he.minimize(he.DHEL(0.5), 4, 3, restarts=2, callback=callback)
    assert seen and capsys.readouterr().out == ""


def test_a_page_of_nothing() -> None:
    with pytest.raises(he.ArgumentError, match="configuration: got None; must be a Configuration"):
        he.view.page(None)


def test_expected_losses_that_would_take_an_hour_are_refused() -> None:
    loss = he.Expected(he.InfoNCE(0.5), batch=30, replace=False)
    with pytest.raises(he.ArgumentError, match="mean over 4096 batches drawn once, of 30 of 60 pairs"):
        he.minimize(loss, points=60, dim=5)
    assert he.minimize(he.Expected(he.InfoNCE(0.5), batch=3, replace=False), points=4, dim=3, restarts=1).minima


@pytest.mark.parametrize("number", [2**63 - 1, 10**23])
@pytest.mark.parametrize("name", ["points", "dim", "restarts", "hops", "max_iterations"])
def test_numbers_beyond_any_machine(name: str, number: int) -> None:
    with pytest.raises(he.ArgumentError, match=f"{name}: got {number}; must be an integer in"):
        options: dict[str, Any] = {"points": 4, "dim": 3, "restarts": 1} | {name: number}
        he.minimize(he.DHEL(0.5), **options)
