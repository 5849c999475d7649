"""Which proofs hold is kept by key, and never believed against the sources."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from proofs_check import kept
from proofs_check.__main__ import main
from proofs_check.kept import Kept
from proofs_check.steps import Kind


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that were checked, not recalled; "bad" has a step that fails."""
    seen: list[str] = []

    def load(name: str) -> SimpleNamespace:
        seen.append(name)
        said = SimpleNamespace(holds=name != "bad", name="hand", kind=Kind.WORDS if name == "f1" else Kind.DECIDED)
        return SimpleNamespace(check=lambda: (said,))

    monkeypatch.setattr(kept, "load", load)
    return seen


def test_a_proof_is_checked_once(checked: list[str], tmp_path: Path) -> None:
    yes, no, told = Kept(True, ()), Kept(False, ()), Kept(True, ("hand",))
    assert kept.known(["b1", "bad"], tmp_path) == {"b1": yes, "bad": no}
    for _ in range(2):
        assert kept.known(["bad", "b1", "f1"], tmp_path) == {"bad": no, "b1": yes, "f1": told}
    assert checked == ["b1", "bad", "f1"]


def test_another_version_is_checked_anew(checked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.known(["b1"], tmp_path)
    monkeypatch.setattr(kept, "key", lambda: "another")
    kept.known(["b1"], tmp_path)
    assert checked == ["b1", "b1"]


def test_the_key_depends_on_every_source_and_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "b1.py").write_text("1", "utf-8")
    monkeypatch.setattr(kept, "_HERE", tmp_path)
    first = kept.key()
    assert kept.key() == first
    (tmp_path / "b1.py").write_text("2", "utf-8")
    second = kept.key()
    monkeypatch.setattr(kept, "version", lambda name: "0")
    assert len({first, second, kept.key()}) == 3


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"b1": 1}', '{"b1": true}', '{"b1": [1, []]}', '{"b1": [true, [1]]}', "\x00"]
)
def test_what_cannot_be_read_is_checked_again(text: str, checked: list[str], tmp_path: Path) -> None:
    (tmp_path / f"proofs-{kept.key()}.json").write_text(text, "utf-8")
    assert kept.known(["b1"], tmp_path) == {"b1": Kept(True, ())} and checked == ["b1"]


def test_a_folder_that_cannot_be_written_is_no_error(checked: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    assert kept.known(["b1"], tmp_path / "file") == {"b1": Kept(True, ())}
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(("id", "status"), [("B1", 0), ("F1", 0), ("bad", 1)])
def test_as_json(
    id: str,
    status: int,
    checked: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Callable[..., str],
) -> None:
    monkeypatch.setenv("HYPERENERGY_CACHE", str(tmp_path))
    monkeypatch.setattr("proofs_check.__main__.names", lambda: ["b1", "f1", "bad"])
    assert main(["--kept", id, "B5"]) == status
    words = {"F1": ["hand"]} if id == "F1" else {}
    said = json.loads(capsys.readouterr().out)  # type: ignore[attr-defined]
    assert said == {id: status == 0, "B5": None, "in words": words}
