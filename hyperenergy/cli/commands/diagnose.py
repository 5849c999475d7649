"""`hyperenergy diagnose`: embeddings beside what their loss asks for."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hyperenergy import files
from hyperenergy.cli.interrupts import aside
from hyperenergy.cli.options import Array, Kernel, Temperature
from hyperenergy.cli.options import path as path_typed
from hyperenergy.errors import ArgumentError

if TYPE_CHECKING:
    from hyperenergy.training.diagnosis.diagnosis import Progress

_KINDS = ".npy, .npz, .pt (tensors alone), .csv, .tsv, .txt, .mat or .parquet"


def diagnose(
    file: Annotated[Path, typer.Argument(parser=path_typed, metavar="FILE", help=f"Embeddings: {_KINDS}.")],
    positives: Annotated[
        Path | None,
        typer.Option(parser=path_typed, metavar="FILE", help="The second view; an archive may have both."),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(parser=path_typed, metavar="FILE", help="Labels, one a row; an archive may have them."),
    ] = None,
    loss: Annotated[str | None, typer.Option(help="What they were trained with, e.g. dhel or kcl:gamma=8.")] = None,
    temperature: Temperature = None,
    kernel: Kernel = None,
    batch: Annotated[int | None, typer.Option(help="The batch size in training; 256 by default.")] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(parser=path_typed, metavar="FILE", help="What to compare with: the untrained encoder's output."),
    ] = None,
    array: Array = None,
    normalize: Annotated[
        bool, typer.Option("--normalize", help="Rows have any length; their directions count.")
    ] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Leave out rows that are zero or not finite.")] = False,
    seed: Annotated[int, typer.Option(help="Of the batches, and of samples.")] = 0,
    out: Annotated[Path | None, typer.Option(parser=path_typed, metavar="PAGE.html", help="Write a page.")] = None,
    record: Annotated[
        Path | None, typer.Option("--json", parser=path_typed, metavar="FILE.json", help="Write all numbers.")
    ] = None,
) -> None:
    """Say how far embeddings are from what their loss asks for, and which part is missing.

    The file holds one view, or two (arrays anchors and positives, z1 and z2, or one array (2, N, d)), and perhaps labels.
    """
    if out is not None:
        files.target("out", out, (".html", ".htm"))
    if record is not None:
        files.target("json", record, (".json",))
    if loss is None:
        for name, given in (("temperature", temperature), ("kernel", kernel), ("batch", batch)):
            if given is not None:
                raise ArgumentError(name, given, "goes with --loss")

    from hyperenergy.geometry.reading.embeddings import read_embeddings_file, read_labels
    from hyperenergy.objectives.naming import parse_loss
    from hyperenergy.training.diagnosis import diagnose as of

    chosen = None if loss is None else parse_loss(loss, temperature=temperature, kernel=kernel)
    found = read_embeddings_file(file, array=array, drop=drop, labels=labels is None)
    second = found.positives
    if positives is not None:
        if second is not None:
            raise ArgumentError("positives", repr(str(positives)), f"{file} has two views already")
        if drop:
            raise ArgumentError("drop", True, "goes with one file: of two, rows would no longer be pairs")
        other = read_embeddings_file(positives, array=array, labels=False, argument="positives")
        if other.positives is not None:
            raise ArgumentError("positives", repr(str(positives)), "holds two views itself; --array says which")
        second = other.anchors
    classes: Any = found.labels if labels is None else read_labels(labels)
    if labels is not None and found.kept is not None and len(classes) == len(found.kept):
        classes = classes[found.kept]
    base: Any = None
    base_labels: Any = None
    if baseline is not None:
        read = read_embeddings_file(baseline, array=array, drop=drop, argument="baseline")
        base_labels = read.labels
        base = read.anchors if read.positives is None else (read.anchors, read.positives)
    if found.dropped:
        print(f"{found.dropped} rows without a direction are left out", file=sys.stderr)
    with _progress() as progress:
        how: dict[str, Any] = {
            "batch": batch,
            "baseline": base,
            "baseline_labels": base_labels,
            "normalize": normalize,
            "seed": seed,
            "name": file.name,
        }
        d = aside(lambda: of(found.anchors, second, chosen, classes, progress=progress, **how))
    # Before anything is said, which may fail.
    if record is not None:
        with files.replacing("json", record, (".json",)) as beside:
            beside.write_text(json.dumps(d.record(), allow_nan=False), "utf-8")
    if out is not None:
        d.page(out)
    print(d.table())
    for what, path in (("numbers", record), ("page", out)):
        if path is not None:
            print(f"{what}: {path}")


@contextmanager
def _progress() -> Iterator[Progress]:
    """What is done and how far it is: a bar on a terminal, a line every five seconds elsewhere."""
    if not sys.stderr.isatty():
        said = time.perf_counter()

        def tell(what: str, share: float) -> None:
            nonlocal said
            if time.perf_counter() - said > 5:
                said = time.perf_counter()
                print(f"  {what}: {100 * share:.0f} %", file=sys.stderr, flush=True)

        yield tell
        return

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as display:
        task = display.add_task("reading", total=1.0)

        def show(what: str, share: float) -> None:
            display.update(task, description=what, completed=share)

        yield show
