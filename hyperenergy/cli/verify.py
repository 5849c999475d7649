"""`hyperenergy verify`: the claims over a grid."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from hyperenergy import files
from hyperenergy.cli.console import Bar, print_table
from hyperenergy.cli.options import MOST, MOST_SEED, path
from hyperenergy.errors import integer

Out = Annotated[
    Path,
    typer.Option(
        parser=path, metavar="PATH", help="Folder for report.html, configurations, report.md and results.jsonl."
    ),
]


def verify(
    claims: Annotated[str | None, typer.Option(help="Ids such as B1,B5; B2 means all its parts.")] = None,
    dims: Annotated[str | None, typer.Option(help="Ambient dimensions, e.g. 2,3 or 2..8.")] = None,
    points: Annotated[str | None, typer.Option(help="Batch sizes, e.g. 2..9.")] = None,
    temperatures: Annotated[str | None, typer.Option(help="Temperatures, e.g. 0.05,0.5.")] = None,
    restarts: Annotated[int, typer.Option(help="Random starts per minimization.")] = 8,
    seed: Annotated[int, typer.Option(help="The same seed gives the same results.")] = 0,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto for CUDA where there is one.")] = "cpu",
    full: Annotated[bool, typer.Option("--full", help="The larger grids.")] = False,
    out: Out = Path("verify-out"),
) -> None:
    """Check claims over a grid: minimize from random starts, compare with the prediction, give a verdict.

    Exit status 0 only where every claim comes out as its status says: theorems consistent, conjectures supported, and
    false claims refuted by a counterexample that was found.  report.html shows each claim with its statement, its
    instances and the worst of them, and links to configurations for `hyperenergy view`; report.md is the same as text.
    """
    integer("restarts", restarts, 1, MOST)  # before anything is loaded
    integer("seed", seed, 0, MOST_SEED)

    from hyperenergy.objectives.naming import parse_decimals, parse_integers
    from hyperenergy.search.minimize import pick_device
    from hyperenergy.show import report
    from hyperenergy.verify.claims import select, tasks
    from hyperenergy.verify.grid import Grid
    from hyperenergy.verify.report import HEADER, by_objective, has_objectives, markdown, summarize, table
    from hyperenergy.verify.run import ResultFile, collect

    grid = Grid(
        dims=parse_integers("dims", dims),
        points=parse_integers("points", points),
        temperatures=parse_decimals("temperatures", temperatures),
        restarts=restarts,
        seed=seed,
        device=pick_device(device).type,
        full=full,
    )
    chosen = select([part.strip() for part in claims.split(",")] if claims is not None else None)
    todo = tasks(chosen, grid)
    report.check_folder(out)
    start = time.perf_counter()
    with ResultFile(out) as file, Bar([instance for _, instance in todo]) as advance:
        results, complete = collect(todo, grid, file, advance)
    seconds = time.perf_counter() - start
    summaries = summarize([claim.id for claim in chosen], results)
    command = shlex.join(["hyperenergy", *_without_folder(sys.argv[1:])])
    text = out / "report.md"
    with files.replacing("out", text, (".md",)) as beside:
        beside.write_text(markdown(summaries, command, seconds, complete), "utf-8")
    html = report.write(out, summaries, command, seconds, complete)
    print_table(f"{len(results)} instances, {seconds:.0f} s", HEADER, table(summaries))
    for summary in summaries:
        if has_objectives(summary):
            print_table(
                f"{summary.theorem.id}: where is a misaligned minimum lower than the best aligned one?",
                ("objective", "instances", "lower", "misalignment there"),
                [(name, str(n), str(k), spread) for name, n, k, spread in by_objective(summary)],
            )
    print(f"results: {out / 'results.jsonl'}\nas text: {text}\nreport:  {html}")
    if not complete:
        print(f"interrupted: {len(results)} of {len(todo)} instances were finished and are kept", file=sys.stderr)
        raise typer.Exit(130)
    wrong = [s.theorem.id for s in summaries if not s.as_stated]
    print("every claim came out as its status says" if not wrong else f"not as stated: {', '.join(wrong)}")
    raise typer.Exit(1 if wrong else 0)


def _without_folder(arguments: Sequence[str]) -> Iterator[str]:
    """The arguments less ``--out`` and its value: the report lies there, and need not say where that is on this machine."""
    rest = iter(arguments)
    for argument in rest:
        if argument == "--out":
            next(rest, None)
        elif not argument.startswith("--out="):
            yield argument
