"""What to test a result on: the grid that the user chooses, and one instance of a claim."""

from __future__ import annotations

import enum
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hyperenergy.checks import integer, positive
from hyperenergy.errors import ArgumentError


class How(enum.Enum):
    """By which check an instance is tested; ``verify`` has the checks."""

    PREDICTION = enum.auto()
    UNIVERSAL_OPTIMUM = enum.auto()
    FIXED_ANCHORS = enum.auto()
    MIXED_BLOCK = enum.auto()
    ALIGNMENT = enum.auto()
    MONOTONE = enum.auto()
    SMALL_TEMPERATURE = enum.auto()
    LIMIT = enum.auto()
    ABOVE_LIMIT = enum.auto()
    RATE = enum.auto()
    BATCH_INDEPENDENCE = enum.auto()
    UNIFORM_IS_BEST = enum.auto()
    NOT_LEAST = enum.auto()
    HIGH_TEMPERATURE = enum.auto()
    COVARIANCE = enum.auto()
    FREE_BIAS = enum.auto()
    EQUAL_VIEWS = enum.auto()
    HESSIAN = enum.auto()


@dataclass(frozen=True)
class Grid:
    """Choices for all claims; None leaves a choice to the claim.

    dims, points, temperatures restrict or extend what each claim runs over; ``full`` takes the claims' larger grids.
    """

    dims: tuple[int, ...] | None = None
    points: tuple[int, ...] | None = None
    temperatures: tuple[float, ...] | None = None
    restarts: int = 8
    seed: int = 0
    device: str = "cpu"
    full: bool = False

    def __post_init__(self) -> None:
        for name, least, most in (("dims", 1, 256), ("points", 2, 1000)):
            for value in getattr(self, name) or ():
                if not least <= value <= most:
                    raise ArgumentError(name, value, f"must be integers in {least}..{most}")
        for tau in self.temperatures or ():
            positive("temperatures", tau)
        integer("restarts", self.restarts, 1)
        integer("seed", self.seed, 0)

    def pick_dims(self, default: tuple[int, ...], full: tuple[int, ...] | None = None) -> tuple[int, ...]:
        return self.dims or (full if self.full and full else default)

    def pick_points(self, default: range | tuple[int, ...]) -> tuple[int, ...]:
        """The claim's numbers of points, less those that the user did not choose."""
        return tuple(M for M in default if self.points is None or M in self.points)

    def pick_temperatures(self, default: tuple[float, ...], full: tuple[float, ...] | None = None) -> tuple[float, ...]:
        return self.temperatures or (full if self.full and full else default)


@dataclass(frozen=True, eq=False)
class Instance:
    """One case of a claim: what is minimized, at which size, with which further parameters."""

    claim: str
    subject: Any
    points: int
    dim: int
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return label(self.subject.label, self.points, self.dim, self.parameters)

    def seed(self, base: int) -> int:
        """A seed of this instance's own, the same in every run with the same base."""
        return zlib.crc32(f"{base} {self.claim} {self.label}".encode())


def label(objective: str, points: int, dim: int, parameters: dict[str, Any]) -> str:
    """The name of an instance within its claim."""
    extra = "".join(f", {key}={value}" for key, value in parameters.items())
    return f"{objective} M={points} d={dim}{extra}"


Instances = Iterator[tuple[How, Instance]]
