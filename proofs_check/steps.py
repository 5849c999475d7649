"""Facts that a proof asserts (constants, formulas, hypotheses) are its *claims*.  ``check(claims)`` reads them from a
mapping, so that a test can replace one by something wrong and see which step fails."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from hyperenergy.arithmetic.steps import Proof, Step

__all__ = ["Claims", "Proof", "Step", "replaced"]

# A name -> a number, an expression, or a function that gives one.
Claims = Mapping[str, Any]


def replaced(claims: Claims, **changes: Any) -> Claims:
    """The claims with some of them changed; KeyError for a name that they do not have."""
    unknown = set(changes) - set(claims)
    if unknown:
        raise KeyError(f"no claim named {sorted(unknown)}; there are {sorted(claims)}")
    return MappingProxyType({**claims, **changes})
