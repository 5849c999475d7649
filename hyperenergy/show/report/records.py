"""Configurations of results as files for ``hyperenergy view``."""

from __future__ import annotations

import json
import math
import re

from hyperenergy import theorems
from hyperenergy.verify.grid import Result

FOLDER = "configurations"


def file_name(claim: str, number: int) -> str:
    """The name, without the folder, of a claim's configuration of a number from 1 on: letters, digits, dash, dot."""
    return f"{_safe(claim)}-{number}.json"


def is_own(name: str) -> bool:
    """Whether a file of that name comes from a report, this one or an earlier one."""
    ids = "|".join(map(_safe, theorems.names()))
    return re.fullmatch(rf"({ids})-[1-9][0-9]*\.json", name) is not None


def record(result: Result) -> str:
    """JSON as ``hyperenergy minimize --out`` writes it, with the claim.  The result must have anchors."""
    assert result.anchors is not None
    return json.dumps(
        {
            "claim": result.claim,
            "objective": objective(result),
            "spec": result.spec,
            "points": len(result.anchors),
            "dim": len(result.anchors[0]),
            "value": result.value if math.isfinite(result.value) else None,
            "seed": result.seed,
            "anchors": result.anchors,
            "positives": result.positives,
        }
    )


def objective(result: Result) -> str:
    """What the value is of.  An expectation over batches from a law must not pass for the loss of its points."""
    return f"expected {result.objective}, iid batches of {result.points}" if result.law else result.objective


def _safe(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", text)
