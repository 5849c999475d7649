"""`hyperenergy study` on a grid of seconds, in processes of their own, for tests that kill it.

``python -m tests.training.tiny study --out FOLDER``
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

from hyperenergy.errors import ArgumentError
from hyperenergy.runs.store import Store
from hyperenergy.runs.task import Record
from hyperenergy.training.study import grid

PART = grid.Part("digits", 60, (16, 32), (*grid.softmax("InfoNCE", 0.5), *grid.softmax("DHEL", 0.5)), 2, 2)
STUDY = grid.Study("small", "60 digits", (PART,))


def command(out: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "tests.training.tiny", "study", "--out", str(out), *more]


def run(out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(out, *more), capture_output=True, text=True, timeout=300, check=False)


def begin(out: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(command(out, *more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finished(out: Path) -> dict[str, Record]:
    """The records in the store, by key, whatever happens to it meanwhile."""
    for _ in range(100):
        with contextlib.suppress(ArgumentError):  # a file was moved in this moment
            return Store(out).read().records
    raise AssertionError("the store cannot be read")


if __name__ == "__main__":
    from hyperenergy.cli import main

    grid.STUDIES["small"] = STUDY
    main()
