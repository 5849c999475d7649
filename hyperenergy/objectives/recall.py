"""Objectives from what ``Objective.spec`` gave."""

from __future__ import annotations

import inspect
from fractions import Fraction
from typing import Any

import torch

from hyperenergy.errors import ArgumentError, unknown_name
from hyperenergy.kernels import KERNELS
from hyperenergy.losses import LOSSES
from hyperenergy.objectives import expected, free_bias, logarithm, packing, structured
from hyperenergy.objectives.base import Objective

# Whatever these modules define is a subclass by now.
_DEFINING = (expected, free_bias, logarithm, packing, structured)


def from_spec(spec: object) -> Objective:
    """The objective that ``spec``, a dictionary as of ``Objective.spec``, describes; also read from a file of anyone's.

    Law: ``from_spec(objective.spec())`` is the same function, also through JSON.
    Raises ArgumentError for what is no such dictionary, and for parameters that the class refuses.  Only classes of this
    package are made.
    """
    found = _read(spec)
    if not isinstance(found, Objective):
        raise ArgumentError("spec", repr(spec), 'must be that of an objective, such as {"type": "Energy", ...}')
    return found


def _read(x: Any) -> Any:
    if isinstance(x, list):
        return tuple(map(_read, x))
    if not isinstance(x, dict):
        return x
    kind = x.get("type")
    given = {name: value for name, value in x.items() if name != "type"}
    if kind == "Fraction":
        return _fraction(given)
    if kind == "Tensor":
        return _tensor(given)
    classes = _classes()
    if kind not in classes:
        raise unknown_name("spec", str(kind), classes)
    allowed = list(inspect.signature(classes[kind]).parameters)
    for name in given:
        if name not in allowed:
            raise ArgumentError("spec", f"{kind} with {name}", f"its parameters are: {', '.join(allowed) or 'none'}")
    try:
        return classes[kind](**{name: _read(value) for name, value in given.items()})
    except TypeError as error:
        raise ArgumentError("spec", repr(x), f"is no {kind} ({error})") from None


def _fraction(given: dict[str, Any]) -> Fraction:
    match given:
        case {"of": [int(above), int(below)]} if below:
            return Fraction(above, below)
    raise ArgumentError("spec", repr(given), 'must be a fraction such as {"type": "Fraction", "of": [1, 2]}')


def _tensor(given: dict[str, Any]) -> torch.Tensor:
    try:
        return torch.tensor(given["rows"], dtype=torch.float64)
    except (KeyError, TypeError, ValueError, RuntimeError):
        raise ArgumentError(
            "spec", repr(given), 'must be a tensor such as {"type": "Tensor", "rows": [[1, 0]]}'
        ) from None


def _classes() -> dict[str, type]:
    """The classes of this package by name."""
    found: dict[str, type] = {**KERNELS, **LOSSES}
    left: list[Any] = Objective.__subclasses__()
    while left:
        cls = left.pop()
        left += cls.__subclasses__()
        private = cls.__name__.startswith("_") or inspect.isabstract(cls)
        if not private and cls.__module__.startswith("hyperenergy."):
            found[cls.__name__] = cls
    return found
