"""The differences behind a row: numbers of runs, paired by seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hyperenergy.training.study.measures import Measure
from hyperenergy.training.study.records import Grid

Values = Mapping[int, float]  # by seed
Place = tuple[str, int, float]  # loss, batch size, temperature


@dataclass(frozen=True)
class Contrast:
    """A row without its verdict.  batch: None for all.  comparator: None where no run of one is finished.

    differences: by seed, of the seeds that both have.  of: from how many losses the comparator was chosen, 0 for a
    comparison with each.  reasons: why it is not to be decided, whatever the differences are.
    """

    measure: Measure
    data: str
    loss: str
    batch: int | None
    comparator: str | None
    differences: Values
    of: int
    reasons: tuple[str, ...]


def values(grid: Grid, data: str, measure: Measure, place: Place) -> Values:
    """Of the runs at that place for which it was measured."""
    found = {seed: measure.value(run) for seed, run in grid.cells[data, *place].items()}
    return {seed: x for seed, x in found.items() if x is not None}


def spread(grid: Grid, data: str, measure: Measure, places: Sequence[Place]) -> Values:
    """Largest minus smallest, of the seeds that are at all places, two or more; nan where a value is."""
    cells = [values(grid, data, measure, place) for place in places]
    seeds = set.intersection(*map(set, cells)) if len(cells) > 1 else set()
    return {seed: float(np.ptp([cell[seed] for cell in cells])) for seed in seeds}


def differences(measure: Measure, mine: Values, other: Values) -> Values:
    """Of the seeds that both have."""
    return {seed: measure.difference(mine[seed], other[seed]) for seed in sorted(mine.keys() & other.keys())}


def not_finite(what: str, found: Values) -> tuple[str, ...]:
    """In words, which of the values are not."""
    return tuple(f"{what} is not finite at seed {seed}" for seed, x in sorted(found.items()) if not math.isfinite(x))
