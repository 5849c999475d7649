"""A task and its result are data: what is to be done has a key, under which what came out is found again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any


def canonical(data: Any) -> str:
    """One text for equal data: sorted keys, no spaces, numbers as Python writes them."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True)
class Task:
    """What is done (kind), with which parameters (as JSON has them), from which seed."""

    kind: str
    parameters: dict[str, Any]
    seed: int

    def key(self, code: str) -> str:
        """The same in every process for the same task and the same version of the code; another one for any other."""
        text = canonical({**asdict(self), "code": code})
        return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Job:
    """A task's key and the work itself: a call that travels between processes and returns what JSON can hold, and, as
    values of their own names, NumPy arrays, which are kept beside."""

    key: str
    work: Callable[[], dict[str, Any]]


@dataclass(frozen=True)
class Record:
    """What a task came to.  elapsed: seconds from the start of the sitting (one driver's life) to the end of the task.

    arrays: the names of those that are beside it (``Store.arrays``).
    """

    key: str
    value: dict[str, Any]
    sitting: str
    elapsed: float
    arrays: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """All that a store is for.

    what: the choices that tell one run from another; code: the version that makes its results; keys: of all tasks, in
    their order; about: what a report needs besides.  All as JSON has it, so that it reads back equal.
    """

    what: dict[str, Any]
    code: str
    keys: list[str]
    about: dict[str, Any]

    def differences(self, other: Plan) -> list[str]:
        """What another plan, found in a store, has otherwise; in words, empty for the same run of the same code."""
        names = [name for name in {**self.what, **other.what} if self.what.get(name) != other.what.get(name)]
        pairs = [(name, other.what.get(name), self.what.get(name)) for name in names]
        if self.code != other.code:
            pairs.append(("code", other.code, self.code))
        elif not pairs and self.keys != other.keys:
            pairs.append(("tasks", len(other.keys), len(self.keys)))
        return [f"{name} ({_short(there)} there, {_short(here)} here)" for name, there, here in pairs]


def _short(value: Any) -> str:
    if value is None:
        return "not given"
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
