"""Parameters as they were given: exact where the user was."""

from __future__ import annotations

from fractions import Fraction

Number = int | float | Fraction | str


def to_float(value: Number) -> float:
    """The nearest float64 of a parameter kept as given; strings may be decimals or fractions ("1/3")."""
    if isinstance(value, str):
        return float(Fraction(value))
    return float(getattr(value, "detach", lambda: value)())
