"""Arrays of results, beside the records that name them: a file of them is whole, or not there."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np


def _path(folder: Path, key: str) -> Path:
    return folder / f"{key}.npz"


def write(folder: Path, key: str, arrays: Mapping[str, np.ndarray]) -> None:
    """On the disk under its name when this returns.  Raises OSError, and leaves nothing behind."""
    folder.mkdir(exist_ok=True)
    beside = folder / f".{key}.{os.getpid()}"
    try:
        with beside.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(_path(folder, key))
    finally:
        beside.unlink(missing_ok=True)


def whole(folder: Path, key: str) -> bool:
    """Whether they are there, to the file's last byte; their content has checksums, which ``read`` compares."""
    return zipfile.is_zipfile(_path(folder, key))


def read(folder: Path, key: str) -> dict[str, np.ndarray]:
    """The arrays by their names.  Raises OSError, or BadZipFile where a checksum is wrong."""
    with np.load(_path(folder, key), allow_pickle=False) as found:
        return {name: found[name] for name in found.files}
