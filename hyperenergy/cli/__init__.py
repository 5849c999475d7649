"""The command line: options in, tables out; the work is done by the modules below.

Nothing heavy is loaded here or at the top of a command's file, so that help and errors of usage come at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from hyperenergy.cli.codes import codes
from hyperenergy.cli.explore import explore
from hyperenergy.cli.minimize import minimize
from hyperenergy.cli.streams import flushed, lost, reopen_closed
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


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"hyperenergy {version('hyperenergy')}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: errors that users can mend print one line and exit with status 2, streams that fail end it with 1."""
    reopen_closed()
    given = list(arguments) if arguments is not None else sys.argv[1:]
    try:
        status = _status(given)
    except OSError as error:
        status = lost(error)
    sys.exit(flushed(status))


def _status(arguments: list[str]) -> int:
    """Run a command, say what went wrong in one line, and return the exit status."""
    try:
        app(args=arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except HyperenergyError as error:
        print(f"error: {_as_typed(error, arguments)}", file=sys.stderr)
        return 2 if isinstance(error, ArgumentError) else 1
    except MemoryError:
        print("error: out of memory; choose fewer points, dimensions or restarts", file=sys.stderr)
        return 1
    except RuntimeError as error:
        # torch reports exhausted memory, and sizes beyond 64 bits, as a RuntimeError of its allocators.
        if not any(word in str(error) for word in ("allocat", "out of memory", "Storage size", "numel")):
            raise
        first = str(error).partition("\n")[0]
        print(f"error: out of memory; choose fewer points, dimensions or restarts ({first})", file=sys.stderr)
        return 1
    return 0


def _as_typed(error: HyperenergyError, arguments: Sequence[str]) -> str:
    """The message in one line, with the argument as the user typed it, if that was an option."""
    text = " ".join(str(error).split())
    if isinstance(error, ArgumentError):
        option = f"--{error.argument.replace('_', '-')}"
        if any(argument.partition("=")[0] == option for argument in arguments):
            return f"{option}{text.removeprefix(error.argument)}"
    return text
