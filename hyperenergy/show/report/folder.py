"""The report and its configurations in a folder: whole files, and none of an earlier run among them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hyperenergy.errors import ArgumentError
from hyperenergy.files import replacing
from hyperenergy.show.report.page import page
from hyperenergy.show.report.records import FOLDER, file_name, is_own, record
from hyperenergy.show.report.telling import kept
from hyperenergy.verify.report import Summary

_NAME = "report.html"
# What a report consists of.
NAMES = (_NAME, FOLDER)


def check_folder(out: Path) -> None:
    """ArgumentError where something stands in the way of the report; for before the work."""
    for name, bad, what in ((_NAME, Path.is_dir, "a folder"), (FOLDER, Path.is_file, "a file")):
        if bad(out / name):
            raise ArgumentError("out", repr(str(out)), f"must be a folder that can be written ({name} is {what})")


def write(out: Path, summaries: Sequence[Summary], command: str, seconds: float, complete: bool) -> Path:
    """Write ``out``/report.html and ``out``/configurations/<claim>-<k>.json, and return the path of the report.

    out: a folder that exists.  Other arguments: as of ``page``.  Configurations of earlier reports are removed, other files
    are left alone.  Raises ArgumentError where a file cannot be written; what is computed is computed before that.
    """
    check_folder(out)
    shown = out.name if out.is_absolute() else out.as_posix()
    html = page(summaries, command, seconds, complete, shown)
    records = {
        file_name(summary.theorem.id, k): record(result)
        for summary in summaries
        for k, result in enumerate(kept(summary), 1)
    }
    folder = out / FOLDER
    try:
        if records:
            folder.mkdir(exist_ok=True)
    except OSError as error:
        raise ArgumentError("out", repr(str(out)), f"must be a folder that can be written ({error.strerror})") from None
    for name, text in records.items():
        with replacing("out", folder / name, (".json",)) as beside:
            beside.write_text(text, "utf-8")
    with replacing("out", out / _NAME, (".html",)) as beside:
        beside.write_text(html, "utf-8")
    try:
        for path in folder.iterdir() if folder.is_dir() else ():
            if is_own(path.name) and path.name not in records and path.is_file():
                path.unlink()
    except OSError as error:
        raise ArgumentError("out", repr(str(folder)), f"holds old files to be removed ({error.strerror})") from None
    return out / _NAME
