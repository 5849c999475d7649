"""What each step rests on, besides its decision, and that it is counted."""

from __future__ import annotations

import pytest

from hyperenergy.arithmetic import steps as machinery
from proofs_check.__main__ import main
from proofs_check.registry import load, names
from proofs_check.steps import Kind, Proof, Step, counted


def test_a_step_is_decided_unless_it_says_otherwise() -> None:
    proof = Proof()
    proof.step("a", "", lambda: True)
    proof.step("b", "", lambda: True, kind=Kind.CITED)
    proof.step("c", "", lambda: True, ("a",), Kind.WORDS)
    proof.step("d", "", lambda: False, kind="words")  # type: ignore[arg-type]
    assert [step.kind for step in proof.steps] == [Kind.DECIDED, Kind.CITED, Kind.WORDS, Kind.WORDS]
    assert counted(proof.steps) == "4 steps: 1 decided, 1 cited, 2 in words"
    with pytest.raises(ValueError, match="'guessed' is not a valid Kind"):
        proof.step("e", "", lambda: True, kind="guessed")  # type: ignore[arg-type]


def test_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["F5", "U1"]) == 0
    shown = capsys.readouterr().out
    f5, u1 = (counted(load(name).check()) for name in ("f5", "u1"))
    assert f"  {f5}\n" in shown and f"  {u1}\n" in shown and "1 cited, 1 in words" in f5
    total = len(load("f5").check()) + len(load("u1").check())
    assert f"s; {total} steps: {total - 4} decided, 2 cited, 2 in words; all steps hold" in shown
    assert "\nin words: F5: limit; U1: rank\n" in shown
    assert "distance (cites a lemma): " in shown and "limit (an argument in words): " in shown


@pytest.fixture
def undecided(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Step]]:
    """All steps of all proofs, none of them decided: kinds are known without."""
    monkeypatch.setattr(machinery, "_decided", lambda decide: ("holds", ""))
    return [(name, step) for name in names() for step in load(name).check()]


def test_a_step_that_says_so_is_marked_so(undecided: list[tuple[str, Step]]) -> None:
    assert [] == [
        (name, step.name)
        for name, step in undecided
        if step.establishes.startswith("cited:") and step.kind is not Kind.CITED
    ]


def test_few_are_in_words(undecided: list[tuple[str, Step]]) -> None:
    assert 0 < sum(step.kind is Kind.WORDS for _, step in undecided) <= len(undecided) / 10
