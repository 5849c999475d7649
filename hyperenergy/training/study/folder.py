"""The folder of a study: claims before the first run, and the report after the last."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from hyperenergy.errors import ArgumentError
from hyperenergy.files import replacing
from hyperenergy.training.study import report as reports
from hyperenergy.training.study.report import Report

_CLAIMS, _PAGE, _TEXT, _FIGURES = "claims.json", "study.html", "study.md", "figures"
NAMES = (_CLAIMS, _PAGE, _TEXT, _FIGURES)


@dataclass(frozen=True)
class Written:
    page: Path
    text: Path


def check(out: Path) -> None:
    """ArgumentError where something stands in the way of the report; for before the work."""
    for name in NAMES:
        bad, what = (Path.is_file, "a file") if name == _FIGURES else (Path.is_dir, "a folder")
        if bad(out / name):
            raise ArgumentError("out", repr(str(out)), f"must be a folder that can be written ({name} is {what})")


def register(out: Path) -> None:
    """Write the claims, unless that was done before."""
    if not (out / _CLAIMS).exists():
        with replacing("out", out / _CLAIMS, (".json",)) as beside:
            beside.write_text(json.dumps(reports.registered(), indent=1, ensure_ascii=False) + "\n", "utf-8")


def changed(out: Path) -> list[str]:
    """Which claims are not as they were registered, in words."""
    try:
        before = json.loads((out / _CLAIMS).read_bytes())
    except (OSError, ValueError):
        before = []
    good = isinstance(before, list) and all(isinstance(claim, dict) for claim in before)
    return reports.changed(before if good else [])


def write(out: Path, report: Report) -> Written:
    """``out``/study.html, study.md and figures/NAME.svg; what is computed is computed before.

    Raises ArgumentError where a file cannot be written.
    """
    check(out)
    html, text = reports.page(report), reports.markdown(report, _FIGURES)
    drawn = {picture.name: picture.svg for picture in report.pictures}
    try:
        (out / _FIGURES).mkdir(exist_ok=True)
    except OSError as error:
        raise ArgumentError("out", repr(str(out)), f"must be a folder that can be written ({error.strerror})") from None
    for name, svg in drawn.items():
        with replacing("out", out / _FIGURES / f"{name}.svg", (".svg",)) as beside:
            beside.write_text(svg, "utf-8")
    for name, content in ((_PAGE, html), (_TEXT, text)):
        with replacing("out", out / name, (Path(name).suffix,)) as beside:
            beside.write_text(content, "utf-8")
    return Written(out / _PAGE, out / _TEXT)
