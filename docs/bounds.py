"""Energies, certified bounds and gaps: writes docs/bounds.md and docs/bounds/*.jsonl.gz.

``python docs/bounds.py [--most N] [--kernels]`` goes on where it was ended: each line is one instance, with its certificate.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hyperenergy as he
from hyperenergy.objectives.naming import parse_objective

DOCS = Path(__file__).parent
FOLDER = DOCS / "bounds"
THOMSON = "thomson"
# The other kernels, in R^3 to R^8, up to so many points.
KERNELS = ("logarithmic", "riesz:s=1/2", "riesz:s=1", "riesz:s=2", "riesz:s=3")
KERNELS += tuple(f"gaussian:t={t}" for t in ("1/2", "1", "2", "4"))
SIZES = (5, 7, 9, 13, 16, 24, 32, 48, 64)
_STARTS = 16


def instances(most: int, kernels: bool) -> Iterator[tuple[str, str, int, int]]:
    """Table, objective, points, dimension."""
    for points in range(2, most + 1):
        yield THOMSON, "riesz:s=1", points, 3
    for name in KERNELS if kernels else ():
        for dim in range(3, 9):
            for points in SIZES:
                yield "kernels", name, points, dim


def read(table: str) -> list[dict[str, Any]]:
    path = FOLDER / f"{table}.jsonl.gz"
    if not path.exists():
        return []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def found(name: str, points: int, dim: int) -> dict[str, Any]:
    objective = parse_objective(name)
    best = he.minimize(objective, points=points, dim=dim, restarts=_STARTS, seed=0, throw=False)
    bound = he.lower_bound(objective, points, dim)
    row = {"objective": name, "points": points, "dim": dim, "energy": best.value, "gap": bound.gap(best.value)}
    return {**row, "method": bound.method, "certificate": bound.certificate}


def go_on(most: int, kernels: bool) -> None:
    FOLDER.mkdir(exist_ok=True)
    there = {(row["objective"], row["points"], row["dim"]) for table in (THOMSON, "kernels") for row in read(table)}
    for table, name, points, dim in instances(most, kernels):
        if (name, points, dim) not in there:
            there.add((name, points, dim))
            line = json.dumps(found(name, points, dim), separators=(",", ":")) + "\n"
            with gzip.open(FOLDER / f"{table}.jsonl.gz", "ab") as file:
                file.write(line.encode())


def page() -> str:
    thomson = sorted(read(THOMSON), key=lambda row: row["points"])
    others = sorted(read("kernels"), key=lambda row: (row["objective"], row["dim"], row["points"]))
    lines = [
        "# Energies and certified bounds",
        "",
        "Written by `python docs/bounds.py`; do not edit.",
        "",
        "Beside the least energy found (16 starts) the bound that no configuration falls below, by certificates in",
        "`docs/bounds/` that `he.check_certificate` proves again. A gap of 0 is a proof, up to round-off, that what was",
        "found is the minimum. Sums are over i < j.",
        "",
        "## Thomson's problem",
        "",
        "| N | energy | certified bound | relative gap | by |",
        "| ---: | ---: | ---: | ---: | --- |",
    ]
    lines += [_row((row["points"],), row) for row in thomson]
    if not others:
        return "\n".join(lines) + "\n"
    lines += ["", "## Other kernels and dimensions", ""]
    lines += [
        "| objective | d | N | energy | certified bound | relative gap | by |",
        "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    lines += [_row((row["objective"], row["dim"], row["points"]), row) for row in others]
    return "\n".join(lines) + "\n"


def _row(first: tuple[Any, ...], row: dict[str, Any]) -> str:
    bound, gap = float(row["certificate"]["bound"]), row["gap"]
    shown = "0" if gap == 0 else f"{gap:.1e}"
    return "| " + " | ".join(map(str, (*first, f"{row['energy']:.9g}", f"{bound:.9g}", shown, row["method"]))) + " |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=200, help="points of Thomson's problem, at most")
    parser.add_argument("--kernels", action="store_true", help="the other kernels and dimensions, too")
    given = parser.parse_args()
    go_on(given.most, kernels=given.kernels)
    (DOCS / "bounds.md").write_text(page(), "utf-8")
