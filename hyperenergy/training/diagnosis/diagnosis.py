"""How far embeddings are from what their loss asks for, and which part is missing."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from hyperenergy.checks import integer
from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.sphere import random_points
from hyperenergy.losses.base import Loss
from hyperenergy.losses.families import LabeledLoss
from hyperenergy.training.diagnosis import extremes, marks, telling
from hyperenergy.training.diagnosis.found import Findings, Gaps
from hyperenergy.training.diagnosis.marks import Estimate, Losses
from hyperenergy.training.diagnosis.measures import (
    MOST_PAIRED,
    Measure,
    Measured,
    Representation,
    measures,
    represent,
)
from hyperenergy.training.diagnosis.sentence import Evidence, sentence
from hyperenergy.training.diagnosis.views import Views, views_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Progress = Callable[[str, float], None]
DEFAULT_BATCH = 256
# Where the way from the baseline to what is attainable is shorter than so many standard errors, there is none to go.
_CLEAR = 3.0


@dataclass(frozen=True, eq=False)
class Diagnosis(Findings):
    """What ``diagnose`` finds, and how it is told."""

    def table(self) -> str:
        """For a terminal: the sentence, the loss with its marks, the metrics with theirs."""
        return telling.table(self)

    def record(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return telling.record(self)

    def draw(self, axes: Sequence[Axes]) -> None:
        """Onto three matplotlib Axes: the loss between its marks, singular values, inner products; without a loss two."""
        from hyperenergy.training.diagnosis.figures import draw

        draw(self, axes)

    def page(self, path: str | Path) -> Path:
        """Write all of it as one HTML page that asks nobody for anything.  ArgumentError for what is no .html file in a
        folder that exists."""
        from hyperenergy.training.diagnosis.page import write

        return write(self, path)


def diagnose(
    anchors: Any,
    positives: Any = None,
    loss: Loss | None = None,
    labels: Any = None,
    *,
    batch: int | None = None,
    baseline: Any = None,
    baseline_labels: Any = None,
    normalize: bool = False,
    batches: int | None = None,
    seed: int = 0,
    name: str = "embeddings",
    progress: Progress | None = None,
) -> Diagnosis:
    """Embeddings beside the theory: two views, or one with labels, or one alone.

    anchors, positives: (N, d), tensors or arrays, row i of the one with row i of the other; unit rows, or of any length with
    ``normalize``.  They are read a block after the other.  loss: what they were trained with; it is evaluated on random
    batches of ``batch`` (256, or N) points, the size in training, ``batches`` times.  labels: (N,).  baseline: (N', d), or a
    pair of views, such as the output of the untrained encoder, with the same labels or its own; without, iid uniform pairs,
    or for one view, where uniform points have nothing left to gain, all points in one place.  progress: called with what is
    done, and which share of it.

    The gap is the share of the way from the baseline to what is attainable (the expected loss of aligned uniform points, E1
    to E3) that is missing; it is the sum of L(U,V) - L(U,U), alignment, and L(U,U) less what is attainable, energy.  For a
    loss of labels alignment is that of points with their classes.
    Of more than 16384 points, what is of all pairs of points is of a random sample, with its standard error.
    Raises ArgumentError that names the argument.
    """
    views = views_of(anchors, positives, labels, normalize=normalize)
    generator = torch.Generator().manual_seed(integer("seed", seed, 0, 2**63 - 1))
    tell = progress or (lambda what, share: None)
    size = integer("batch", batch, 2) if batch is not None else min(DEFAULT_BATCH, views.points)
    if loss is None and batch is not None:
        raise ArgumentError("batch", batch, "goes with a loss")
    if batches is not None:
        integer("batches", batches, 2)
    checked = None if loss is None else marks.check(loss, size, views)
    other = _baseline(baseline, baseline_labels, views)
    if checked is not None and other is not None:
        _check_baseline(checked, size, other)
    reference = represent(other or _uniform(views, generator), generator, lambda *_: None)
    found = represent(views, generator, tell)
    every = measures(found, reference, views.points, views.dim)
    part = _Part(None, None, None, None, None)
    if checked is not None:
        part = _loss(checked, views, other, (size, batches), generator, tell)
    law = next(m.uniform for m in every if m.name == "uniformity")
    crowded, overlaps = extremes.crowds(views, found.sample, math.exp(law or 0.0))
    tell("done", 1.0)
    return Diagnosis(
        name, views.points, views.dim, views.positives is not None, len(views.names),
        None if checked is None else checked.label, part.losses, part.least, part.attainable, part.baseline,
        _called(baseline, views, part), part.gaps, every, extremes.furthest(views), crowded, overlaps, found, reference,
        sentence(_evidence(every, part, views, checked)), _notes(views, found, baseline),
    )  # fmt: skip


@dataclass(frozen=True)
class _Part:
    """What is known of the loss."""

    losses: Losses | None
    least: Estimate | None
    attainable: Estimate | None
    baseline: Estimate | None
    gaps: Gaps | None


def _loss(
    loss: Loss,
    views: Views,
    other: Views | None,
    sizes: tuple[int, int | None],
    generator: torch.Generator,
    tell: Progress,
) -> _Part:
    batch, batches = sizes
    losses = marks.over_batches(loss, views, batch, batches, generator, tell)
    best = marks.attainable(loss, batch, views, generator)
    if other is not None:
        of = marks.over_batches(loss, other, batch, batches, generator, lambda *_: None)
        base = Estimate(of.value.mean, of.value.error, "the baseline that was given")
    elif views.positives is None and not isinstance(loss, LabeledLoss):
        base = marks.one_place(loss, batch, views.dim)
    else:
        base = marks.unrelated(loss, batch, views, generator)
    return _Part(losses, marks.least(loss, batch, views.dim), best, base, _gaps(losses, best, base))


def _gaps(losses: Losses, best: Estimate, base: Estimate) -> Gaps | None:
    way = base.mean - best.mean
    if not (math.isfinite(way) and way > _CLEAR * math.hypot(base.error, best.error) and way > 1e-12 * abs(best.mean)):
        return None
    alignment, energy = losses.apart.mean / way, (losses.aligned.mean - best.mean) / way
    total = (losses.value.mean - best.mean) / way
    # Of g = (L - A)/(B - A): dg = (dL - (1-g) dA - g dB)/(B - A); of the difference, whose A cancels, (dL + g dA - g dB).
    errors = (
        math.hypot(losses.value.error, (1 - total) * best.error, total * base.error) / way,
        math.hypot(losses.apart.error, alignment * best.error, alignment * base.error) / way,
        math.hypot(losses.aligned.error, (1 - energy) * best.error, energy * base.error) / way,
    )
    return Gaps(total, alignment, energy, errors)


def _check_baseline(loss: Loss, batch: int, other: Views) -> None:
    if batch > other.points:
        raise ArgumentError(
            "baseline", f"{other.points} points", f"a loss changes with the batch: at least {batch} are needed"
        )
    if isinstance(loss, LabeledLoss) and other.labels is None:
        raise ArgumentError("baseline_labels", "none", f"{loss.label} needs them: the baseline has other points")


def _baseline(given: Any, labels: Any, views: Views) -> Views | None:
    if given is None:
        if labels is not None:
            raise ArgumentError("baseline_labels", "some", "go with a baseline")
        return None
    first, second = given if isinstance(given, tuple | list) and len(given) == 2 else (given, None)
    try:
        if labels is None and views.labels is not None and len(first) == views.points:
            labels = views.labels
        other = views_of(first, second, labels, normalize=True)
    except ArgumentError as error:
        raise ArgumentError("baseline", error._parts[1], f"{error.argument} {error.allowed}") from None
    if other.dim != views.dim:
        raise ArgumentError("baseline", f"{other.dim} dimensions", f"must have the embeddings' {views.dim}")
    if (other.positives is None) != (views.positives is None):
        raise ArgumentError(
            "baseline",
            "one view" if other.positives is None else "two views",
            "must have as many views as the embeddings",
        )
    return other


def _uniform(views: Views, generator: torch.Generator) -> Views:
    """As many iid uniform points, of many a sample's size; with independent positives where there are two views."""
    count = min(views.points, MOST_PAIRED)
    u = random_points(count, views.dim, generator=generator, dtype=torch.float32)
    v = None if views.positives is None else random_points(count, views.dim, generator=generator, dtype=torch.float32)
    return Views(u, v, None, (), False)


def _called(baseline: Any, views: Views, part: _Part) -> str:
    if baseline is not None:
        return "the baseline that was given"
    if part.baseline is not None:
        return part.baseline.source
    return "iid uniform pairs" if views.positives is not None else "iid uniform points"


def _evidence(every: tuple[Measure, ...], part: _Part, views: Views, loss: Loss | None) -> Evidence:
    by = {measure.name: measure for measure in every}
    rank, spread = by["effective_rank"], by["uniformity"]
    gaps = part.gaps
    return Evidence(
        alignment=None if gaps is None else gaps.alignment,
        energy=None if gaps is None else gaps.energy,
        alignment_error=0.0 if gaps is None else gaps.errors[1],
        energy_error=0.0 if gaps is None else gaps.errors[2],
        rank=rank.found.value,
        best=rank.best or math.nan,
        uniformity=spread.found.value,
        uniform=spread.uniform or math.nan,
        paired=views.positives is not None,
        supervised=isinstance(loss, LabeledLoss),
        judged=loss is not None,
    )


def _notes(views: Views, found: Representation, baseline: Any) -> tuple[str, ...]:
    notes = []
    if found.sample is not None:
        notes.append(
            f"Of all pairs of points: uniformity, the Wasserstein-1 distance, LiDAR, the histogram, and who crowds or "
            f"overlaps are of {len(found.sample)} of the {views.points} points, drawn at random; errors are standard errors."
        )
    if baseline is None and views.points > MOST_PAIRED:
        notes.append(f"The baseline's metrics are those of {MOST_PAIRED} iid uniform points.")
    return tuple(notes)


__all__ = ["Diagnosis", "Gaps", "Measured", "diagnose"]
