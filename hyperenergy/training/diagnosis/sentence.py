"""One sentence that a person can act on, by rules that are stated here.

Gaps are shares of the way from the baseline to what is attainable; errors are standard errors of them.

1. Crowded to one place: effective rank below 2 and an energy gap above 1/2, or without a loss a uniformity above half of
   the uniform law's.
2. The alignment gap is below minus two errors: pairs are closer to what the loss asks for when they are apart (B5).
3. Both gaps are at most 0.05, or two errors: nothing is short; where two errors are more than 0.05, that is undecided.
4. Alignment is more than twice as short as energy: augmentations too strong for the encoder, or temperature too small.
5. Energy is more than twice as short as alignment: with an effective rank of less than half of what there could be a
   collapse of dimensions; else temperature too large or batch too small.
6. Both are short: more training, or a larger encoder.
"""

from __future__ import annotations

from dataclasses import dataclass

SMALL = 0.05


@dataclass(frozen=True)
class Evidence:
    """What the sentence is derived from.  alignment, energy: gaps, None where there is no loss; errors of them.  rank:
    effective rank, and best: the most there could be.  uniformity, and uniform: the uniform law's.
    judged: whether there is a loss."""

    alignment: float | None
    energy: float | None
    alignment_error: float
    energy_error: float
    rank: float
    best: float
    uniformity: float
    uniform: float
    paired: bool
    supervised: bool = False
    judged: bool = False


def sentence(seen: Evidence) -> str:
    if seen.alignment is None or seen.energy is None:
        if seen.judged:
            return "the baseline is no worse than what is attainable, so that no gap can be told: give another baseline"
        return _without_loss(seen)
    told = f"alignment is {_share(seen.alignment)} of the way short, energy {_share(seen.energy)}"
    if not seen.paired and not seen.supervised:
        told = f"energy is {_share(seen.energy)} of the way short (one view: alignment is not seen)"
    return f"{told}: {_advice(seen, seen.alignment, seen.energy)}"


def _advice(seen: Evidence, alignment: float, energy: float) -> str:
    if seen.rank < 2 and energy > 0.5:
        return f"the points are all but in one place (effective rank {seen.rank:.1f}): the encoder has collapsed"
    if alignment < -max(SMALL / 5, 2 * seen.alignment_error):
        return (
            "pairs that are apart have a lower loss than aligned ones, as coupled losses can have (B5): a decoupled loss "
            "(DHEL, KCL) does not pull them apart"
        )
    large_alignment = alignment > max(SMALL, 2 * seen.alignment_error)
    large_energy = energy > max(SMALL, 2 * seen.energy_error)
    if not large_alignment and not large_energy and 2 * max(seen.alignment_error, seen.energy_error) > SMALL:
        return "undecided, for standard errors as large as that: more batches, or more points"
    if not large_alignment and not large_energy:
        return "this is what the loss asks for at this batch size; a lower loss takes another temperature or batch"
    if alignment > 2 * energy:
        if seen.supervised:
            return "classes are spread out: train longer, or the labels cannot be told apart by this encoder"
        return "augmentations are too strong for this encoder, or the temperature is too small"
    if energy > 2 * alignment:
        if seen.rank < seen.best / 2:
            return (
                f"the points keep to few directions (effective rank {seen.rank:.1f} of {seen.best:.0f}): dimensions have "
                "collapsed; weigh the energy more, by a smaller temperature or a larger batch, or look at the head"
            )
        return "the points crowd: the temperature is too large or the batch too small, or train longer"
    return "both are short; train longer, or take a larger encoder"


def _without_loss(seen: Evidence) -> str:
    spread = f"uniformity is {seen.uniformity:.3g}, of uniform points {seen.uniform:.3g}"
    used = f"effective rank {seen.rank:.1f} of {seen.best:.0f}"
    if seen.uniformity > seen.uniform / 2 and seen.rank < 2:
        return f"the points are all but in one place ({used}): the encoder has collapsed"
    if seen.rank < seen.best / 2:
        return f"the points keep to few directions ({used}): dimensions have collapsed; {spread}"
    if seen.uniformity - seen.uniform > SMALL * abs(seen.uniform):
        return f"the points crowd: {spread}, although they take up all directions ({used})"
    return (
        f"the points are spread as uniform ones are: {spread}, {used}; with loss= it is said what is missing for a loss"
    )


def _share(gap: float) -> str:
    """Two decimals, and never -0.00."""
    return f"{round(gap, 2) + 0.0:.2f}"
