"""Records, files and parsed pages for the tests of the interactive page."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np

from hyperenergy import DHEL, codes
from hyperenergy.objectives.base import BatchLoss

MOST_BYTES = 6_000_000
# What the form of the local page sends.
FORM = {
    "objective": "dhel",
    "points": "4",
    "dim": "3",
    "temperature": "0.5",
    "parameters": "",
    "restarts": "3",
    "seed": "0",
}


def random_rows(points: int, dim: int, seed: int = 0) -> np.ndarray:
    x = np.random.default_rng(seed).standard_normal((points, dim))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def record(**changes: Any) -> dict[str, Any]:
    given = {"objective": "DHEL(temperature=0.5)", "points": 4, "dim": 3, "value": 1.0, "seed": 0}
    given["spec"] = BatchLoss(DHEL(0.5)).spec()
    rows = codes.simplex(4).coordinates.tolist()
    given |= {"anchors": rows, "positives": rows}
    return {key: value for key, value in (given | changes).items() if value is not ...}


def saved(folder: Path, **changes: Any) -> Path:
    path = folder / "x.json"
    path.write_text(json.dumps(record(**changes)), "utf-8")
    return path


class Elements(HTMLParser):
    """Tags with attributes, and the text outside of script and style."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        self.inside = tag

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside not in ("script", "style"):
            self.text += data


def payload(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)
    assert found is not None
    return dict(json.loads(found[1]))
