"""Verdicts are fields: nothing is read back from a sentence or an id, and values are compared by one tolerance."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import hyperenergy as he
from hyperenergy import theorems
from hyperenergy.objectives.base import BatchLoss
from hyperenergy.show.report.records import record
from hyperenergy.show.view import facts, load
from hyperenergy.show.view.payload import reference
from hyperenergy.theorems.compare import value_tolerance
from hyperenergy.verify.claims import select, tasks
from hyperenergy.verify.grid import Grid, Result
from hyperenergy.verify.report import Summary
from hyperenergy.verify.run import run_one


@pytest.mark.parametrize(("loss", "points", "dim"), [(he.InfoNCE(0.05), 3, 2), (he.DHEL(0.5), 4, 3)])
def test_the_page_has_the_tolerance_of_the_verdict(loss: he.PairLoss, points: int, dim: int) -> None:
    prediction = he.predict(loss, points, dim)
    assert prediction is not None
    said = reference(prediction)
    assert said is not None and said["tolerance"] == value_tolerance(BatchLoss(loss), prediction.value)
    # InfoNCE is 2e-13 there: the tolerance is a share of that, not of 1.
    assert said["tolerance"] <= 1e-11 * max(abs(prediction.value), float(not BatchLoss(loss).positive)) * 2


def first(claim: str) -> Result:
    check, instance = tasks(select([claim]), Grid())[0]
    return run_one(check, instance, Grid())


def test_a_result_says_of_what_its_configuration_is(tmp_path: Path) -> None:
    found = first("B1")
    assert found.unique is True and not found.law and found.spec is not None
    assert he.from_spec(found.spec).label == found.objective and Result.from_json(found.to_json()) == found
    path = tmp_path / "B1-1.json"
    path.write_text(record(found), "utf-8")
    assert dict(facts.rows(load(path))[0])["verdict"] == "consistent: value and configuration agree"


def test_a_law_is_told_by_its_field() -> None:
    found = replace(first("B1"), law=True)
    assert json.loads(record(found))["objective"].startswith("expected ")
    assert not json.loads(record(replace(found, claim="E4", law=False)))["objective"].startswith("expected ")


def test_residuals_count_where_uniqueness_was_claimed() -> None:
    found = replace(first("B1"), congruence=0.5)
    theorem = theorems.get("B1")
    assert Summary(theorem, (found,)).worst_residual == 0.5
    free = replace(found, unique=False, misalignment=0.25)
    assert Summary(theorem, (free,)).worst_residual is None


def test_which_claims_are_told_by_objective() -> None:
    assert [name for name in theorems.names() if theorems.get(name).by_objective] == ["B5", "B5s"]
