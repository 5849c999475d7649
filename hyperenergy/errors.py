"""The exceptions that users see."""

from __future__ import annotations

import difflib
import importlib.util
from collections.abc import Iterable
from typing import Any

# What each extra of pyproject.toml brings, as modules.
EXTRAS = {
    "bounds": ("clarabel",),
    "dask": ("dask", "distributed"),
    "explore": ("starlette", "uvicorn", "websockets"),
    "parquet": ("pyarrow",),
    "train": ("sklearn",),
}


class HyperenergyError(Exception):
    """Base class of every error that this package raises on purpose."""


class ArgumentError(HyperenergyError, ValueError):
    """An argument is outside what is allowed: names it, what was given, and the fix."""

    def __init__(self, argument: str, given: object, allowed: str) -> None:
        super().__init__(f"{argument}: got {given}; {allowed}")
        self.argument, self.allowed = argument, allowed
        self._parts = (argument, str(given), allowed)

    def __reduce__(self) -> tuple[type[ArgumentError], tuple[str, str, str]]:
        """So that it travels between processes."""
        return type(self), self._parts


class ConvergenceError(HyperenergyError, RuntimeError):
    """No start of a minimization ended at a stationary point; ``minimum`` has the best configuration found."""

    def __init__(self, message: str, minimum: Any = None) -> None:
        super().__init__(message)
        self.minimum = minimum


class MissingExtra(HyperenergyError, ImportError):
    """Something needs modules that come with an extra of this package, and that are not installed."""


def need(extra: str) -> None:
    """MissingExtra, saying what to install, where a module of the extra is not there; loads none."""
    missing = [name for name in EXTRAS[extra] if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtra(f"{extra} needs {', '.join(missing)}: pip install 'hyperenergy[{extra}]'")


def unknown_name(argument: str, given: str, allowed: Iterable[str]) -> ArgumentError:
    """The error for a name that does not exist, with near matches first and then all that do."""
    names = sorted(allowed)
    near = difflib.get_close_matches(given, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    return ArgumentError(argument, repr(given), f"{hint}allowed: {', '.join(names)}")
