"""Binary files of records of one length, as those of CIFAR and STL-10."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hyperenergy.training.data.sources import broken


def records(path: Path, length: int) -> NDArray[np.uint8]:
    """The records (N, length), N >= 1, mapped and not yet read; ArgumentError for a file that ends within one."""
    size = path.stat().st_size
    if size == 0 or size % length:
        raise broken(path, f"truncated: {size} bytes are no whole number of records of {length}; fetch it again")
    return np.memmap(path, dtype=np.uint8, mode="r").reshape(-1, length)


def tensor(array: NDArray[Any]) -> torch.Tensor:
    """A copy, in memory and in order."""
    return torch.from_numpy(np.array(array, order="C"))


def labels(path: Path, stored: NDArray[np.uint8], count: int, first: int = 0) -> torch.Tensor:
    """Labels (N,) of ``count`` classes in int64, from 0, where the file's are from ``first``; ArgumentError for others.

    ``stored``: as they are in the file at ``path``.
    """
    index = stored.astype(np.int64) - first
    for i in np.flatnonzero((index < 0) | (index >= count))[:1]:
        raise broken(path, f"label {stored[i]} of image {i} is not in {first}..{first + count - 1}; fetch it again")
    return tensor(index)
