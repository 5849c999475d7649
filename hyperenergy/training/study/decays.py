"""C5's rows: the decays that runs of InfoNCE and DHEL measured at their own temperatures."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from hyperenergy.training.study.approach import LOSSES
from hyperenergy.training.study.decay import COEFFICIENT, RATIO, SLOPE, Decay, decay
from hyperenergy.training.study.power import seeds_needed
from hyperenergy.training.study.records import Grid, Runs
from hyperenergy.training.study.rows import Row
from hyperenergy.training.study.statistics import Judged, Verdict

# Whose embeddings are asked.  (The losses whose distances are measured are these two, at all of them.)
OF = ("DHEL", "InfoNCE")
PREFIX = "limit"
_ALPHA = 0.05


def name(loss: str, what: str | int) -> str:
    """The name in a record of a number of ``approach``: "limit.infonce.8"."""
    return f"{PREFIX}.{loss}.{what}"


def sizes(grid: Grid, data: str) -> list[int]:
    """The batch sizes at which distances were measured."""
    first = name(LOSSES[0], "")
    found = {x.removeprefix(first) for x in grid.measures(data) if x.startswith(first)}
    return sorted(int(x) for x in found if x.isdigit())


def decays(grid: Grid, data: str) -> Iterator[Row]:
    """A row for each loss, batch size and temperature with measured runs; alpha is divided by their number."""
    batches = sizes(grid, data)
    places = [(loss, batch, tau) for loss in OF for batch in grid.batches(data)
              for tau in grid.temperatures(data, loss, batch)]  # fmt: skip
    cells = {place: _measured(grid.cells[data, *place], batches) for place in places}
    there = {place: runs for place, runs in cells.items() if runs} if len(batches) > 1 else {}
    for (loss, batch, tau), runs in there.items():
        yield _row(data, loss, batch, tau, runs, batches, len(there), len(grid.seeds(data)))


def _measured(runs: Runs, batches: list[int]) -> Runs:
    names = [name(loss, x) for loss in LOSSES for x in (*map(str, batches), "coefficient")]
    return {seed: run for seed, run in sorted(runs.items()) if all(run.measured(x) is not None for x in names)}


def _row(data: str, loss: str, batch: int, tau: float, runs: Runs, batches: list[int], among: int, seeds: int) -> Row:
    one, other = ([[run.metrics[name(kind, x)] for x in batches] for run in runs.values()] for kind in LOSSES)
    coefficients = [run.metrics[name("infonce", "coefficient")] for run in runs.values()]
    found = decay(batches, one, other, coefficient=coefficients, among=among)
    at = f"embeddings of {loss} at batch {batch}, temperature {tau:g}, on {data}"
    few = f" ({len(runs)} of {seeds} seeds)" if len(runs) < seeds else ""
    bad = [seed for k, seed in enumerate(runs) if not np.isfinite([*one[k], *other[k], coefficients[k]]).all()]
    reasons = tuple(f"a distance is not finite at seed {seed}" for seed in bad)
    return Row(
        "C5",
        data,
        f"slope, temperature {tau:g}",
        loss,
        batch,
        "E2",
        found.slope,
        _as_judged(found, len(bad), among),
        len(runs),
        seeds - len(runs),
        reasons,
        f"{at}{few}: {found.sentence}",
    )


def _as_judged(found: Decay, broken: int, among: int) -> Judged:
    """needed: the most that a part needs that is undecided, at the level that ``among`` leaves; more than there are."""
    parts = (
        (found.at_slope, found.slope, SLOPE),
        (found.at_ratio, found.ratio, RATIO),
        (found.at_coefficient, found.coefficient, COEFFICIENT),
    )
    left = [(of, most) for word, of, most in parts if of and of.n > 1 and word is Verdict.UNDECIDED]
    needs = [seeds_needed(of.mean, of.deviation, most, _ALPHA / among) for of, most in left]
    known = [max(x, left[0][0].n + 1) for x in needs if x is not None]
    decided = found.verdict is not Verdict.UNDECIDED or len(known) < len(needs)
    slope = found.slope
    p, p_equal = (math.nan, math.nan) if slope is None else (slope.p, slope.p_equal)
    return Judged(found.verdict, slope, p, p_equal, None if decided else max(known, default=None), broken)
