"""A diagnosis as one HTML page: everything inside, nothing from outside, all text escaped, no script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files as resources
from pathlib import Path

from hyperenergy import files
from hyperenergy.show import markup
from hyperenergy.training.diagnosis import telling
from hyperenergy.training.diagnosis.figures import pictures
from hyperenergy.training.diagnosis.found import Findings

_READING = (
    "Best: what the best points of this number and dimension have; behind a sign, a bound that may not be "
    "attained. Uniform law: the value under the uniform law, as the number of points grows. Rows are on the sphere; "
    "singular values are of the rows as they are, not centered, where it is not said."
)


def write(d: Findings, path: str | Path) -> Path:
    with files.replacing("path", path, (".html", ".htm")) as beside:
        beside.write_text(page(d), "utf-8")
    return Path(path)


def page(d: Findings) -> str:
    drawn = {picture.name: picture.element() for picture in pictures(d)}
    loss = drawn.pop("diagnosis-loss", "")
    kinds = f", {d.classes} classes" if d.classes else ""
    return markup.fill(
        resources("hyperenergy.training.diagnosis") / "page.html",
        {
            "title": escape(d.name),
            "style": (resources("hyperenergy.training") / "page.css").read_text("utf-8"),
            "about": escape(f"{d.points} {'pairs' if d.paired else 'points'} in R^{d.dim}{kinds}"),
            "sentence": escape(f"{d.sentence[0].upper()}{d.sentence[1:]}."),
            "loss": _loss(d, loss),
            "metrics": _table(telling.MEASURES, [telling.measure_row(m) for m in d.measures], telling.MEASURES[1:]),
            "reading": escape(_READING),
            "notes": "".join(f'<p class="note">{escape(note)}</p>' for note in d.notes),
            "pictures": f'<div class="pair">{"".join(drawn.values())}</div>',
            "where": _where(d),
        },
    )


def _loss(d: Findings, picture: str) -> str:
    if d.losses is None:
        return ""
    rows = telling.losses(d)
    table = _table(("", "value", "what it is"), rows, ("value",))
    return f'<section aria-labelledby="h-loss"><h2 id="h-loss">{escape(d.loss or "")}</h2>{table}{picture}</section>'


def _where(d: Findings) -> str:
    parts = []
    if d.furthest:
        pairs = [(str(a.row), f"{a.distance:.4f}") for a in d.furthest]
        parts.append(_table(("row", "|u-v|"), pairs, ("row", "|u-v|"), "Pairs furthest apart"))
    crowd = [(str(c.row), f"{c.density:.4g}", str(c.nearest), f"{c.similarity:.4f}") for c in d.crowded]
    header = ("row", "density", "nearest row", "inner product with it")
    title = "Points that crowd, by the mean of exp(-2 |x-y|^2) over that of uniform points"
    parts.append(_table(header, crowd, header, title))
    if d.overlaps:
        classes = [(o.one, o.other, f"{100 * o.share:.1f} %", f"{o.similarity:.3f}") for o in d.overlaps]
        names = ("class", "beside", "nearest points there", "inner product of the means")
        parts.append(_table(names, classes, names[2:], "Classes that overlap"))
    return "".join(parts)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[str], caption: str = "") -> str:
    return markup.table(header, [[escape(cell) for cell in row] for row in rows], numeric, caption)
