"""Configurations from files and from names of codes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hyperenergy import codes
from hyperenergy.codes import Code
from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.reading.configuration import SUFFIXES, Reading, read_points_file
from hyperenergy.objectives.spec import Spec
from hyperenergy.search.minimum import Minimum
from hyperenergy.search.trajectory import Trajectory

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Configuration:
    """What a page shows.

    anchors: (points, dim), unit rows.  positives: of the same shape, or None where there are no pairs.  objective: its
    label, spec and value, where the file has them.  rows: the whole, where anchors and positives are not all of it.  code:
    where it comes from the catalogue.  trajectory: where it is the ``minimum`` of a search that was recorded.  written: the
    anchors as a file has them, of norms near 1.
    """

    name: str
    anchors: Floats
    positives: Floats | None = None
    objective: str | None = None
    value: float | None = None
    spec: Spec | None = None
    rows: Floats | None = None
    code: Code | None = None
    minimum: Minimum | None = None
    trajectory: Trajectory | None = None
    written: Floats | None = None

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


def load(
    source: str | Path, *, header: bool | None = None, reading: Reading | None = None, argument: str = "source"
) -> Configuration:
    """A configuration from a file (see ``he.read_points``) or a code's name.

    header: whether the first line of rows of numbers is one, where that is not seen.  reading: how else a file is read.
    Raises ArgumentError for a file that cannot be read or does not hold unit vectors, and for a name that is no code.
    """
    path = Path(source)
    text = str(source)
    if path.suffix.lower() in SUFFIXES:
        read = read_points_file(path, reading, header=header, argument=argument)
        said = read.objective, read.value, read.spec, read.rows
        return Configuration(path.name, read.anchors, read.positives, *said, written=read.written)
    if path.is_file() or "/" in text or "\\" in text:
        raise ArgumentError(
            "source", repr(text), f"must be a file that ends in one of {', '.join(SUFFIXES)}, or a code"
        )
    header = header if reading is None or reading.header is None else reading.header
    if header is None and reading is not None and reading != Reading():
        raise ArgumentError(argument, repr(text), "is no file; dim, normalize, angles and array go with one")
    if header is not None:
        raise ArgumentError("header", header, "goes with a file of rows of numbers alone")
    try:
        code = codes.get(text)
    except ArgumentError as error:
        if error.argument != "code":
            raise
        hint = f"{error}".partition("; ")[2]
        raise ArgumentError(
            "source", repr(text), f"neither a file ({', '.join(SUFFIXES)}) nor a code; {hint}"
        ) from None
    return Configuration(code.name, code.coordinates, code=code)
