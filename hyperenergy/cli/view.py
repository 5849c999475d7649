"""`hyperenergy view`: a configuration, or a search for one, as a page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from hyperenergy import files
from hyperenergy.cli.console import interruptible
from hyperenergy.cli.options import Device, Hops, Kernel, Pairs, Restarts, Seed, Temperature
from hyperenergy.errors import ArgumentError, integer


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
    points: Annotated[int | None, typer.Option(help="Number of points, or of pairs for a loss.")] = None,
    dim: Annotated[int | None, typer.Option(help="Ambient dimension d; the sphere is S^(d-1).")] = None,
    temperature: Temperature = None,
    kernel: Kernel = None,
    pairs: Pairs = "unordered",
    restarts: Restarts = 16,
    hops: Hops = 0,
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
    from hyperenergy.cli.browser import open_browser
    from hyperenergy.minimize import minimize as search
    from hyperenergy.naming import parse_objective
    from hyperenergy.objectives import check_configuration
    from hyperenergy.trajectory import Recorder
    from hyperenergy.view import Configuration, load, page, write

    if (source is None) == (minimize is None):
        raise ArgumentError("source", repr(source), "give either a file or the name of a code, or --minimize")
    if minimize is None:
        assert source is not None
        for name in ("points", "dim", "temperature", "kernel", "pairs", "restarts", "hops", "seed", "device"):
            given = context.get_parameter_source(name)
            if given is not None and given.name == "COMMANDLINE":
                raise ArgumentError(name, repr(context.params[name]), "goes with --minimize alone")
        shown = load(source, header=header)
        path = out if out is not None else Path(f"{Path(source).stem}.html")
    else:
        if header is not None:
            raise ArgumentError("header", header, "goes with a file alone")
        target = parse_objective(minimize, pairs=pairs, temperature=temperature, kernel=kernel)
        if points is None or dim is None:
            missing = "points" if points is None else "dim"
            raise ArgumentError(missing, None, f"--minimize needs it, e.g. --{missing} 4")
        path = out if out is not None else Path(f"{minimize.partition(':')[0]}-{points}-{dim}.html")
        files.target("out", path, (".html", ".htm"))  # before the search, not after it
        recorder = Recorder()
        points, dim = check_configuration(target, points, dim)
        integer("restarts", restarts, 1)
        print(f"searching for the least {target.label}", file=sys.stderr)
        with interruptible():
            best = search(
                target,
                points,
                dim,
                restarts=restarts,
                hops=hops,
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
