"""What HTML pages share: templates that are filled, data and scripts inside of them, tables."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from html import escape
from importlib.resources.abc import Traversable
from typing import Any


def fill(template: Traversable, fields: Mapping[str, str]) -> str:
    """The template with @@name@@ replaced.  Values are HTML: escape text first.  KeyError for a name without value."""
    # Split first, so that no text that is filled in is searched for names.
    parts = template.read_text("utf-8").split("@@")
    return "".join(fields[part] if k % 2 else part for k, part in enumerate(parts))


def embedded(data: Any) -> str:
    """JSON for a script element of type application/json.  ValueError for numbers that are not finite."""
    # "<" would end the script element in the middle of a text.
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")


def script_hash(script: str) -> str:
    """What a Content-Security-Policy calls this inline script, so that no other runs."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def number_class(numeric: bool) -> str:
    """The attribute of a cell, for the style of numbers."""
    return ' class="number"' if numeric else ""


def table(
    header: Sequence[str], cells: Sequence[Sequence[str]], numeric: Collection[str] = (), caption: str = ""
) -> str:
    """A table that scrolls by itself.  header, caption: text.  cells: HTML, one list per row.  numeric: the names of
    columns of numbers."""
    head = "".join(f'<th scope="col"{number_class(name in numeric)}>{escape(name)}</th>' for name in header)
    body = "".join(
        "<tr>"
        + "".join(f"<td{number_class(n in numeric)}>{c}</td>" for n, c in zip(header, row, strict=True))
        + "</tr>"
        for row in cells
    )
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    named = f' role="region" aria-label="{escape(caption)}"' if caption else ""
    inside = f"{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f'<div class="wide" tabindex="0"{named}><table>{inside}</table></div>'
