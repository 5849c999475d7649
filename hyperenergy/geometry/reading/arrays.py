"""Files of arrays.  They are data from anywhere: nothing in them is executed, and an array is one that was asked for, one
of a known name, or the only one."""

from __future__ import annotations

import difflib
import pickle
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from hyperenergy.errors import ArgumentError, need
from hyperenergy.geometry.reading.source import Array, Source

# By these names files have points: as `codes --export` and `minimize --out` write them, and as people do.
ROWS = ("coordinates", "anchors", "points", "embeddings", "features", "rows", "X", "x", "Z", "z")
# And labels.
LABELS = ("labels", "label", "y", "targets", "target", "classes")
# What torch's types are called that NumPy does not have.
_HALF = "bfloat16"


def pick(source: Source, arrays: Collection[str], what: str = "points") -> str:
    """The name of the array that is meant, of those names."""
    names = list(arrays)
    if source.array is not None:
        if source.array not in names:
            near = difflib.get_close_matches(source.array, names, 1)
            hint = f"did you mean {near[0]}? " if near else ""
            source.refuse(f"has no array {source.array!r}; {hint}it holds: {', '.join(names) or 'none'}")
        return source.array
    known = next((name for name in ROWS if name in names), None)
    if known is not None:
        return known
    if len(names) == 1:
        return names[0]
    source.refuse(f"holds the arrays {', '.join(names) or 'none'}; say which are the {what}: --array (array=)")


class Lazy(Mapping[str, Any]):
    """Arrays that are made when they are asked for: one that cannot be read is in nobody's way."""

    def __init__(self, makers: Mapping[str, Callable[[], Any]]) -> None:
        self._makers = dict(makers)

    def __getitem__(self, name: str) -> Any:
        return self._makers[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


@contextmanager
def opened(source: Source) -> Iterator[Mapping[str, Any]]:
    """The arrays of a .npy, .npz, .mat, .pt or .parquet file by name, loaded as they are asked for where that is possible.

    Of a .npy file the numbers stay on the disk until they are used.  Raises ArgumentError for files of another kind.
    """
    with _READERS[source.path.suffix.lower()](source) as arrays:
        yield arrays


@contextmanager
def _npy(source: Source) -> Iterator[Mapping[str, Any]]:
    try:
        # Copied where it is written to, which torch wants to be possible.
        x = np.load(source.path, mmap_mode="c", allow_pickle=False)
    except (ValueError, EOFError) as error:
        more = "; it is cut off" if "mmap length" in str(error) or "reshape" in str(error) else ""
        source.refuse(f"is no .npy file of plain numbers{more}")
    if not isinstance(x, np.ndarray):
        source.refuse("is no .npy file of one array")
    yield {"rows": x}


@contextmanager
def _npz(source: Source) -> Iterator[Mapping[str, Any]]:
    try:
        # An own handle: NumPy leaves its open where the archive is broken.
        with source.path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            if not isinstance(arrays, np.lib.npyio.NpzFile):
                source.refuse("is a single array, not an .npz archive")
            yield arrays
    except ArgumentError:
        raise
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile, NotImplementedError):
        source.refuse("is not an .npz archive of plain arrays of numbers")


@contextmanager
def _mat(source: Source) -> Iterator[Mapping[str, Any]]:
    from scipy import io

    try:
        found = io.loadmat(source.path)
    except NotImplementedError:
        source.refuse("is a MATLAB file of version 7.3; save it with -v7, or as .npy")
    except Exception as error:  # scipy raises what comes, on files that are none
        source.refuse(f"is no MATLAB file that can be read ({type(error).__name__})")
    yield {name: x for name, x in found.items() if not name.startswith("__")}


@contextmanager
def _pt(source: Source) -> Iterator[Mapping[str, Any]]:
    import torch

    with source.path.open("rb") as file:
        if not (zipfile.is_zipfile(file) or _starts_pickled(source)):
            source.refuse("is no file of torch.save, or is cut off")
    try:
        found = torch.load(source.path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        source.refuse(
            "holds more than tensors, which would be code to run; save tensors alone, or a dictionary of them"
        )
    except (RuntimeError, EOFError, ValueError, zipfile.BadZipFile, KeyError, AttributeError):
        source.refuse("is no file of torch.save, or is cut off")
    arrays = found if isinstance(found, Mapping) else {"rows": found}
    if isinstance(found, tuple | list):
        arrays = {f"{k}": x for k, x in enumerate(found)}
    tensors = {str(name): x for name, x in arrays.items() if isinstance(x, torch.Tensor)}
    yield Lazy({name: partial(_numpy, source, name, x) for name, x in tensors.items()})


def _starts_pickled(source: Source) -> bool:
    """As the files of torch before 1.6 do."""
    with source.path.open("rb") as file:
        return file.read(1) == b"\x80"


def _numpy(source: Source, name: str, x: Any) -> Array:
    try:
        x = x.detach()
        return np.asarray((x.float() if _HALF in str(x.dtype) else x).numpy())
    except (TypeError, RuntimeError):
        source.refuse(f"{name} is a tensor of {x.dtype}, {x.layout}; save it dense, in a type that NumPy has")


@contextmanager
def _parquet(source: Source) -> Iterator[Mapping[str, Any]]:
    need("parquet")
    from pyarrow import ArrowException, parquet

    try:
        table = parquet.read_table(source.path)
    except (ArrowException, OSError) as error:
        source.refuse(f"is no .parquet file, or is cut off ({str(error).splitlines()[0][:60]})")
    columns = {name: table.column(name) for name in table.column_names}
    yield Lazy(_makers(source, columns))


def _makers(source: Source, columns: Mapping[str, Any]) -> dict[str, Callable[[], Any]]:
    """One column of lists, or as many columns of floating-point numbers as there are dimensions, under the name rows."""
    lists = [name for name, column in columns.items() if "list" in str(column.type)]
    floats = [
        name
        for name, column in columns.items()
        if str(column.type) in ("float", "double", "halffloat") and name not in LABELS
    ]
    found: dict[str, Callable[[], Any]] = {name: partial(_stacked, source, name, columns[name]) for name in lists}
    if floats and not lists:
        found["rows"] = lambda: np.stack([columns[name].to_numpy() for name in floats], axis=1)
    rest = [name for name in columns if name not in (*lists, *floats)]
    return found | {name: columns[name].to_numpy for name in rest}


def _stacked(source: Source, name: str, column: Any) -> Array:
    rows = column.to_pylist()
    if len({len(row) if row is not None else -1 for row in rows}) != 1:
        source.refuse(f"column {name}: rows must have as many numbers each")
    try:
        return np.array(rows, dtype=np.float64)
    except (TypeError, ValueError):
        source.refuse(f"column {name} holds no numbers")


_READERS: dict[str, Callable[[Source], Any]] = {
    ".npy": _npy,
    ".npz": _npz,
    ".mat": _mat,
    ".pt": _pt,
    ".pth": _pt,
    ".parquet": _parquet,
}
SUFFIXES = tuple(_READERS)
