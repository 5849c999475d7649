"""Run instances on all cores and keep what is finished, whatever happens."""

from __future__ import annotations

import contextlib
import errno
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from types import FrameType, TracebackType

import torch

from hyperenergy.errors import ArgumentError
from hyperenergy.verify.claims import Check
from hyperenergy.verify.grid import Grid, Instance, Result
from hyperenergy.verify.pace import order


def run_one(check: Check, instance: Instance, grid: Grid) -> Result:
    """Check one instance and time it."""
    start = time.perf_counter()
    result = check(instance, grid)
    return replace(result, seconds=round(time.perf_counter() - start, 4))


def _worker() -> None:
    """Small problems run fastest on one thread each; Ctrl-C is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A parent that is killed cannot shut its pool down, and its workers would wait for tasks for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


class Interrupt:
    """While active, the first Ctrl-C only asks for an end, so that it cannot strike in the middle of a write or a lock;
    a second one ends the process as usual."""

    requested = False

    def __enter__(self) -> Interrupt:
        self._previous = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._ask)
        return self

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
        signal.signal(signal.SIGINT, self._previous)

    def __exit__(self, *error: object) -> None:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._previous)


def run(
    tasks: Sequence[tuple[Check, Instance]], grid: Grid, interrupt: Interrupt, workers: int | None = None
) -> Generator[Result, None, None]:
    """Results as they are finished.  On a GPU this process runs all; on CPUs one process per core.

    After an interrupt, what has begun is finished and nothing more is begun.
    """
    count = 1 if grid.device != "cpu" else min(workers or os.cpu_count() or 1, len(tasks))
    left = iter(tasks)
    if count <= 1:
        while not interrupt.requested and (task := next(left, None)):
            yield run_one(*task, grid)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=context, initializer=_worker) as pool:
        running: set[Future[Result]] = set()
        while True:
            # Two per worker: one runs, one waits, and an interrupt has nothing to cancel.
            while not interrupt.requested and len(running) < 2 * count and (task := next(left, None)):
                running.add(pool.submit(run_one, *task, grid))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            try:
                yield from (future.result() for future in done)
            except GeneratorExit:  # nobody wants the rest
                pool.shutdown(cancel_futures=True)
                raise


class ResultFile:
    """results.jsonl in a folder: one line per result as it is finished, under its own name only once closed.

    Until then the lines are in ``results.jsonl.part``, so that a run which is killed or fails neither overwrites
    an earlier run's results nor passes for a whole one.  Raises ArgumentError where the folder cannot be written, and where
    a line cannot be; the lines before it are then kept, and no part of that one.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "results.jsonl"
        self._part = folder / "results.jsonl.part"
        self._lines = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in (self.path.name, "report.md"):
                if (folder / name).is_dir():
                    raise IsADirectoryError(errno.EISDIR, f"{name} is a folder")
            # Without a buffer: what a full disk did not take would be written, and fail, once more when the file is closed.
            self._file = self._part.open("wb", buffering=0)
        except OSError as error:
            raise ArgumentError(
                "out", repr(str(folder)), f"must be a folder that can be written ({error.strerror})"
            ) from None

    def add(self, result: Result) -> None:
        whole = self._file.tell()
        left = memoryview((result.to_json() + "\n").encode())
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            with contextlib.suppress(OSError):
                self._file.truncate(whole)
            kept = f"{self._lines} results are kept in {self._part.name}"
            raise ArgumentError(
                "out", repr(str(self._part.parent)), f"cannot be written ({error.strerror}); {kept}"
            ) from None
        self._lines += 1

    def __enter__(self) -> ResultFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if kind is None:
            self._part.replace(self.path)


def collect(
    tasks: Sequence[tuple[Check, Instance]],
    grid: Grid,
    file: ResultFile,
    progress: Callable[[Result], None],
    workers: int | None = None,
) -> tuple[list[Result], bool]:
    """Run all, store each result in the file, and tell ``progress``.  Returns the results in the order of the tasks
    and whether all were finished: an interrupt (Ctrl-C) keeps what was.

    They run in the order of ``pace.order``.
    """
    results: list[Result] = []
    ordered = order(tasks, [instance.points * instance.dim for _, instance in tasks])
    with Interrupt() as interrupt, contextlib.closing(run(ordered, grid, interrupt, workers)) as found:
        for result in found:
            file.add(result)
            results.append(result)
            progress(result)
    place = {(i.claim, i.label): k for k, (_, i) in enumerate(tasks)}
    results.sort(key=lambda r: place[r.claim, r.label])
    return results, len(results) == len(tasks)
