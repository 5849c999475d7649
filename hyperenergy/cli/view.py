"""`hyperenergy view`: a configuration, or a search for one, as a page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from hyperenergy import files
from hyperenergy.cli.console import interruptible
from hyperenergy.cli.options import (
    Device,
    Dim,
    Hops,
    Kernel,
    Pairs,
    Points,
    Restarts,
    Seed,
    Temperature,
    check_search,
    counts,
    typed,
)
from hyperenergy.errors import ArgumentError


def view(
    context: typer.Context,
    source: Annotated[
        str | None,
        typer.Argument(metavar="[FILE|CODE]", help="A .json, .npz, .csv, .tsv or .txt file, or a code's name."),
    ] = None,
    minimize: Annotated[
        str | None,
        typer.Option(help="Instead: a loss or kernel to minimize, e.g. dhel or riesz:s=1; with --points, --dim."),
    ] = None,
    header: Annotated[
        bool | None,
        typer.Option(
            "--header/--no-header", help="Whether the first line of a table is a header, where that is unclear."
        ),
    ] = None,
    points: Points = None,
    dim: Dim = None,
    temperature: Temperature = None,
    kernel: Kernel = None,
    pairs: Pairs = "unordered",
    restarts: Restarts = 16,
    hops: Hops = None,
    seed: Seed = 0,
    device: Device = "auto",
    out: Annotated[
        Path | None, typer.Option(help="The page, an .html file; by default named after the source.")
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Write the page only, start no browser.")] = False,
) -> None:
    """Show a configuration as one interactive HTML page that works offline, and open it.

    With --minimize, search for one first; the page then replays the search.
    """
    if (source is None) == (minimize is None):
        raise ArgumentError("source", repr(source), "give either a file or the name of a code, or --minimize")
    if minimize is None:
        assert source is not None
        given = typed(context)
        for name in ("points", "dim", "temperature", "kernel", "pairs", "restarts", "hops", "seed", "device"):
            if name in given:
                raise ArgumentError(name, repr(context.params[name]), "goes with --minimize alone")
        path = out if out is not None else Path(f"{Path(source).stem}.html")
    else:
        if header is not None:
            raise ArgumentError("header", header, "goes with a file alone")
        if points is None or dim is None:
            missing = "points" if points is None else "dim"
            raise ArgumentError(missing, None, f"--minimize needs it, e.g. --{missing} 4")
        check_search(points=points, dim=dim, temperature=temperature, restarts=restarts, hops=hops, seed=seed)
        path = out if out is not None else Path(f"{minimize.partition(':')[0]}-{points}-{dim}.html")
    if out is not None or minimize is not None:
        files.target("out", path, (".html", ".htm"))  # before the work, not after it

    from hyperenergy.cli.browser import open_browser
    from hyperenergy.objectives.base import check_configuration
    from hyperenergy.objectives.naming import parse_objective
    from hyperenergy.search.minimize import minimize as search
    from hyperenergy.search.minimize import pick_device
    from hyperenergy.search.trajectory import Recorder
    from hyperenergy.show.view import Configuration, load, page, write

    if minimize is None:
        assert source is not None
        shown = load(source, header=header)
    else:
        target = parse_objective(minimize, pairs=pairs, temperature=temperature, kernel=kernel)
        assert points is not None and dim is not None
        check_configuration(target, points, dim)
        pick_device(device)
        recorder = Recorder()
        print(f"searching for the least {target.label}", file=sys.stderr)
        with interruptible():
            best = search(
                target,
                points,
                dim,
                **counts(restarts, hops),
                seed=seed,
                device=device,
                callback=recorder,
                throw=False,  # the page says what is wrong with a search that was not finished
            )
            shown = Configuration.of(best, recorder.trajectory(best))
    written = write(page(shown), path)
    print(f"page: {written}")
    if not no_open and not open_browser(written.as_uri()):
        print("no browser was found; open that file in one", file=sys.stderr)
