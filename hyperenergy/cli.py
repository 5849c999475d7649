"""The command line: options in, tables out; the work is done by the modules above."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from hyperenergy import files
from hyperenergy.errors import ArgumentError, HyperenergyError

if TYPE_CHECKING:
    from hyperenergy.codes import Code
    from hyperenergy.solvers.newton import Signature
    from hyperenergy.steps import Step

app = typer.Typer(
    name="hyperenergy",
    help="What contrastive losses optimize: verify theorems about their minimizers, minimize, look up codes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: errors that users can mend print one line and exit with status 2."""
    try:
        app(args=list(arguments) if arguments is not None else None)
    except HyperenergyError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, ArgumentError) else 1)
    except MemoryError:
        print("error: out of memory; choose fewer points, dimensions or restarts", file=sys.stderr)
        sys.exit(1)
    except RuntimeError as error:
        # torch reports exhausted memory as a RuntimeError of its allocators.
        if "allocat" not in str(error) and "out of memory" not in str(error):
            raise
        print(
            f"error: out of memory; choose fewer points, dimensions or restarts ({error})".splitlines()[0],
            file=sys.stderr,
        )
        sys.exit(1)


def _print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table as wide as its content, also where the output is a pipe."""
    console = Console()
    table = Table(title=title, title_justify="left")
    for name in header:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    width = console.width if console.is_terminal else max(console.width, console.measure(table).maximum, 200)
    Console(width=width).print(table)


Out = Annotated[Path, typer.Option(help="Folder for results.jsonl and report.md.")]


@app.command()
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
    false claims refuted by a counterexample that was found.
    """
    from hyperenergy.minimize import pick_device
    from hyperenergy.naming import parse_decimals, parse_integers
    from hyperenergy.verify.claims import select, tasks
    from hyperenergy.verify.grid import Grid
    from hyperenergy.verify.report import HEADER, by_objective, markdown, summarize, table
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
    start = time.perf_counter()
    with ResultFile(out) as file, _progress(len(todo)) as advance:
        results, complete = collect(todo, grid, file, advance)
    seconds = time.perf_counter() - start
    summaries = summarize([claim.id for claim in chosen], results)
    report = out / "report.md"
    report.write_text(markdown(summaries, " ".join(["hyperenergy", *sys.argv[1:]]), seconds, complete), "utf-8")
    _print_table(f"{len(results)} instances, {seconds:.0f} s", HEADER, table(summaries))
    for summary in summaries:
        if summary.theorem.id in ("B5", "B5s"):
            _print_table(
                f"{summary.theorem.id}: where is a misaligned minimum lower than the best aligned one?",
                ("objective", "instances", "lower", "misalignment there"),
                [(name, str(n), str(k), spread) for name, n, k, spread in by_objective(summary)],
            )
    print(f"results: {out / 'results.jsonl'}\nreport:  {report}")
    if not complete:
        print(f"interrupted: {len(results)} of {len(todo)} instances were finished and are kept", file=sys.stderr)
        raise typer.Exit(130)
    wrong = [s.theorem.id for s in summaries if not s.as_stated]
    print("every claim came out as its status says" if not wrong else f"not as stated: {', '.join(wrong)}")
    raise typer.Exit(1 if wrong else 0)


class _progress:
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

    def __enter__(self) -> _progress:
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


@app.command()
def minimize(
    objective: Annotated[str, typer.Argument(help="A loss or kernel, e.g. dhel, nt-xent, riesz:s=1, kcl.")],
    points: Annotated[int, typer.Option(help="Number of points, or of pairs for a loss.")],
    dim: Annotated[int, typer.Option(help="Ambient dimension d; the sphere is S^(d-1).")],
    temperature: Annotated[float | None, typer.Option(help="Temperature of a loss.")] = None,
    kernel: Annotated[str | None, typer.Option(help="Kernel of kcl, e.g. gaussian:t=2.")] = None,
    pairs: Annotated[str, typer.Option(help="Convention of an energy: unordered, ordered or mean.")] = "unordered",
    restarts: Annotated[int, typer.Option(help="Random starts.")] = 32,
    hops: Annotated[int, typer.Option(help="Jumps to neighboring basins per start.")] = 0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same result.")] = 0,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto.")] = "auto",
    out: Annotated[Path | None, typer.Option(help="Write the configuration as .json.")] = None,
) -> None:
    """Minimize one objective from random starts and compare with what is predicted there."""
    from hyperenergy import compare, predict, theorems
    from hyperenergy.minimize import minimize as search
    from hyperenergy.naming import parse_objective

    if out is not None:
        files.target("out", out, (".json",))  # before the search, not after it
    target = parse_objective(objective, pairs=pairs, temperature=temperature, kernel=kernel)
    best = search(target, points, dim, restarts=restarts, hops=hops, seed=seed, device=device)
    rows = [
        ("objective", target.label),
        ("value", f"{best.value:.15g}"),
        ("misalignment", f"{best.misalignment:.2e}"),
        ("relative gradient norm", f"{best.gradient_norm:.1e}"),
        ("status", best.status.value),
        ("starts that reached it", f"{best.hits} of {best.restarts}"),
        ("starts", "; ".join([best.origin.value, *(f"by way of {stage}" for stage in best.path)])),
        ("distinct minima", ", ".join(f"{m.value:.12g} ({m.count}x)" for m in best.minima[:6])),
        ("Hessian", _signature(best.minima[0].signature) if best.minima else "no local minimum"),
    ]
    prediction = predict(target, points, dim)
    if prediction is None:
        rows.append(("prediction", "none: no theorem or conjecture speaks here"))
    else:
        match = compare(best, prediction)
        rows += [
            ("prediction", f"{prediction.value:.15g} ({prediction.theorem}, {prediction.status})"),
            ("value gap", f"{match.value_gap:.1e}"),
            ("congruence residual", f"{match.congruence:.1e}"),
            ("verdict", f"{match.outcome.value}: {match.reason}"),
            ("statement", theorems.get(prediction.theorem).statement),
        ]
    _print_table(f"{points} points in R^{dim}", ("", ""), rows)
    if out is not None:
        record = {
            "objective": target.label,
            "points": points,
            "dim": dim,
            "value": best.value,
            "seed": seed,
            "anchors": best.anchors.tolist(),
            "positives": best.positives.tolist(),
        }
        with files.replacing("out", out, (".json",)) as beside:
            beside.write_text(json.dumps(record), "utf-8")
        print(f"configuration: {out}")


