"""`hyperenergy codes`: the catalogue, its proofs and its files."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hyperenergy.cli.console import print_table
from hyperenergy.cli.interrupts import by_exception
from hyperenergy.cli.options import path
from hyperenergy.errors import ArgumentError

if TYPE_CHECKING:
    from hyperenergy.arithmetic.steps import Step
    from hyperenergy.codes import Code


def codes(
    name: Annotated[str | None, typer.Argument(help="A code, e.g. icosahedron or simplex-5; all if left out.")] = None,
    prove: Annotated[bool, typer.Option("--prove", help="Prove universal optimality in exact arithmetic.")] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Prove looking at every pair of points: minutes for the Leech vectors.")
    ] = False,
    export: Annotated[
        Path | None, typer.Option(parser=path, metavar="PATH", help="Write the code as .npz, .csv or .xyz.")
    ] = None,
) -> None:
    """List the predicted configurations, or show one: exact inner products, multiplicities, design strength.

    With --prove, exit status 0 only where the proof of every code that is said to be proved universally optimal here holds.
    """
    if export is not None and name is None:
        raise ArgumentError("export", repr(str(export)), "needs the name of a code")

    from hyperenergy import codes as catalogue
    from hyperenergy.codes.export import export as write

    if export is not None:
        by_exception()
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
            _STATES[code.optimality],
            "yes" if code.spherical or code.universally_optimal else "",
            "yes" if code.unique else "",
        )
        for code in shown
    ]
    facts = ("design strength", "sharp", "universally optimal", "optimal code", "unique")
    print_table("Codes", ("name", "d", "N", "inner products", *facts), rows)
    for code in shown if name is not None else ():
        for what, known in code.known.items():
            print(f"{what}: {known}")
        if code.optimality in ("false", "open"):
            print(f"source: {code.citation}")


# Of universal optimality.
_STATES = {"theorem": "proved here", "cited": "cited", "conjecture": "conjectured", "false": "no", "open": "not known"}


def _prove(shown: Sequence[Code], full: bool) -> int:
    """The table of proofs; 1 where one does not come out as the literature has it."""
    rows, wrong = [], []
    for code in shown:
        start = time.perf_counter()
        steps = code.prove(full=full)
        seconds = time.perf_counter() - start
        broken = [step for step in steps if not step.holds]
        if (not broken) != code.proved_here:
            wrong.append(code.name)
        verdict = {
            "theorem": "NOT PROVED",
            "cited": "cited, not proved here",
            "conjecture": "conjectured",
            "false": "not universally optimal",
            "open": "not known",
        }
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
    print_table("Universal optimality", ("name", "d", "N", "verdict", "step that carries it", "time"), rows)
    if len(shown) == 1:
        header = ("step", "establishes", "verdict", "reason")
        print_table(shown[0].name, header, [(s.name, s.establishes, s.verdict, s.reason) for s in steps])
    print("every verdict is as stated in the literature" if not wrong else f"not as stated: {', '.join(wrong)}")
    return 1 if wrong else 0


def _carries(code: Code, steps: Sequence[Step]) -> str:
    """The step that makes it optimal: sharpness, or the interpolation that skips degrees."""
    carrying = next(step for step in steps if step.name == ("remainder" if code.skip else "design"))
    return f"{carrying.name}: {carrying.establishes}"
