"""The runs of a study, each a task of its own: what is finished stays, and what had begun goes on from its checkpoint."""

from __future__ import annotations

import contextlib
import functools
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from hyperenergy.errors import HyperenergyError
from hyperenergy.runs.drive import drive
from hyperenergy.runs.interrupt import Interrupt
from hyperenergy.runs.store import Store
from hyperenergy.runs.task import Job, Plan, Task
from hyperenergy.runs.version import code_version
from hyperenergy.training.study.finished import Finished
from hyperenergy.training.study.grid import Cell, Study
from hyperenergy.training.study.perform import Place, perform, settings

if TYPE_CHECKING:
    from hyperenergy.runs.cluster import Cluster

# What shows, judges and proves has no part in a run: neither rooms, nor files of training, nor those of this folder but few.
_BESIDE = ("show", "cli", "verify", "theorems", "training")
_WATCHING = ("study", "monitor.py", "pictures.py")
_WORKING = ("approach.py", "finished.py", "perform.py")
CHECKPOINTS = "store/checkpoints"


@functools.cache
def version() -> str:
    """Of the code that results of a run pass."""
    study = Path(__file__).parent
    others = tuple(path.name for path in study.glob("*.py") if path.name not in _WORKING)
    parts = code_version(_BESIDE), code_version(_WATCHING, study.parent), code_version(others, study)
    return f"{parts[0]}-{'-'.join(part.partition('+')[2] for part in parts[1:])}"


@dataclass(frozen=True)
class Planned:
    """cells: by the keys of their tasks, in the order of the tables.  jobs: in the order in which they run."""

    plan: Plan
    cells: dict[str, Cell]
    jobs: list[Job]


def planned(study: Study, out: Path, root: str | None = None, device: str = "cpu", command: str = "") -> Planned:
    """out: the folder of the store, which all workers see.  root: the folder of the data, which results do not depend on.

    Seeds come one after the other, so that what is finished is paired; within one seed all is shuffled, so that it is a
    fair sample.
    """
    cells = {_key(cell, device): cell for cell in study.cells()}
    order, place = list(cells), Place(str(out.resolve() / CHECKPOINTS), root, device)
    random.Random(0).shuffle(order)
    order.sort(key=lambda key: cells[key].seed)
    jobs = [Job(key, functools.partial(_work, cells[key], key, place)) for key in order]
    what = {"study": study.name, "device": device}
    about = {"command": command, "about": study.about}
    return Planned(Plan(what, version(), list(cells), about), cells, jobs)


def _key(cell: Cell, device: str) -> str:
    """All that a run depends on."""
    return Task("study", {**settings(cell).record(), "label": cell.setting.label, "device": device}, cell.seed).key(
        version()
    )


def _work(cell: Cell, key: str, place: Place) -> dict[str, Any]:
    return perform(cell, key, place).value()


def collect(
    given: Planned,
    store: Store,
    progress: Callable[[Finished], None],
    *,
    workers: int | None = None,
    interrupt: Interrupt | None = None,
    say: Callable[[str], None] = lambda line: None,
    cluster: Cluster | None = None,
) -> list[Finished]:
    """Run what the store lacks, and tell ``progress`` each result: on a GPU in this process, on CPUs one process a core,
    of one thread each, or a cluster.  Returns all results, those that were there before, too.

    Raises ArgumentError for a store of other tasks.
    """
    store.begin(given.plan)
    folder = store.out / CHECKPOINTS
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder, store.read().records)
    count = 1 if given.plan.what["device"] != "cpu" else workers or os.cpu_count() or 1
    with contextlib.ExitStack() as stack:
        mine = interrupt or stack.enter_context(Interrupt())
        ready = functools.partial(_ready, given.plan.code)
        if count == 1 and cluster is None:
            stack.enter_context(_one_thread())
        found = drive(given.jobs, store, mine, workers=count, prepare=ready, say=say, cluster=cluster)
        for record in stack.enter_context(contextlib.closing(found)):
            _sweep(folder, [record.key])
            progress(Finished(**record.value))
        if not mine.requested:
            store.compact()
    return finished(given, store)


def finished(given: Planned, store: Store) -> list[Finished]:
    """What the store has, in the order of the cells."""
    there = store.read().records
    return [Finished(**there[key].value) for key in given.plan.keys if key in there]


def _sweep(folder: Path, keys: Sequence[str] | Any) -> None:
    """Checkpoints of runs that have ended, which nobody needs."""
    for key in keys:
        with contextlib.suppress(OSError):
            for ending in (".pt", ".json"):
                (folder / f"{key}{ending}").unlink(missing_ok=True)


@contextlib.contextmanager
def _one_thread() -> Any:
    """As the processes of their own have it, so that results are the same; but for a GPU, whose host may have more."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _ready(code: str) -> None:
    """In a process that is to work for a plan of this code."""
    if (mine := version()) != code:
        raise HyperenergyError(f"it has other code, {mine}, than the run, {code}")
    torch.set_num_threads(1)
