"""Options of more than one command; their defaults are the commands'."""

from __future__ import annotations

from typing import Annotated

import typer

Temperature = Annotated[float | None, typer.Option(help="Temperature of a loss.")]
Kernel = Annotated[str | None, typer.Option(help="Kernel of kcl, e.g. gaussian:t=2.")]
Pairs = Annotated[str, typer.Option(help="Convention of an energy: unordered, ordered or mean.")]
Restarts = Annotated[int, typer.Option(help="Random starts.")]
Hops = Annotated[int, typer.Option(help="Jumps to neighboring basins per start.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same result.")]
Device = Annotated[str, typer.Option(help="cpu, cuda, or auto.")]
