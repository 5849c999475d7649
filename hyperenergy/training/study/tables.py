"""The numbers of a study as rows of text, for the page, for Markdown and for the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hyperenergy.training.study.choose import temperature
from hyperenergy.training.study.claims import CLAIMS
from hyperenergy.training.study.finished import LOSSES, Finished, interval, records
from hyperenergy.training.study.grid import CONTROLS
from hyperenergy.training.study.power import MOST
from hyperenergy.training.study.records import gather
from hyperenergy.training.study.rows import Row
from hyperenergy.training.study.statistics import Verdict

_PROBES = {"accuracy": "all labels", "accuracy.20": "20 a class", "accuracy.5": "5 a class", "knn": "kNN"}
_RANKS = ("effective_rank", "rankme", "lidar", "small_singular_values")
_GAPS = {"gap": "gap", "alignment_gap": "alignment gap", "energy_gap": "energy gap"}
PIXELS = "pixels"


@dataclass(frozen=True)
class Table:
    """numeric: which columns are numbers."""

    title: str
    header: tuple[str, ...]
    rows: list[list[str]]
    numeric: frozenset[str]


def _table(title: str, words: Sequence[str], numbers: Sequence[str], rows: Iterable[list[str]]) -> Table:
    return Table(title, (*words, *numbers), list(rows), frozenset(numbers))


def summary(judged: Sequence[Row]) -> Table:
    """How often each claim came out how, on each data set; no word goes before another one."""
    rows = []
    for claim in CLAIMS.values():
        for data in sorted({row.data for row in judged}):
            found = Counter(row.verdict for row in judged if (row.claim, row.data) == (claim.id, data))
            counts = [str(found[word]) for word in Verdict]
            rows.append([claim.id, claim.title, data, *(counts if found else ["no runs", *[""] * 3])])
    return _table(
        "How often each claim came out how", ("claim", "what it says", "data"), [word.value for word in Verdict], rows
    )


def verdicts(judged: Sequence[Row]) -> Table:
    """Each comparison with its effect, which is > 0 where it is for the claim, and its verdict."""
    words = ("claim", "data", "measure", "batch", "loss", "against", "effect [95 %]", "verdict")
    return _table("Comparisons", words, ("seeds", "seeds needed"), map(_verdict, judged))


def _verdict(row: Row) -> list[str]:
    place = [row.claim, row.data, row.measure, str(row.batch), row.loss, row.comparator or "none finished"]
    return [*place, effect(row), row.verdict.value, str(row.seeds), _needed(row)]


def effect(row: Row) -> str:
    """With its interval, in the measure's unit; of C5 the slope itself."""
    said = row.statistics
    if said is None:
        return "none"
    offset, sign = (-1.0, "") if row.claim == "C5" else (0.0, "+")
    share = row.measure.endswith("small_singular_values")
    unit = "" if row.claim == "C5" else "% of the dimension" if share else CLAIMS[row.claim].unit
    mean, low, high = (x + offset for x in (said.mean, said.low, said.high))
    digits = 3 if row.claim == "C5" else 2
    text = f"{mean:{sign}.{digits}g} [{low:.{digits}g}, {high:.{digits}g}] {unit}".strip()
    return text.replace("-", "\N{MINUS SIGN}").replace("inf", "\N{INFINITY}")


def _needed(row: Row) -> str:
    if row.verdict is not Verdict.UNDECIDED or row.statistics is None or row.seeds < 2:
        return ""
    return str(row.judged.needed) if row.judged.needed else f"more than {MOST}" if not row.reasons else ""


def best(runs: Sequence[Finished], data: str, batch: int) -> dict[str, list[Finished]]:
    """The runs of each loss at its best setting by validation."""
    grid = gather(records(runs))
    found = {}
    for loss in LOSSES:
        if choice := temperature(grid, data, loss, batch):
            place = (data, loss, batch, choice.temperature)
            found[loss] = [run for run in runs if (run.data, run.loss, run.batch, run.place) == place]
    return found


def places(runs: Iterable[Finished]) -> list[tuple[str, int]]:
    """Data sets and batch sizes of the losses' runs."""
    return sorted({(run.data, run.batch) for run in runs if run.loss not in CONTROLS})


def accuracies(runs: Sequence[Finished]) -> Table:
    """Test accuracy of losses at their best settings, beside what has not learned from them, in percent."""
    rows = []
    for data in sorted({run.data for run in runs}):
        mine = [run for run in runs if run.data == data]
        for name, of in ((PIXELS, CONTROLS[:1]), *((name, (name,)) for name in CONTROLS)):
            prefix = f"{PIXELS}." if name == PIXELS else ""
            some = [run for run in mine if run.loss in of]
            said = {PIXELS: "raw pixels", "random": "untrained encoder", "supervised": "supervised"}[name]
            if some:
                rows.append([data, said, "", "", *_numbers(some, [prefix + x for x in _PROBES], 100)])
        for _, batch in (place for place in places(mine)):
            for loss, some in best(mine, data, batch).items():
                rows.append([data, loss, some[0].label, str(batch), *_numbers(some, _PROBES, 100)])
    title = "Test accuracy in percent, at settings chosen by validation"
    return _table(title, ("data", "encoder", "setting", "batch"), [*_PROBES.values()], rows)


def metrics(runs: Sequence[Finished]) -> Table:
    """Ranks at z and h, at the best settings."""
    names = [f"{layer}.{name}" for layer in ("z", "h") for name in _RANKS]
    shown = [name.replace("_", " ") for name in names]
    return _table("Collapse, at settings chosen by validation", *_at_best(runs, names, shown))


def gaps(runs: Sequence[Finished]) -> Table:
    """Gaps of ``diagnose``, at every setting."""
    groups: dict[tuple[str, int, int, float], list[Finished]] = {}
    for run in runs:
        if run.loss in LOSSES and any(run.number(name) is not None for name in _GAPS):
            groups.setdefault((run.data, run.batch, LOSSES.index(run.loss), run.place), []).append(run)
    rows = [
        [data, some[0].loss, some[0].label, str(batch), *_numbers(some, _GAPS)]
        for (data, batch, *_), some in sorted(groups.items())
    ]
    title = "How far from what the loss can attain: fractions of the way from independent uniform pairs"
    return _table(title, ("data", "loss", "setting", "batch"), [*_GAPS.values()], rows)


def _at_best(
    runs: Sequence[Finished], names: Sequence[str], shown: Sequence[str]
) -> tuple[tuple[str, ...], Sequence[str], list[list[str]]]:
    rows = [
        [data, loss, some[0].label, str(batch), *_numbers(some, names)]
        for data, batch in places(runs)
        for loss, some in best(runs, data, batch).items()
    ]
    return ("data", "loss", "setting", "batch"), shown, rows


def _numbers(runs: Sequence[Finished], names: Iterable[str], factor: float = 1.0) -> list[str]:
    found = (interval(run.number(name) for run in runs) for name in names)
    return ["" if x is None else x.text(factor) for x in found]
