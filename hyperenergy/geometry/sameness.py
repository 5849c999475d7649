"""Whether two objectives are the same function, as far as their parts tell.

Labels do not tell: functions and classes of one's own have no parameters in theirs.  Identity is too strict: DHEL(0.5) made
twice is one loss.  So objects are compared part by part; what cannot be looked into is the same only if it says so.
"""

from __future__ import annotations

import dataclasses
import functools
import types
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

# What every torch module carries, apart from what it computes with.
_BOOKKEEPING = set(torch.nn.Module().__dict__) - {"_parameters", "_buffers", "_modules"}


def same(a: Any, b: Any) -> bool:
    """Whether a and b are equal part by part: numbers by value (0.5, "1/2" and a tensor of it alike), lists and tuples
    alike, tensors entry by entry, functions by code and what they hold, dataclasses by their fields, other objects by their
    attributes."""
    return _same(a, b, set())


def _same(a: Any, b: Any, seen: set[tuple[int, int]]) -> bool:
    if a is b or (id(a), id(b)) in seen:
        return True
    seen = seen | {(id(a), id(b))}
    first, second = _number(a), _number(b)
    if first is not None or second is not None:
        return first == second
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(_same(x, y, seen) for x, y in zip(a, b, strict=True))
    if type(a) is not type(b):
        return False
    if isinstance(a, Tensor):
        return a.shape == b.shape and bool(torch.equal(a.detach().cpu().double(), b.detach().cpu().double()))
    if isinstance(a, Mapping):
        return a.keys() == b.keys() and all(_same(a[key], b[key], seen) for key in a)
    parts = _parts(a), _parts(b)
    if parts[0] is not None:
        return _same(*parts, seen)
    try:
        return bool(a == b)
    except (TypeError, ValueError, RuntimeError):  # equality that is no yes or no, as of arrays
        return False


def _number(x: Any) -> Fraction | None:
    """The value of a parameter: a number, the text of one, or a tensor that holds one; booleans are switches."""
    if isinstance(x, Tensor) and x.numel() == 1 and not x.is_complex():
        x = x.item()
    if isinstance(x, bool) or not isinstance(x, int | float | Fraction | str):
        return None
    try:
        return Fraction(x)
    except (ValueError, OverflowError, ZeroDivisionError):
        return None


def _parts(x: Any) -> Any:
    """What an object consists of; None where it cannot be looked into."""
    if isinstance(x, types.FunctionType):
        cells = [cell.cell_contents for cell in x.__closure__ or ()]
        return [x.__code__, x.__defaults__, x.__kwdefaults__, cells, id(x.__globals__)]
    if isinstance(x, types.MethodType):
        return [x.__func__, x.__self__]
    if isinstance(x, functools.partial):
        return [x.func, x.args, x.keywords]
    if isinstance(x, torch.nn.Module):
        return {name: value for name, value in vars(x).items() if name not in _BOOKKEEPING}
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        # With what a class that is no dataclass itself keeps beside the fields; fields that are not given are caches.
        given = {field.name: field.init for field in dataclasses.fields(x)}
        kept = {name: getattr(x, name) for name, init in given.items() if init}
        cached = {name for name in vars(x) if isinstance(getattr(type(x), name, None), functools.cached_property)}
        return kept | {name: value for name, value in vars(x).items() if name not in {*given, *cached}}
    if type(x).__eq__ is object.__eq__ and hasattr(x, "__dict__") and not isinstance(x, type | types.ModuleType):
        return vars(x)
    return None
