"""Objectives as data: plain values that JSON holds, from which ``objectives.recall`` makes them again."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction
from typing import Any

from torch import Tensor

from hyperenergy.errors import ArgumentError
from hyperenergy.losses.base import Loss

Spec = dict[str, Any]


def written(x: Any) -> Any:
    """Objectives, losses and kernels as {"type": class, parameter: value, ...}; fractions and tensors alike, so that each
    comes back as what it was.

    Raises ArgumentError for what only a program can make: functions, classes from elsewhere, numbers that are none.
    """
    if x is None or isinstance(x, bool | int | str):
        return x
    if isinstance(x, float):
        if not math.isfinite(x):
            raise ArgumentError("objective", repr(x), "has no place in JSON; only finite numbers have")
        return x
    if isinstance(x, Fraction):
        return {"type": "Fraction", "of": [x.numerator, x.denominator]}
    if isinstance(x, Tensor):
        values = x.detach().cpu().double()
        return written(values.item()) if not values.ndim else {"type": "Tensor", "rows": written(values.tolist())}
    if isinstance(x, list | tuple):
        return [written(one) for one in x]
    if not type(x).__module__.startswith("hyperenergy."):
        raise ArgumentError(
            "objective", getattr(x, "__name__", repr(x)), "cannot be written: it is none of this package"
        )
    return {"type": type(x).__name__, **{name: written(value) for name, value in _parameters(x).items()}}


def _parameters(x: Any) -> dict[str, Any]:
    """What one gives to the class to make x again."""
    if isinstance(x, Loss):
        return x.options
    if dataclasses.is_dataclass(x):
        values = {field.name: getattr(x, field.name) for field in dataclasses.fields(x) if field.init}
        # What was left out stays out, so that a spec is the same as before there was such a field.
        left_out = {f.name for f in dataclasses.fields(x) if f.metadata.get("omitted") and values.get(f.name) is None}
        return {name: value for name, value in values.items() if name not in left_out}
    raise ArgumentError("objective", repr(x), "cannot be written: it is neither an objective, a loss nor a kernel")