def _signature(signature: Signature | None) -> str:
    if signature is None:
        return "not computed: a pair on a kink, S^0, or too many coordinates"
    return f"index {signature.index}, {signature.zero_modes} zero modes, {signature.orbit} of them rotations"


@app.command()
def codes(
    name: Annotated[str | None, typer.Argument(help="A code, e.g. icosahedron or simplex-5; all if left out.")] = None,
    prove: Annotated[bool, typer.Option("--prove", help="Prove universal optimality in exact arithmetic.")] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Prove looking at every pair of points: minutes for the Leech vectors.")
    ] = False,
    export: Annotated[Path | None, typer.Option(help="Write the code as .npz, .csv or .xyz.")] = None,
) -> None:
    """List the predicted configurations, or show one: exact inner products, multiplicities, design strength.

    With --prove, exit status 0 only where the proof of every code that is said to be universally optimal holds.
    """
    from hyperenergy import codes as catalogue
    from hyperenergy.codes.export import export as write

    if export is not None and name is None:
        raise ArgumentError("export", repr(str(export)), "needs the name of a code")
    if export is not None:
        write(catalogue.get(str(name)), export)
        print(f"configuration: {export}")
    shown = [catalogue.get(name)] if name is not None else catalogue.examples()
    if prove or full:
        raise typer.Exit(_prove(shown, full))
    rows = [
        (
            code.name,
            str(code.dim),
            str(code.size),
            ", ".join(f"{x} ({count}x)" for x, count in code.inner_products.items()),
            str(code.design_strength),
            "yes" if code.sharp else "no",
            {"theorem": "yes", "conjecture": "conjectured", "false": "no"}[code.optimality],
        )
        for code in shown
    ]
    _print_table("Codes", ("name", "d", "N", "inner products", "design strength", "sharp", "universally optimal"), rows)
    for code in shown if name is not None else ():
        print(code.citation)


def _prove(shown: Sequence[Code], full: bool) -> int:
    """The table of proofs; 1 where one does not come out as the literature has it."""
    rows, wrong = [], []
    for code in shown:
        start = time.perf_counter()
        steps = code.prove(full=full)
        seconds = time.perf_counter() - start
        broken = [step for step in steps if not step.holds]
        if (not broken) != code.universally_optimal:
            wrong.append(code.name)
        verdict = {"theorem": "NOT PROVED", "conjecture": "conjectured", "false": "not universally optimal"}
        rows.append(
            (
                code.name,
                str(code.dim),
                str(code.size),
                verdict[code.optimality] if broken else "proved",
                f"{broken[0].name} {broken[0].verdict}: {broken[0].reason}" if broken else _carries(code, steps),
                f"{seconds:.1f} s",
            )
        )
    _print_table("Universal optimality", ("name", "d", "N", "verdict", "step that carries it", "time"), rows)
    if len(shown) == 1:
        header = ("step", "establishes", "verdict", "reason")
        _print_table(shown[0].name, header, [(s.name, s.establishes, s.verdict, s.reason) for s in steps])
    print("every verdict is as stated in the literature" if not wrong else f"not as stated: {', '.join(wrong)}")
    return 1 if wrong else 0


def _carries(code: Code, steps: Sequence[Step]) -> str:
    """The step that makes it optimal: sharpness, or the interpolation that skips degrees."""
    carrying = next(step for step in steps if step.name == ("remainder" if code.skip else "design"))
    return f"{carrying.name}: {carrying.establishes}"


@app.command()
def view(
    source: Annotated[str, typer.Argument(metavar="FILE|CODE", help="A .json, .npz or .csv file, or a code's name.")],
    out: Annotated[
        Path | None, typer.Option(help="The page, an .html file; by default named after the source.")
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Write the page only, start no browser.")] = False,
) -> None:
    """Show a configuration as one interactive HTML page that works offline, and open it."""
    import webbrowser

    from hyperenergy.view import load, page, write

    path = write(page(load(source)), out if out is not None else Path(f"{Path(source).stem}.html"))
    print(f"page: {path}")
    try:
        opened = no_open or webbrowser.open(path.as_uri())
    except (webbrowser.Error, OSError):
        opened = False
    if not opened:
        print("no browser was found; open that file in one", file=sys.stderr)


if __name__ == "__main__":
    main()
