"""The shapes that stand in signatures hold of what a function took and gave: checked in the tests.

Afterwards, so that what a function refuses it still refuses by itself.  ``install`` comes before the package is imported.
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import inspect
import itertools
import sys
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any, get_args, get_origin

import numpy as np
import torch
from jaxtyping import AbstractArray, jaxtyped
from torch import Tensor

# Calls of a function that are checked in a process: all of the first, and one of so many later: a search makes a million.
_FIRST, _LATER = 50, 200


class WrongShape(AssertionError):
    """A tensor is not of the type or shape that the signature says."""


def install(package: str = "hyperenergy") -> None:
    sys.meta_path.insert(0, _Finder(package))


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, package: str) -> None:
        self._prefix = f"{package}."

    def find_spec(self, name: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        found = importlib.machinery.PathFinder.find_spec(name, path) if name.startswith(self._prefix) else None
        if found is not None and isinstance(found.loader, importlib.machinery.SourceFileLoader):
            found.loader = _Loader(found.loader.name, found.loader.path)
        return found


class _Loader(importlib.machinery.SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        watch(module)


def watch(module: ModuleType) -> None:
    """Check what the module's own functions and classes declare."""
    for name, one in list(vars(module).items()):
        if getattr(one, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(one):
            setattr(module, name, _watched(one, module))
        elif inspect.isclass(one):
            for own, part in list(vars(one).items()):
                # (What a dataclass is given, it may turn into what its fields say.)
                if own.startswith("__") and own != "__call__":
                    continue
                if inspect.isfunction(part):
                    setattr(one, own, _watched(part, module))
                elif isinstance(part, property) and part.fget is not None:
                    setattr(one, own, property(_watched(part.fget, module), doc=part.__doc__))


def _watched(function: Callable[..., Any], module: ModuleType) -> Callable[..., Any]:
    """The function, and behind it the comparison of what it took and gave with its annotations; itself where it has none."""
    texts = {name: text for name, text in function.__annotations__.items() if isinstance(text, str)}
    # (An abstract method must stay one.)
    if not texts or getattr(function, "__isabstractmethod__", False) or inspect.isgeneratorfunction(function):
        return function
    signature, calls = inspect.signature(function), itertools.count()

    @functools.cache
    def declared() -> Mapping[str, Any]:
        return {name: kind for name, text in texts.items() if _arrays(kind := _evaluated(text, module))}

    def compare(args: Any, kwargs: Any, result: Any) -> None:
        call = next(calls)
        if (call < _FIRST or call % _LATER == 0) and (kinds := declared()):
            given = {**signature.bind(*args, **kwargs).arguments, "return": result}
            with jaxtyped("context"):
                for name, kind in kinds.items():
                    if name in given and not _fits(given[name], kind):
                        shape = getattr(given[name], "shape", given[name])
                        raise WrongShape(
                            f"{module.__name__}.{function.__qualname__}: {name} is {shape}, not {texts[name]}"
                        )

    number = len(_COMPARISONS)
    _COMPARISONS.append(compare)

    @functools.wraps(function)
    def watched(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        # Code that is being compiled has no calls to be compared, and must not see how they would be.
        if "torch" not in sys.modules or not sys.modules["torch"].compiler.is_compiling():
            _COMPARISONS[number](args, kwargs, result)
        return result

    return watched


_COMPARISONS: list[Callable[[Any, Any, Any], None]] = []


def _evaluated(text: str, module: ModuleType) -> Any:
    """What the annotation says; None where it names what is imported for type checkers alone."""
    try:
        return eval(text, vars(module))
    except NameError:
        return None


def _arrays(kind: Any) -> bool:
    return any(isinstance(part, type) and issubclass(part, AbstractArray) for part in _parts(kind))


def _parts(kind: Any) -> Iterator[Any]:
    yield kind
    for part in get_args(kind):
        yield from _parts(part)


def _fits(value: Any, kind: Any) -> bool:
    if isinstance(kind, type) and issubclass(kind, AbstractArray):
        if isinstance(value, np.ndarray) and value.dtype.kind in "fiu" and kind.array_type is Tensor:
            value = torch.from_numpy(value.astype(value.dtype.newbyteorder("=")))  # taken wherever tensors are
        return isinstance(value, kind)
    if get_origin(kind) is tuple and isinstance(value, tuple):
        return all(map(_fits, value, get_args(kind)))
    options = get_args(kind) if type(None) in get_args(kind) else ()
    return (
        any(value is None if option is type(None) else _fits(value, option) for option in options) if options else True
    )
