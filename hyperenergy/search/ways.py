"""The ways by which starts go to an objective's minima.

Starts that all went one way are one kind of evidence: they may all lose their diversity at the same place.  So they are
dealt out to different ways, and counted by way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hyperenergy.arithmetic.numbers import to_float
from hyperenergy.errors import ArgumentError, unknown_name
from hyperenergy.losses.facts import SoftmaxFacts, facts
from hyperenergy.objectives.base import BatchLoss, Energy, Objective

# Temperatures on the way to a loss, over its own: first warmer, then nearer.
_WARMER, _COLDER = (4.0, 2.0), (0.5,)
# Parameters on the way to a kernel, over its own.  Of a very steep kernel the way begins where Coulomb's ends.
_SOFTER, _STEEPER = (0.25, 0.5), (2.0,)
_STEPS = 4.0
# Where a kernel is neither soft nor steep most starts go straight down, for they find what others find at a part of the
# cost: of the starts of a turn so many, beside one from softer and two from steeper kernels; and of many points (numbers in
# one pass over the pairs), where what the softer ones cost would tell, so many beside one.
_OFTEN, _MOSTLY, _LARGE = 5, 7, 4_000
_GENTLE = 8.0

DIRECT, HOPS = "direct", "hops"


@dataclass(frozen=True)
class Route:
    """label; the objectives that a start goes through before the one that is meant; how many of a turn go this way."""

    label: str
    stages: tuple[Objective, ...] = ()
    share: int = 1


def turn(ways: Sequence[Route]) -> list[int]:
    """The numbers of the ways in the order in which starts take them: all once, then again those with larger shares."""
    most = max(route.share for route in ways)
    return [k for lap in range(most) for k, route in enumerate(ways) if lap < route.share]


@dataclass(frozen=True)
class Way:
    """label; starts: how many went it; hits: how many of them reached the best value.  Of "hops" the starts are jumps."""

    label: str
    starts: int
    hits: int


def routes(target: Objective, points: int, dim: int, path: object) -> tuple[Route, ...]:
    """The ways of a search; ArgumentError for a path that is none.

    "direct": straight down.  "auto": also by way of easier objectives, and from softer and from steeper ones of the same
    family.  A sequence of objectives: through these, in this order.
    """
    if path == "direct":
        return (Route(DIRECT),)
    if path == "auto":
        return _routes(target, points, dim)
    if isinstance(path, str):
        raise unknown_name("path", path, ("auto", "direct"))
    if not isinstance(path, Sequence) or not all(isinstance(stage, Objective) for stage in path):
        raise ArgumentError("path", repr(path), "allowed: 'auto', 'direct', or objectives such as [Energy(Riesz(1))]")
    for stage in path:
        if stage.rows(points) != target.rows(points):
            raise ArgumentError(
                "path", stage.label, f"has {stage.rows(points)} unit vectors, not {target.rows(points)}"
            )
    return (_by_way(tuple(path)),)


def told(ways: Sequence[Way]) -> str:
    """Starts and hits of each way, in a line."""
    counted = "; ".join(f"{way.label}: {way.hits} of {way.starts}" for way in ways)
    many = len([way for way in ways if way.label != HOPS]) > 1
    return counted + ("" if many else " (one way: one kind of evidence)")


def _by_way(stages: tuple[Objective, ...]) -> Route:
    names = (stage.kernel.label if type(stage) is Energy else stage.label for stage in stages)
    return Route(f"by way of {', '.join(names)}" if stages else DIRECT, stages)


def _routes(target: Objective, points: int, dim: int) -> tuple[Route, ...]:
    if dim == 1:
        return (Route(DIRECT),)
    easier = target.easier(points, dim)
    found = [_by_way(easier), Route(DIRECT)] if easier else [Route(DIRECT)]
    if type(target) is Energy:
        softer, steeper = _neighbors(target, _softening(target)), _neighbors(target, _STEEPER)
        if easier:
            found += [*softer, *steeper]
        elif points * points * dim > _LARGE:
            found = [Route(DIRECT, share=_MOSTLY), *steeper]
        else:
            found = [Route(DIRECT, share=_OFTEN), *softer, *(replace(route, share=2) for route in steeper)]
    if (
        type(target) is BatchLoss
        and isinstance(facts(target.loss), SoftmaxFacts)
        and "temperature" in target.loss.options
    ):
        found += [_by_way(_tempered(target, factors)) for factors in (_WARMER, _COLDER)]
    return tuple(found)


def _neighbors(target: Energy, factors: Sequence[float]) -> list[Route]:
    """From softer or from steeper kernels of the same family."""
    kernels = [target.kernel.steeper(factor) for factor in factors]
    stages = tuple(Energy(kernel, target.pairs) for kernel in kernels if kernel is not None)
    return [_by_way(stages)] if stages else []


def _softening(target: Energy) -> tuple[float, ...]:
    parameter = getattr(target.kernel, "s", getattr(target.kernel, "t", 1.0))
    factors = [*_SOFTER]
    while to_float(parameter) * factors[0] > _GENTLE * _STEPS:
        factors.insert(0, factors[0] / _STEPS)
    return tuple(factors)


def _tempered(target: BatchLoss, factors: Sequence[float]) -> tuple[Objective, ...]:
    loss = target.loss
    return tuple(
        BatchLoss(type(loss)(**{**loss.options, "temperature": float(loss.temperature) * factor})) for factor in factors
    )
