"""What a search is told, once it is checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from hyperenergy.checks import integer, not_unit, positive
from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.sphere import check_points, normalize, tensor
from hyperenergy.objectives.base import Energy, Objective
from hyperenergy.objectives.expected import Expected
from hyperenergy.search.minimum import Origin, Progress
from hyperenergy.search.starts import Starts, draw
from hyperenergy.search.ways import Route, routes

Callback = Callable[[Progress], None]
Path = Literal["auto", "direct"] | Sequence[Objective]

# What an open search leaves unseen, unless told otherwise.
_UNSEEN = 0.05
# Beyond it no search ends.
_MOST = 10**9
# Numbers that an evaluation of an expected loss may pass over in an open search; and so many it does in a second.
_MOST_SAMPLED, _SAMPLED_A_SECOND = 8e6, 1e8


@dataclass(frozen=True, eq=False)
class Options:
    """None where a limit is left open.

    ways: of the starts; given: configurations to start from instead of drawing some, all of them; seed: None where it
    does not tell the starts; lower_bound: of what is minimized inside, which may be a logarithm.
    """

    ways: tuple[Route, ...]
    starts: Starts
    given: Tensor | None
    origin: Origin
    seed: int | None
    generator: torch.Generator
    device: torch.device
    restarts: int | None
    hops: int | None
    unseen: float
    budget: int | None
    lower_bound: float | None
    enough: int | None
    tolerance: float
    max_iterations: int
    compiled: bool | None
    callback: Callback | None

    @property
    def open(self) -> bool:
        """Whether the number of starts is left open."""
        return self.given is None and self.restarts is None

    def draw(self, count: int, rows: int, dim: int) -> Tensor:
        """Starting configurations."""
        return draw(self.starts, count, rows, dim, self.generator)


def checked(
    target: Objective, inner: Objective, points: int, dim: int, start: Tensor | None, path: Path, **told: Any
) -> Options:
    """The options of ``minimize``; ArgumentError for impossible ones.  inner: what is minimized, the target or its
    logarithm."""
    rows = target.rows(points)
    restarts = _count(told, "restarts", 1, _MOST)
    for name in ("unseen", "budget"):
        if told[name] is not None and (restarts is not None or start is not None):
            fix = "limits a search that is open; leave out " + ("restarts" if restarts is not None else "start")
            raise ArgumentError(name, repr(told[name]), fix)
    if isinstance(target, Expected) and restarts is None and start is None and told["budget"] is None:
        _check_sampled(target, points, dim)
    seed, starts = told["seed"], told["starts"]
    own = isinstance(seed, torch.Generator)
    generator = seed if own else torch.Generator().manual_seed(integer("seed", seed, 0, 2**63 - 1))
    given: Tensor | None
    if start is not None:
        given, origin = _start(start, rows, dim, target), Origin.GIVEN
    else:
        # On S^0 there is nothing to draw: all configurations are tried.
        given = draw(starts, 1, rows, dim, generator) if dim == 1 else None
        origin = Origin.RANDOM if starts == "random" or dim == 1 else Origin.ANTIPODAL
    return Options(
        ways=routes(target, points, dim, path if start is None or path != "auto" else "direct"),
        starts=starts,
        given=given,
        origin=origin,
        seed=None if own or start is not None else int(seed),
        generator=generator,
        device=pick_device(told["device"]),
        restarts=restarts,
        hops=_count(told, "hops", 0, _MOST),
        unseen=_share("unseen", told["unseen"]) if told["unseen"] is not None else _UNSEEN,
        budget=_count(told, "budget", 1),
        lower_bound=_inner_bound(inner, told["lower_bound"]),
        enough=_count(told, "enough_hits", 1),
        tolerance=positive("tolerance", told["tolerance"]),
        max_iterations=integer("max_iterations", told["max_iterations"], 1, _MOST),
        compiled=told["compiled"],
        callback=told["callback"],
    )


def _check_sampled(target: Expected, points: int, dim: int) -> None:
    """ArgumentError for a mean over so many batches that an open search, which makes thousands of evaluations, would take
    many minutes without a word."""
    numbers = target.temporaries(points, dim)
    if numbers <= _MOST_SAMPLED:
        return
    batches = "all batches" if target.exact(points) else f"{target.samples} batches drawn once"
    seconds = numbers / _SAMPLED_A_SECOND
    raise ArgumentError(
        "restarts",
        "nothing",
        f"the value is a mean over {batches}, of {target.batch} of {points} pairs: about {seconds:.2g} s for each of 2000 "
        f"evaluations or more; say how many restarts, e.g. 2 (200 evaluations each), or give Expected fewer samples",
    )


def _count(told: dict[str, Any], name: str, least: int, most: int | None = None) -> int | None:
    return integer(name, told[name], least, most) if told[name] is not None else None


def _inner_bound(inner: Objective, lower_bound: float | None) -> float | None:
    if lower_bound is None or not inner.logarithmic:
        return lower_bound
    return math.log(lower_bound) if lower_bound > 0 else None


def _share(name: str, value: float) -> float:
    number = positive(name, value)
    if number >= 1:
        raise ArgumentError(name, repr(value), "must be a probability below 1, e.g. 0.05")
    return number


def _start(given: Tensor, rows: int, dim: int, objective: Objective) -> Tensor:
    """(starts, rows, dim) on the sphere, of one configuration or several."""
    start = tensor(given)
    check_points(start, "start")
    start = start[None] if start.ndim == 2 else start
    if start.ndim != 3 or start.shape[1:] != (rows, dim) or not len(start):
        raise ArgumentError(
            "start", f"shape {tuple(start.shape)}", f"must be (starts, {rows}, {dim}), or ({rows}, {dim})"
        )
    if isinstance(objective, Energy) and objective.kernel.kinked:
        # Coincident points sit on a kink that is a maximum, and no derivative tells them to part.
        i, j = torch.triu_indices(rows, rows, 1)
        if bool((start[:, i] == start[:, j]).all(-1).any()):
            raise ArgumentError("start", "coincident points", f"must be distinct under {objective.kernel.label}")
    wide = start.double()
    # Rows that are right to round-off stay what they are.
    return wide if not_unit(wide.norm(dim=-1), 1e-12) is None else normalize(wide)


def pick_device(device: str | torch.device) -> torch.device:
    """The device meant: "auto" is CUDA where there is one, else the CPU.  ArgumentError for one that is not there."""
    if str(device) == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.zeros(1, device=chosen).item()
    except (RuntimeError, AssertionError, TypeError, NotImplementedError) as error:
        raise ArgumentError("device", repr(str(device)), f"not available here; use 'auto' or 'cpu' ({error})") from None
    return chosen
