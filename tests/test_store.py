"""Generated code on disk: between processes, damaged, and where nothing can be kept."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from hyperenergy.compiled import store
from tests.cases import COMPILED

pytestmark = COMPILED

SOURCE = """
@evaluator
def f(X, G, parameters, work):
    return 6.0 * X[0, 0]
"""
SCRIPT = f"""
import numpy as np
from hyperenergy.compiled import store
module = store.load("tiny", lambda: {SOURCE!r})
print(module.f(np.full((1, 1), 7.0), np.zeros((1, 1)), np.zeros(1), np.zeros(1)), sum(module.f.stats.cache_hits.values()))
"""


def value(module: ModuleType) -> float:
    return module.f(np.full((1, 1), 7.0), np.zeros((1, 1)), np.zeros(1), np.zeros(1))


Load = Callable[..., ModuleType]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    use(tmp_path, monkeypatch)
    return tmp_path


def use(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYPERENERGY_CACHE", str(folder))
    store.folder.cache_clear()
    fresh(monkeypatch)


def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has loaded nothing yet."""
    monkeypatch.setattr(store, "_loaded", {})


@pytest.fixture(autouse=True)
def folder_as_before(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    yield
    monkeypatch.undo()
    store.folder.cache_clear()


def from_disk(module: ModuleType) -> bool:
    """Whether Numba read machine code instead of making it."""
    return sum(module.f.stats.cache_hits.values()) > 0


def test_two_processes_compile_at_once_and_a_third_does_not(tmp_path: Path) -> None:
    environment = os.environ | {"HYPERENERGY_CACHE": str(tmp_path)}
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment}
    both = [subprocess.Popen([sys.executable, "-c", SCRIPT], **options) for _ in range(2)]  # type: ignore[call-overload]
    for process in both:
        out, errors = process.communicate(timeout=300)
        assert process.returncode == 0 and out.startswith("42.0")
        assert errors in ("", "hyperenergy: compiling tiny (once on this machine)\n")
    (folder,) = tmp_path.iterdir()
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["__pycache__", "tiny.py"]  # whole, and nothing half
    third = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=environment, check=True)
    assert (third.stdout, third.stderr) == ("42.0 1\n", "")


def test_the_first_time_is_told_and_the_second_reads(cache: Path, monkeypatch, capfd) -> None:
    first = store.load("tiny", lambda: SOURCE)
    assert value(first) == 42 and not from_disk(first)
    assert capfd.readouterr().err == "hyperenergy: compiling tiny (once on this machine)\n"
    assert store.load("tiny", lambda: "") is first
    fresh(monkeypatch)
    second = store.load("tiny", lambda: "syntax error (")  # not asked for
    assert value(second) == 42 and from_disk(second) and capfd.readouterr().err == ""


def test_a_source_that_may_change_is_compared(cache: Path, monkeypatch, capfd) -> None:
    store.load("tiny", lambda: SOURCE, compare=True)
    fresh(monkeypatch)
    assert from_disk(store.load("tiny", lambda: SOURCE, compare=True))
    fresh(monkeypatch)
    other = store.load("tiny", lambda: SOURCE.replace("6.0", "5.0"), compare=True)
    assert value(other) == 35


@pytest.mark.parametrize(
    ("pattern", "damage"),
    [
        ("*/tiny.py", lambda data: data[:-10]),
        ("*/tiny.py", lambda data: b""),
        ("*/tiny.py", lambda data: data.replace(b"6.0", b"5.0")),
        ("*/tiny.py", lambda data: b"\xff\xfe" + data),
        ("*/__pycache__/tiny.*.nbc", lambda data: data[: len(data) // 2]),
        ("*/__pycache__/tiny.*.nbi", lambda data: data[:20]),
        ("*/__pycache__/tiny.*.nbi", lambda data: b"no index"),
    ],
)
def test_what_is_damaged_is_made_anew(pattern: str, damage: Callable[[bytes], bytes], cache: Path, monkeypatch) -> None:
    store.load("tiny", lambda: SOURCE)
    paths = list(cache.glob(pattern))
    assert paths
    for path in paths:
        path.write_bytes(damage(path.read_bytes()))
    for again in (False, True):
        fresh(monkeypatch)
        module = store.load("tiny", lambda: SOURCE)
        assert value(module) == 42 and from_disk(module) >= again  # the second time, it is whole again


@pytest.mark.parametrize("where", ["below a file", "no home"])
def test_where_nothing_can_be_kept_it_is_compiled_for_this_process(where: str, tmp_path, monkeypatch, capfd) -> None:
    (tmp_path / "file").write_text("")
    use(tmp_path / "file" / "cache", monkeypatch)
    if where == "no home":
        monkeypatch.delenv("HYPERENERGY_CACHE")
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)

        def home() -> Path:
            raise RuntimeError("Could not determine home directory.")

        monkeypatch.setattr(Path, "home", staticmethod(home))
    module = store.load("tiny", lambda: SOURCE)
    assert value(module) == 42 and store.load("tiny", lambda: SOURCE) is module
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("hyperenergy: compiling tiny (not kept: ") and "HYPERENERGY_CACHE" in line


def test_code_of_other_texts_lies_elsewhere(cache: Path, monkeypatch) -> None:
    """A new version of the package, or of Numba, never meets an old one's code."""
    before = store.folder()
    store.folder.cache_clear()
    assert store.folder() == before
    for name, other in (("_HEADER", "other"), ("_version", lambda package: "0.0")):
        with monkeypatch.context() as changed:
            changed.setattr(store, name, other)
            store.folder.cache_clear()
            assert store.folder() != before and store.folder().parent == before.parent


def test_an_error_in_the_source_is_raised(cache: Path, capfd) -> None:
    """It is no fault of the folder's."""
    with pytest.raises(SyntaxError):
        store.load("tiny", lambda: "syntax error (")


@pytest.mark.slow
def test_a_second_process_that_minimizes_compiles_nothing(tmp_path: Path) -> None:
    script = "import hyperenergy as he; print(he.minimize(he.Energy(he.Riesz(1)), 12, 3).value)"
    environment = os.environ | {"HYPERENERGY_CACHE": str(tmp_path)}
    first, second = (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
        for _ in range(2)
    )
    assert first.stdout == second.stdout and "once on this machine" in first.stderr and second.stderr == ""
