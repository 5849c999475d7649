"""The benchmarks measure what they say: the peers' formulas, README's examples, what counts as a miss."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks import calibration, commands, losses
from hyperenergy.verify.claims import select


@pytest.mark.parametrize("case", losses.cases()[:5], ids=lambda case: case.name)
def test_the_peers_gradients_are_those_of_the_formulas(case: losses.Case) -> None:
    form = losses.functions(case)["NumPy"]
    losses.check(case, {"NumPy": form})

    def wrong(x: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = form(x)
        return value, gradient * (1 + 1e-6)

    with pytest.raises(AssertionError, match="differs"):
        losses.check(case, {"NumPy": wrong})
    with pytest.raises(AssertionError, match="differs"):
        losses.check(case, {"NumPy": lambda x: (math.nan, form(x)[1])})


def test_the_examples_are_read_from_the_readme() -> None:
    found = commands.examples()
    assert [line for line in found if line.startswith("hyperenergy verify --claims B1,B5")] == list(commands.LONGER)
    assert any(line.startswith("hyperenergy explore") for line in found) and len(found) >= 12


def test_a_command_that_fails_or_takes_too_long_does_not_pass() -> None:
    assert commands.Timed("x", 4.9, 5.0).passed and commands.Timed("explore", 99.0, None).passed
    assert not commands.Timed("x", 5.1, 5.0).passed
    assert not commands.Timed("x", 1.0, 5.0, "exit status 1").passed
    assert not commands.Timed("x", math.nan, 5.0).passed


def test_verdicts_are_compared_claim_by_claim() -> None:
    readme = (commands.ROOT / "README.md").read_text("utf-8")
    found = commands._verdicts(readme)
    assert found["B5"] == "false 136 93 43 0" and found["B1"] == "theorem 1680 1680 0 0"
    assert set(found) == {claim.id for claim in select(None)}
    assert commands._verdicts(readme.replace("1680        1680", "1680        1679")) != found


def test_what_is_no_number_counts_as_a_miss() -> None:
    row = {"kernel": "k", "points": 4, "dim": 3, "seed": 0, "upper": 0.04, "seconds": 0.1}
    text = calibration.table([{**row, "above": 0.0}, {**row, "above": 2e-9}, {**row, "above": math.nan}])
    assert text.startswith("2 of 3 calls missed")
