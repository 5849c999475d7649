"""A proof as a list of named steps, each decided by exact arithmetic.

A step states what it establishes, from which earlier steps, and is *decided* by a function that returns True or False,
or raises ``Fails`` or ``Undecided`` with the reason.  It holds only where its own decision is True and everything that it
rests on holds.  Its *kind* says what its text adds to that decision.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Undecided(Exception):
    """Something could be shown neither to have the property asked for nor to lack it."""


class Fails(Exception):
    """A step does not hold, for the reason given."""


class Kind(StrEnum):
    """What a step rests on, besides earlier ones: its decision alone; also a lemma of the literature, which it names; or
    also an argument in words, of which the decision is a part or an instance."""

    DECIDED = "decided"
    CITED = "cited"
    WORDS = "words"


@dataclass(frozen=True)
class Step:
    """One step.  verdict: "holds", "fails", "undecided", or "blocked" where something that it rests on does not hold."""

    name: str
    establishes: str
    needs: tuple[str, ...]
    verdict: str
    reason: str = ""
    kind: Kind = Kind.DECIDED

    @property
    def holds(self) -> bool:
        return self.verdict == "holds"


class Proof:
    """Collects the steps of one result, in order."""

    def __init__(self) -> None:
        self._steps: dict[str, Step] = {}

    def step(
        self,
        name: str,
        establishes: str,
        decide: Callable[[], bool],
        needs: tuple[str, ...] = (),
        kind: Kind = Kind.DECIDED,
    ) -> bool:
        """Decide one step; whether it holds.  ``needs``: names of earlier steps; KeyError for one that does not exist."""
        if name in self._steps:
            raise ValueError(f"step {name!r} exists already")
        failed = [earlier for earlier in needs if not self._steps[earlier].holds]
        verdict, reason = ("blocked", f"rests on {', '.join(failed)}") if failed else _decided(decide)
        self._steps[name] = Step(name, establishes, needs, verdict, reason, Kind(kind))
        return verdict == "holds"

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(self._steps.values())


def _decided(decide: Callable[[], bool]) -> tuple[str, str]:
    try:
        answer = decide()
    except Undecided as error:
        return "undecided", str(error)
    except Fails as error:
        return "fails", str(error)
    if answer is not True and answer is not False:
        raise TypeError(f"a step must decide True or False, not {answer!r}")
    return ("holds", "") if answer else ("fails", "its decision is False")
