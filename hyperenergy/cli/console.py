"""What the commands print: tables as wide as their content, and progress."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from hyperenergy.cli.interrupts import by_exception

if TYPE_CHECKING:
    from hyperenergy.verify.pace import Sized, Timed


# No cell of a table is as wide: what is measured is then the content, and not the room for it.
_WIDE = 10**6


def print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table as wide as its content, also where the output is a pipe, unless COLUMNS says how wide."""
    console = Console()
    table = Table(title=title, title_justify="left")
    for name in header:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    asked = console.is_terminal or os.environ.get("COLUMNS", "").isdigit()
    width = console.width if asked else Console(width=_WIDE).measure(table).maximum
    Console(width=width).print(table)


class Bar:
    """A bar with the remaining time on a terminal; in a pipe, a plain line at most every five seconds."""

    def __init__(self, instances: Sequence[Sized]) -> None:
        from hyperenergy.verify.pace import Pace

        self.pace = Pace(instances)
        self.said = self.start = time.perf_counter()
        self.bar = (
            Progress(
                TextColumn("verify"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.description}"),
                console=Console(stderr=True),
            )
            if sys.stderr.isatty()
            else None
        )

    def __enter__(self) -> Bar:
        by_exception()  # results are kept from here on
        if self.bar is not None:
            self.bar.start()
            self.task = self.bar.add_task(self._left(), total=self.pace.total)
        else:
            print(f"verify: {self.pace.total} instances", file=sys.stderr, flush=True)
        return self

    def __exit__(self, *error: object) -> None:
        if self.bar is not None:
            self.bar.stop()

    def __call__(self, result: Timed) -> None:
        now = time.perf_counter()
        self.pace.add(result, now)
        if self.bar is not None:
            self.bar.update(self.task, completed=self.pace.done, description=self._left())
        elif now - self.said > 5 or self.pace.done == self.pace.total:
            self.said = now
            done = f"  {self.pace.done}/{self.pace.total} in {now - self.start:.0f} s"
            print(f"{done}, {self._left()}", file=sys.stderr, flush=True)

    def _left(self) -> str:
        left = self.pace.left()
        return "time left not known yet" if left is None else f"about {left:.0f} s left"
