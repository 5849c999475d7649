"""A figure with its caption, as a file and as an element of a page."""

from __future__ import annotations

import io
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from hyperenergy.show.report.figure import inlined

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Picture:
    """name: of letters and dashes, of its file.  caption: what is drawn.  svg: a document, the same in every run."""

    name: str
    caption: str
    svg: str

    @staticmethod
    def of(name: str, caption: str, figure: Figure) -> Picture:
        import matplotlib

        file = io.StringIO()
        with matplotlib.rc_context({"svg.hashsalt": name, "svg.fonttype": "path"}):
            figure.savefig(file, format="svg", metadata={"Date": None})
        return Picture(name, caption, file.getvalue())

    def element(self) -> str:
        """HTML, with all ids its own."""
        drawn = inlined(self.svg, self.name, self.caption)
        return f'<figure><span class="card">{drawn}</span><figcaption>{escape(self.caption)}</figcaption></figure>'
