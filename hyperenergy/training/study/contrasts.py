"""Which runs of the grid each claim compares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hyperenergy.training.study import measures
from hyperenergy.training.study.choose import Chosen, best, chosen, failures, temperature
from hyperenergy.training.study.contrast import Contrast, Values, differences, not_finite, spread, values
from hyperenergy.training.study.measures import COUPLED, DECOUPLED, LAYERS, Measure
from hyperenergy.training.study.records import Grid

# The batch sizes that C4 calls small.
SMALL_BATCH = 64


def accuracies(grid: Grid, data: str) -> Iterator[Contrast]:
    """C1."""
    names = sorted(name for name in grid.measures(data) if name.partition(".")[0] == "accuracy")
    return _at_best(grid, data, [measures.accuracy(name) for name in names])


def spectra(grid: Grid, data: str) -> Iterator[Contrast]:
    """C3."""
    given = [measure for layer in LAYERS for measure in measures.spectrum(layer)]
    return _at_best(grid, data, [measure for measure in given if measure.name in grid.measures(data)])


def _at_best(grid: Grid, data: str, given: Sequence[Measure]) -> Iterator[Contrast]:
    others = _there(grid, data, COUPLED)
    for measure in given:
        for batch in grid.batches(data):
            for loss in _there(grid, data, DECOUPLED):
                yield _at_one_batch(grid, data, measure, loss, others, batch)


def gaps(grid: Grid, data: str) -> Iterator[Contrast]:
    """C4: each decoupled loss with each coupled one, at small batches."""
    small = [batch for batch in grid.batches(data) if batch <= SMALL_BATCH]
    for batch in small if "alignment_gap" in grid.measures(data) else ():
        for loss in _there(grid, data, DECOUPLED):
            for other in _there(grid, data, COUPLED):
                found = _at_one_batch(grid, data, measures.gap(), loss, [other], batch)
                yield replace(found, comparator=other, of=0)


def spreads(grid: Grid, data: str) -> Iterator[Contrast]:
    """C2."""
    losses, batches = _there(grid, data, DECOUPLED), grid.batches(data)
    if len(batches) > 1:
        yield from (_over_batches(grid, data, loss, _there(grid, data, COUPLED)) for loss in losses)
    for batch in batches:
        yield from (_over_temperatures(grid, data, loss, _there(grid, data, COUPLED), batch) for loss in losses)


def _at_one_batch(grid: Grid, data: str, measure: Measure, loss: str, others: Sequence[str], batch: int) -> Contrast:
    pair = [chosen(grid, data, loss, [batch]), best(grid, data, others, [batch])]
    places = [(one.loss, batch, one.choices[batch].temperature) if one else None for one in pair]
    mine, other = (values(grid, data, measure, place) if place else {} for place in places)
    failed = failures(grid, data, (loss, *others), [batch])
    return _contrast(measure, data, loss, batch, pair[1], mine, other, failed)


def _over_batches(grid: Grid, data: str, loss: str, others: Sequence[str]) -> Contrast:
    """Over the batch sizes at which all losses that are compared have runs, so that the comparator is one loss."""
    batches = grid.batches(data)
    shared = [batch for batch in batches if all(temperature(grid, data, x, batch) for x in (loss, *others))]
    measure = measures.spread("batch sizes", f"batch sizes {', '.join(map(str, shared))}".strip())
    pair = [chosen(grid, data, loss, shared), best(grid, data, others, shared)]
    places = [[(one.loss, b, c.temperature) for b, c in one.choices.items()] if one else [] for one in pair]
    mine, other = (spread(grid, data, measure, place) for place in places)
    return _contrast(measure, data, loss, None, pair[1], mine, other, failures(grid, data, (loss, *others), batches))


def _over_temperatures(grid: Grid, data: str, loss: str, others: Sequence[str], batch: int) -> Contrast:
    against = best(grid, data, others, [batch])
    names = [loss, against.loss if against else loss]
    taus = [grid.temperatures(data, name, batch) for name in names]
    measure = measures.spread("temperatures", f"{len(taus[0])} temperatures")
    places = [[(name, batch, tau) for tau in given] for name, given in zip(names, taus, strict=True)]
    mine, other = (spread(grid, data, measure, place) for place in places)
    reasons = failures(grid, data, (loss, *others), [batch])
    if len(taus[0]) != len(taus[1]):  # more temperatures spread wider
        reasons += (f"{loss} has {len(taus[0])} temperatures and {names[1]} {len(taus[1])}",)
    return _contrast(measure, data, loss, batch, against, mine, other, reasons)


def _contrast(
    measure: Measure,
    data: str,
    loss: str,
    batch: int | None,
    against: Chosen | None,
    mine: Values,
    other: Values,
    reasons: tuple[str, ...],
) -> Contrast:
    if against is None:
        return Contrast(measure, data, loss, batch, None, {}, 0, reasons)
    reasons += not_finite(f"{measure.name} of {loss}", mine) + not_finite(f"{measure.name} of {against.loss}", other)
    found = differences(measure, mine, other)
    reasons += () if reasons else not_finite("the difference", found)
    return Contrast(measure, data, loss, batch, against.loss, found, against.of, reasons)


def _there(grid: Grid, data: str, losses: Sequence[str]) -> list[str]:
    return [loss for loss in losses if loss in grid.losses(data)]
