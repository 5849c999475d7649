"""Where work is done: in this process, or in processes of their own.  Each writes what it has finished itself."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from hyperenergy.runs.interrupt import Interrupt
from hyperenergy.runs.shard import Place, Shard
from hyperenergy.runs.task import Job, Record

# Seconds in which a wish to end at once is noticed.
_POLL = 0.25


class WorkerDied(Exception):
    """A process ended in the middle of its work: killed, or out of memory."""


def here(jobs: Sequence[Job], place: Place, interrupt: Interrupt) -> Generator[Record, None, None]:
    """Records as they are written by this process; after an interrupt nothing more is begun."""
    with contextlib.closing(Shard(place)) as shard:
        for job in jobs:
            if interrupt.requested:
                return
            try:
                with interrupt.breakable():
                    value = job.work()
            except KeyboardInterrupt:
                return
            yield shard.append(job.key, value)


def processes(
    jobs: Sequence[Job], place: Place, interrupt: Interrupt, count: int, prepare: Callable[[], None]
) -> Generator[Record, None, None]:
    """Records as they are written by ``count`` processes, each of which calls ``prepare`` first.

    After an interrupt, what has begun is finished and nothing more is begun; at once, what has begun is given up.
    Raises WorkerDied where one of them ended, and what it had begun was lost.
    """
    left = iter(jobs)
    before = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=context, initializer=_start, initargs=(place, prepare)) as pool:
        running: set[Future[Record]] = set()
        try:
            while True:
                # Two per worker: one runs, one waits, and an interrupt has nothing to cancel.
                while not interrupt.requested and len(running) < 2 * count and (job := next(left, None)):
                    with shielded():
                        running.add(pool.submit(_perform, job))
                if not running:
                    return
                done, running = wait(running, timeout=_POLL, return_when=FIRST_COMPLETED)
                if interrupt.urgent:
                    for child in set(multiprocessing.active_children()) - before:
                        child.kill()
                    return
                # Those that were written come first: a death takes the futures of all others along.
                yield from (future.result() for future in sorted(done, key=lambda f: f.exception() is not None))
        except BrokenProcessPool:
            if not interrupt.requested:  # otherwise the signal went to all processes
                raise WorkerDied from None
        finally:
            pool.shutdown(cancel_futures=True)


@contextlib.contextmanager
def shielded() -> Iterator[None]:
    """A process that is started in here does not hear Ctrl-C: it is the parent's to handle."""
    previous = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous)


_shard: Shard


def _start(place: Place, prepare: Callable[[], None]) -> None:
    global _shard
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    prepare()
    _shard = Shard(place)


def _end_with_parent() -> None:
    """A parent that is killed cannot shut its pool down, and its workers would wait for tasks for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _perform(job: Job) -> Record:
    return _shard.append(job.key, job.work())
