"""What came out of one instance of a claim."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from hyperenergy.theorems.instances import Grid, Instance, label
from hyperenergy.theorems.prediction import Outcome

__all__ = ["Grid", "Instance", "Result"]


@dataclass(frozen=True)
class Result:
    """What came out of one instance; a line of results.jsonl.

    value, prediction: found and claimed, in the objective's own convention.  value_gap: value - prediction.
    ways: label, starts and hits of each; unseen: the 95 % limit of the probability that one more start ends in a minimum not
    seen yet.  misalignment, congruence: see ``compare.Match``.  unique: whether the prediction says that no other
    configuration has its value.  spec: of the objective of anchors and positives, as ``Objective.spec`` gives it.  law:
    whether these are the points of a law, and the value an expectation over batches drawn from it.  None where a quantity
    has no meaning for the claim.
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
    spec: dict[str, Any] | None = None
    unique: bool | None = None
    law: bool = False

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
