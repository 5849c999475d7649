"""A configuration as one HTML page: everything inside, nothing from outside, all text escaped."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from hyperenergy.files import replacing
from hyperenergy.layout import cluster_order, neighbor_pairs
from hyperenergy.prediction import Prediction
from hyperenergy.view import facts, geometry
from hyperenergy.view.load import Configuration, Floats

MOST_DRAWN = 1000
MOST_GRAM = 400
# Coordinates beyond these are left out of the rotation.
_MOST_AXES = 24
_LISTED = 20


def page(configuration: Configuration, seed: int = 0) -> str:
    """The page as HTML.  The seed chooses the points that are drawn where there are too many for all."""
    x = configuration.anchors
    random = np.random.default_rng(seed)
    order = random.permutation(len(x))
    drawn = np.sort(order[:MOST_DRAWN])
    notes = []
    if len(drawn) < len(x):
        notes.append(f"A random sample of {len(drawn)} of the {len(x)} points is drawn; neighbors are those within it.")
    lines, prediction = facts.rows(configuration)
    histogram = facts.products(configuration, np.sort(order[: facts.MOST_PAIRED]))
    scene, neighbors = _scene(x[drawn], None if configuration.positives is None else configuration.positives[drawn])
    gram, gram_note = _gram(x[np.sort(order[:MOST_GRAM])], len(x))
    notes += scene.pop("notes")
    data = {
        "scene": scene,
        "histogram": {
            "edges": histogram.edges.round(4).tolist(),
            "counts": histogram.counts.round(3).tolist(),
            "uniform": None if histogram.uniform is None else histogram.uniform.round(3).tolist(),
            "predicted": _predicted(configuration, prediction),
        },
        "gram": gram,
    }
    return _document(
        name=configuration.name,
        lines=[*lines, *neighbors],
        notes=notes,
        histogram_note=histogram.note,
        gram_note=gram_note,
        views=[frame["name"] for frame in scene["frames"]] if scene["surface"] is None else list(_SURFACE_VIEWS),
        turns=scene["dim"] > 3,
        paired=configuration.positives is not None,
        tables=_distinct(histogram) + _coordinates(configuration),
        data=data,
    )


def write(html: str, path: str | Path) -> Path:
    """Write a page; the file is complete or not there.  ArgumentError for what is not an .html file in a folder."""
    with replacing("out", path, (".html", ".htm")) as beside:
        beside.write_text(html, "utf-8")
    return Path(path).resolve()


_SURFACE_VIEWS = ("Voronoi cells by number of neighbors", "Convex hull", "Points and nearest neighbors")


def _scene(x: Floats, positives: Floats | None) -> tuple[dict[str, Any], list[facts.Row]]:
    """What the script draws, and lines for the panel."""
    points, dim = x.shape
    notes: list[str] = []
    edges = neighbor_pairs(x)
    if len(edges) > geometry.MOST_EDGES:
        notes.append(f"The first {geometry.MOST_EDGES} of {len(edges)} edges are drawn.")
        edges = edges[: geometry.MOST_EDGES]
    found = geometry.surface(x) if dim == 3 else None
    lines: list[facts.Row] = []
    if dim > 3:
        views = geometry.frames(x)
    else:
        views = [geometry.Frame("Points and nearest neighbors", "", np.eye(dim))]
    if dim > _MOST_AXES:
        notes.append(f"The rotation goes through the first {_MOST_AXES} of {dim} axes of each frame.")
    surface = None
    if found is not None:
        counts = np.bincount(found.neighbors)
        shown = [f"{count} with {k}" for k, count in enumerate(counts) if count]
        lines.append(("neighbors on the hull", ", ".join(shown)))
        surface = {
            "hull": found.hull.ravel().tolist(),
            "neighbors": found.neighbors.tolist(),
            "corners": found.corners.round(4).ravel().tolist(),
            "triangles": found.triangles.ravel().tolist(),
            "owner": found.owner.tolist(),
        }
    elif dim == 3:
        notes.append("No hull and no cells: the center is not inside of the convex hull of the points.")
    scene = {
        "dim": dim,
        "points": points,
        "frames": [
            {
                "name": frame.name,
                "note": frame.note,
                "stereographic": frame.stereographic,
                "plane": frame.plane,
                "axes": min(dim, _MOST_AXES),
                "anchors": _packed(x @ frame.axes[:_MOST_AXES].T),
                "positives": None if positives is None else _packed(positives @ frame.axes[:_MOST_AXES].T),
            }
            for frame in views
        ],
        "edges": edges.ravel().tolist(),
        "surface": surface,
        "notes": notes,
    }
    return scene, lines


def _packed(x: Floats) -> str:
    """Numbers in [-1, 1] as 16-bit integers, little-endian, in base64."""
    return base64.b64encode((np.clip(x, -1, 1) * 32767).round().astype("<i2").tobytes()).decode("ascii")


def _gram(x: Floats, of: int) -> tuple[dict[str, Any], str]:
    """The Gram matrix, ordered by clusters."""
    gram = np.clip(x @ x.T, -1, 1)
    order = cluster_order(x)
    note = "" if len(x) == of else f"A random sample of {len(x)} of the {of} rows and columns is shown."
    return {"size": len(x), "values": _packed(gram[np.ix_(order, order)])}, note


def _predicted(configuration: Configuration, prediction: Prediction | None) -> list[float]:
    """The distinct inner products that are predicted; of a code, its own."""
    if configuration.code is not None:
        values = [float(x) for x in configuration.code.inner_products]
    elif prediction is not None:
        u = prediction.anchors.numpy()
        values = np.unique((u @ u.T)[np.triu_indices(len(u), 1)].round(6)).tolist()
    else:
        return []
    return [round(x, 6) for x in values] if len(values) <= 100 else []


def _table(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}"><table><caption>{escape(caption)}'
        f"</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _distinct(histogram: facts.Products) -> str:
    if histogram.distinct is None:
        return "<p>More than 30 distinct inner products: see the histogram.</p>"
    rows = [(f"{x:.8f}", f"{count:.0f}") for x, count in histogram.distinct]
    return _table("Distinct inner products of pairs", ("inner product", "pairs"), rows)


def _coordinates(configuration: Configuration) -> str:
    x = configuration.anchors[:_LISTED, :_MOST_AXES]
    points, dim = configuration.anchors.shape
    whole = x.shape == configuration.anchors.shape
    caption = "Coordinates" if whole else f"Coordinates: {len(x)} of {points} points, {x.shape[1]} of {dim} axes"
    rows = [(str(i), *(f"{value:.5f}" for value in row)) for i, row in enumerate(x, 1)]
    return _table(caption, ("point", *(f"x{k}" for k in range(1, x.shape[1] + 1))), rows)


def _document(
    *,
    name: str,
    lines: Sequence[facts.Row],
    notes: Sequence[str],
    histogram_note: str,
    gram_note: str,
    views: Sequence[str],
    turns: bool,
    paired: bool,
    tables: str,
    data: dict[str, Any],
) -> str:
    from plotly.offline import get_plotlyjs

    own = files("hyperenergy.view")
    # "<" would end the script element in the middle of a text.
    payload = json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    fields = {
        "title": escape(name),
        "facts": "".join(f"<dt>{escape(key)}</dt><dd>{escape(value)}</dd>" for key, value in lines),
        "notes": "".join(f"<p class=note>{escape(note)}</p>" for note in notes),
        "histogram_note": escape(histogram_note),
        "gram_note": escape(gram_note),
        "views": "".join(f'<option value="{k}">{escape(view)}</option>' for k, view in enumerate(views)),
        "turns": "" if turns else " hidden",
        "pairs": "" if paired else " hidden",
        "tables": tables,
        "style": (own / "page.css").read_text("utf-8"),
        "data": payload,
        "plotly": get_plotlyjs(),
        "script": (own / "page.js").read_text("utf-8"),
    }
    # Split first, so that no text that is filled in is searched for fields.
    parts = (own / "page.html").read_text("utf-8").split("@@")
    return "".join(fields[part] if k % 2 else part for k, part in enumerate(parts))
