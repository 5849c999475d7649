"""Which parts of a study there is data for."""

from __future__ import annotations

from dataclasses import replace

from hyperenergy.errors import ArgumentError
from hyperenergy.training import data
from hyperenergy.training.study.grid import Study

_OTHER = "fashion-mnist"


def available(study: Study, root: str | None = None) -> tuple[Study, list[str]]:
    """The study of the data sets that are there, and what a reader must know of the others.

    Raises ArgumentError where none is there, where a folder was named that has not the files, and for broken files.
    """
    there, notes = [], []
    for part in study.parts:
        try:
            data.load(part.data, None if part.data == "digits" else root)
            there.append(part)
        except ArgumentError as error:
            if root is not None or error.argument != "root" or "not found" not in str(error):
                raise
            notes.append(f"{part.data} is not there, and left out of the {study.name} study: {error.allowed}")
    if not there:
        raise ArgumentError("root", root, notes[0])
    if study.name == "small" and not notes:
        notes = _more(root)
    if len(there) == len(study.parts):
        return study, notes
    about = ", ".join(part.data for part in there)
    return replace(study, name=f"{study.name} ({about} alone)", about=about, parts=tuple(there)), notes


def _more(root: str | None) -> list[str]:
    """How to go beyond digits, where nothing is there to do so."""
    try:
        data.load(_OTHER, root)
    except ArgumentError as error:
        return [
            f"this study is of digits; hyperenergy study --images adds Fashion-MNIST, which is not there: {error.allowed}"
        ]
    return []
