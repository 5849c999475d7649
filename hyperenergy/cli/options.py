"""Options of more than one command, and what can be said of them before anything is loaded."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from hyperenergy.checks import integer
from hyperenergy.errors import ArgumentError

# Beyond it nothing fits into memory, and products of such numbers leave 64 bits.
MOST = 10**6
MOST_SEED = 2**63 - 1

Temperature = Annotated[float | None, typer.Option(help="Temperature of a loss.")]
Kernel = Annotated[str | None, typer.Option(help="Kernel of kcl, e.g. gaussian:t=2.")]
Pairs = Annotated[str, typer.Option(help="Convention of an energy: unordered, ordered or mean.")]
Points = Annotated[int | None, typer.Option(help="Number of points, or of pairs for a loss.")]
Dim = Annotated[int | None, typer.Option(help="Ambient dimension d; the sphere is S^(d-1).")]
Restarts = Annotated[int | None, typer.Option(help="Random starts.")]
Hops = Annotated[int | None, typer.Option(help="Jumps to neighboring basins per start.")]
MaxIterations = Annotated[int | None, typer.Option(help="Iterations of each descent at most; 5000 by default.")]
Normalize = Annotated[
    bool, typer.Option("--normalize", help="Rows of the file have any length; their directions count.")
]
Angles = Annotated[
    bool, typer.Option("--angles", help="Rows of the file are spherical angles in radians, the polar one first.")
]
Array = Annotated[str | None, typer.Option(metavar="NAME", help="Which array of an .npz, .mat or .pt file.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same result.")]
Device = Annotated[str, typer.Option(help="cpu, cuda, or auto.")]


def path(text: str | Path) -> Path:
    """A path as typed: an empty one would be this folder."""
    if not str(text):
        raise ValueError("must be a path")
    return Path(text)


def typed(context: typer.Context) -> set[str]:
    """The parameters that stand on the command line."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return {name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"}


def counts(**numbers: int | None) -> dict[str, Any]:
    """Those that were given, for a search that has defaults of its own."""
    return {name: n for name, n in numbers.items() if n is not None}


def check_search(given: Mapping[str, Any]) -> None:
    """ArgumentError for a number among a command's parameters that no search takes; for before torch is loaded, and before
    the work."""
    for name, least in (("points", 2), ("dim", 1), ("restarts", 1), ("hops", 0), ("max_iterations", 1)):
        if given[name] is not None:
            integer(name, given[name], least, MOST)
    integer("seed", given["seed"], 0, MOST_SEED)
    temperature = given["temperature"]
    if temperature is not None and not 0 < temperature < math.inf:
        raise ArgumentError("temperature", repr(temperature), "must be a finite number > 0")
