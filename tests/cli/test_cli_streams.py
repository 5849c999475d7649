"""A stream or a disk that takes no more ends any command with one line at most, and loses nothing that was found."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full, which Linux has")

VERIFY = ["verify", "--claims", "F1", "--dims", "3", "--points", "4", "--restarts", "2", "--out", "v"]
MINIMIZE = ["minimize", "dhel", "--points", "3", "--dim", "2", "--restarts", "2", "--out", "m.json"]
VIEW = ["view", "simplex-3", "--no-open", "--out", "p.html"]
EXPORT = ["codes", "icosahedron", "--export", "c.csv"]
LIGHT = [["--help"], ["--version"], ["minimize", "--help"], ["codes", "--help"]]
# Commands with the files that they leave.
WORK = [
    (["codes", "icosahedron"], []),
    (EXPORT, ["c.csv"]),
    (MINIMIZE, ["m.json"]),
    (VIEW, ["p.html"]),
    (VERIFY, ["v/report.html", "v/report.md", "v/results.jsonl"]),
    (["explore", "--port", "0", "--no-open"], []),
]
# One of each kind by default: each command is a process of its own that loads what it needs, twice.
_FEW = (LIGHT[0], EXPORT, MINIMIZE)
ALL = [
    pytest.param(arguments, files, marks=() if arguments in _FEW else pytest.mark.slow)
    for arguments, files in [*((light, []) for light in LIGHT), *WORK]
]


def run(arguments: list[str], folder: Path, *, redirect: str = "", limit: int | None = None) -> tuple[int, str, str]:
    """Exit status, standard output and error of a command, with the shell's redirections; files grow up to ``limit``."""
    command = f'exec "$@" {redirect}'

    def limited() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        ["sh", "-c", command, "sh", sys.executable, "-m", "hyperenergy.cli", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=120,
        check=False,
        preexec_fn=limited,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    return done.returncode, done.stdout, done.stderr


def complaints(errors: str) -> list[str]:
    """Lines on standard error that are no progress."""
    return [line for line in errors.splitlines() if not line.startswith(("verify: ", "  ", "searching ", "drawing "))]


@needs_full
@pytest.mark.parametrize(("arguments", "files"), ALL)
def test_full_output(arguments: list[str], files: list[str], tmp_path: Path) -> None:
    status, _, errors = run(arguments, tmp_path, redirect="> /dev/full")
    assert status == 1
    assert complaints(errors) == ["error: the output cannot be written or read (No space left on device)"]
    assert all((tmp_path / name).stat().st_size for name in files)


@pytest.mark.parametrize(("arguments", "files"), ALL)
def test_a_pipe_that_closed_ends_without_a_word(arguments: list[str], files: list[str], tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "hyperenergy.cli", *arguments],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    os.close(writing)
    assert done.returncode == 1 and complaints(done.stderr) == []
    assert all((tmp_path / name).stat().st_size for name in files)


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], EXPORT])
def test_closed_output(arguments: list[str], tmp_path: Path) -> None:
    status, _, errors = run(arguments, tmp_path, redirect=">&-")
    assert status == 1 and complaints(errors) == ["error: the output cannot be written or read (Bad file descriptor)"]


@needs_full
@pytest.mark.parametrize(
    ("arguments", "redirect"),
    [
        *((["nonsense"], redirect) for redirect in ("2> /dev/full", "2>&-", "> /dev/full 2>&1", ">&- 2>&-")),
        (["codes", "nonsense"], "2> /dev/full"),
        pytest.param(VERIFY, "2> /dev/full", marks=pytest.mark.slow),
    ],
)
def test_full_and_closed_standard_error(arguments: list[str], redirect: str, tmp_path: Path) -> None:
    status, _, errors = run(arguments, tmp_path, redirect=redirect)
    assert status == 1 and errors == ""


def test_the_same_commands_end_well_otherwise(tmp_path: Path) -> None:
    """The control: nothing above fails for another reason.  (Tests of their own have those of `view` and `verify`.)"""
    for arguments in (*LIGHT, EXPORT, MINIMIZE):
        status, output, errors = run(arguments, tmp_path)
        assert status == 0 and output and complaints(errors) == [], arguments


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (EXPORT, "export"),
        pytest.param(["codes", "icosahedron", "--export", "c.npz"], "export", marks=pytest.mark.slow),
        pytest.param(VIEW, "out", marks=pytest.mark.slow),
    ],
)
def test_a_full_disk_leaves_no_half_file(arguments: list[str], option: str, tmp_path: Path) -> None:
    """A limit on the size of files, which needs no rights, stands for it."""
    name = arguments[-1]
    status, output, errors = run(arguments, tmp_path, limit=64)
    assert status == 2 and output == ""
    assert complaints(errors) == [f"error: --{option}: got '{name}'; cannot be written (File too large)"]
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_at_the_end_of_a_search(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text("earlier")
    status, output, errors = run(MINIMIZE, tmp_path, limit=64)
    assert status == 2 and "DHEL(temperature=0.1)" in output  # what was found is said all the same
    assert complaints(errors) == ["error: --out: got 'm.json'; cannot be written (File too large)"]
    assert [path.name for path in tmp_path.iterdir()] == ["m.json"] and (tmp_path / "m.json").read_text() == "earlier"


@pytest.mark.slow
@pytest.mark.parametrize("limit", [40, 2000])
def test_a_full_disk_during_verify_keeps_what_was_finished(limit: int, tmp_path: Path) -> None:
    arguments = ["verify", "--claims", "F1", "--dims", "3", "--out", "v"]
    status, output, errors = run(arguments, tmp_path, limit=limit)
    lines = [line for path in (tmp_path / "v" / "store" / "shards").iterdir() for line in path.read_text().splitlines()]
    kept = [json.loads(line)["record"]["value"] for line in lines]
    assert status == 2 and output == ""
    if limit < 100:  # not even what is to be done can be noted
        (line,) = complaints(errors)
        assert "run.json" in line and line.endswith("cannot be written (File too large)") and kept == []
    else:
        assert complaints(errors) == [
            f"error: --out: got 'v'; cannot be written (File too large); {len(kept)} of 6 results are kept in v/store"
        ]
        assert kept and all(result["claim"] == "F1" for result in kept)
    assert [path.name for path in (tmp_path / "v").iterdir()] == ["store"]
    if not kept:
        return
    # With room again, the same command goes on from there.
    status, _, errors = run(arguments, tmp_path)
    assert status == 0 and complaints(errors) == [f"continuing: {len(kept)} of 6 finished"]
