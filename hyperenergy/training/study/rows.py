"""The rows of a judged claim, and the sentence of each."""

from __future__ import annotations

from dataclasses import dataclass

from hyperenergy.training.study.contrast import Contrast
from hyperenergy.training.study.power import MOST
from hyperenergy.training.study.statistics import Judged, Paired, Verdict

_NUMBERS = ("none", "one", "two", "three", "four", "five")


@dataclass(frozen=True)
class Row:
    """One comparison of a claim.

    measure: e.g. "z.rankme".  batch: a batch size, or "all".  comparator: "" where no run of one is finished.
    statistics: of the paired differences, > 0 for the claim, in the measure's unit; None without a pair.
    judged: with the p-values adjusted over the family.  seeds: pairs of finished runs.  missing: seeds of the data set
    that have no pair here.  reasons: why it is not decided whatever the numbers are, e.g. a run that is nan.
    """

    claim: str
    data: str
    measure: str
    loss: str
    batch: int | str
    comparator: str
    statistics: Paired | None
    judged: Judged
    seeds: int
    missing: int
    reasons: tuple[str, ...]
    sentence: str

    @property
    def verdict(self) -> Verdict:
        return self.judged.verdict


def row(claim: str, contrast: Contrast, judged: Judged, smallest: float, missing: int) -> Row:
    """The row of a contrast and its verdict."""
    return Row(
        claim,
        contrast.data,
        contrast.measure.name,
        contrast.loss,
        "all" if contrast.batch is None else contrast.batch,
        contrast.comparator or "",
        judged.paired,
        judged,
        len(contrast.differences),
        missing,
        contrast.reasons,
        sentence(contrast, judged, smallest, missing),
    )


def sentence(contrast: Contrast, judged: Judged, smallest: float, missing: int) -> str:
    """In words: the effect with its interval, against what, where, and how it came out."""
    finished, at = len(contrast.differences), "" if contrast.batch is None else f" at batch {contrast.batch}"
    seeds = f" ({finished} of {finished + missing} seeds)" if missing else ""
    end = f"{contrast.measure.tail}{at} on {contrast.data}{seeds}: {_outcome(contrast, judged, smallest)}"
    if judged.paired is None:
        return f"{contrast.loss} against {_comparator(contrast)}{end}"
    effect = _effect(contrast, judged.paired)
    return f"{contrast.loss} {contrast.measure.verb} {effect} {_comparator(contrast)}{end}"


def _comparator(contrast: Contrast) -> str:
    if contrast.comparator is None:
        return "no finished comparator"
    number = _NUMBERS[contrast.of]
    return contrast.comparator + (f" (best of {number} by validation)" if contrast.of > 1 else "")


def _effect(contrast: Contrast, said: Paired) -> str:
    """The size of the mean, with the interval seen from its side."""
    low, high = (said.low, said.high) if said.mean >= 0 else (-said.high, -said.low)
    interval = f"[{_number(low)}, {_number(high)}]"
    return f"{_number(abs(said.mean))} {contrast.measure.unit} {interval} {contrast.measure.words[said.mean < 0]}"


def _number(x: float) -> str:
    """Two digits, or all before the point."""
    x = x if abs(x) > 1e-9 else 0.0  # what is left of rounding
    shown = f"{x:.0f}" if 10 <= abs(x) < 1e6 else f"{x:.2g}"
    return shown.replace("-", "−").replace("inf", "∞")


def _outcome(contrast: Contrast, judged: Judged, smallest: float) -> str:
    word = judged.verdict.value
    if judged.verdict is Verdict.EQUAL:
        return f"{word} within {smallest:g} {contrast.measure.unit} (adjusted p {judged.p_equal:.2g})"
    if judged.verdict is not Verdict.UNDECIDED:
        return f"{word} (adjusted p {judged.p:.2g})"
    if contrast.reasons:
        more = f", and {len(contrast.reasons) - 1} more" if len(contrast.reasons) > 1 else ""
        return f"{word}, as {contrast.reasons[0]}{more}"
    if len(contrast.differences) < 2:
        return f"{word}, with {_NUMBERS[len(contrast.differences)]} of the two seeds that the tests need"
    return f"{word}, {f'{judged.needed} seeds' if judged.needed else f'not even {MOST} seeds'} would decide"
