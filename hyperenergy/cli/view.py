"""`hyperenergy view`: a configuration, or a search for one, as a page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from hyperenergy import files
from hyperenergy.cli.interrupts import aside, by_exception
from hyperenergy.cli.options import (
    Device,
    Dim,
    Hops,
    Kernel,
    MaxIterations,
    Pairs,
    Points,
    Restarts,
    Seed,
    Temperature,
    check_search,
    counts,
    typed,
)
from hyperenergy.cli.options import (
    path as path_typed,
)
from hyperenergy.cli.progress import Callback, watched
from hyperenergy.errors import ArgumentError

_OF_SEARCHES = "points dim temperature kernel pairs restarts hops max_iterations seed device".split()


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
    max_iterations: MaxIterations = None,
    seed: Seed = 0,
    device: Device = "auto",
    out: Annotated[
        Path | None,
        typer.Option(
            parser=path_typed, metavar="PATH", help="The page, an .html file; by default named after the source."
        ),
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
        for name in _OF_SEARCHES:
            if name in given:
                raise ArgumentError(name, repr(context.params[name]), "goes with --minimize alone")
        path = out if out is not None else Path(f"{Path(source).stem}.html")
    else:
        if header is not None:
            raise ArgumentError("header", header, "goes with a file alone")
        if points is None or dim is None:
            missing = "points" if points is None else "dim"
            raise ArgumentError(missing, None, f"--minimize needs it, e.g. --{missing} 4")
        check_search(
            points=points,
            dim=dim,
            temperature=temperature,
            restarts=restarts,
            hops=hops,
            max_iterations=max_iterations,
            seed=seed,
        )
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
        shown = aside(
            lambda: load(source, header=header),
            f"reading {source}: the largest codes take a minute or two (Ctrl-C ends)",
        )
    else:
        target = parse_objective(minimize, pairs=pairs, temperature=temperature, kernel=kernel)
        assert points is not None and dim is not None
        check_configuration(target, points, dim)
        pick_device(device)
        recorder = Recorder()
        print(f"searching for the least {target.label}", file=sys.stderr)
        size = points, dim

        def recorded(callback: Callback | None) -> Configuration:
            best = search(
                target,
                *size,
                **counts(restarts=restarts, hops=hops, max_iterations=max_iterations),
                seed=seed,
                device=device,
                callback=callback,
                throw=False,  # the page says what is wrong with a search that was not finished
            )
            return Configuration.of(best, recorder.trajectory(best))

        with watched(target.label, recorder) as callback:
            shown = aside(lambda: recorded(callback))
    shape = " x ".join(map(str, shown.anchors.shape))
    html = aside(lambda: page(shown), f"drawing {shape} coordinates: of hundreds of dimensions it takes up to a minute")
    by_exception()
    written = write(html, path)
    print(f"page: {written}")
    if not no_open and not open_browser(written.as_uri()):
        print("no browser was found; open that file in one", file=sys.stderr)
