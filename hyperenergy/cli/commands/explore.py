"""`hyperenergy explore`: searches to watch, on a local page."""

from __future__ import annotations

import contextlib
import sys
from typing import Annotated

import typer

from hyperenergy.checks import integer
from hyperenergy.cli.interrupts import by_exception
from hyperenergy.errors import need


def explore(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 for any free one.")] = 8642,
    no_open: Annotated[bool, typer.Option("--no-open", help="Print the address only, start no browser.")] = False,
) -> None:
    """Watch searches on a local page: pick a loss or kernel, sizes and temperature, run, stop, compare.

    The page is served to this machine alone, until Ctrl-C.
    """
    integer("port", port, 0, 65535)  # before anything is loaded
    need("explore")

    from hyperenergy.cli.browser import open_browser
    from hyperenergy.show.explore.server import HOST, bind, serve

    listening = bind(port)
    address = f"http://{HOST}:{listening.getsockname()[1]}/"
    by_exception()
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is the way to end, also before the server is up
        print(f"page: {address} (Ctrl-C ends)", flush=True)
        # The socket listens already: a browser waits for the answer.
        if not no_open and not open_browser(address):
            print("no browser was found; open that address in one", file=sys.stderr)
        serve(listening)
