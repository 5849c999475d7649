"""Pieces of HTML that more than one part of the report is made of."""

from __future__ import annotations

from html import escape
from typing import Literal

from hyperenergy.theorems.prediction import Outcome
from hyperenergy.verify.report import Summary

Kind = Literal["agree", "refute", "open"]

# The color goes by the kind; the symbol and a word stand beside it, so that nothing depends on the color.
SYMBOLS: dict[Kind, str] = {"agree": "\N{CHECK MARK}", "refute": "\N{BALLOT X}", "open": "?"}
KINDS: dict[Outcome, Kind] = {
    Outcome.PROVED: "agree",
    Outcome.CONSISTENT: "agree",
    Outcome.REFUTED: "refute",
    Outcome.INCONCLUSIVE: "open",
}


def marked(kind: Kind, text: str) -> str:
    """The text, escaped, in the color of its kind and behind its symbol."""
    return f'<span data-mark="{kind}"><span aria-hidden="true">{SYMBOLS[kind]}</span> {escape(text)}</span>'


def conclusion(summary: Summary) -> str:
    """The conclusion, marked by whether it is what the status says."""
    if summary.as_stated:
        return marked("agree", summary.conclusion)
    return marked("refute" if summary.counts[Outcome.REFUTED] else "open", summary.conclusion)


def anchor(summary: Summary) -> str:
    """The claim's id as part of an HTML id."""
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in summary.theorem.id)
