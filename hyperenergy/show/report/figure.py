"""The configuration of a result as an SVG element that can stand in a page beside others."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

import torch

from hyperenergy.verify.grid import Result


def svg(result: Result, prefix: str, label: str) -> str:
    """The figure of ``plot.configuration``.  The result must have anchors.

    prefix: stands before every id inside, so that elements with different prefixes do not clash; letters, digits and
    dashes.  label: what the picture shows, for those who do not see it.
    """
    import matplotlib
    from matplotlib.figure import Figure

    from hyperenergy.show.plot import configuration

    anchors = torch.tensor(result.anchors, dtype=torch.float64)
    positives = None if result.positives is None else torch.tensor(result.positives, dtype=torch.float64)
    figure = Figure(figsize=(4.2, 4.7), layout="constrained")
    configuration(anchors, positives, ax=figure.subplots())
    file = io.StringIO()
    # Text becomes paths, so that the picture looks the same everywhere, and the salt makes the ids the same in every run.
    with matplotlib.rc_context({"svg.hashsalt": prefix, "svg.fonttype": "path"}):
        figure.savefig(file, format="svg", metadata={"Date": None})
    return inlined(file.getvalue(), prefix, label)


def inlined(document: str, prefix: str, label: str) -> str:
    """An SVG document as an element of an HTML page: all ids and references to them with the prefix, no namespaces,
    metadata or style sheets, which would apply to the whole page."""
    root = ElementTree.fromstring(document)
    for parent in list(root.iter()):
        for child in list(parent):
            if _plain(child.tag) in ("metadata", "style"):
                parent.remove(child)
    for element in root.iter():
        element.tag = _plain(element.tag)
        for name, value in list(element.attrib.items()):
            del element.attrib[name]
            element.attrib[_plain(name)] = _prefixed(_plain(name), value, prefix)
    for name in ("width", "height"):
        root.attrib.pop(name, None)
    # What the style sheet said.
    root.attrib |= {"stroke-linejoin": "round", "stroke-linecap": "butt", "role": "img", "aria-label": label}
    return ElementTree.tostring(root, "unicode")


def _plain(name: str) -> str:
    return name.rpartition("}")[2]


def _prefixed(name: str, value: str, prefix: str) -> str:
    if name == "id":
        return f"{prefix}-{value}"
    if name == "href" and value.startswith("#"):
        return f"#{prefix}-{value[1:]}"
    return re.sub(r"url\(#", f"url(#{prefix}-", value)
