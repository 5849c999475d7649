"""Ctrl-C at any time: one line at most, status 130, and soon."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMANDS = [
    ["minimize", "dhel", "--points", "4", "--dim", "3"],
    ["view", "icosahedron", "--no-open"],
    ["codes", "--prove"],
    ["verify", "--claims", "F1"],
    ["explore", "--no-open", "--port", "0"],
]
NOTHING = "interrupted: nothing was written\n"


def interrupted(arguments: list[str], seconds: float, folder: Path) -> tuple[int, str, str, float]:
    """Exit status, both streams, and how long it took to end, of a command that is interrupted after so many seconds."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    whole = [sys.executable, "-m", "hyperenergy.cli", *arguments]
    pipe = subprocess.PIPE
    # A shell that runs the tests in the background has them, and what they start, ignore SIGINT.
    hear = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731
    with subprocess.Popen(whole, stdout=pipe, stderr=pipe, text=True, cwd=folder, env=env, preexec_fn=hear) as process:
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        start = time.monotonic()
        out, errors = process.communicate(timeout=120)
        return process.returncode, out, errors, time.monotonic() - start


@pytest.mark.parametrize("seconds", [0.3, 0.6])
@pytest.mark.parametrize("arguments", COMMANDS)
def test_while_libraries_are_loaded(arguments: list[str], seconds: float, tmp_path: Path) -> None:
    status, out, errors, _ = interrupted(arguments, seconds, tmp_path)
    assert (status, out, errors) == (130, "", NOTHING)
    assert list(tmp_path.iterdir()) == []


def test_inside_of_compiled_code(tmp_path: Path) -> None:
    """Descents of 2000 points take many seconds each, and the search is in one of them whenever it is interrupted."""
    arguments = ["minimize", "riesz:s=1", "--points", "2000", "--dim", "3", "--hops", "20"]
    status, out, errors, seconds = interrupted(arguments, 6, tmp_path)
    assert (status, out) == (130, "") and errors.splitlines()[-1] == NOTHING.strip()
    assert seconds < 2


def test_a_command_that_is_left_alone_ends_well(tmp_path: Path) -> None:
    """The control: the same way without an interrupt."""
    whole = [sys.executable, "-m", "hyperenergy.cli", "codes", "icosahedron"]
    done = subprocess.run(whole, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0 and done.stderr == "" and "icosahedron" in done.stdout
