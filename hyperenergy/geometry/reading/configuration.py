"""Configurations from files.  Files are data from anywhere: read strictly, never unpickled, and no row is passed over."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hyperenergy.checks import not_unit, written_norm
from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.reading import arrays
from hyperenergy.geometry.reading.coordinates import from_angles, read_off, read_xyz
from hyperenergy.geometry.reading.source import Floats, Source
from hyperenergy.geometry.reading.table import read_rows

if TYPE_CHECKING:
    from torch import Tensor

_MOST_NUMBERS = 50_000_000
_TEXT = (".csv", ".tsv", ".txt", ".dat")
SUFFIXES = (".json", *_TEXT, ".xyz", ".off", *arrays.SUFFIXES)


@dataclass(frozen=True)
class Reading:
    """How a file is to be read.

    dim: of files with one number a line, how many make a point; of others, what they must have.  normalize: rows of any
    length are directions.  angles: rows are spherical coordinates in radians (see ``coordinates.from_angles``).  array: the
    one that is meant, of files with several.  header: whether the first line of a table is skipped.
    """

    dim: int | None = None
    normalize: bool = False
    angles: bool = False
    array: str | None = None
    header: bool | None = None


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


def read_points(
    path: str | Path,
    *,
    dim: int | None = None,
    normalize: bool = False,
    angles: bool = False,
    array: str | None = None,
    header: bool | None = None,
) -> Tensor:
    """The points of a file, (points, dim) unit rows in float64.

    Files: rows of numbers in .csv, .tsv, .txt or .dat (with ``dim`` also one number a line); .xyz with or without names of
    elements; .off; .npy, .npz, .mat, .pt (tensors alone) and .parquet, of which ``array`` names the one that is meant
    where it is not clear; .json of ``minimize --out``.  normalize: rows of any length are put on the sphere; otherwise they
    must be unit vectors but for the digits that were not written.  angles: rows are spherical coordinates in radians, the
    polar angle first.

    Raises ArgumentError that names the file, and the line or row, for what is not at least two points.
    """
    import torch

    read = read_points_file(path, Reading(dim, normalize, angles, array, header), argument="path")
    if read.positives is not None:
        raise ArgumentError("path", repr(str(path)), "holds pairs; array='anchors' or array='positives' says which")
    return torch.from_numpy(read.anchors)


def read_points_file(
    path: str | Path, reading: Reading | None = None, *, header: bool | None = None, argument: str = "source"
) -> PointsFile:
    """The points or pairs in a file of the kinds of ``read_points``.

    Raises ArgumentError, which names the argument, for a file that cannot be read or does not hold at least two unit
    vectors, to within 1e-3 or what rounding to three decimals does; and for ``header`` with a file that is not text.
    """
    path, reading = Path(path), reading or Reading(header=header)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ArgumentError(argument, repr(str(path)), f"must be a file that ends in one of {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise ArgumentError(argument, repr(str(path)), "there is no such file")
    if reading.header is not None and suffix not in _TEXT:
        raise ArgumentError("header", reading.header, f"only rows of numbers in text have one, not {suffix} files")
    points = _Points(Source(path, argument, reading.array), reading)
    try:
        if suffix == ".json":
            return points.json()
        if suffix in arrays.SUFFIXES:
            return points.arrays()
        if reading.array is not None:
            raise ArgumentError("array", repr(reading.array), f"{suffix} files have no named arrays")
        reader = {".xyz": read_xyz, ".off": read_off}.get(suffix)
        rows = reader(points.source) if reader else read_rows(path, reading.header, argument=argument)
        return points.of(rows)
    except OSError as error:
        raise ArgumentError(argument, repr(str(path)), f"cannot be read ({error.strerror or error})") from None


@dataclass(frozen=True)
class _Points:
    source: Source
    reading: Reading

    def of(self, given: Any, name: str = "rows", positives: Any = None) -> PointsFile:
        written = self.rows(name, given)
        anchors = _on_sphere(written)
        return PointsFile(anchors, written, self.positives(positives, anchors))

    def rows(self, name: str, given: Any) -> Floats:
        """(points, dim) of finite numbers with rows of length near 1."""
        dim = self.reading.dim
        x = self.source.matrix(name, self._grouped(name, given))
        if x.size > _MOST_NUMBERS:
            self.source.refuse(f"{name} holds {x.size} numbers; at most {_MOST_NUMBERS} are shown")
        x = x.astype(np.float64)
        if self.reading.angles:
            if not np.isfinite(x).all():
                self.source.refuse(f"{name}: row {int((~np.isfinite(x)).any(1).argmax()) + 1} is not finite")
            x = from_angles(self.source, x)
        if x.shape[0] < 2:
            self.source.refuse(f"{name} has shape {x.shape}; must be (points, dim) with at least 2 points")
        if dim is not None and x.shape[1] != dim:
            self.source.refuse(f"{name} has {x.shape[1]} numbers a row, and dim {dim} was asked for")
        norms = np.linalg.norm(x, axis=1)
        if self.reading.normalize:
            if (bad := ~(np.isfinite(norms) & (norms > 0))).any():
                self.source.refuse(f"{name}: row {int(bad.argmax()) + 1} has no direction (zero, or not finite)")
            x = x / norms[:, None]
        elif wrong := not_unit(norms, written_norm(x.shape[1])):
            (row,), norm = wrong
            self.source.refuse(
                f"{name}: row {row + 1} has length {norm:.6g}; rows must be finite unit vectors{self._fix(x, norms)}"
            )
        return x

    def _grouped(self, name: str, given: Any) -> Any:
        """Numbers one a line, or all in one row, in groups of ``dim``."""
        dim = self.reading.dim
        x = np.asarray(given) if dim is not None else None
        if dim is None or x is None or x.dtype.kind not in "iuf" or not (x.ndim == 1 or (x.ndim == 2 and 1 in x.shape)):
            return given
        width = dim - 1 if self.reading.angles else dim
        if width < 1 or x.size % width:
            self.source.refuse(f"{name} holds {x.size} numbers, which are no whole number of points in R^{dim}")
        return x.reshape(-1, width)

    def _fix(self, x: Floats, norms: Floats) -> str:
        if x.shape[1] == 1:
            return "; where a point is several lines, say its dimension: --dim (dim=)"
        return "; --normalize (normalize=True) takes any length" if np.isfinite(norms).all() and norms.all() else ""

    def positives(self, given: Any, anchors: Floats) -> Floats | None:
        """None also where they are the anchors themselves: the points of an energy."""
        if given is None:
            return None
        positives = _on_sphere(self.rows("positives", given))
        if positives.shape != anchors.shape:
            self.source.refuse(f"has positives of shape {positives.shape}, and anchors of shape {anchors.shape}")
        return None if np.array_equal(positives, anchors) else positives

    def arrays(self) -> PointsFile:
        with arrays.opened(self.source) as found:
            name = arrays.pick(self.source, found)
            positives = (
                found["positives"]
                if name == "anchors" and self.reading.array is None and "positives" in found
                else None
            )
            return self.of(found[name], name, positives)

    def json(self) -> PointsFile:
        source = self.source
        try:
            record = json.loads(source.path.read_text("utf-8"))
        except (ValueError, RecursionError):
            source.refuse("is not JSON")
        if not isinstance(record, dict) or "anchors" not in record:
            source.refuse('must be an object with "anchors", as `minimize --out` writes it')
        if self.reading.array is not None:
            if self.reading.array not in ("anchors", "positives", "rows") or self.reading.array not in record:
                raise ArgumentError("array", repr(self.reading.array), "a .json file has anchors, positives and rows")
            return self.of(record[self.reading.array], self.reading.array)
        written = self.rows("anchors", record["anchors"])
        anchors = _on_sphere(written)
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
        positives = self.positives(record.get("positives"), anchors)
        said = None if value is None else float(value)
        rows = _on_sphere(self.rows("rows", record["rows"])) if "rows" in record else None
        return PointsFile(anchors, written, positives, objective, said, record.get("spec"), rows)


def _on_sphere(x: Floats) -> Floats:
    return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True))


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
