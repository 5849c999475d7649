"""How far a search is, on a terminal; nothing in a pipe."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hyperenergy.search.minimum import Progress

Callback = Callable[["Progress"], None]


@contextlib.contextmanager
def watched(label: str, also: Callback | None = None) -> Iterator[Callback | None]:
    """A callback for ``minimize`` that shows on standard error how far it is, and calls ``also``; that alone, if there is
    one, where standard error is no terminal: a search that nobody watches is faster."""
    if not sys.stderr.isatty():
        yield also
        return

    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress as Display
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Display(*columns, console=Console(stderr=True), transient=True) as display:
        task = display.add_task(escape(f"{label}: getting ready"))
        least: dict[str, float] = {}
        starts = 0

        def see(progress: Progress) -> None:
            nonlocal starts
            if also is not None:
                also(progress)
            starts = max(starts, int(progress.starts.max()) + 1)
            name = progress.objective.label
            least[name] = min(least.get(name, float("inf")), float(progress.value.nan_to_num(float("inf")).min()))
            if progress.finishing:
                what = f"finishing start {int(progress.starts[0]) + 1} of {starts} by Newton's method"
            else:
                what = f"{starts} starts so far, {len(progress.starts)} running, iteration {progress.iteration}"
            display.update(task, description=escape(f"{name}: {what}, least value {least[name]:.9g}"))

        yield see
