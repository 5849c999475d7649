"""Commands as typed: what does not fit is said in one line, which names the option, what was given and the fix."""

from __future__ import annotations

import difflib
import sys
from typing import Any

import typer

# What an option must be, by a word of the message; and the longest value that is shown.
_FIX = ("integer", "must be an integer"), ("number", "must be a number"), ("float", "must be a number")
_MOST = 60


def invoke(command: Any, arguments: list[str]) -> int:
    """Run the command and return its exit status."""
    try:
        with command.make_context("hyperenergy", list(arguments)) as context:
            command.invoke(context)
    except typer.Exit as end:
        return int(end.exit_code)
    except Exception as error:
        # Errors of usage alone have a context: typer has changed where their class lies.
        if not hasattr(error, "format_message") or not hasattr(error, "ctx"):
            raise
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error.format_message(), file=sys.stderr)
        else:
            print(f"error: {_line(error, arguments)}", file=sys.stderr)
        return 2
    return 0


def _line(error: Any, arguments: list[str]) -> str:
    context = error.ctx
    path = "hyperenergy"
    if context is not None:
        path = context.command_path
    elif arguments and not arguments[0].startswith("-"):
        path += f" {arguments[0]}"
    told = f"see `{path} --help`"
    kind, parameter = type(error).__name__, getattr(error, "param", None)
    if kind == "NoSuchOption":
        names = [name for one in context.command.params for name in (*one.opts, *one.secondary_opts)]
        near = difflib.get_close_matches(error.option_name, [name for name in names if name.startswith("--")])
        return f"{error.option_name}: no such option of `{path}`; {_or(near)}{told}"
    message = " ".join(error.format_message().split())
    if kind == "MissingParameter" and parameter is not None:
        return f"{_name(parameter)}: got nothing; `{path}` needs it; {told}"
    if kind == "BadParameter" and parameter is not None:
        plain = error.message.removeprefix("Value error, ").rstrip(".")
        fix = next((fix for word, fix in _FIX if word in plain), plain)
        if "maximum size" in plain:
            fix += " of fewer digits"
        return f"{_name(parameter)}: got {_given(parameter, arguments)}; {fix}"
    option = getattr(error, "option_name", None)
    if option is not None:
        fix = "takes no value" if "does not take a value" in message else "needs a value"
        given = _after(option, arguments) if fix == "takes no value" else "nothing"
        return f"{option}: got {given}; {fix}; {told}"
    if message.startswith("No such command"):
        given = message.partition("'")[2].partition("'")[0]
        names = list(context.command.commands)
        near = difflib.get_close_matches(given, names)
        return f"command: got {given!r}; {_or(near)}allowed: {', '.join(names)}"
    if "extra argument" in message:
        return f"arguments: got {message.partition('(s) ')[2] or message}; `{path}` takes no more; {told}"
    return f"{message.rstrip('.')}; {told}"


def _or(near: list[str]) -> str:
    return f"did you mean {' or '.join(near)}? " if near else ""


def _name(parameter: Any) -> str:
    """An option as it is typed, an argument by its name."""
    options = [name for name in parameter.opts if name.startswith("-")]
    return str(options[0] if options else parameter.name)


def _given(parameter: Any, arguments: list[str]) -> str:
    """What was typed for an option, the last time."""
    for option in parameter.opts:
        given = _after(option, arguments)
        if given != "nothing":
            return given
    return "something else"


def _after(option: str, arguments: list[str]) -> str:
    found = "nothing"
    for k, argument in enumerate(arguments):
        if argument.startswith(f"{option}="):
            found = repr(argument.partition("=")[2])
        elif argument == option and k + 1 < len(arguments):
            found = repr(arguments[k + 1])
    return found if len(found) <= _MOST else f"{found[:_MOST]}..."
