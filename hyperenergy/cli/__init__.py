"""The command line: options in, tables out; the work is done by the modules below."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from hyperenergy.cli.codes import codes
from hyperenergy.cli.explore import explore
from hyperenergy.cli.minimize import minimize
from hyperenergy.cli.verify import verify
from hyperenergy.cli.view import view
from hyperenergy.errors import ArgumentError, HyperenergyError

app = typer.Typer(
    name="hyperenergy",
    help="What contrastive losses optimize: verify theorems about their minimizers, minimize, look up codes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (verify, minimize, codes, view, explore):
    app.command()(command)


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
