"""The best temperature of a loss and the best of several losses, by validation alone: no test accuracy is read here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hyperenergy.training.study.records import Grid, Runs


@dataclass(frozen=True)
class Choice:
    """A temperature.  validation: the mean over seeds of the validation accuracy there."""

    temperature: float
    validation: float


@dataclass(frozen=True)
class Chosen:
    """A loss with its temperature by batch size.  of: from how many losses it was chosen."""

    loss: str
    choices: Mapping[int, Choice]
    of: int = 1

    @property
    def validation(self) -> float:
        """The mean over batch sizes."""
        return math.fsum(choice.validation for choice in self.choices.values()) / len(self.choices)


def temperature(grid: Grid, data: str, loss: str, batch: int) -> Choice | None:
    """The temperature with the best mean over its finished seeds of the validation accuracy, the lowest of tied ones.

    None where no temperature has a finite mean.
    """
    means = {tau: _mean(grid.cells[data, loss, batch, tau]) for tau in grid.temperatures(data, loss, batch)}
    finite = {tau: mean for tau, mean in means.items() if math.isfinite(mean)}
    best = max(finite, key=lambda tau: (finite[tau], -tau), default=None)
    return None if best is None else Choice(best, finite[best])


def _mean(runs: Runs) -> float:
    return math.fsum(run.validation for run in runs.values()) / len(runs)


def chosen(grid: Grid, data: str, loss: str, batches: Iterable[int]) -> Chosen | None:
    """The loss with its temperature at each of the batch sizes; None where it lacks one, or there are none."""
    found = {batch: temperature(grid, data, loss, batch) for batch in batches}
    choices = {batch: choice for batch, choice in found.items() if choice}
    return Chosen(loss, choices) if choices and len(choices) == len(found) else None


def best(grid: Grid, data: str, losses: Sequence[str], batches: Sequence[int]) -> Chosen | None:
    """The loss with the best validation accuracy at its best temperatures, in the mean over the batch sizes.

    Tied losses: the first by name.  None where no loss has a temperature at each of the batch sizes.
    """
    found = [one for loss in sorted(losses) if (one := chosen(grid, data, loss, batches))]
    first = max(found, key=lambda one: one.validation, default=None)
    return first and Chosen(first.loss, first.choices, len(found))


def failures(grid: Grid, data: str, losses: Iterable[str], batches: Iterable[int]) -> tuple[str, ...]:
    """The runs whose validation accuracy is nan, in words: what would be chosen with them is not known."""
    places = [
        (loss, batch, tau) for loss in losses for batch in batches for tau in grid.temperatures(data, loss, batch)
    ]
    return tuple(
        f"validation of {loss} is nan at batch {batch}, temperature {tau:g}, seed {seed}"
        for loss, batch, tau in places
        for seed, run in grid.cells[data, loss, batch, tau].items()
        if math.isnan(run.validation)
    )
