"""A configuration as one HTML page."""

from __future__ import annotations

from pathlib import Path

from hyperenergy.errors import ArgumentError
from hyperenergy.files import replacing
from hyperenergy.show.markup import table
from hyperenergy.show.view import facts
from hyperenergy.show.view.document import document
from hyperenergy.show.view.load import Configuration
from hyperenergy.show.view.payload import payload
from hyperenergy.show.view.scene import MOST_AXES

_LISTED = 20
_PRODUCTS = ("inner product", "pairs")


def page(configuration: Configuration, seed: int = 0) -> str:
    """The page as HTML.  The seed chooses the points that are drawn where there are too many for all.

    Raises ArgumentError for what is no configuration.
    """
    if not isinstance(configuration, Configuration):
        raise ArgumentError(
            "configuration", repr(configuration), "must be a Configuration: load(source), or Configuration.of(minimum)"
        )
    lines, prediction = facts.rows(configuration)
    products = facts.products(configuration, seed)
    numbers = _distinct(products) + _coordinates(configuration)
    return document(
        name=configuration.name,
        lines=lines,
        tables=f'<section class="tables" aria-labelledby="h-tables"><h2 id="h-tables">Numbers</h2>{numbers}</section>',
        data=payload(configuration, prediction, seed, products),
    )


def write(html: str, path: str | Path) -> Path:
    """Write a page; the file is complete or not there.  ArgumentError for what is not an .html file in a folder."""
    with replacing("out", path, (".html", ".htm")) as beside:
        beside.write_text(html, "utf-8", "backslashreplace")  # names of files need not be text
    return Path(path).resolve()


def _distinct(histogram: facts.Products) -> str:
    if histogram.distinct is None:
        return "<p>More than 30 distinct inner products: see the histogram.</p>"
    rows = [(f"{x:z.8f}", f"{count:.0f}") for x, count in histogram.distinct]
    return table(_PRODUCTS, rows, _PRODUCTS, "Distinct inner products of pairs")


def _coordinates(configuration: Configuration) -> str:
    x = configuration.anchors[:_LISTED, :MOST_AXES]
    points, dim = configuration.anchors.shape
    whole = x.shape == configuration.anchors.shape
    caption = "Coordinates" if whole else f"Coordinates: {len(x)} of {points} points, {x.shape[1]} of {dim} axes"
    rows = [(str(i), *(f"{value:z.5f}" for value in row)) for i, row in enumerate(x, 1)]
    header = ("point", *(f"x{k}" for k in range(1, x.shape[1] + 1)))
    return table(header, rows, header, caption)
