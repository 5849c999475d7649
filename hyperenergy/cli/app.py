"""The commands, and what is said where one fails.

Nothing heavy is loaded here or at the top of a command's file, so that help and errors of usage come at once.
"""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Annotated

import typer

import hyperenergy
from hyperenergy.cli import commands as folder
from hyperenergy.cli import usage
from hyperenergy.errors import ArgumentError, HyperenergyError

app = typer.Typer(
    name="hyperenergy",
    help="What contrastive losses optimize: verify theorems about their minimizers, minimize, look up codes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def commands() -> list[Callable[..., None]]:
    """The functions that are called as their files are."""
    names = [file.name for file in pkgutil.iter_modules(folder.__path__)]
    return [getattr(import_module(f"{folder.__name__}.{name}"), name) for name in names]


for command in commands():
    app.command()(command)

# What the command line calls otherwise than the functions do.
_CALLED = {"max_iterations": "--max-iterations"}


def _version(asked: bool) -> None:
    if asked:
        print(f"hyperenergy {hyperenergy.__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


def run(arguments: list[str]) -> int:
    """Run a command, say what went wrong in one line, and return the exit status."""
    try:
        return usage.invoke(typer.main.get_command(app), arguments)
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


def _as_typed(error: HyperenergyError, arguments: Sequence[str]) -> str:
    """The message in one line, with the argument as the user typed it, if that was an option."""
    text = " ".join(str(error).split())
    if isinstance(error, ArgumentError):
        option = f"--{error.argument.replace('_', '-')}"
        if any(argument.partition("=")[0] == option for argument in arguments):
            text = f"{option}{text.removeprefix(error.argument)}"
    # Words of functions that are said in passing.
    for name, option in _CALLED.items():
        text = text.replace(name, option)
    return text
