"""`hyperenergy view`: a configuration, or a search for one, as a page."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hyperenergy import files
from hyperenergy.cli.browser import open_browser
from hyperenergy.cli.interrupts import aside, by_exception
from hyperenergy.cli.options import (
    Angles,
    Array,
    Device,
    Dim,
    Hops,
    Kernel,
    MaxIterations,
    Normalize,
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

if TYPE_CHECKING:
    from hyperenergy.show.view import Configuration

_OF_SEARCHES = "points temperature kernel pairs restarts hops max_iterations seed device".split()
_OF_FILES = "header normalize angles array".split()


def view(
    context: typer.Context,
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[FILE|CODE]",
            help="A file of points (.json, .csv, .txt, .xyz, .off, .npy, .npz, .mat, .pt, .parquet), or a code's name.",
        ),
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
    normalize: Normalize = False,
    angles: Angles = False,
    array: Array = None,
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
    path = _checked(context, out)
    if minimize is None:
        assert source is not None
        shown = _read(source, {"header": header, "dim": dim, "normalize": normalize, "angles": angles, "array": array})
    else:
        assert points is not None and dim is not None
        shown = _found(
            (minimize, {"pairs": pairs, "temperature": temperature, "kernel": kernel}),
            (points, dim),
            seed=seed,
            device=device,
            **counts(restarts=restarts, hops=hops, max_iterations=max_iterations),
        )
    written = _written(shown, path)
    print(f"page: {written}")
    if not no_open and not open_browser(written.as_uri()):
        print("no browser was found; open that file in one", file=sys.stderr)


def _checked(context: typer.Context, out: Path | None) -> Path:
    """Where the page goes; ArgumentError for options that do not go together, before the work."""
    given = context.params
    if given["minimize"] is None:
        for name in _OF_SEARCHES:
            if name in typed(context):
                raise ArgumentError(name, repr(given[name]), "goes with --minimize alone")
        path = out if out is not None else Path(f"{Path(given['source']).stem}.html")
    else:
        for name in _OF_FILES:
            if name in typed(context):
                raise ArgumentError(name, given[name], "goes with a file alone")
        for name in ("points", "dim"):
            if given[name] is None:
                raise ArgumentError(name, None, f"--minimize needs it, e.g. --{name} 4")
        check_search(given)
        path = out if out is not None else Path(f"{_stem(given)}.html")
    if out is not None or given["minimize"] is not None:
        files.target("out", path, (".html", ".htm"))
    return path


def _stem(given: Mapping[str, Any]) -> str:
    return f"{given['minimize'].partition(':')[0]}-{given['points']}-{given['dim']}"


def _read(source: str, how: Mapping[str, Any]) -> Configuration:
    from hyperenergy.geometry.reading.configuration import Reading
    from hyperenergy.show.view import load

    slow = f"reading {source}: the largest codes take a minute or two (Ctrl-C ends)"
    return aside(lambda: load(source, reading=Reading(**how)), slow)


def _found(asked: tuple[str, dict[str, Any]], size: tuple[int, int], **options: Any) -> Configuration:
    """What a search finds, with the way to it."""
    from hyperenergy.objectives.base import check_configuration
    from hyperenergy.objectives.naming import parse_objective
    from hyperenergy.search.minimize import minimize, pick_device
    from hyperenergy.search.trajectory import Recorder
    from hyperenergy.show.view import Configuration

    target = parse_objective(asked[0], **asked[1])
    check_configuration(target, *size)
    pick_device(options["device"])
    recorder = Recorder()
    print(f"searching for the least {target.label}", file=sys.stderr)

    def recorded(callback: Callback | None) -> Configuration:
        # The page says what is wrong with a search that was not finished.
        best = minimize(target, *size, callback=callback, throw=False, **options)
        return Configuration.of(best, recorder.trajectory(best))

    with watched(target.label, recorder) as callback:
        return aside(lambda: recorded(callback))


def _written(shown: Configuration, path: Path) -> Path:
    from hyperenergy.show.view import page, write

    shape = " x ".join(map(str, shown.anchors.shape))
    html = aside(lambda: page(shown), f"drawing {shape} coordinates: of hundreds of dimensions it takes up to a minute")
    by_exception()
    return write(html, path)
