"""Codes as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hyperenergy.codes.catalogue import Code
from hyperenergy.errors import ArgumentError
from hyperenergy.files import replacing

FORMATS = (".npz", ".csv", ".xyz")


def export(code: Code, path: str | Path) -> None:
    """Write a code: .npz (coordinates, and a, b, D of the exact vectors a + b sqrt D), .csv (a row of coordinates per
    point), or .xyz (dimension at most 3).

    Raises ArgumentError for another suffix, a folder that does not exist, or a dimension that the format does not hold.
    """
    path = Path(path)
    if path.suffix == ".xyz" and code.dim > 3:
        raise ArgumentError(
            "export", repr(str(path)), f"{code.name} has {code.dim} coordinates and .xyz holds 3; use .csv"
        )
    with replacing("export", path, FORMATS) as beside:
        _WRITERS[path.suffix.lower()](code, beside)


def _npz(code: Code, path: Path) -> None:
    arrays = {"coordinates": code.coordinates}
    if code.vectors is not None:
        arrays["a"] = code.vectors.a
        if code.vectors.b is not None:
            arrays |= {"b": code.vectors.b, "D": np.array(code.vectors.D)}
    np.savez_compressed(path, allow_pickle=False, name=np.array(code.name), **arrays)


def _csv(code: Code, path: Path) -> None:
    # 17 digits give each float64 back.
    header = ",".join(f"x{k}" for k in range(1, code.dim + 1))
    np.savetxt(path, code.coordinates, fmt="%.17g", delimiter=",", header=header, comments="")


def _xyz(code: Code, path: Path) -> None:
    x = np.pad(code.coordinates, ((0, 0), (0, 3 - code.dim)))
    lines = ["X " + " ".join(f"{c:.17g}" for c in row) for row in x]
    path.write_text("\n".join([str(code.size), code.name, *lines, ""]), "utf-8")


_WRITERS = {".npz": _npz, ".csv": _csv, ".xyz": _xyz}
