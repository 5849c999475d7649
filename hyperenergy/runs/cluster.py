"""Work by a cluster of Dask: of this machine, or at an address.  Workers write what they finish; tasks return keys."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import re
import shutil
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import CancelledError
from pathlib import Path

import dask
from distributed import Client, Future, KilledWorker, LocalCluster, wait
from distributed.comm import CommClosedError
from distributed.core import rpc

from hyperenergy.errors import ArgumentError, HyperenergyError
from hyperenergy.runs.execute import WorkerDied, shielded
from hyperenergy.runs.interrupt import Interrupt
from hyperenergy.runs.shard import Place, Shard, Tail, Unwritable
from hyperenergy.runs.task import Job, Record

# Seconds: to answer, between two looks at what came, of work in one task, and until a file that was written elsewhere shows.
_ANSWER, _POLL, _CHUNK, _SHOWN = 10, 0.25, 30.0, 60.0
# Tasks that are submitted for each thread: one runs, one waits.
_WINDOW = 2
# Jobs in one task, however short they are.
_MOST = 1000
# Workers that may die under a task before it is blamed.
_ALLOWED_FAILURES = 30
_ADDRESS = re.compile(r"(?:[a-z]+://)?(?:[^\s/:\[\]]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})")


class Cluster:
    """A cluster while it is used: processes of this machine for "local", one per core, or what is at an address.

    Raises ArgumentError for what is no address, and where none answers within ten seconds.
    """

    def __init__(self, where: str, count: int) -> None:
        found = _ADDRESS.fullmatch(where)
        if where != "local" and (found is None or int(found[1]) > 65535):
            raise ArgumentError("dask", repr(where), "must be local, or a scheduler's address such as tcp://HOST:8786")
        self._where, self._count = where, count

    def __enter__(self) -> Cluster:
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        self._before = set(multiprocessing.active_children())
        self._local: LocalCluster | None = None
        if self._where == "local":
            # The threads that begin here start the workers, also those that take the place of dead ones.
            with shielded(), dask.config.set({"distributed.scheduler.allowed-failures": _ALLOWED_FAILURES}):
                self._local = LocalCluster(
                    n_workers=self._count, threads_per_worker=1, processes=True, memory_limit=0,
                    dashboard_address=":0", silence_logs=logging.CRITICAL,
                )  # fmt: skip
        else:
            self._knock()
        self._client = Client(self._local or self._where, timeout=_ANSWER, set_as_default=False)
        return self

    def _knock(self) -> None:
        """A client waits for as long as somebody listens, whether he answers or not."""

        async def ask() -> None:
            async with rpc(self._where) as scheduler:
                await scheduler.identity()

        try:
            asyncio.run(asyncio.wait_for(ask(), _ANSWER))
        except Exception as error:  # whatever speaks there and is no scheduler
            why = f"within {_ANSWER} s" if isinstance(error, TimeoutError) else type(error).__name__
            raise ArgumentError("dask", repr(self._where), f"no scheduler answers there ({why})") from None

    def __exit__(self, *error: object) -> None:
        self._client.close(timeout=2)
        if self._local is not None:
            self._local.close(timeout=10)

    def records(
        self, jobs: Sequence[Job], place: Place, interrupt: Interrupt, prepare: Callable[[], None]
    ) -> Generator[Record, None, None]:
        """Records as they come to the store, which all workers must see; each calls ``prepare`` before its work.

        After an interrupt a worker ends what it has begun and begins nothing more; at once, what has begun is given up.
        Raises WorkerDied where so many workers died under a task that it is blamed, and HyperenergyError where a worker
        cannot do such work or the cluster is gone.
        """
        running: dict[Future, list[Job]] = {}
        place.desk.mkdir()
        try:
            self._greet(place.desk, prepare)
            yield from self._drive(jobs, running, place, interrupt, prepare)
        except KilledWorker:
            raise WorkerDied from None
        except (CommClosedError, CancelledError):
            raise HyperenergyError(f"the cluster ({self._where}) has ended; the same command goes on") from None
        finally:
            with contextlib.suppress(OSError):  # on a full disk, whose own error is on its way
                (place.desk / _STOP).touch()
            with contextlib.suppress(OSError, CancelledError), self._client.as_current():
                if running and not interrupt.urgent:
                    wait(list(running), timeout=_CHUNK)  # so that nobody writes while the end is told
                self._client.cancel(list(running), force=True)
            shutil.rmtree(place.desk, ignore_errors=True)

    def _greet(self, desk: Path, prepare: Callable[[], None]) -> None:
        """Find out of every worker now what would end its first task."""
        try:
            self._client.wait_for_workers(1, timeout=_ANSWER)
        except TimeoutError:
            raise ArgumentError("dask", repr(self._where), f"the cluster has no workers (after {_ANSWER} s)") from None
        for worker, wrong in self._client.run(_greeted, desk, prepare, on_error="return").items():
            if wrong is not None:
                raise HyperenergyError(f"worker {worker} cannot work for this run: {wrong}")

    def _drive(
        self,
        jobs: Sequence[Job],
        running: dict[Future, list[Job]],
        place: Place,
        interrupt: Interrupt,
        prepare: Callable[[], None],
    ) -> Generator[Record, None, None]:
        left = {job.key for job in jobs}
        waiting, tail, ended = list(jobs)[::-1], Tail(place), time.monotonic()
        while left:
            if interrupt.requested:
                (place.desk / _STOP).touch()
            else:
                self._submit(waiting, running, place, prepare)
            if interrupt.urgent:
                self._abandon()
                return
            if running:
                with contextlib.suppress(TimeoutError), self._client.as_current():
                    wait(list(running), timeout=_POLL, return_when="FIRST_COMPLETED")
            for future in [future for future in running if future.done()]:
                chunk, finished = running[future], set(future.result())
                del running[future]
                waiting += [job for job in chunk[::-1] if job.key not in finished]
                ended = time.monotonic()
            for record in tail.new():
                if record.key in left:
                    left.remove(record.key)
                    yield record
            if not running and interrupt.requested:
                return
            if not running and not waiting and left:
                if time.monotonic() - ended > _SHOWN:
                    raise HyperenergyError(f"{len(left)} results that workers wrote to {place.folder} do not show here")
                time.sleep(_POLL)

    def _submit(
        self, waiting: list[Job], running: dict[Future, list[Job]], place: Place, prepare: Callable[[], None]
    ) -> None:
        """Keep all threads busy, with smaller chunks towards the end."""
        try:
            threads = sum(self._client.nthreads().values())
        except OSError as error:  # nobody listens where the scheduler was
            raise CommClosedError(str(error)) from None
        window = _WINDOW * max(1, threads)
        while waiting and len(running) < window:
            chunk = [waiting.pop() for _ in range(min(_MOST, -(-len(waiting) // window)))]
            name = f"{place.sitting}-{time.time_ns():x}"
            running[self._client.submit(_perform, name, chunk, place, prepare, key=name, pure=False)] = chunk

    def _abandon(self) -> None:
        """End the processes of this machine in the middle of what they do; others end their job and find that it is over."""
        for child in set(multiprocessing.active_children()) - self._before:
            child.kill()


# ---- in a worker ---------------------------------------------------------------------------------------------------

_STOP = "stop"
_shards: dict[Place, Shard] = {}
_opening = threading.Lock()


def _greeted(desk: Path, prepare: Callable[[], None]) -> str | None:
    """What is in the way of work, in words."""
    if not desk.is_dir():
        return f"{desk} is not there; the folder must lie on a file system that all workers share"
    try:
        prepare()
    except HyperenergyError as error:
        return str(error)
    return None


def _perform(name: str, chunk: Sequence[Job], place: Place, prepare: Callable[[], None]) -> list[str]:
    """Do some jobs, for no longer than a chunk may last; the keys of those that are finished, by whomever."""
    if wrong := _greeted(place.desk, prepare):
        raise HyperenergyError(wrong)
    done = _finished(place) if _begun_before(place.desk / name) else set()
    with _opening:
        if place not in _shards:
            _shards[place] = Shard(place)
    end = time.monotonic() + _CHUNK
    for job in chunk:
        if (place.desk / _STOP).exists():
            break
        if job.key not in done:
            _shards[place].append(job.key, job.work())
            done.add(job.key)
            if time.monotonic() > end:
                break
    return [job.key for job in chunk if job.key in done]


def _begun_before(mark: Path) -> bool:
    """Whether another worker had this task, and died."""
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return True
    except OSError as error:
        raise Unwritable(error.errno, error.strerror) from None
    return False


def _finished(place: Place) -> set[str]:
    return {record.key for record in Tail(place).new()}
