"""The report of a study: one page that works offline, the same in Markdown, and its verdicts as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from html import escape
from importlib.resources import files
from typing import Any

from hyperenergy.show import markup
from hyperenergy.training.pictures import Picture
from hyperenergy.training.study import tables
from hyperenergy.training.study.claims import CLAIMS, judge
from hyperenergy.training.study.figures import pictures
from hyperenergy.training.study.finished import Finished, records
from hyperenergy.training.study.rows import Row
from hyperenergy.training.study.statistics import Verdict
from hyperenergy.training.study.tables import Table

# The symbol and the word stand in the color, so that nothing depends on that.
_SYMBOLS = {
    Verdict.SUPPORTED: "\N{CHECK MARK}",
    Verdict.REFUTED: "\N{BALLOT X}",
    Verdict.EQUAL: "=",
    Verdict.UNDECIDED: "?",
}
_READING = (
    "Each comparison is paired over seeds; intervals are t-intervals of 95 %, p-values are adjusted (Holm) over all "
    "comparisons of a claim by one measure on one data set; of C5 alpha is divided by their number. "
    "Effects are > 0 where they are for the claim; of C5 the slope is shown, which is to be −1. Equal: within "
    "the smallest effect of interest. Undecided: with how many seeds would decide. Settings and comparators are chosen on "
    "the validation part, and the test part is read once. Gaps are fractions of the way from independent uniform pairs to "
    "what aligned uniform points have, in each loss's own unit. No figure here is of the paper."
)


@dataclass(frozen=True)
class Report:
    """runs: finished ones, of ``total``.  command: what was run, and seconds how long.  about: of the grid, in words.

    notes: what a reader must know, e.g. which data was not there.
    """

    runs: Sequence[Finished]
    total: int
    command: str
    about: str
    seconds: float
    notes: Sequence[str] = ()

    @cached_property
    def rows(self) -> list[Row]:
        return judge(records(self.runs))

    @cached_property
    def pictures(self) -> list[Picture]:
        return list(pictures(self.runs))

    @property
    def complete(self) -> bool:
        return len(self.runs) == self.total

    @property
    def warnings(self) -> list[str]:
        """With what is missing."""
        missing = (
            [] if self.complete else [f"{len(self.runs)} of {self.total} runs are finished; the rest is not counted."]
        )
        return [*self.notes, *missing]

    def said(self) -> str:
        return f"{self.about}; {len(self.runs)} runs, {self.seconds:.0f} s."

    def numbers(self) -> list[Table]:
        return [tables.accuracies(self.runs), tables.metrics(self.runs), tables.gaps(self.runs)]


def page(report: Report) -> str:
    """The page as HTML: no script, nothing from outside, all text escaped."""
    own = files("hyperenergy.training.study")
    fields = {
        "style": (files("hyperenergy.training") / "page.css").read_text("utf-8"),
        "command": escape(report.command),
        "about": escape(report.said()),
        "notes": "".join(f'<p class="warn">{escape(note)}</p>' for note in report.warnings),
        "summary": _table(tables.summary(report.rows)),
        "reading": escape(_READING),
        "claims": _claims(),
        "comparisons": _comparisons(report.rows),
        "pictures": "".join(picture.element() for picture in report.pictures),
        "tables": "".join(_table(one) for one in report.numbers() if one.rows),
    }
    return markup.fill(own / "page.html", fields)


def _claims() -> str:
    items = (
        f"<dt>{claim.id}: {escape(claim.title)}</dt><dd>{escape(claim.statement)} Smallest effect of interest: "
        f"{claim.smallest:g} {escape(claim.unit)}.</dd>"
        for claim in CLAIMS.values()
    )
    return f"<dl>{''.join(items)}</dl>"


def _comparisons(rows: Sequence[Row]) -> str:
    """A table for each claim, and under it what each row says."""
    parts = []
    for claim in CLAIMS.values():
        mine = [row for row in rows if row.claim == claim.id]
        table = tables.verdicts(mine)
        parts.append(f"<h3>{claim.id}: {escape(claim.title)}</h3>")
        parts.append(_table(table, mine) if mine else "<p>No finished runs to compare.</p>")
        said = "".join(f"<li>{escape(row.sentence)}</li>" for row in mine)
        parts.append(f"<details><summary>In words</summary><ul>{said}</ul></details>" if mine else "")
    return "".join(parts)


def _table(table: Table, rows: Sequence[Row] = ()) -> str:
    cells = [[escape(cell) for cell in line] for line in table.rows]
    for line, row in zip(cells, rows, strict=False):
        line[table.header.index("verdict")] = marked(row.verdict)
    return markup.table(table.header, cells, table.numeric, table.title)


def marked(verdict: Verdict) -> str:
    """The word behind its symbol, all four of one weight."""
    symbol = f'<span aria-hidden="true">{_SYMBOLS[verdict]}</span>'
    return f'<span data-verdict="{verdict.value}">{symbol} {verdict.value}</span>'


def markdown(report: Report, figures: str = "figures") -> str:
    """The same as Markdown.  figures: the folder, as seen from the text, with a file NAME.svg of each picture."""
    lines = ["# Study of trained encoders", "", f"`{report.command}`: {report.said()}", ""]
    lines += [line for note in report.warnings for line in (f"**{note}**", "")]
    lines += ["## Verdicts", "", *_as_markdown(tables.summary(report.rows)), "", _READING, ""]
    for claim in CLAIMS.values():
        mine = [row for row in report.rows if row.claim == claim.id]
        lines += [f"### {claim.id}: {claim.title}", "", claim.statement, ""]
        lines += [*_as_markdown(tables.verdicts(mine)), ""] if mine else ["No finished runs to compare.", ""]
    lines += ["## Figures", ""]
    for picture in report.pictures:
        lines += [f"![{picture.caption}]({figures}/{picture.name}.svg)", "", picture.caption, ""]
    lines += ["## Numbers", ""]
    for table in report.numbers():
        lines += [f"### {table.title}", "", *_as_markdown(table), ""] if table.rows else []
    return "\n".join(lines)


def _as_markdown(table: Table) -> list[str]:
    rules = ["---:" if name in table.numeric else "---" for name in table.header]
    shown = ([cell.replace("|", "\\|") for cell in row] for row in (table.header, rules, *table.rows))
    return [f"| {' | '.join(row)} |" for row in shown]


def registered() -> list[dict[str, Any]]:
    """The claims as JSON has them, to be written before the first run."""
    return [asdict(claim) for claim in CLAIMS.values()]


def changed(before: Sequence[Mapping[str, Any]]) -> list[str]:
    """Which claims are not as they were registered, in words."""
    now = {claim["id"]: claim for claim in registered()}
    then = {str(claim.get("id")): dict(claim) for claim in before}
    return [
        f"{id} is not as it was registered before the first run (claims.json)"
        for id in sorted({*now, *then})
        if now.get(id) != then.get(id)
    ]
