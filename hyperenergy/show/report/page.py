"""The report as one HTML page: everything inside, nothing from outside, all text escaped."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from html import escape
from importlib.resources import files

from hyperenergy.show import markup
from hyperenergy.show.report.elements import KINDS, SYMBOLS, anchor, conclusion, marked
from hyperenergy.show.report.records import FOLDER, file_name
from hyperenergy.show.report.rows import COLUMNS, rows
from hyperenergy.show.report.section import section
from hyperenergy.show.report.telling import kept
from hyperenergy.theorems.prediction import Outcome
from hyperenergy.verify.report import HEADER, Summary
from hyperenergy.verify.report import table as cells_of


def page(summaries: Sequence[Summary], command: str, seconds: float, complete: bool, folder: str = ".") -> str:
    """The page as HTML, for the folder in which report.md, results.jsonl and the configurations lie.

    command: what was run, and seconds how long.  complete: whether all instances were finished.  folder: the path of that
    folder as it stands in the commands that the page shows.
    """
    import torch

    own = files("hyperenergy.show.report")
    script = (own / "page.js").read_text("utf-8")
    fields = {
        "hash": markup.script_hash(script),
        "style": (own / "page.css").read_text("utf-8"),
        "command": escape(command),
        "about": escape(
            f"{seconds:.0f} s, Python {platform.python_version()}, torch {torch.__version__}, "
            f"{platform.machine()} {platform.system()}."
        ),
        "interrupted": ""
        if complete
        else '<p class="warn">Interrupted: only the instances that were finished are counted.</p>',
        "verdict": _verdict(summaries),
        "claims": _claims(summaries),
        "sections": "".join(section(summary, folder) for summary in summaries),
        "claim_options": "".join(_option(s.theorem.id) for s in summaries),
        "outcome_options": "".join(_option(outcome.value) for outcome in Outcome),
        "columns": "".join(
            f'<th scope="col" aria-sort="none"{markup.number_class(numeric)}><button type="button">{name}</button></th>'
            for name, numeric in COLUMNS
        ),
        "data": _data(summaries),
        "script": script,
    }
    return markup.fill(own / "page.html", fields)


def _data(summaries: Sequence[Summary]) -> str:
    results = [result for summary in summaries for result in summary.results]
    names = {id(r): file_name(s.theorem.id, k) for s in summaries for k, r in enumerate(kept(s), 1)}
    data = {
        "numeric": [numeric for _, numeric in COLUMNS],
        "marks": {outcome.value: (kind, SYMBOLS[kind]) for outcome, kind in KINDS.items()},
        "folder": FOLDER,
        "rows": rows(results, names),
    }
    return markup.embedded(data)


def _verdict(summaries: Sequence[Summary]) -> str:
    wrong = ", ".join(s.theorem.id for s in summaries if not s.as_stated)
    text = f"Not as stated: {wrong}." if wrong else "Every claim came out as its status says."
    return f'<p class="verdict">{marked("refute" if wrong else "agree", text)}</p>'


def _claims(summaries: Sequence[Summary]) -> str:
    cells = []
    for summary, row in zip(summaries, cells_of(summaries), strict=True):
        first = f'<a href="#claim-{anchor(summary)}">{escape(row[0])}</a>'
        cells.append([first, escape(row[1]), conclusion(summary), *map(escape, row[2:-1])])
    # What matters most stands where a phone shows it.
    return markup.table((*HEADER[:2], HEADER[-1], *HEADER[2:-1]), cells, set(HEADER[2:-1]))


def _option(text: str) -> str:
    return f'<option value="{escape(text)}">{escape(text)}</option>'
