"""The tables of docs/: current, true, and proved by the certificates beside them."""

from __future__ import annotations

import random
import runpy
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from hyperenergy.bounds.checking import CertificateError, proved

DOCS = Path(__file__).parents[2] / "docs"
TABLES = runpy.run_path(str(DOCS / "bounds.py"))
ROWS: list[dict[str, Any]] = [row for table in ("thomson", "kernels") for row in TABLES["read"](table)]


def test_the_page_is_current() -> None:
    assert (DOCS / "bounds.md").read_text("utf-8") == TABLES["page"]()
    assert len(ROWS) > 90 and sum(path.stat().st_size for path in (DOCS / "bounds").iterdir()) < 20 * 2**20


def check(row: dict[str, Any]) -> None:
    value = proved(row["certificate"])
    assert float(value) <= row["energy"] + 1e-12 * abs(row["energy"])
    # The control: a bound that is more than what is proved.
    more = str(value + abs(value) / 10**20)
    with pytest.raises(CertificateError):
        proved({**row["certificate"], "bound": more})


def test_a_sample_is_proved_again() -> None:
    for row in random.Random(0).sample(ROWS, 20):
        check(row)


@pytest.mark.slow
def test_all_are_proved_again() -> None:
    for row in ROWS:
        check(row)


def test_thomson_is_as_the_literature_has_it() -> None:
    """Best known energies, nine digits; and bounds that others published, certified."""
    energies = {row["points"]: row["energy"] for row in TABLES["read"]("thomson")}
    known = {
        5: 6.474691495,
        12: 49.165253058,
        24: 223.347074052,
        32: 412.261274651,
        48: 968.713455344,
        64: 1765.802577927,
    }
    assert {n: energies[n] for n in known} == pytest.approx(known, abs=2e-9)
    bounds = {row["points"]: Fraction(row["certificate"]["bound"]) for row in TABLES["read"]("thomson")}
    assert bounds[25] >= Fraction("243.638659") and bounds[50] >= Fraction("1054.849188")
