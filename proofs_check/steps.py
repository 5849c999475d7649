"""Facts that a proof asserts (constants, formulas, hypotheses) are its *claims*.  ``check(claims)`` reads them from a
mapping, so that a test can replace one by something wrong and see which step fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from hyperenergy.arithmetic.steps import Kind, Proof, Step

__all__ = ["Claims", "Kind", "Proof", "Step", "counted", "replaced"]

# A name -> a number, an expression, or a function that gives one.
Claims = Mapping[str, Any]


def counted(steps: Iterable[Step]) -> str:
    """How many steps there are, and of which kind."""
    found = Counter(step.kind for step in steps)
    parts = (f"{found[Kind.DECIDED]} decided", f"{found[Kind.CITED]} cited", f"{found[Kind.WORDS]} in words")
    return f"{found.total()} steps: {', '.join(parts)}"


def replaced(claims: Claims, **changes: Any) -> Claims:
    """The claims with some of them changed; KeyError for a name that they do not have."""
    unknown = set(changes) - set(claims)
    if unknown:
        raise KeyError(f"no claim named {sorted(unknown)}; there are {sorted(claims)}")
    return MappingProxyType({**claims, **changes})
