"""What is proved is told apart from what instances show."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hyperenergy.theorems.prediction import Outcome, Status
from hyperenergy.verify import proofs
from hyperenergy.verify.proofs import Checks, Proof
from hyperenergy.verify.report import Summary, markdown, summarize
from tests.reports import result, summary

OK, NO = Outcome.CONSISTENT, Outcome.REFUTED


def test_of_claims_with_and_without_one() -> None:
    with Checks(["B1", "E5", "F1"]) as checks:
        assert checks.ended() == {"B1": Proof.PROVED, "E5": Proof.NONE, "F1": Proof.PROVED}


def test_where_there_are_no_proofs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs.importlib.util, "find_spec", lambda name: None)
    with Checks(["B1"]) as checks:
        assert checks.ended() == {"B1": Proof.UNCHECKED}


def instead(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process of the checks runs this instead."""
    start = subprocess.Popen

    def popen(command: list[str], **options: Any) -> Any:
        return start([sys.executable, "-c", code], **options)

    monkeypatch.setattr(proofs.subprocess, "Popen", popen)


@pytest.mark.parametrize(
    ("code", "proof"),
    [
        ("print('{\"B1\": true}')", Proof.PROVED),
        ("print('{\"B1\": false}'); exit(1)", Proof.FAILED),
        ("print('{\"B1\": null}')", Proof.NONE),
        ("raise SystemExit(1)", Proof.UNCHECKED),
        ("print('{\"B1\"')", Proof.UNCHECKED),
    ],
)
def test_what_the_process_says(code: str, proof: Proof, monkeypatch: pytest.MonkeyPatch) -> None:
    instead(code, monkeypatch)
    with Checks(["B1"]) as checks:
        assert checks.ended() == {"B1": proof}


def test_what_is_in_words_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    instead('print(\'{"B1": true, "in words": {"B1": ["by hand"]}}\')', monkeypatch)
    with Checks(["B1"]) as checks:
        assert (checks.ended(), checks.in_words) == ({"B1": Proof.PROVED}, {"B1": ["by hand"]})
    (found,) = summarize(["B1"], [result("B1")], {"B1": Proof.PROVED}, checks.in_words)
    shown = markdown([found], "verify", 1.0, True)
    assert "every step of its check holds. Arguments in words: by hand." in shown
    (without,) = summarize(["B1"], [result("B1")], {"B1": Proof.PROVED})
    assert "Arguments in words" not in markdown([without], "verify", 1.0, True)


def test_they_are_not_waited_for_where_a_run_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    instead("import time; time.sleep(600)", monkeypatch)
    with Checks(["B1"]) as checks:
        assert checks.ended(wait=False) == {"B1": Proof.UNCHECKED}
    with pytest.raises(KeyError), Checks(["B1"]) as checks:
        raise KeyError
    assert checks._process is not None and checks._process.returncode is not None


@pytest.mark.parametrize(
    ("status", "outcomes", "proof", "as_stated", "conclusion"),
    [
        (Status.THEOREM, [OK], Proof.PROVED, True, "proved, and consistent"),
        (Status.THEOREM, [OK], Proof.NONE, True, "consistent; no proof here"),
        (Status.THEOREM, [OK], Proof.FAILED, False, "consistent; NOT PROVED: a step of the proof fails"),
        (Status.THEOREM, [OK, NO], Proof.PROVED, False, "refuted (1 counterexample)"),
        (Status.THEOREM, [], Proof.PROVED, False, "no instance finished"),
        (Status.THEOREM, [Outcome.PROVED], Proof.PROVED, True, "proved, and consistent"),
        (Status.THEOREM, [Outcome.PROVED], Proof.UNCHECKED, True, "proved"),
        (Status.CONJECTURE, [OK], Proof.NONE, True, "supported"),
        (Status.FALSE, [NO], Proof.PROVED, True, "refuted (1 counterexample); the refutation is proved"),
        (Status.FALSE, [NO], Proof.NONE, True, "refuted (1 counterexample); no proof here"),
        (Status.FALSE, [NO], Proof.FAILED, False, "refuted (1 counterexample); NOT PROVED: a step of the proof fails"),
        (Status.FALSE, [OK], Proof.PROVED, False, "no counterexample found"),
    ],
)
def test_conclusions(status: Status, outcomes: list[Outcome], proof: Proof, as_stated: bool, conclusion: str) -> None:
    given = summary(*(result("B1", outcome=outcome) for outcome in outcomes), claim="B1", status=status)
    found = Summary(given.theorem, given.results, proof)
    assert (found.as_stated, found.conclusion) == (as_stated, conclusion)
    assert f"in exact arithmetic: {proof.value}." in markdown([found], "verify", 1.0, True)


def test_a_failing_proof_fails_the_command(tmp_path: Path) -> None:
    """A check that says no: exit status 1, although all instances agree."""
    fake = tmp_path / "proofs_check"
    fake.mkdir()
    (fake / "__init__.py").write_text("", "utf-8")
    (fake / "__main__.py").write_text("print('{\"B1\": false}')", "utf-8")
    command = "verify --claims B1 --dims 3 --points 4 --temperatures 0.5 --out v".split()
    done = subprocess.run(
        [sys.executable, "-m", "hyperenergy.cli", *command], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 1 and "not as stated: B1" in done.stdout and "NOT PROVED" in done.stdout
