"""A start from a file, for a search of one objective."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hyperenergy.errors import ArgumentError

if TYPE_CHECKING:
    from torch import Tensor

    from hyperenergy.objectives.base import Objective

# Files that may have one number a line.
_LISTS = (".txt", ".csv", ".tsv", ".dat")


def read_start(
    source: str, target: Objective, points: int | None, dim: int | None, how: Mapping[str, Any] | None = None
) -> tuple[Tensor, int, int]:
    """The rows (1, rows, dim) of a configuration that is read from a file, and its numbers of points and dimensions.

    how: normalize, angles and array, as of ``he.read_points``; ``dim`` is also how many numbers make a point.
    Of a loss of pairs, a file without positives gives pairs that coincide, or, with twice as many rows as ``points``,
    anchors over positives.  ArgumentError for a file that cannot be read, and for one of another size than asked for.
    """
    import torch

    from hyperenergy.geometry.reading.configuration import Reading
    from hyperenergy.show.view.load import load

    # Whether ``dim`` is that of the points is said below, in words of the search.
    single = Path(source).is_file() and Path(source).suffix.lower() in _LISTS
    try:
        given = load(source, reading=Reading(dim=dim if single else None, **(how or {})), argument="start")
    except ArgumentError as error:
        if error.argument != "source":
            raise
        raise ArgumentError("start", repr(source), str(error).partition("; ")[2] or str(error)) from None
    anchors = torch.from_numpy(given.anchors.copy())
    positives = None if given.positives is None else torch.from_numpy(given.positives.copy())
    pairs = target.rows(2) > 2
    if pairs and positives is None and points is not None and len(anchors) == 2 * points:
        anchors, positives = anchors.tensor_split(2)
    size = (len(anchors), anchors.shape[1])
    what = "pairs" if pairs else "points"
    for name, wanted, found in (("points", points, size[0]), ("dim", dim, size[1])):
        if wanted is not None and wanted != found:
            shown = f"{size[0]} {what} in R^{size[1]}"
            raise ArgumentError(
                "start", repr(source), f"holds {shown}; it must fit --{name} {wanted}, or leave that out"
            )
    if not pairs and positives is not None:
        raise ArgumentError("start", repr(source), f"holds pairs; {target.label} is a function of points alone")
    return target.assemble(anchors, anchors if positives is None else positives)[None], size[0], size[1]
