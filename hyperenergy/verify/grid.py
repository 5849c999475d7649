"""What to verify: the grid that the user chooses, and one instance of a claim."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass, field
from typing import Any

from hyperenergy.errors import ArgumentError, integer
from hyperenergy.kernels import positive
from hyperenergy.theorems.prediction import Outcome


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


@dataclass(frozen=True)
class Result:
    """What came out of one instance; a line of results.jsonl.

    value, prediction: found and claimed, in the objective's own convention.  value_gap: value - prediction.
    ways: label, starts and hits of each; unseen: the 95 % limit of the probability that one more start ends in a minimum not
    seen yet.  misalignment, congruence: see ``compare.Match``.  None where a quantity has no meaning for the claim.
    """

    claim: str
    objective: str
    points: int
    dim: int
    parameters: dict[str, Any]
    outcome: Outcome
    reason: str
    value: float
    prediction: float | None = None
    value_gap: float | None = None
    relative_gap: float | None = None
    misalignment: float | None = None
    congruence: float | None = None
    gradient_norm: float | None = None
    restarts: int | None = None
    hits: int | None = None
    ways: list[list[str | int]] | None = None
    unseen: float | None = None
    seed: int = 0
    seconds: float = 0.0
    anchors: list[list[float]] | None = None
    positives: list[list[float]] | None = None

    @property
    def label(self) -> str:
        return label(self.objective, self.points, self.dim, self.parameters)

    def to_record(self) -> dict[str, Any]:
        """As JSON has it."""
        return {**asdict(self), "outcome": self.outcome.value}

    @staticmethod
    def from_record(record: dict[str, Any]) -> Result:
        return Result(**{**record, "outcome": Outcome(record["outcome"])})

    def to_json(self) -> str:
        return json.dumps(self.to_record())

    @staticmethod
    def from_json(line: str) -> Result:
        return Result.from_record(json.loads(line))
