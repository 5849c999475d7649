"""Records of runs, and which run of a grid is where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hyperenergy.errors import ArgumentError

Runs = Mapping[int, "Record"]  # by seed


@dataclass(frozen=True)
class Record:
    """One trained encoder.  accuracy: of a probe on the test part, validation: on the validation one, in [0, 1] or nan.

    metrics: by name, e.g. "z.effective_rank" of the head's output, "h.rankme" of the encoder's, "alignment_gap", or
    "accuracy.5" of a probe of 5 labels a class.  What is not there has not been measured; what is nan has, and failed.
    Raises ArgumentError for an accuracy outside of [0, 1].
    """

    data: str
    loss: str
    batch: int
    temperature: float
    seed: int
    accuracy: float
    validation: float
    metrics: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        probes = {name: x for name, x in self.metrics.items() if name.startswith("accuracy.")}
        for name, x in {"accuracy": self.accuracy, "validation": self.validation, **probes}.items():
            if x < 0 or x > 1:
                raise ArgumentError(name, x, "must be in [0, 1], or nan for a run that failed")

    def measured(self, name: str) -> float | None:
        """The number of that name; None where it has not been measured."""
        return self.accuracy if name == "accuracy" else self.metrics.get(name)


@dataclass(frozen=True)
class Grid:
    """The finished runs: by data, loss, batch size and temperature, and then by seed."""

    cells: Mapping[tuple[str, str, int, float], Runs]

    def data(self) -> list[str]:
        return sorted({data for data, *_ in self.cells})

    def losses(self, data: str) -> list[str]:
        return sorted({loss for there, loss, *_ in self.cells if there == data})

    def batches(self, data: str) -> list[int]:
        return sorted({batch for there, _, batch, _ in self.cells if there == data})

    def seeds(self, data: str) -> set[int]:
        return {seed for (there, *_), runs in self.cells.items() if there == data for seed in runs}

    def temperatures(self, data: str, loss: str, batch: int) -> list[float]:
        return sorted(key[3] for key in self.cells if key[:3] == (data, loss, batch))

    def measures(self, data: str) -> set[str]:
        runs = [run for (there, *_), cell in self.cells.items() if there == data for run in cell.values()]
        return {"accuracy"}.union(*(run.metrics for run in runs))


def gather(records: Iterable[Record | Mapping[str, Any]]) -> Grid:
    """The grid of records, or of dicts with a record's fields.  Raises ArgumentError where a run is there twice."""
    cells: dict[tuple[str, str, int, float], dict[int, Record]] = {}
    for given in records:
        run = given if isinstance(given, Record) else Record(**given)
        cell = cells.setdefault((run.data, run.loss, run.batch, run.temperature), {})
        if run.seed in cell:
            raise ArgumentError("records", run, "must have each run once; there is another of the same cell and seed")
        cell[run.seed] = run
    return Grid(cells)
