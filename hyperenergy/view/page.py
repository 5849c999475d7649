"""A configuration as one HTML page: everything inside, nothing from outside, all text escaped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from hyperenergy.files import replacing
from hyperenergy.layout import cluster_order
from hyperenergy.prediction import Prediction
from hyperenergy.trajectory import Trajectory
from hyperenergy.view import facts
from hyperenergy.view.geometry import Integers
from hyperenergy.view.load import Configuration, Floats
from hyperenergy.view.scene import MOST_AXES, Scene, packed

MOST_DRAWN = 1000
MOST_GRAM = 400
_LISTED = 20
# A replay has as many moments as fit into this, of those that were recorded.
_REPLAY_BYTES = 600_000


def page(configuration: Configuration, seed: int = 0) -> str:
    """The page as HTML.  The seed chooses the points that are drawn where there are too many for all."""
    lines, prediction = facts.rows(configuration)
    return document(
        name=configuration.name,
        lines=lines,
        tables=_section(_distinct(facts.products(configuration, seed)) + _coordinates(configuration)),
        data=payload(configuration, prediction, seed),
    )


def payload(configuration: Configuration, prediction: Prediction | None, seed: int = 0) -> dict[str, Any]:
    """What the script shows of a configuration: see ``show`` in page.js."""
    x, y = configuration.anchors, configuration.positives
    random = np.random.default_rng(seed)
    drawn = np.sort(random.permutation(len(x))[:MOST_DRAWN])
    notes = []
    if len(drawn) < len(x):
        notes.append(f"A random sample of {len(drawn)} of the {len(x)} points is drawn; neighbors are those within it.")
    scene = Scene.of(x[drawn], y is not None)
    histogram = facts.products(configuration, seed)
    found = {} if configuration.minimum is None else {"value": configuration.minimum.value}
    last = scene.moment(x[drawn], None if y is None else y[drawn], counts=histogram.counts.round(3).tolist(), **found)
    gram = _gram(x, seed)
    if configuration.trajectory is not None:
        gram["notes"].append("Of the minimum, whatever moment of the search is shown.")
    moments = _replay(configuration.trajectory, scene, drawn, last) if configuration.trajectory else [last]
    return {
        "scene": scene.data(),
        "moments": moments,
        "reference": reference(prediction),
        "histogram": {
            "edges": histogram.edges.round(4).tolist(),
            "uniform": None if histogram.uniform is None else histogram.uniform.round(3).tolist(),
            "predicted": _predicted(configuration, prediction),
            "notes": [histogram.note] if histogram.note else [],
        },
        "gram": gram,
        "notes": notes + scene.notes(x[drawn]),
    }


def reference(prediction: Prediction | None) -> dict[str, Any] | None:
    """What values are compared with, and the least difference that a double resolves."""
    if prediction is None:
        return None
    least = float(np.finfo(float).eps) * max(1.0, abs(prediction.value))
    return {"value": prediction.value, "name": prediction.theorem, "least": least}


def _replay(way: Trajectory, scene: Scene, drawn: Integers, last: dict[str, Any]) -> list[dict[str, Any]]:
    """The moments of a search, as many as the page has room for; the last one is given."""
    most = max(2, _REPLAY_BYTES // len(json.dumps(last)))
    frames = np.unique(np.rint(np.linspace(0, len(way.rows) - 1, min(most, len(way.rows)))).astype(int))
    moments = []
    for k in frames:
        anchors, positives = (view.numpy() for view in way.objective.views(way.rows[k]))
        about = {"iteration": way.iterations[k], "value": float(way.values[k]), "stage": ""}
        if way.stages[k] != way.objective.label:
            about["stage"] = f"on the way by {way.stages[k]}"
        if k == frames[-1]:
            moments.append({**last, **about})
            break
        counts = facts.histogram(anchors)
        moments.append(
            scene.moment(anchors[drawn], positives[drawn] if scene.paired else None, counts=counts.tolist(), **about)
        )
    return moments


def write(html: str, path: str | Path) -> Path:
    """Write a page; the file is complete or not there.  ArgumentError for what is not an .html file in a folder."""
    with replacing("out", path, (".html", ".htm")) as beside:
        beside.write_text(html, "utf-8")
    return Path(path).resolve()


def _gram(x: Floats, seed: int) -> dict[str, Any]:
    """The Gram matrix, ordered by clusters; of many points, that of a sample."""
    shown = x[np.sort(np.random.default_rng(seed).permutation(len(x))[:MOST_GRAM])]
    order = cluster_order(shown)
    sampled = f"A random sample of {len(shown)} of the {len(x)} rows and columns is shown."
    return {
        "size": len(shown),
        "values": packed((shown @ shown.T)[np.ix_(order, order)]),
        "notes": [sampled] if len(shown) < len(x) else [],
    }


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
    rows = [(f"{x:z.8f}", f"{count:.0f}") for x, count in histogram.distinct]
    return _table("Distinct inner products of pairs", ("inner product", "pairs"), rows)


def _coordinates(configuration: Configuration) -> str:
    x = configuration.anchors[:_LISTED, :MOST_AXES]
    points, dim = configuration.anchors.shape
    whole = x.shape == configuration.anchors.shape
    caption = "Coordinates" if whole else f"Coordinates: {len(x)} of {points} points, {x.shape[1]} of {dim} axes"
    rows = [(str(i), *(f"{value:z.5f}" for value in row)) for i, row in enumerate(x, 1)]
    return _table(caption, ("point", *(f"x{k}" for k in range(1, x.shape[1] + 1))), rows)


def _section(tables: str) -> str:
    return f'<section class="tables" aria-labelledby="h-tables"><h2 id="h-tables">Numbers</h2>{tables}</section>'


_SCRIPTS = ("projection.js", "traces.js", "charts.js", "page.js")


def document(
    *,
    name: str,
    lines: Sequence[facts.Row],
    tables: str,
    data: dict[str, Any] | None,
    form: str = "",
    script: str = "",
    connect: str = "",
) -> str:
    """The HTML.  Without data nothing is shown at first; ``form``, ``script`` and the addresses that the script may
    ``connect`` to are for pages that get their data later."""
    from plotly.offline import get_plotlyjs

    own = files("hyperenergy.view")
    scripts = [(own / file).read_text("utf-8") for file in _SCRIPTS]
    # "<" would end the script element in the middle of a text.
    given = json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    fields = {
        "title": escape(name),
        "connect": connect and f"; connect-src {connect}",
        "form": form,
        "hidden": " hidden" if data is None else "",
        "facts": "".join(f"<dt>{escape(key)}</dt><dd>{escape(value)}</dd>" for key, value in lines),
        "tables": tables,
        "style": (own / "page.css").read_text("utf-8"),
        "data": given,
        "plotly": get_plotlyjs(),
        "script": "\n".join(['"use strict";\n(() => {', *scripts, script, "})();"]),
    }
    # Split first, so that no text that is filled in is searched for fields.
    parts = (own / "page.html").read_text("utf-8").split("@@")
    return "".join(fields[part] if k % 2 else part for k, part in enumerate(parts))
