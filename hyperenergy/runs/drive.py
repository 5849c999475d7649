"""Do what is left, and go on when a process dies."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING

from hyperenergy.errors import HyperenergyError
from hyperenergy.runs.execute import WorkerDied, here, processes
from hyperenergy.runs.interrupt import Interrupt
from hyperenergy.runs.shard import Unwritable
from hyperenergy.runs.store import Store
from hyperenergy.runs.task import Job, Record

if TYPE_CHECKING:
    from hyperenergy.runs.cluster import Cluster

# So often in a row processes may die with nothing finished in between: then it is the work that kills them.
_DEATHS = 3


def drive(
    jobs: Sequence[Job],
    store: Store,
    interrupt: Interrupt,
    *,
    workers: int,
    prepare: Callable[[], None],
    say: Callable[[str], None],
    cluster: Cluster | None = None,
) -> Generator[Record, None, None]:
    """Records of the jobs that the store lacks, as they are written: by a cluster, by so many processes, or, for one
    worker, by this process itself.

    prepare: called in each other process before its first job.  say: told in a line that a process died.  Raises
    ArgumentError where the store takes no more, HyperenergyError where processes die over and over.
    """
    deaths = 0
    told = set(store.read().records)
    while left := [job for job in jobs if job.key not in told]:
        if cluster is not None:
            found = cluster.records(left, store.place, interrupt, prepare)
        elif min(workers, len(jobs)) <= 1:  # of all jobs: the last one of an interrupted run is done as the others were
            found = here(left, store.place, interrupt)
        else:
            found = processes(left, store.place, interrupt, min(workers, len(left)), prepare)
        try:
            with contextlib.closing(found):
                for record in found:
                    deaths = 0
                    told.add(record.key)
                    yield record
            return
        except Unwritable as error:
            kept = sum(job.key in store.read().records for job in jobs)
            raise store.error(
                f"cannot be written ({error.strerror}); {kept} of {len(jobs)} results are kept in {store.folder}"
            ) from None
        except WorkerDied:
            # What a process wrote and did not live to tell.
            records = store.read().records
            for job in left:
                if job.key in records and job.key not in told:
                    deaths = 0
                    told.add(job.key)
                    yield records[job.key]
            deaths += 1
            if deaths >= _DEATHS:
                raise HyperenergyError(
                    f"processes died {deaths} times in a row (killed, or out of memory); {len(told)} of {len(jobs)} "
                    f"results are kept in {store.folder}: the same command goes on from there"
                ) from None
            say("a process died (killed, or out of memory): its work is begun again")
