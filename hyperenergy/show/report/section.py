"""One claim of the report: statement, formula, conclusion, the worst instance, links to configurations."""

from __future__ import annotations

import shlex
from html import escape

from hyperenergy.show.markup import table
from hyperenergy.show.report.elements import anchor, conclusion
from hyperenergy.show.report.figure import svg
from hyperenergy.show.report.formulas import mathml
from hyperenergy.show.report.records import FOLDER, file_name
from hyperenergy.show.report.rows import number, small
from hyperenergy.show.report.telling import Telling, kept, worst
from hyperenergy.theorems.prediction import Outcome, Status
from hyperenergy.verify.grid import Result
from hyperenergy.verify.report import Summary, by_objective, proof_of


def section(summary: Summary, folder: str) -> str:
    """The section of one claim as HTML; folder as of ``page``."""
    theorem, own = summary.theorem, anchor(summary)
    counts = [f"{summary.counts[o]} {o.value}" for o in Outcome if summary.counts[o]]
    link = f'<a href="#instances" data-claim="{escape(theorem.id)}">{len(summary.results)} instances</a>'
    said = "" if summary.as_stated else "<span>which is not what the status says</span>"
    heading = "Claimed, and false" if theorem.status is Status.FALSE else "Formula"
    formula = "".join(mathml(theorem.formula))
    parts = [
        f'<section class="claim" id="claim-{own}" aria-labelledby="h-{own}">',
        f'<h2 id="h-{own}">{escape(theorem.id)}: {escape(theorem.title)}</h2>',
        f'<p class="status"><span>Status: <b>{theorem.status.value}</b></span>'
        f"<span>Conclusion: {conclusion(summary)}</span>{said}<span>{link}: {', '.join(counts) or 'none'}</span></p>",
        "<div>",
        f"<p>{escape(theorem.statement)}</p>",
        f'<h3>{heading}</h3><div class="formula" role="group" aria-label="{heading}">{formula}</div>',
        f'<p class="note">Source: {escape(theorem.source)}. {escape(proof_of(summary))}</p>',
        _by_objective(summary) if theorem.by_objective else "",
        _fronts(summary),
        _kept(summary, folder),
        "</div>",
        _worst(summary),
        "</section>",
    ]
    return "".join(parts)


def _by_objective(summary: Summary) -> str:
    header = ("objective", "instances", "misaligned minimum is lower", "misalignment max |u_i\N{MINUS SIGN}v_i|")
    cells = [[escape(name), str(n), str(k), spread] for name, n, k, spread in by_objective(summary)]
    return table(header, cells, {"instances", "misaligned minimum is lower"}, "By objective")


def _fronts(summary: Summary) -> str:
    """Where a conjecture is proved, refuted and open; empty for other claims."""
    if summary.theorem.fronts is None:
        return ""
    header, rows = summary.theorem.fronts()
    return table(header, [[escape(cell) for cell in row] for row in rows], set(), "Fronts")


def _kept(summary: Summary, folder: str) -> str:
    """Links to the files of configurations, each with the command that shows it."""
    items = []
    for k, result in enumerate(kept(summary), 1):
        name = file_name(summary.theorem.id, k)
        command = f"hyperenergy view {shlex.quote(f'{folder}/{FOLDER}/{name}')}"
        items.append(
            f'<li><a href="{FOLDER}/{name}">{name}</a>: {escape(_described(result))}.<br><code>{escape(command)}</code></li>'
        )
    return f"<h3>Configurations, and how to turn them</h3><ul>{''.join(items)}</ul>" if items else ""


def _worst(summary: Summary) -> str:
    found = worst(summary)
    if found is None:
        return '<p class="note">No instance has a gap or a residual to be the worst by.</p>' if summary.results else ""
    picture = ""
    if found.result.anchors is not None:
        label = f"The configuration of {_described(found.result)}"
        picture = f'<span class="card">{svg(found.result, anchor(summary), label)}</span>'
    return f"<figure>{picture}<figcaption>{_caption(found)}</figcaption></figure>"


def _caption(found: Telling) -> str:
    r = found.result
    numbers = [
        f"{name} {text}"
        for name, text in (
            ("value", number(r.value, 12)),
            ("claimed", number(r.prediction, 12)),
            ("gap", small(r.value_gap)),
            ("misalignment", small(r.misalignment)),
            ("residual", small(r.congruence)),
        )
        if text
    ]
    if r.anchors is None:
        note = " No configuration of it is stored."
    elif r.law:
        note = " Drawn are the points of the law that was found."
    else:
        note = ""
    lines = (f"{_described(r)}.", f"{', '.join(numbers)}.", f"Verdict: {r.outcome.value}, {r.reason}.{note}")
    shown = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return f"<b>Worst instance</b>, {escape(found.why)}:{shown}"


def _described(result: Result) -> str:
    extra = "".join(f", {key}={value}" for key, value in result.parameters.items())
    return f"{result.objective} at M = {result.points}, d = {result.dim}{extra}"
