"""Results and summaries for the tests of the report's page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hyperenergy import theorems
from hyperenergy.show.report import page
from hyperenergy.theorems.prediction import Outcome, Status
from hyperenergy.verify.grid import Result
from hyperenergy.verify.report import Summary

TRIANGLE = [[1.0, 0.0], [-0.5, 0.75**0.5], [-0.5, -(0.75**0.5)]]
HOSTILE = '<img src=x onerror="pwned=1"></script><script>pwned=1</script>&\'@@style@@'


def result(claim: str = "B1", outcome: Outcome = Outcome.CONSISTENT, **changes: Any) -> Result:
    """An instance of three pairs on the circle that agrees, unless said otherwise."""
    given = {"objective": "DHEL(temperature=0.5)", "points": 3, "dim": 2, "parameters": {}, "reason": "agrees"}
    given |= {"value": -2.0, "prediction": -2.0, "value_gap": 0.0, "misalignment": 0.0, "congruence": 0.0}
    return Result(claim=claim, outcome=outcome, **{**given, **changes})


def refuted(claim: str = "B5", gap: float = 0.5, **changes: Any) -> Result:
    """A counterexample with the configuration that it stores."""
    turned = [TRIANGLE[1], TRIANGLE[2], TRIANGLE[0]]
    shown: dict[str, Any] = {
        "anchors": TRIANGLE,
        "positives": turned,
        "value": -2.0 - gap,
        "value_gap": -gap,
        "misalignment": 1.7,
    }
    return result(claim, Outcome.REFUTED, **{**shown, **changes})


def summary(*results: Result, claim: str | None = None, **changes: Any) -> Summary:
    """The summary of a claim, by default that of the first result; changes: to its theorem."""
    return Summary(replace(theorems.get(claim or results[0].claim), **changes), results)


def hostile() -> Summary:
    """Markup wherever a text can stand."""
    text: dict[str, Any] = {"objective": HOSTILE, "reason": HOSTILE, "parameters": {HOSTILE: HOSTILE}}
    changes: dict[str, Any] = {"title": HOSTILE, "statement": HOSTILE, "source": HOSTILE, "status": Status.FALSE}
    return summary(refuted(**text), result("B5", **text), **changes)


def html(*summaries: Summary, command: str = "hyperenergy verify", complete: bool = True, folder: str = "out") -> str:
    return page(summaries, command, 1.0, complete, folder)
