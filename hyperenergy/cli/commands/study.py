"""`hyperenergy study`: the grid behind the empirical claims."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hyperenergy.checks import integer
from hyperenergy.cli.console import print_table
from hyperenergy.cli.options import path
from hyperenergy.errors import ArgumentError, need

if TYPE_CHECKING:
    from hyperenergy.runs.cluster import Cluster
    from hyperenergy.runs.interrupt import Interrupt
    from hyperenergy.runs.store import Store
    from hyperenergy.training.study.finished import Finished
    from hyperenergy.training.study.grid import Study
    from hyperenergy.training.study.report import Report

# More processes than that are a mistake.
_MOST_WORKERS = 4096

Out = Annotated[
    Path,
    typer.Option(parser=path, metavar="PATH", help="Folder for study.html, study.md, figures, claims.json and store."),
]
Dask = Annotated[
    str | None,
    typer.Option(metavar="local|ADDRESS", help="Work by a cluster of Dask whose workers see --out and the data."),
]


def study(
    images: Annotated[bool, typer.Option("--images", help="Digits and 10000 images of Fashion-MNIST: hours.")] = False,
    full: Annotated[bool, typer.Option("--full", help="60000 images of Fashion-MNIST, ResNet-18: for a GPU.")] = False,
    data: Annotated[str | None, typer.Option(help="Of the grid only this data set, e.g. digits.")] = None,
    out: Out = Path("study-out"),
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run, and fail where there is none.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over; what is in --out is moved aside.")] = False,
    dask: Dask = None,
    workers: Annotated[int | None, typer.Option(help="Processes of one thread each; one a core by default.")] = None,
    root: Annotated[str | None, typer.Option(metavar="FOLDER", help="Folder of Fashion-MNIST's files.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto for CUDA where there is one.")] = "cpu",
) -> None:
    """Train encoders over a grid of losses, batch sizes, temperatures and seeds, and judge claims C1 to C5.

    The claims are written to the folder before the first run.  What is finished is kept at once, and what had begun has
    checkpoints: the same command goes on where a run ended, however it ended.  Exit status 0 where all runs are finished,
    whatever the verdicts are.
    """
    if images and full:
        raise ArgumentError("full", "--images too", "give one of them")
    if workers is not None:
        integer("workers", workers, 1, _MOST_WORKERS)
    if dask is not None:
        need("dask")
    need("train")

    from hyperenergy.runs.interrupt import Interrupt
    from hyperenergy.runs.store import Store
    from hyperenergy.search.minimize import pick_device
    from hyperenergy.training.study import folder
    from hyperenergy.training.study.available import available
    from hyperenergy.training.study.grid import STUDIES
    from hyperenergy.verify.opening import check_folder

    on = pick_device(device).type
    asked = STUDIES["full" if full else "images" if images else "small"]
    chosen, notes = available(asked if data is None else asked.of(data), root)
    folder.check(out)
    check_folder(out, fresh, resume, False)
    with _cluster(dask, on, workers) as cluster, Interrupt() as interrupt, Store(out) as store:
        report = _run(chosen, notes, store, (root, on, workers), fresh, interrupt, cluster)
        kept = f"{len(report.runs)} of {report.total} runs were finished and are kept in {store.folder}"
        if not interrupt.urgent:
            _publish(out, report)
    if not report.complete:
        _say(f"interrupted: {kept}; the same command goes on")
        raise typer.Exit(interrupt.status or 1)


def _run(
    chosen: Study,
    notes: list[str],
    store: Store,
    where: tuple[str | None, str, int | None],
    fresh: bool,
    interrupt: Interrupt,
    cluster: Cluster | None,
) -> Report:
    """Begin or go on, and tell how far it is."""
    from hyperenergy.training.study import folder
    from hyperenergy.training.study.report import Report
    from hyperenergy.training.study.run import CHECKPOINTS, collect, planned
    from hyperenergy.verify.opening import open_run

    (root, device, workers), command = where, shlex.join(["hyperenergy", *_said(sys.argv[1:])])
    given = planned(chosen, store.out, root, device, command)
    done = open_run(store, given.plan, fresh, [*folder.NAMES, CHECKPOINTS], _say)
    folder.register(store.out)
    for note in notes:
        _say(note)
    left = [(cell.part.data, cell.batch) for key, cell in given.cells.items() if key not in done]
    runs = collect(given, store, _Progress(left), workers=workers, interrupt=interrupt, say=_say, cluster=cluster)
    about, seconds = str(given.plan.about["about"]), store.read().seconds
    return Report(runs, len(given.cells), command, about, seconds, [*notes, *folder.changed(store.out)])


def _publish(out: Path, report: Report) -> None:
    from hyperenergy.training.study import folder, tables

    written = folder.write(out, report)
    for table in (tables.summary(report.rows), tables.verdicts(report.rows), *report.numbers()[:1]):
        print_table(table.title, table.header, table.rows)
    for note in report.warnings:
        print(f"note: {note}")
    print(f"as text: {written.text}\nreport:  {written.page}")


class _Progress:
    """A line for every run, but at most one every five seconds, with the time left."""

    def __init__(self, kinds: Sequence[tuple[str, int]]) -> None:
        from hyperenergy.training.study.pace import Pace

        self.start = self.said = time.perf_counter()
        self.pace = Pace(kinds, self.start)
        if kinds:
            _say(f"study: {len(kinds)} runs")

    def __call__(self, run: Finished) -> None:
        now = time.perf_counter()
        self.pace.add((run.data, run.batch), run.seconds, now)
        if now - self.said > 5 or self.pace.done in (1, self.pace.total):
            self.said = now
            left = self.pace.left()
            rest = "time left not known yet" if left is None else f"about {_duration(left)} left"
            what = f"{run.loss} {run.label}".strip()
            shown = f"{what}, {run.data}, batch {run.batch}: {100 * run.accuracy:.1f} %"
            _say(f"  {self.pace.done}/{self.pace.total} in {_duration(now - self.start)}, {rest}; last {shown}")


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _cluster(where: str | None, device: str, workers: int | None) -> contextlib.AbstractContextManager[Cluster | None]:
    if where is None:
        return contextlib.nullcontext()
    if device != "cpu":
        raise ArgumentError("dask", repr(where), f"a cluster works on CPUs, not on {device}; leave --device out")
    from hyperenergy.runs.cluster import Cluster

    return Cluster(where, workers or os.cpu_count() or 1)


def _said(arguments: Sequence[str]) -> Iterator[str]:
    """The arguments less those on which results do not depend: where files lie, and who does the work."""
    rest = iter(arguments)
    for argument in rest:
        if argument in ("--out", "--dask", "--root", "--workers"):
            next(rest, None)
        elif not argument.startswith(("--out=", "--dask=", "--root=", "--workers=", "--fresh", "--resume")):
            yield argument


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
