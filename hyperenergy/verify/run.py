"""Run instances on all cores and keep what is finished, whatever happens."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import torch

from hyperenergy.errors import HyperenergyError
from hyperenergy.runs.drive import drive
from hyperenergy.runs.interrupt import Interrupt
from hyperenergy.runs.store import Store
from hyperenergy.runs.task import Job, Plan, Task, canonical
from hyperenergy.runs.version import code_version
from hyperenergy.verify.claims import Check
from hyperenergy.verify.grid import Grid, Instance, Result
from hyperenergy.verify.pace import order
from hyperenergy.verify.stored import Stored, stored

if TYPE_CHECKING:
    from hyperenergy.runs.cluster import Cluster

# What shows results has no part in them.
_BESIDE = ("show", "cli")


def run_one(check: Check, instance: Instance, grid: Grid) -> Result:
    """Check one instance and time it."""
    start = time.perf_counter()
    result = check(instance, grid)
    return replace(result, seconds=round(time.perf_counter() - start, 4))


def _work(check: Check, instance: Instance, grid: Grid) -> dict[str, Any]:
    return run_one(check, instance, grid).to_record()


def _key(check: Check, instance: Instance, grid: Grid) -> str:
    parameters = {
        "check": check.__name__,
        "claim": instance.claim,
        "instance": instance.label,
        "restarts": grid.restarts,
        "device": grid.device,
    }
    return Task("verify", parameters, instance.seed(grid.seed)).key(code_version(_BESIDE))


def planned(
    tasks: Sequence[tuple[Check, Instance]], grid: Grid, claims: Sequence[str] = (), command: str = ""
) -> tuple[Plan, list[Job]]:
    """What a store is for, and the jobs in the order in which they run, which is ``pace.order``.

    claims, command: as the report names them.
    """
    keys = [_key(*task, grid) for task in tasks]
    ranks = order(range(len(tasks)), [instance.points * instance.dim for _, instance in tasks])
    ids = list(claims) or list(dict.fromkeys(instance.claim for _, instance in tasks))
    what = {"claims": ids, **asdict(grid)}
    about = {"command": command, "order": ranks}
    plan = Plan(*_as_json(what, code_version(_BESIDE), keys, about))
    return plan, [Job(keys[k], functools.partial(_work, *tasks[k], grid)) for k in ranks]


def _as_json(*data: Any) -> list[Any]:
    found: list[Any] = json.loads(canonical(data))
    return found


def collect(
    tasks: Sequence[tuple[Check, Instance]],
    grid: Grid,
    store: Store,
    progress: Callable[[Result], None],
    workers: int | None = None,
    *,
    planned_as: tuple[Plan, list[Job]] | None = None,
    interrupt: Interrupt | None = None,
    say: Callable[[str], None] = lambda line: None,
    cluster: Cluster | None = None,
) -> Stored:
    """Run what the store lacks, and tell ``progress`` each result; on a GPU this process runs all, on CPUs one process
    per core, or a cluster.  Returns all results, those that were there before, too: an interrupt (Ctrl-C) keeps what was
    finished.

    Raises ArgumentError for a store of other tasks.
    """
    plan, jobs = planned_as or planned(tasks, grid)
    store.begin(plan)
    count = 1 if grid.device != "cpu" else workers or os.cpu_count() or 1
    with contextlib.ExitStack() as stack:
        mine = interrupt or stack.enter_context(Interrupt())
        ready = functools.partial(_ready, plan.code)
        found = drive(jobs, store, mine, workers=count, prepare=ready, say=say, cluster=cluster)
        for record in stack.enter_context(contextlib.closing(found)):
            progress(Result.from_record(record.value))
        if not mine.requested:
            store.compact()
    return stored(store)


def _ready(code: str) -> None:
    """In a process that is to work for a plan of this code.  Small problems run fastest on one thread each."""
    if (mine := code_version(_BESIDE)) != code:
        raise HyperenergyError(f"it has other code, {mine}, than the run, {code}")
    torch.set_num_threads(1)
