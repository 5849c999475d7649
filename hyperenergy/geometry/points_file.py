"""Configurations from files.  Files are data from anywhere: read strictly, never unpickled, and no row is passed over."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from hyperenergy.checks import not_unit, written_norm
from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.table_file import read_rows

Floats = NDArray[np.float64]

_MOST_NUMBERS = 50_000_000


@dataclass(frozen=True, eq=False)
class PointsFile:
    """anchors: (points, dim), unit rows.  written: the same as the file has them, with norms near 1.  positives: unit rows
    of the same shape, or None where there are no pairs.  rows: of the whole configuration, where they are not all of it.
    objective: its label, spec (as of ``Objective.spec``, not looked
    into), and value, where the file has them."""

    anchors: Floats
    written: Floats
    positives: Floats | None = None
    objective: str | None = None
    value: float | None = None
    spec: dict[str, Any] | None = None
    rows: Floats | None = None


def read_points_file(path: str | Path, *, header: bool | None = None, argument: str = "source") -> PointsFile:
    """The points or pairs in a file: .json of ``minimize --out``, .npz or .csv of ``codes --export``, or rows of numbers in
    a .csv, .tsv or .txt file, with separators, comments and headers as ``read_rows`` has them.

    Raises ArgumentError, which names the argument, for a file that cannot be read or does not hold at least two unit
    vectors, to within 1e-3 or what rounding to three decimals does; and for ``header`` with a file that is not text.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ArgumentError(argument, repr(str(path)), f"must be a file that ends in one of {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise ArgumentError(argument, repr(str(path)), "there is no such file")
    try:
        if suffix in _READERS:
            if header is not None:
                raise ArgumentError("header", header, f"only rows of numbers in text have one, not {suffix} files")
            return _READERS[suffix](_Source(path, argument))
        source = _Source(path, argument)
        rows = read_rows(path, header, argument=argument)
        return PointsFile(source.unit_rows("rows", rows), rows)
    except OSError as error:
        raise ArgumentError(argument, repr(str(path)), f"cannot be read ({error.strerror or error})") from None


@dataclass(frozen=True)
class _Source:
    path: Path
    argument: str

    def refuse(self, why: str) -> NoReturn:
        raise ArgumentError(self.argument, repr(str(self.path)), why)

    def rows(self, name: str, given: Any) -> Floats:
        """(points, dim) of finite numbers with rows of length near 1."""
        try:
            x = np.asarray(given)
        except (ValueError, OverflowError):
            self.refuse(f"{name}: rows must have as many numbers each")
        if x.dtype.kind not in "iuf":
            self.refuse(f"{name} must be rows of numbers")
        if x.ndim != 2 or x.shape[0] < 2 or x.shape[1] < 1:
            self.refuse(f"{name} has shape {x.shape}; must be (points, dim) with at least 2 points")
        if x.size > _MOST_NUMBERS:
            self.refuse(f"{name} holds {x.size} numbers; at most {_MOST_NUMBERS} are shown")
        x = x.astype(np.float64)
        if wrong := not_unit(np.linalg.norm(x, axis=1), written_norm(x.shape[1])):
            (row,), norm = wrong
            self.refuse(f"{name}: row {row + 1} has length {norm:.6g}; rows must be finite unit vectors")
        return x

    def unit_rows(self, name: str, given: Any) -> Floats:
        x = self.rows(name, given)
        return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True))

    def positives(self, given: Any, anchors: Floats) -> Floats | None:
        """None also where they are the anchors themselves: the points of an energy."""
        if given is None:
            return None
        positives = self.unit_rows("positives", given)
        if positives.shape != anchors.shape:
            self.refuse(f"has positives of shape {positives.shape}, and anchors of shape {anchors.shape}")
        return None if np.array_equal(positives, anchors) else positives


def _json(source: _Source) -> PointsFile:
    try:
        record = json.loads(source.path.read_text("utf-8"))
    except (ValueError, RecursionError):
        source.refuse("is not JSON")
    if not isinstance(record, dict) or "anchors" not in record:
        source.refuse('must be an object with "anchors", as `minimize --out` writes it')
    written = source.rows("anchors", record["anchors"])
    anchors = source.unit_rows("anchors", written)
    for key, size in (("points", anchors.shape[0]), ("dim", anchors.shape[1])):
        if key in record and record[key] != size:
            source.refuse(f'says "{key}": {record[key]!r}, but its anchors have {size}')
    objective, value = record.get("objective"), record.get("value")
    if not isinstance(objective, str | None):
        source.refuse('"objective" must be text')
    if not isinstance(record.get("spec"), dict | None):
        source.refuse('"spec" must be an object')
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value)):
        source.refuse('"value" must be a finite number')
    positives = source.positives(record.get("positives"), anchors)
    said = None if value is None else float(value)
    rows = source.unit_rows("rows", record["rows"]) if "rows" in record else None
    return PointsFile(anchors, written, positives, objective, said, record.get("spec"), rows)


def _npz(source: _Source) -> PointsFile:
    try:
        # An own handle: NumPy leaves its open where the archive is broken.
        with source.path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            if not isinstance(arrays, np.lib.npyio.NpzFile):
                source.refuse("is a single array, not an .npz archive")
            key = next((key for key in ("coordinates", "anchors", "points") if key in arrays), None)
            if key is None:
                source.refuse("must have an array named coordinates, as `codes --export` writes it, or anchors")
            written = source.rows(key, arrays[key])
            anchors = source.unit_rows(key, written)
            positives = source.positives(arrays["positives"] if "positives" in arrays else None, anchors)
    except ArgumentError:
        raise
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile, NotImplementedError):
        source.refuse("is not an .npz archive of plain arrays of numbers")
    return PointsFile(anchors, written, positives)


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


_READERS: dict[str, Callable[[_Source], PointsFile]] = {".json": _json, ".npz": _npz}
SUFFIXES = (*_READERS, ".csv", ".tsv", ".txt")
