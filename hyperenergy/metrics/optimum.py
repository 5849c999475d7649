"""What the best points have, and the uniform law."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hyperenergy.checks import integer
from hyperenergy.errors import ArgumentError, unknown_name


@dataclass(frozen=True)
class Optimum:
    """best: what the best configuration of N points in R^d has, None where that is not known; bound: what none is better
    than; uniform: what the uniform law has, in the limit of many points; range: between what it lies for any points at all;
    at: where the best is."""

    best: float | None
    bound: float
    uniform: float
    range: tuple[float, float]
    at: str


_FOUND: dict[str, Callable[..., Optimum]] = {}


def optimum_of(name: str) -> Callable[[Callable[..., Optimum]], Callable[..., Optimum]]:
    """Register what knows the optimum of a metric, given points, dim and its parameters."""

    def register(function: Callable[..., Optimum]) -> Callable[..., Optimum]:
        _FOUND[name] = function
        return function

    return register


def optimum(name: str, *, points: int, dim: int, **parameters: Any) -> Optimum:
    """What the metric of this name has at the best configuration of ``points`` points in R^dim, and for the uniform law.

    Of LiDAR ``points`` are objects, with aligned views.  Raises ArgumentError for other names, sizes and parameters.
    """
    if name not in _FOUND:
        raise unknown_name("name", name, _FOUND)
    points, dim = integer("points", points, 2), integer("dim", dim, 2)
    try:
        return _FOUND[name](points, dim, **parameters)
    except TypeError:
        allowed = _FOUND[name].__code__.co_varnames[2 : _FOUND[name].__code__.co_argcount]
        raise ArgumentError(
            "parameters", sorted(parameters), f"those of {name} are: {', '.join(allowed) or 'none'}"
        ) from None
