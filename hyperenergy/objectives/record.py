"""A configuration with its objective, as JSON that ``view``, ``minimize --start`` and ``geometry.points_file`` read."""

from __future__ import annotations

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from hyperenergy.errors import ArgumentError
from hyperenergy.objectives.base import Objective


def record(objective: Objective, rows: Float[Tensor, "rows dim"], value: float, **more: Any) -> dict[str, Any]:
    """The record of one configuration; ``more`` stands between its value and its points.

    spec: None where the objective holds what only a program can make.  rows: where anchors and positives are not all of it,
    as of three views.
    """
    anchors, positives = objective.views(rows)
    whole = torch.equal(objective.assemble(anchors, positives), rows)
    return {
        "objective": objective.label,
        "spec": spec_of(objective),
        "points": len(anchors),
        "dim": anchors.shape[1],
        "value": value if math.isfinite(value) else None,
        **more,
        "anchors": anchors.tolist(),
        "positives": positives.tolist(),
        **({} if whole else {"rows": rows.tolist()}),
    }


def spec_of(objective: Objective) -> dict[str, Any] | None:
    """Its spec; None where it has none."""
    try:
        return objective.spec()
    except ArgumentError:
        return None
