"""Jobs that are done, that die, and that are interrupted, in this process and in others."""

from __future__ import annotations

import functools
import os
import signal
import time
from pathlib import Path

import pytest

from hyperenergy.errors import HyperenergyError
from hyperenergy.runs.drive import drive
from hyperenergy.runs.interrupt import Interrupt
from hyperenergy.runs.store import Store
from hyperenergy.runs.task import Job


def nothing() -> None:
    pass


def give(k: int) -> dict[str, int]:
    return {"k": k}


def die_once(flag: str) -> dict[str, int]:
    if not os.path.exists(flag):
        Path(flag).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return {"k": -1}


def die() -> dict[str, int]:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def die_while_it_is_written(flag: str) -> dict[str, int]:
    """Half of the record reaches the file, once."""
    whole = os.write

    def half(file: int, data: bytes) -> int:
        if data.startswith(b'{"crc"') and not os.path.exists(flag):
            Path(flag).touch()
            whole(file, data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(file, data)

    os.write = half  # type: ignore[assignment]  # of this process, which it does not survive
    return {"k": -2}


def ask_twice() -> dict[str, int]:
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)
    return {}


def sleep(seconds: float, parent: int) -> dict[str, int]:
    for _ in range(2):
        os.kill(parent, signal.SIGTERM)
        time.sleep(0.5)
    time.sleep(seconds)
    return {}


JOBS = [Job(f"j{k}", functools.partial(give, k)) for k in range(6)]


def done(jobs: list[Job], out: Path, workers: int, said: list[str] | None = None) -> tuple[list[str], Interrupt]:
    with Store(out) as store, Interrupt() as interrupt:
        lines = [] if said is None else said
        found = list(drive(jobs, store, interrupt, workers=workers, prepare=nothing, say=lines.append))
    return [record.key for record in found], interrupt


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_finished_is_not_done_again(workers: int, tmp_path: Path) -> None:
    assert sorted(done(JOBS[:4], tmp_path, workers)[0]) == ["j0", "j1", "j2", "j3"]
    assert sorted(done(JOBS, tmp_path, workers)[0]) == ["j4", "j5"]
    assert done(JOBS, tmp_path, workers)[0] == []
    records = Store(tmp_path).read().records
    assert {key: record.value for key, record in records.items()} == {f"j{k}": {"k": k} for k in range(6)}


def test_a_process_that_dies_is_replaced(tmp_path: Path) -> None:
    said: list[str] = []
    jobs = [Job("dies", functools.partial(die_once, str(tmp_path / "flag"))), *JOBS]
    assert sorted(done(jobs, tmp_path / "out", 2, said)[0]) == ["dies", *(f"j{k}" for k in range(6))]
    assert said == ["a process died (killed, or out of memory): its work is begun again"]


def test_a_process_that_dies_in_the_middle_of_a_line(tmp_path: Path) -> None:
    jobs = [*JOBS[:3], Job("torn", functools.partial(die_while_it_is_written, str(tmp_path / "flag"))), *JOBS[3:]]
    assert sorted(done(jobs, tmp_path / "out", 2)[0]) == [*(f"j{k}" for k in range(6)), "torn"]
    contents = Store(tmp_path / "out").read()
    assert contents.records["torn"].value == {"k": -2}
    (damage,) = contents.damage
    assert damage.endswith(": 1 line torn off at the end")


def test_work_that_kills_every_process_ends_in_one_line(tmp_path: Path) -> None:
    jobs = [Job("dies", die), *JOBS]
    with pytest.raises(HyperenergyError, match=r"processes died 3 times in a row .* \d of 7 results are kept in"):
        done(jobs, tmp_path, 2)
    kept = set(Store(tmp_path).read().records)
    assert kept <= {f"j{k}" for k in range(6)}


def test_a_second_interrupt_ends_the_work_of_this_process(tmp_path: Path) -> None:
    found, interrupt = done([JOBS[0], Job("long", ask_twice), JOBS[1]], tmp_path, 1)
    assert found == ["j0"] and interrupt.urgent and interrupt.status == 130


def test_a_second_sigterm_ends_the_work_of_others(tmp_path: Path) -> None:
    start = time.monotonic()
    _, interrupt = done([Job("long", functools.partial(sleep, 300.0, os.getpid())), *JOBS], tmp_path, 2)
    assert interrupt.urgent and interrupt.status == 143 and time.monotonic() - start < 100
    assert "long" not in Store(tmp_path).read().records
