"""A file that is read: what it is called where it is refused, and what rows of numbers must be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from hyperenergy.errors import ArgumentError

Floats = NDArray[np.float64]
Array = NDArray[Any]


@dataclass(frozen=True)
class Source:
    """argument: the name under which the path was given.  array: the one that is asked for, of files with several."""

    path: Path
    argument: str
    array: str | None = None

    def refuse(self, why: str) -> NoReturn:
        raise ArgumentError(self.argument, repr(str(self.path)), why)

    def matrix(self, name: str, given: Any) -> Array:
        """Two axes of real numbers, as they are; what is no such array is refused by name."""
        try:
            x = np.asarray(given)
        except (ValueError, OverflowError):
            self.refuse(f"{name}: rows must have as many numbers each")
        if x.dtype.kind not in "iuf":
            self.refuse(f"{name} must be rows of numbers")
        if x.ndim != 2 or not x.size:
            self.refuse(f"{name} has shape {x.shape}; must be (points, dim) with at least 2 points")
        return x
