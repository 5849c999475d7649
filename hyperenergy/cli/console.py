"""What the commands print: tables as wide as their content, and progress."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator, Sequence

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """For work that leaves nothing behind: Ctrl-C says so and ends with status 130."""
    try:
        yield
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        raise typer.Exit(130) from None


def print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table as wide as its content, also where the output is a pipe."""
    console = Console()
    table = Table(title=title, title_justify="left")
    for name in header:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    width = console.width if console.is_terminal else max(console.width, console.measure(table).maximum, 200)
    Console(width=width).print(table)


class Bar:
    """A bar with the remaining time on a terminal; in a pipe, a plain line at most every five seconds."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.start = total, 0, time.perf_counter()
        self.said = self.start
        self.bar = (
            Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("remaining"),
                TimeRemainingColumn(),
                console=Console(stderr=True),
            )
            if sys.stderr.isatty()
            else None
        )

    def __enter__(self) -> Bar:
        if self.bar is not None:
            self.bar.start()
            self.task = self.bar.add_task("verify", total=self.total)
        else:
            print(f"verify: {self.total} instances", file=sys.stderr, flush=True)
        return self

    def __exit__(self, *error: object) -> None:
        if self.bar is not None:
            self.bar.stop()

    def __call__(self, result: object) -> None:
        self.done += 1
        now = time.perf_counter()
        if self.bar is not None:
            self.bar.update(self.task, completed=self.done, description=f"verify {getattr(result, 'claim', '')}")
        elif now - self.said > 5 or self.done == self.total:
            self.said = now
            left = (now - self.start) / self.done * (self.total - self.done)
            print(
                f"  {self.done}/{self.total} in {now - self.start:.0f} s, about {left:.0f} s left",
                file=sys.stderr,
                flush=True,
            )
