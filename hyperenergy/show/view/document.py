"""The HTML around the script: everything inside, nothing from outside, all text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import Any

from hyperenergy.show import markup
from hyperenergy.show.view.facts import Row

_SCRIPTS = ("basics.js", "projection.js", "traces.js", "charts.js", "page.js")


def document(
    *,
    name: str,
    lines: Sequence[Row] = (),
    tables: str = "",
    data: dict[str, Any] | None = None,
    form: str = "",
    script: str = "",
    connect: str = "'none'",
) -> str:
    """The page.  Without data nothing is shown at first; ``form``, ``script`` and the addresses that the script may
    ``connect`` to are for pages that get their data later."""
    from plotly.offline import get_plotlyjs

    own = files("hyperenergy.show.view")
    plotly = get_plotlyjs()
    parts = [(own / file).read_text("utf-8") for file in _SCRIPTS]
    whole = "\n".join(['"use strict";\n(() => {', *parts, script, "})();"])
    return markup.fill(
        own / "page.html",
        {
            "title": escape(name),
            "hashes": f"{markup.script_hash(plotly)} {markup.script_hash(whole)}",
            "connect": connect,
            "form": form,
            "hidden": " hidden" if data is None else "",
            "facts": "".join(f"<dt>{escape(key)}</dt><dd>{escape(value)}</dd>" for key, value in lines),
            "tables": tables,
            "style": (own / "page.css").read_text("utf-8"),
            "data": markup.embedded(data),
            "plotly": plotly,
            "script": whole,
        },
    )
