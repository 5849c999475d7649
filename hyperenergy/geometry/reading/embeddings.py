"""Embeddings from files: rows of any length, one view or two, with or without labels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.reading import arrays
from hyperenergy.geometry.reading.source import Array, Source
from hyperenergy.geometry.reading.table import read_rows

_TEXT = (".csv", ".tsv", ".txt", ".dat")
SUFFIXES = (*arrays.SUFFIXES, *_TEXT)
# Second views, by the names of the first, and labels, as people call them.
_SECOND = {"anchors": "positives", "z1": "z2", "z_i": "z_j", "u": "v", "U": "V", "a": "b", "view1": "view2"}
_BLOCK = 2**22


@dataclass(frozen=True, eq=False)
class Embeddings:
    """anchors, and positives where there are two views: (N, d), of the file's floating-point type, finite rows that are not
    zero.  labels: (N,) or None.  kept: which rows of the file these are, where some are left out."""

    anchors: Tensor
    positives: Tensor | None = None
    labels: Array | None = None
    kept: Array | None = None

    @property
    def dropped(self) -> int:
        return 0 if self.kept is None else int((~self.kept).sum())


def read_embeddings(path: str | Path, *, array: str | None = None, drop: bool = False) -> Tensor:
    """The embeddings in a file, (N, d) in its own floating-point type: .npy (left on the disk until used), .npz, .pt
    (tensors alone; a file that holds code is refused), .csv, .tsv, .txt, .mat or .parquet.

    array: which one, of files with several.  drop: leave out rows without a direction, nan, infinite or zero, which are
    refused by number otherwise.  Raises ArgumentError that names the file.
    """
    read = read_embeddings_file(path, array=array, drop=drop, labels=False, argument="path")
    if read.positives is not None:
        raise ArgumentError(
            "path", repr(str(path)), "holds two views; array= says which one, or call diagnose with both"
        )
    return read.anchors


def read_embeddings_file(
    path: str | Path, *, array: str | None = None, drop: bool = False, labels: bool = True, argument: str = "file"
) -> Embeddings:
    """Views, and labels unless they come from elsewhere, of a file of the kinds of ``read_embeddings``: of an archive also
    positives beside anchors (or z2 beside z1, and so on), an array (2, N, d) of two views, and labels."""
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ArgumentError(argument, repr(str(path)), f"must be a file that ends in one of {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise ArgumentError(argument, repr(str(path)), "there is no such file")
    source = Source(path, argument, array)
    try:
        if suffix in _TEXT:
            if array is not None:
                raise ArgumentError("array", repr(array), f"{suffix} files have no named arrays")
            return _whole(source, _tensor(source, "rows", read_rows(path, argument=argument)), None, None, drop)
        with arrays.opened(source) as found:
            return _views(source, found, drop, labels)
    except OSError as error:
        raise ArgumentError(argument, repr(str(path)), f"cannot be read ({error.strerror or error})") from None


def read_labels(path: str | Path, *, argument: str = "labels") -> Array:
    """(N,) labels: one a line of a .txt or .csv file, numbers or words; or an array of one axis of the other files."""
    path = Path(path)
    if not path.is_file():
        raise ArgumentError(argument, repr(str(path)), "there is no such file")
    if path.suffix.lower() in _TEXT:
        return _words(path, argument)
    if path.suffix.lower() not in arrays.SUFFIXES:
        raise ArgumentError(argument, repr(str(path)), f"must be a file that ends in one of {', '.join(SUFFIXES)}")
    source = Source(path, argument)
    try:
        with arrays.opened(source) as found:
            name = next((name for name in arrays.LABELS if name in found), None) or arrays.pick(source, found, "labels")
            return _labels(source, found[name])
    except OSError as error:
        raise ArgumentError(argument, repr(str(path)), f"cannot be read ({error.strerror or error})") from None


def _words(path: Path, argument: str) -> Array:
    """One a line; a blank line before the end would move all that come after it."""
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ArgumentError(argument, repr(str(path)), "is not text in UTF-8") from None
    except OSError as error:
        raise ArgumentError(argument, repr(str(path)), f"cannot be read ({error.strerror or error})") from None
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", text.rstrip())]
    for number, line in enumerate(lines, 1):
        if not line or re.search(r"[,;\t]", line):
            raise ArgumentError(argument, repr(str(path)), f"line {number}: {line[:60]!r} must be one label")
    return np.array(lines)


def _views(source: Source, found: Mapping[str, Any], drop: bool, wanted: bool) -> Embeddings:
    first = next((name for name in _SECOND if name in found and _SECOND[name] in found), None)
    name = first if first is not None and source.array is None else None
    others = [key for key in found if key not in arrays.LABELS]
    name = name or arrays.pick(source, others or list(found), "embeddings")
    anchors, second = np.asarray(found[name]), None
    if source.array is None and first is not None:
        second = np.asarray(found[_SECOND[first]])
    elif anchors.ndim == 3 and len(anchors) == 2:
        anchors, second = anchors
    labels = next((found[key] for key in arrays.LABELS if key in found and key != name), None) if wanted else None
    u = _tensor(source, name, anchors)
    v = None if second is None else _tensor(source, _SECOND.get(name, name), second)
    if v is not None and v.shape != u.shape:
        source.refuse(f"has views of different shape: {tuple(u.shape)} and {tuple(v.shape)}")
    return _whole(source, u, v, None if labels is None else _labels(source, labels), drop)


def _tensor(source: Source, name: str, given: Any) -> Tensor:
    x = source.matrix(name, given)
    if len(x) < 2:
        source.refuse(f"{name} has one row; at least 2 are needed")
    if x.dtype.kind != "f" or x.dtype.itemsize > 8:
        x = x.astype(np.float64)
    if not x.dtype.isnative or any(step < 0 for step in x.strides):
        x = x.astype(x.dtype.newbyteorder("="))
    return torch.from_numpy(x if x.flags.writeable else x.copy())


def _labels(source: Source, given: Any) -> Array:
    labels = np.asarray(given)
    labels = labels.reshape(-1) if labels.ndim == 2 and 1 in labels.shape else labels
    if labels.dtype.kind == "f" and np.isfinite(labels).all() and (labels == np.round(labels)).all():
        labels = labels.astype(np.int64)  # MATLAB has no other numbers
    if labels.ndim != 1 or labels.dtype.kind not in "iubUSO":
        source.refuse(f"labels have shape {labels.shape} of {labels.dtype}; must be one whole number or word a row")
    return labels


def _whole(source: Source, u: Tensor, v: Tensor | None, labels: Array | None, drop: bool) -> Embeddings:
    """With every row finite and not zero."""
    if labels is not None and len(labels) != len(u):
        source.refuse(f"has {len(labels)} labels and {len(u)} rows; must be as many")
    bad = without_direction(u)
    bad = bad if v is None else bad | without_direction(v)
    count = int(bad.sum())
    if not count:
        return Embeddings(u, v, labels)
    if not drop:
        source.refuse(
            f"row {int(bad.long().argmax()) + 1} has no direction: it is zero, or not finite ({count} such of {len(u)}); "
            "--drop (drop=True) leaves them out"
        )
    if len(u) - count < 2:
        source.refuse(f"has {len(u) - count} rows with a direction; at least 2 are needed")
    keep = ~bad
    kept = keep.numpy()
    return Embeddings(u[keep], None if v is None else v[keep], None if labels is None else labels[kept], kept)


def without_direction(x: Tensor) -> Tensor:
    """Which rows are zero or not finite, a block after the other."""
    size = max(1, _BLOCK // x.shape[1])
    largest = torch.cat([x[start : start + size].abs().amax(-1) for start in range(0, len(x), size)])
    return ~((largest > 0) & largest.isfinite())
