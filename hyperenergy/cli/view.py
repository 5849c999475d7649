"""`hyperenergy view`: a configuration as a page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def view(
    source: Annotated[str, typer.Argument(metavar="FILE|CODE", help="A .json, .npz or .csv file, or a code's name.")],
    out: Annotated[
        Path | None, typer.Option(help="The page, an .html file; by default named after the source.")
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Write the page only, start no browser.")] = False,
) -> None:
    """Show a configuration as one interactive HTML page that works offline, and open it."""
    import webbrowser

    from hyperenergy.view import load, page, write

    path = write(page(load(source)), out if out is not None else Path(f"{Path(source).stem}.html"))
    print(f"page: {path}")
    try:
        opened = no_open or webbrowser.open(path.as_uri())
    except (webbrowser.Error, OSError):
        opened = False
    if not opened:
        print("no browser was found; open that file in one", file=sys.stderr)
