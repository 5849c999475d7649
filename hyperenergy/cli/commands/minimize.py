"""`hyperenergy minimize`: one objective, from random starts or from a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hyperenergy import files
from hyperenergy.cli.console import print_table
from hyperenergy.cli.interrupts import aside
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
from hyperenergy.cli.progress import watched
from hyperenergy.errors import ArgumentError, unknown_name

if TYPE_CHECKING:
    from hyperenergy.objectives.base import Objective
    from hyperenergy.search.minimum import Minimum

_PATHS = ("auto", "direct")

Ways = Annotated[
    str, typer.Option(help="auto: also by way of easier objectives; direct: of the objective itself alone.")
]
Start = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Start from a configuration: a file, as of view, or a code's name."),
]
Out = Annotated[Path | None, typer.Option(parser=path_typed, metavar="PATH", help="Write the configuration as .json.")]


def minimize(
    context: typer.Context,
    objective: Annotated[str, typer.Argument(help="A loss or kernel, e.g. dhel, nt-xent, riesz:s=1, kcl.")],
    points: Points = None,
    dim: Dim = None,
    temperature: Temperature = None,
    kernel: Kernel = None,
    pairs: Pairs = "unordered",
    restarts: Restarts = None,
    hops: Hops = None,
    max_iterations: MaxIterations = None,
    path: Ways = "auto",
    start: Start = None,
    normalize: Normalize = False,
    angles: Angles = False,
    array: Array = None,
    seed: Seed = 0,
    device: Device = "auto",
    out: Out = None,
) -> None:
    """Minimize one objective and compare what is found with what is predicted there.

    --points and --dim can be left out where --start gives them.  Exit status 1 where no start converged; the best
    configuration is shown, and written, all the same.
    """
    _check(context, start=start, points=points, dim=dim)
    check_search(context.params)
    if path not in _PATHS:
        raise unknown_name("path", path, _PATHS)
    if out is not None:
        files.target("out", out, (".json",))  # before the search, not after it

    from hyperenergy.cli.start import read_start
    from hyperenergy.objectives.naming import parse_objective

    target = parse_objective(objective, pairs=pairs, temperature=temperature, kernel=kernel)
    rows = None
    if start is not None:
        how = {"normalize": normalize, "angles": angles, "array": array}
        rows, points, dim = read_start(start, target, points, dim, how)
    assert points is not None and dim is not None
    best = _search(
        (target, points, dim),
        start=rows,
        path=path,
        seed=seed,
        device=device,
        **counts(restarts=restarts, hops=hops, max_iterations=max_iterations),
    )
    unwritten = None
    if out is not None:
        try:
            _write(out, best)  # before anything is said, which may fail
        except ArgumentError as error:
            unwritten = error  # what was found is said all the same
    print_table(f"{points} points in R^{dim}", ("", ""), _told(best, points, dim))
    if unwritten is not None:
        raise unwritten
    if out is not None:
        print(f"configuration: {out}")
    if not best.minima:
        print(f"not converged: {_unfinished(best)}", file=sys.stderr)
        raise typer.Exit(1)


def _search(problem: tuple[Objective, int, int], **options: Any) -> Minimum:
    from hyperenergy.search.minimize import minimize as search

    with watched(problem[0].label) as callback:
        return aside(lambda: search(*problem, throw=False, callback=callback, **options))


def _told(best: Minimum, points: int, dim: int) -> list[tuple[str, str]]:
    """What was found, and what is predicted there."""
    from hyperenergy import compare, predict, theorems
    from hyperenergy.cli import found

    table = found.rows(best)
    prediction = predict(best.objective, points, dim)
    if prediction is None:
        return [*table, ("prediction", theorems.unpredicted(best.objective, points, dim))]
    match = compare(best, prediction)
    return [
        *table,
        ("prediction", f"{prediction.value:.15g} ({prediction.standing})"),
        ("value gap", f"{match.value_gap:.1e}"),
        ("congruence residual", f"{match.congruence:.1e}"),
        ("verdict", f"{match.outcome.value}: {match.reason}"),
        ("statement", theorems.get(prediction.theorem).statement),
    ]


def _unfinished(best: Minimum) -> str:
    advice = "try more --restarts, or a higher --temperature of a loss"
    if best.status.name == "MAX_ITERATIONS":
        advice = f"raise --max-iterations, which ended a descent after {best.iterations}"
    return (
        f"no start of {best.restarts} reached a local minimum; the best is {best.status.value} "
        f"(relative gradient norm {best.gradient_norm:.1e}); {advice}"
    )


def _check(context: typer.Context, *, start: str | None, points: int | None, dim: int | None) -> None:
    """ArgumentError for options that do not go together."""
    given = typed(context)
    if start is None:
        for name in ("normalize", "angles", "array"):
            if name in given:
                raise ArgumentError(name, context.params[name], "goes with --start alone")
        for name, value in (("points", points), ("dim", dim)):
            if value is None:
                raise ArgumentError(name, "nothing", f"is needed, e.g. --{name} 4, unless --start gives it")
        return
    # Hops are random from any start.
    for name in ("restarts", *(() if "hops" in given else ("seed",))):
        if name in given:
            raise ArgumentError(name, context.params[name], "goes with random starts; leave it out with --start")


def _write(out: Path, best: Minimum) -> None:
    from hyperenergy.objectives.record import record as of

    record = of(best.objective, best.rows, best.value, status=best.status.name.lower(), seed=best.seed)
    with files.replacing("out", out, (".json",)) as beside:
        beside.write_text(json.dumps(record), "utf-8")
