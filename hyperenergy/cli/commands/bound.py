"""`hyperenergy bound`: a certified lower bound, or the check of a certificate."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from hyperenergy import files
from hyperenergy.cli.console import print_table
from hyperenergy.cli.options import Dim, Kernel, Pairs, Points, Temperature
from hyperenergy.cli.options import path as path_typed
from hyperenergy.errors import ArgumentError


def bound(
    objective: Annotated[
        str | None, typer.Argument(help="A kernel or loss, e.g. riesz:s=1, gaussian:t=2, kcl, info-nce.")
    ] = None,
    points: Points = None,
    dim: Dim = None,
    temperature: Temperature = None,
    kernel: Kernel = None,
    pairs: Pairs = "unordered",
    degree: Annotated[
        int | None, typer.Option(min=1, help="Degree of the polynomial; as high as helps if left out.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(parser=path_typed, metavar="PATH", help="Write the certificate as .json.")
    ] = None,
    check: Annotated[
        Path | None, typer.Option(parser=path_typed, metavar="PATH", help="Check a certificate, and nothing else.")
    ] = None,
) -> None:
    """Prove a lower bound that no configuration falls below, and write its certificate; or check one.

    The check is a program of its own: exact arithmetic, no search, no solver. Exit status 1 where a certificate does not
    prove what it claims.
    """
    if check is not None:
        if objective is not None:
            raise ArgumentError(
                "objective", objective, "leave it out with --check, which reads all from the certificate"
            )
        return _check(check)
    if objective is None:
        raise ArgumentError("objective", "nothing", "give one, e.g. riesz:s=1, or --check CERTIFICATE.json")
    for name, value in (("points", points), ("dim", dim)):
        if value is None:
            raise ArgumentError(name, "nothing", f"is needed, e.g. --{name} 4")
    if out is not None:
        files.target("out", out, (".json",))
    assert points is not None and dim is not None

    from hyperenergy.bounds.bound import lower_bound
    from hyperenergy.objectives.naming import parse_objective

    target = parse_objective(objective, pairs=pairs, temperature=temperature, kernel=kernel)
    start = time.perf_counter()
    found = lower_bound(target, points, dim, degree=degree)
    seconds = time.perf_counter() - start
    if out is not None:
        found.save(out)
    rows = [
        ("objective", found.objective),
        ("certified lower bound", f"{found.value:.15g}"),
        ("by", _METHODS[found.method]),
    ]
    print_table(f"{points} points in R^{dim}", ("", ""), [*rows, ("time", f"{seconds:.2f} s")])
    if out is not None:
        print(f"certificate: {out}")


_METHODS = {
    "linear": "linear programming (Delsarte and Yudin)",
    "universal": "Levenshtein's quadrature (the universal lower bound)",
    "code": "the interpolant of a universally optimal code, which attains it",
    "logarithm": "a linear program under the logarithm (B21)",
    "convexity": "convexity (B1's value, which holds at any number of pairs)",
}


def _check(path: Path) -> None:
    from hyperenergy.bounds.bound import check_certificate
    from hyperenergy.bounds.checking import CertificateError

    start = time.perf_counter()
    try:
        value = check_certificate(path)
    except CertificateError as error:
        print(f"refused: {error}")
        raise typer.Exit(1) from None
    print(f"proved: no configuration falls below {value:.15g} ({time.perf_counter() - start:.2f} s)")
