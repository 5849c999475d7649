"""`hyperenergy verify`: the claims over a grid."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from hyperenergy import files
from hyperenergy.checks import integer
from hyperenergy.cli.console import Bar, print_table
from hyperenergy.cli.options import MOST, MOST_SEED, path
from hyperenergy.errors import ArgumentError, need

if TYPE_CHECKING:
    from hyperenergy.runs.cluster import Cluster
    from hyperenergy.runs.interrupt import Interrupt
    from hyperenergy.runs.store import Store
    from hyperenergy.verify.claims import Check
    from hyperenergy.verify.grid import Grid, Instance
    from hyperenergy.verify.proofs import Proof
    from hyperenergy.verify.stored import Stored

Out = Annotated[
    Path,
    typer.Option(
        parser=path,
        metavar="PATH",
        help="Folder for report.html, configurations, report.md, results.jsonl and store.",
    ),
]

Fresh = Annotated[bool, typer.Option("--fresh", help="Start over; what is in --out is moved aside.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a run, and fail where there is none.")]
ReportOnly = Annotated[
    bool, typer.Option("--report-only", help="Write the report of what is in --out, and run nothing.")
]

Dask = Annotated[
    str | None,
    typer.Option(
        metavar="local|ADDRESS",
        help="Work by a cluster of Dask: processes of this machine, or a scheduler such as tcp://HOST:8786 whose workers "
        "see --out.",
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
    fresh: Fresh = False,
    resume: Resume = False,
    report_only: ReportOnly = False,
    dask: Dask = None,
) -> None:
    """Check claims over a grid: minimize from random starts, compare with the prediction, give a verdict.

    Exit status 0 only where every claim comes out as its status says: theorems consistent, conjectures supported, and
    false claims refuted by a counterexample that was found.  report.html shows each claim with its statement, its
    instances and the worst of them, and links to configurations for `hyperenergy view`; report.md is the same as text.
    What is finished is kept in the folder at once: the same command goes on where a run ended, however it ended.
    """
    integer("restarts", restarts, 1, MOST)  # before anything is loaded
    integer("seed", seed, 0, MOST_SEED)
    if dask is not None:
        need("dask")

    from hyperenergy.objectives.naming import parse_decimals, parse_integers
    from hyperenergy.runs.interrupt import Interrupt
    from hyperenergy.runs.store import Store
    from hyperenergy.search.minimize import pick_device
    from hyperenergy.show import report
    from hyperenergy.verify.claims import select, tasks
    from hyperenergy.verify.grid import Grid
    from hyperenergy.verify.opening import check_folder
    from hyperenergy.verify.proofs import Checks

    sizes = parse_integers("dims", dims), parse_integers("points", points)
    on = pick_device(device).type
    grid = Grid(*sizes, parse_decimals("temperatures", temperatures), restarts, seed=seed, device=on, full=full)
    chosen = select([part.strip() for part in claims.split(",")] if claims is not None else None)
    todo = [] if report_only else tasks(chosen, grid)
    report.check_folder(out)
    check_folder(out, fresh, resume, report_only)
    with _cluster(None if report_only else dask, on) as cluster, Interrupt() as interrupt, Store(out) as store:
        known = _known(store) if report_only else None
        ids = known.claims if known else [claim.id for claim in chosen]
        with Checks(ids) as checks:
            found = known or _run(todo, grid, store, ids, fresh, interrupt, cluster)
            kept = f"{len(found.results)} of {found.total} instances were finished and are kept in {store.folder}"
            if interrupt.urgent:
                _say(f"interrupted: {kept}; --report-only makes the report, the same command goes on")
                raise typer.Exit(interrupt.status)
            proofs = checks.ended(wait=found.complete)
            wrong = _publish(out, found, proofs, checks.in_words)
    _end(found, wrong, kept, interrupt.status)


def _known(store: Store) -> Stored:
    """What is in the store, without more ado."""
    from hyperenergy.verify.opening import tell_damage
    from hyperenergy.verify.stored import stored

    found = stored(store)
    tell_damage(found.damage, _say)
    return found


def _run(
    todo: Sequence[tuple[Check, Instance]],
    grid: Grid,
    store: Store,
    ids: list[str],
    fresh: bool,
    interrupt: Interrupt,
    cluster: Cluster | None,
) -> Stored:
    """Begin or go on, with a bar for what is left."""
    from hyperenergy.show import report
    from hyperenergy.verify.opening import open_run
    from hyperenergy.verify.run import collect, planned

    plan, jobs = planned(todo, grid, ids, shlex.join(["hyperenergy", *_without_folder(sys.argv[1:])]))
    finished = open_run(store, plan, fresh, report.NAMES, _say)
    left = [instance for key, (_, instance) in zip(plan.keys, todo, strict=True) if key not in finished]
    with Bar(left) if left else contextlib.nullcontext(lambda result: None) as advance:
        return collect(
            todo, grid, store, advance, planned_as=(plan, jobs), interrupt=interrupt, say=_say, cluster=cluster
        )


def _cluster(where: str | None, device: str) -> contextlib.AbstractContextManager[Cluster | None]:
    """What is asked for with --dask."""
    if where is None:
        return contextlib.nullcontext()
    if device != "cpu":
        raise ArgumentError("dask", repr(where), f"a cluster works on CPUs, not on {device}; leave --device out")
    from hyperenergy.runs.cluster import Cluster

    return Cluster(where, os.cpu_count() or 1)


def _end(found: Stored, wrong: list[str], kept: str, status: int) -> NoReturn:
    """The last line, and the exit status."""
    if not found.complete:
        _say(f"interrupted: {kept}; the same command goes on")
        raise typer.Exit(status or 1)
    print("every claim came out as its status says" if not wrong else f"not as stated: {', '.join(wrong)}")
    raise typer.Exit(1 if wrong else 0)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _publish(out: Path, found: Stored, proofs: Mapping[str, Proof], in_words: Mapping[str, Sequence[str]]) -> list[str]:
    """Write results.jsonl and the reports, print the tables, and return the claims that are not as stated."""
    from hyperenergy.show import report
    from hyperenergy.verify.report import HEADER, by_objective, markdown, summarize, table

    results = found.write(out)
    summaries = summarize(found.claims, found.results, proofs, in_words)
    text = out / "report.md"
    with files.replacing("out", text, (".md",)) as beside:
        beside.write_text(markdown(summaries, found.command, found.seconds, found.complete), "utf-8")
    html = report.write(out, summaries, found.command, found.seconds, found.complete)
    print_table(f"{len(found.results)} instances, {found.seconds:.0f} s", HEADER, table(summaries))
    for summary in summaries:
        if summary.theorem.by_objective:
            print_table(
                f"{summary.theorem.id}: where is a misaligned minimum lower than the best aligned one?",
                ("objective", "instances", "lower", "misalignment there"),
                [(name, str(n), str(k), spread) for name, n, k, spread in by_objective(summary)],
            )
    print(f"results: {results}\nas text: {text}\nreport:  {html}")
    return [s.theorem.id for s in summaries if not s.as_stated]


def _without_folder(arguments: Sequence[str]) -> Iterator[str]:
    """The arguments less ``--out`` and its value: the report lies there, and need not say where that is on this machine;
    and less how the run began and by whom, which its results do not depend on."""
    rest = iter(arguments)
    for argument in rest:
        if argument in ("--out", "--dask"):
            next(rest, None)
        elif not argument.startswith(("--out=", "--dask=")) and argument not in ("--fresh", "--resume"):
            yield argument
