"""What a finished run came to, as the store has it, and all of a study's together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from scipy.special import stdtrit

from hyperenergy.training.study.grid import CONTROLS, Cell
from hyperenergy.training.study.measures import COUPLED, DECOUPLED
from hyperenergy.training.study.records import Record

# In the order of tables and figures.
LOSSES = (*COUPLED, *DECOUPLED)


@dataclass(frozen=True)
class Finished:
    """place, label: of the setting.  accuracies are in [0, 1], or nan.

    metrics: as of ``Record``, and "gap", "alignment_gap" and "energy_gap" at the end.  spectra: singular values at "z"
    and "h", the largest first, over the largest.  epochs: the gaps over epochs, each with its "epoch".
    """

    data: str
    loss: str
    place: float
    label: str
    batch: int
    seed: int
    accuracy: float
    validation: float
    knn: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    spectra: Mapping[str, Sequence[float]] = field(default_factory=dict)
    epochs: Sequence[Mapping[str, float]] = ()
    seconds: float = 0.0

    @staticmethod
    def of(cell: Cell, **found: Any) -> Finished:
        """What came out of a cell."""
        setting = cell.setting
        place = (cell.part.data, setting.loss, setting.place, setting.label, cell.batch, cell.seed)
        return Finished(*place, **found)

    def value(self) -> dict[str, Any]:
        """As JSON has it, for the store; ``Finished(**value)`` is the same again."""
        return asdict(self)

    def record(self) -> Record:
        """For ``claims.judge``."""
        place = (self.data, self.loss, self.batch, self.place, self.seed)
        return Record(*place, self.accuracy, self.validation, {**self.metrics, "knn": self.knn})

    def number(self, name: str) -> float | None:
        """Of that name; None where it was not measured, or is not finite."""
        found = {"accuracy": self.accuracy, "validation": self.validation, "knn": self.knn, **self.metrics}.get(name)
        return found if found is not None and math.isfinite(found) else None


def records(runs: Iterable[Finished]) -> list[Record]:
    """Those that claims speak of: all but the controls."""
    return [run.record() for run in runs if run.loss not in CONTROLS]


@dataclass(frozen=True)
class Interval:
    """The mean of n numbers, one a seed, and the t-interval of 95 %; infinite for one."""

    mean: float
    half: float
    n: int

    def text(self, factor: float = 1.0) -> str:
        """To the digit that the interval leaves."""
        mean, half = factor * self.mean, factor * self.half
        # (Equal numbers differ from their mean by round-off.)
        spread = half if 1e-12 * abs(mean) < half < math.inf else abs(mean) / 100
        digits = max(0, min(6, 1 - math.floor(math.log10(spread)))) if spread > 0 else 2
        shown = f"{mean:.{digits}f}" + (f" ± {half:.{digits}f}" if half < math.inf else "")
        return shown.replace("-", "\N{MINUS SIGN}")


def interval(values: Iterable[float | None]) -> Interval | None:
    """Of those that are there; None where none is."""
    given = [x for x in values if x is not None]
    n = len(given)
    if not n:
        return None
    mean = math.fsum(given) / n
    if n < 2:
        return Interval(mean, math.inf, n)
    deviation = math.sqrt(math.fsum((x - mean) ** 2 for x in given) / (n - 1))
    return Interval(mean, float(stdtrit(n - 1, 0.975)) * deviation / math.sqrt(n), n)
