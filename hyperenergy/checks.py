"""What arguments must be.  Each check returns what is meant, or raises an ArgumentError that names the argument."""

from __future__ import annotations

import math
import operator
from typing import Any

from hyperenergy.arithmetic.numbers import Number, to_float
from hyperenergy.errors import ArgumentError

# Of rows in a file or a notebook: what is left of a norm where coordinates are rounded to three decimals.
_NORM_TOLERANCE, _LAST_DIGIT = 1e-3, 1e-3


def integer(argument: str, given: object, least: int, most: int | None = None) -> int:
    """The int that is meant (NumPy's integers too, booleans not), at least ``least``; ArgumentError otherwise."""
    try:
        number = operator.index(given)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None or isinstance(given, bool) or number < least or (most is not None and number > most):
        bound = f"in {least}..{most}" if most is not None else f">= {least}"
        raise ArgumentError(argument, repr(given), f"must be an integer {bound}")
    return number


def positive(name: str, value: Number) -> float:
    """The float value of a parameter that must be finite and > 0; ArgumentError otherwise."""
    number = finite(name, value)
    if number <= 0:
        raise ArgumentError(name, repr(value), "must be a finite number > 0")
    return number


def finite(name: str, value: Number) -> float:
    """The float value of a parameter that must be a finite number; ArgumentError otherwise."""
    if getattr(getattr(value, "device", None), "type", None) == "meta":
        return 1.0  # a tensor without a value, that is to come
    try:
        number = to_float(getattr(value, "item", lambda: value)())  # NumPy's and torch's scalars are numbers, too
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ArgumentError(name, repr(value), "must be a finite number")
    return number


def written_norm(dim: int) -> float:
    """How far from 1 the norm of a unit vector in R^dim may be that somebody has written down."""
    return max(_NORM_TOLERANCE, math.sqrt(dim) / 2 * _LAST_DIGIT)


def not_unit(norms: Any, allowed: float) -> tuple[tuple[int, ...], float] | None:
    """The first of an array or tensor of norms that is farther from 1, or not finite, with its index; None for none."""
    bad = ~(abs(norms - 1) <= allowed)
    if not bad.any():
        return None
    place = int((bad.reshape(-1) * 1).argmax())
    index = []
    for length in reversed(norms.shape):
        place, last = divmod(place, length)
        index.append(last)
    return tuple(reversed(index)), float(norms[tuple(reversed(index))])
