"""Rows of numbers in text: one row a line, separated by commas, semicolons, tabs or spaces.

A line is never passed over because it could not be read.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from hyperenergy.errors import ArgumentError

Floats = NDArray[np.float64]

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
# What programs write for a number that is missing: no word of a header.
_MISSING = re.compile(r"|[+-]?(nan|inf|infinity)|n/?a|null|none|-+|\?+", re.IGNORECASE)
_MOST_SHOWN = 60


def read_rows(path: str | Path, header: bool | None = None, *, argument: str = "source") -> Floats:
    """(rows, columns) of a .csv, .tsv or .txt file in UTF-8.

    What follows # is a comment; blank lines do not count; a separator may end a line.  header: whether the first line is
    skipped.  By default it is if it has as many cells as the others and no number in any, or is exactly 0,1,...,d-1 with
    d >= 3, as pandas writes it, which is no unit vector.  For d = 2 that may be a point.

    Raises ArgumentError, which names the argument, the file and the line, for everything else that is not a finite decimal
    number, for rows of other lengths than the first, and for the line 0,1 where ``header`` is not given.
    """
    path = Path(path)
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ArgumentError(argument, repr(str(path)), "is not text in UTF-8") from None
    except OSError as error:
        raise ArgumentError(argument, repr(str(path)), f"cannot be read ({error.strerror or error})") from None
    reader = _Reader(path, argument)
    # Only these end a line; form feeds and the like, of which str.splitlines makes line ends, do not.
    numbered = enumerate(re.split(r"\r\n|\r|\n", text), 1)
    lines = [(number, line) for number, full in numbered if (line := _without_comment(full))]
    titles = None
    if lines and (header or (header is None and reader.is_header(*lines[0]))):
        titles, lines = lines[0], lines[1:]
    if not lines:
        return np.zeros((0, 0))
    rows = [
        reader.numbers(number, line, first=header is None and not rank) for rank, (number, line) in enumerate(lines)
    ]
    for (number, line), row in zip(lines, rows, strict=True):
        if len(row) != len(rows[0]):
            reader.refuse(number, line, f"has {len(row)} numbers, and line {lines[0][0]} has {len(rows[0])}")
    if titles and header is None and len(_cells(titles[1])) != len(rows[0]):
        reader.refuse(*titles, f"is no row of numbers, nor a header of {len(rows[0])} columns; --header skips it")
    return np.array(rows, dtype=np.float64)


class _Reader:
    def __init__(self, path: Path, argument: str) -> None:
        self._path, self._argument = path, argument

    def refuse(self, number: int, line: str, why: str) -> NoReturn:
        shown = line if len(line) <= _MOST_SHOWN else f"{line[:_MOST_SHOWN]}..."
        raise ArgumentError(self._argument, repr(str(self._path)), f"line {number}: {shown!r} {why}")

    def is_header(self, number: int, line: str) -> bool:
        cells = _cells(line)
        if cells == ["0", "1"]:
            self.refuse(number, line, "may be a point or a header; say --no-header or --header (header=False or True)")
        if len(cells) >= 3 and cells == [str(k) for k in range(len(cells))]:
            return True
        return not any(_NUMBER.fullmatch(cell) or _MISSING.fullmatch(cell) for cell in cells)

    def numbers(self, number: int, line: str, first: bool) -> list[float]:
        row = []
        for cell in _cells(line):
            value = float(cell) if _NUMBER.fullmatch(cell) else math.nan
            if not math.isfinite(value):
                what = f"{cell!r} in it is" if cell else "an empty cell in it is"
                comma = "; decimals have a point" if re.fullmatch(r"[+-]?\d+,\d+", cell) else ""
                skip = "; if it is a header, say so with --header (header=True)" if first and not comma else ""
                self.refuse(number, line, f"is no row of numbers: {what} no finite number{comma}{skip}")
            row.append(value)
        return row


def _without_comment(line: str) -> str:
    before, mark, _ = line.partition("#")
    # A tab at the end belongs to the comment; without one it ends a cell, as one at the beginning does.
    before = before.rstrip() if mark else before
    return before.strip(" ") if before.strip() else ""


def _cells(line: str) -> list[str]:
    separator = next((mark for mark in ";,\t" if mark in line), None)
    cells = [cell.strip() for cell in line.split(separator)]
    # Quoted cells, as spreadsheets write them.
    cells = [cell[1:-1].strip() if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell for cell in cells]
    return cells[:-1] if len(cells) > 1 and not cells[-1] else cells
