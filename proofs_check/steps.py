"""A proof as a list of named steps, each decided by exact algebra.

A step states what it establishes, from which earlier steps, and is *decided* by a function that returns True or False or
raises ``Undecided``.  It holds only where its own decision is True and everything that it rests on holds.  Facts that a
proof asserts (constants, formulas, hypotheses) are its *claims*; ``check(claims)`` reads them from a mapping, so that a
test can replace one by something wrong and see which step fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from proofs_check.exact import Undecided

# What a proof asserts: a name -> a number, an expression, or a function that gives one.
Claims = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """One step.  verdict: "holds", "fails", "undecided", or "blocked" where something that it rests on does not hold."""

    name: str
    establishes: str
    needs: tuple[str, ...]
    verdict: str
    reason: str = ""

    @property
    def holds(self) -> bool:
        return self.verdict == "holds"


class Proof:
    """Collects the steps of one result, in order."""

    def __init__(self) -> None:
        self._steps: dict[str, Step] = {}

    def step(self, name: str, establishes: str, decide: Callable[[], bool], needs: tuple[str, ...] = ()) -> None:
        """Decide one step.  ``needs``: names of earlier steps; KeyError for one that does not exist."""
        if name in self._steps:
            raise ValueError(f"step {name!r} exists already")
        failed = [earlier for earlier in needs if not self._steps[earlier].holds]
        verdict, reason = ("blocked", f"rests on {', '.join(failed)}") if failed else _decided(decide)
        self._steps[name] = Step(name, establishes, needs, verdict, reason)

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(self._steps.values())


def _decided(decide: Callable[[], bool]) -> tuple[str, str]:
    try:
        answer = decide()
    except Undecided as error:
        return "undecided", str(error)
    if answer is not True and answer is not False:
        raise TypeError(f"a step must decide True or False, not {answer!r}")
    return ("holds", "") if answer else ("fails", "its decision is False")


def replaced(claims: Claims, **changes: Any) -> Claims:
    """The claims with some of them changed; KeyError for a name that they do not have."""
    unknown = set(changes) - set(claims)
    if unknown:
        raise KeyError(f"no claim named {sorted(unknown)}; there are {sorted(claims)}")
    return MappingProxyType({**claims, **changes})
