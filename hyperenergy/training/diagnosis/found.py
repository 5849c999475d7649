"""What a diagnosis finds, as data."""

from __future__ import annotations

from dataclasses import dataclass

from hyperenergy.training.diagnosis.extremes import Apart, Crowded, Overlap
from hyperenergy.training.diagnosis.marks import Estimate, Losses
from hyperenergy.training.diagnosis.measures import Measure, Representation


@dataclass(frozen=True)
class Gaps:
    """Shares of the way from the baseline to what is attainable that are missing; total = alignment + energy.  Negative:
    below what is attainable for uniform points.  errors: standard errors of the three."""

    total: float
    alignment: float
    energy: float
    errors: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Findings:
    """What ``diagnose`` finds.

    points, dim, paired, classes: of the embeddings.  measures: every metric beside its marks.  losses: the loss over random
    batches of ``batch``, with its parts; least: no batch is below; attainable: what aligned uniform points have; baseline;
    gaps: None without a loss, or where the baseline is no worse than what is attainable.  furthest, crowded, overlaps: where
    to look.  found, reference: the representation and that of the baseline; notes: what is of a sample.
    """

    name: str
    points: int
    dim: int
    paired: bool
    classes: int
    loss: str | None
    losses: Losses | None
    least: Estimate | None
    attainable: Estimate | None
    baseline: Estimate | None
    baseline_name: str
    gaps: Gaps | None
    measures: tuple[Measure, ...]
    furthest: tuple[Apart, ...]
    crowded: tuple[Crowded, ...]
    overlaps: tuple[Overlap, ...]
    found: Representation
    reference: Representation
    sentence: str
    notes: tuple[str, ...]

    @property
    def value(self) -> float | None:
        """The mean loss over random batches."""
        return None if self.losses is None else self.losses.value.mean

    @property
    def gap(self) -> float | None:
        return None if self.gaps is None else self.gaps.total

    @property
    def alignment_gap(self) -> float | None:
        """(L(U,V) - L(U,U)) / (baseline - attainable); of one view 0."""
        return None if self.gaps is None else self.gaps.alignment

    @property
    def energy_gap(self) -> float | None:
        """(L(U,U) - attainable) / (baseline - attainable)."""
        return None if self.gaps is None else self.gaps.energy
