"""Configurations from files and from names of codes.  Files are data from anywhere: read strictly, and never unpickled."""

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

from hyperenergy import codes
from hyperenergy.codes import Code
from hyperenergy.errors import ArgumentError
from hyperenergy.minimum import Minimum
from hyperenergy.trajectory import Trajectory

Floats = NDArray[np.float64]

# Rows written with few digits are taken and scaled; what is farther from unit length is not a configuration.
_NORM_TOLERANCE = 1e-3
_MOST_NUMBERS = 50_000_000


@dataclass(frozen=True, eq=False)
class Configuration:
    """What a page shows.

    anchors: (points, dim), unit rows.  positives: of the same shape, or None where there are no pairs.  objective: its
    label, and value, where the file has them.  code: where it comes from the catalogue.  trajectory: where it is the
    ``minimum`` of a search that was recorded.
    """

    name: str
    anchors: Floats
    positives: Floats | None = None
    objective: str | None = None
    value: float | None = None
    code: Code | None = None
    minimum: Minimum | None = None
    trajectory: Trajectory | None = None

    @staticmethod
    def of(minimum: Minimum, trajectory: Trajectory | None = None) -> Configuration:
        """What a search found, and how, if that was recorded."""
        anchors, positives = minimum.objective.views(minimum.rows.cpu())
        x = anchors.numpy()
        return Configuration(
            name=f"{minimum.objective.label}: {len(x)} {'points' if anchors is positives else 'pairs'} in R^{x.shape[1]}",
            anchors=x,
            positives=None if anchors is positives else positives.numpy(),
            minimum=minimum,
            trajectory=trajectory,
        )


def load(source: str | Path) -> Configuration:
    """A configuration from a file (.json of ``minimize --out``, .npz or .csv of ``codes --export``) or a code's name.

    Raises ArgumentError for a file that cannot be read or does not hold unit vectors, and for a name that is no code.
    """
    path = Path(source)
    text = str(source)
    if path.suffix.lower() in _READERS:
        if not path.is_file():
            raise ArgumentError("source", repr(text), "there is no such file")
        try:
            return _READERS[path.suffix.lower()](path)
        except OSError as error:
            raise ArgumentError("source", repr(text), f"cannot be read ({error.strerror or error})") from None
    if path.is_file() or "/" in text or "\\" in text:
        raise ArgumentError(
            "source", repr(text), f"must be a file that ends in one of {', '.join(_READERS)}, or a code"
        )
    try:
        code = codes.get(text)
    except ArgumentError as error:
        if error.argument != "code":
            raise
        hint = f"{error}".partition("; ")[2]
        raise ArgumentError(
            "source", repr(text), f"neither a file ({', '.join(_READERS)}) nor a code; {hint}"
        ) from None
    return Configuration(code.name, code.coordinates, code=code)


def _json(path: Path) -> Configuration:
    try:
        record = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError):
        _refuse(path, "is not JSON")
    if not isinstance(record, dict) or "anchors" not in record:
        _refuse(path, 'must be an object with "anchors", as `minimize --out` writes it')
    anchors = _unit_rows(path, "anchors", record["anchors"])
    for key, size in (("points", anchors.shape[0]), ("dim", anchors.shape[1])):
        if key in record and record[key] != size:
            _refuse(path, f'says "{key}": {record[key]!r}, but its anchors have {size}')
    objective, value = record.get("objective"), record.get("value")
    if not isinstance(objective, str | None):
        _refuse(path, '"objective" must be text')
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value)):
        _refuse(path, '"value" must be a finite number')
    positives = _positives(path, record.get("positives"), anchors)
    return Configuration(path.name, anchors, positives, objective, None if value is None else float(value))


def _npz(path: Path) -> Configuration:
    try:
        # An own handle: NumPy leaves its open where the archive is broken.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            if not isinstance(arrays, np.lib.npyio.NpzFile):
                _refuse(path, "is a single array, not an .npz archive")
            key = next((key for key in ("coordinates", "anchors", "points") if key in arrays), None)
            if key is None:
                _refuse(path, "must have an array named coordinates, as `codes --export` writes it, or anchors")
            anchors = _unit_rows(path, key, arrays[key])
            positives = _positives(path, arrays["positives"] if "positives" in arrays else None, anchors)
    except ArgumentError:
        raise
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile, NotImplementedError):
        _refuse(path, "is not an .npz archive of plain arrays of numbers")
    return Configuration(path.name, anchors, positives)


def _csv(path: Path) -> Configuration:
    try:
        lines = [line for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError:
        _refuse(path, "is not text")
    if lines and not _numbers(lines[0]):
        lines = lines[1:]  # a header
    rows = [_numbers(line) for line in lines]
    for number, row in enumerate(rows, 1):
        if row is None or len(row) != len(rows[0] or ()):
            _refuse(path, f"row {number} of numbers must have as many numbers as the first")
    return Configuration(path.name, _unit_rows(path, "rows", rows))


def _numbers(line: str) -> list[float] | None:
    try:
        return [float(cell) for cell in line.split(",")]
    except ValueError:
        return None


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _positives(path: Path, given: Any, anchors: Floats) -> Floats | None:
    """None also where they are the anchors themselves: the points of an energy."""
    if given is None:
        return None
    positives = _unit_rows(path, "positives", given)
    if positives.shape != anchors.shape:
        _refuse(path, f"has positives of shape {positives.shape}, and anchors of shape {anchors.shape}")
    return None if np.array_equal(positives, anchors) else positives


def _unit_rows(path: Path, name: str, given: Any) -> Floats:
    """(points, dim) of finite numbers with rows of length 1, which are scaled to it exactly."""
    try:
        x = np.asarray(given)
    except (ValueError, OverflowError):
        _refuse(path, f"{name}: rows must have as many numbers each")
    if x.dtype.kind not in "iuf":
        _refuse(path, f"{name} must be rows of numbers")
    if x.ndim != 2 or x.shape[0] < 2 or x.shape[1] < 1:
        _refuse(path, f"{name} has shape {x.shape}; must be (points, dim) with at least 2 points")
    if x.size > _MOST_NUMBERS:
        _refuse(path, f"{name} holds {x.size} numbers; at most {_MOST_NUMBERS} are shown")
    x = x.astype(np.float64)
    norm = np.linalg.norm(x, axis=1)
    bad = np.flatnonzero(~(abs(norm - 1) <= _NORM_TOLERANCE))
    if len(bad):
        _refuse(path, f"{name}: row {bad[0] + 1} has length {norm[bad[0]]:.6g}; rows must be finite unit vectors")
    return np.asarray(x / norm[:, None])


def _refuse(path: Path, why: str) -> NoReturn:
    raise ArgumentError("source", repr(str(path)), why)


_READERS: dict[str, Callable[[Path], Configuration]] = {".json": _json, ".npz": _npz, ".csv": _csv}
