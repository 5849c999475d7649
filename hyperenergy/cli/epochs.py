"""How far a training is: a line with the time left on a terminal; in a pipe, a plain line at most every five seconds."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hyperenergy.training.settings import Settings
    from hyperenergy.training.state import State

_QUIET = 5.0


@contextlib.contextmanager
def watched(settings: Settings) -> Iterator[Callable[[int, State], None]]:
    """A callback for the training of these settings, that tells on standard error."""
    from hyperenergy.training.settings import CONTROLS

    label = settings.loss if settings.loss in CONTROLS else f"{settings.loss} on {settings.data}"
    start = time.perf_counter()
    first: list[int] = []

    def left(epoch: int) -> str:
        first[:] = first or [epoch - 1]  # where it went on from
        done = epoch - first[0]
        seconds = (time.perf_counter() - start) / done * (settings.epochs - epoch)
        return f"about {seconds:.0f} s left"

    if not sys.stderr.isatty():
        said = [start]

        def tell(epoch: int, state: State) -> None:
            now, rest = time.perf_counter(), left(epoch)
            if now - said[0] > _QUIET or epoch == settings.epochs:
                said[0] = now
                line = f"{label}: epoch {epoch}/{settings.epochs}, loss {state.loss:.4g}, {rest}"
                print(line, file=sys.stderr, flush=True)

        yield tell
        return

    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn(escape(label)), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, TextColumn("{task.description}"), console=Console(stderr=True), transient=True) as display:
        task = display.add_task("time left not known yet", total=settings.epochs)

        def see(epoch: int, state: State) -> None:
            display.update(task, completed=epoch, description=escape(f"{left(epoch)}, loss {state.loss:.4g}"))

        yield see
