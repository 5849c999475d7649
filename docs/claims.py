"""Writes docs/claims.md from ``hyperenergy.theorems``: ``python docs/claims.py``."""

from __future__ import annotations

import re
from pathlib import Path

from hyperenergy import theorems
from hyperenergy.theorems import Theorem

HERE = Path(__file__).parent
PROOFS = HERE.parent / "proofs_check"
HEADER = ("id", "status", "title", "statement", "proof", "source")


def cells(theorem: Theorem) -> tuple[str, ...]:
    proof = PROOFS / f"{theorem.id.lower()}.py"
    link = f"[{proof.stem}](../{PROOFS.name}/{proof.name})" if proof.exists() else ""
    said = theorem.id, theorem.status.value, theorem.title, theorem.statement, theorem.source
    # What Markdown would read as its own; a bar would end the cell.
    *first, source = (re.sub(r"[\\|<*_`\[\]]", r"\\\g<0>", text) for text in said)
    return *first, link, source


def page() -> str:
    rows = [HEADER, ("---",) * len(HEADER), *(cells(theorems.get(name)) for name in theorems.names())]
    lines = (f"| {' | '.join(row)} |" for row in rows)
    return "# The claims\n\nWritten by `python docs/claims.py`; do not edit.\n\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    (HERE / "claims.md").write_text(page(), "utf-8")
