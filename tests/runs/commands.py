"""`hyperenergy verify` on a small grid, in processes of their own, for tests that kill it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hyperenergy.errors import ArgumentError
from hyperenergy.runs.store import Store
from hyperenergy.runs.task import Record

GRID = ["--claims", "B1,F1", "--dims", "3", "--temperatures", "0.1,0.5", "--restarts", "4"]


def arguments(out: Path, *more: str) -> list[str]:
    return ["verify", *GRID, "--out", str(out), *more]


def command(out: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "hyperenergy.cli", *arguments(out, *more)]


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


def until(condition: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 120) -> None:
    """Wait, as long as the process runs."""
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline and not condition():
        time.sleep(0.01)


def workers(driver: int) -> list[int]:
    """The processes of a driver that work; the one that looks after semaphores does not."""
    try:
        children = Path(f"/proc/{driver}/task/{driver}/children").read_text().split()
        return [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    except OSError:
        return []


def gone(pids: list[int], seconds: float = 30) -> bool:
    """Whether all have ended in that time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(os.path.exists(f"/proc/{pid}") for pid in pids):
        time.sleep(0.02)
    return not any(os.path.exists(f"/proc/{pid}") for pid in pids)


def results(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
