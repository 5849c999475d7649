"""Generated code on disk: between processes, damaged, and where nothing can be kept."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from hyperenergy.compiled import machine, store
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
module = store.load(store.Text("tiny", lambda: {SOURCE!r}))
print(module.f(np.full((1, 1), 7.0), np.zeros((1, 1)), np.zeros(1), np.zeros(1)))
"""


def value(module: SimpleNamespace) -> float:
    return module.f(np.full((1, 1), 7.0), np.zeros((1, 1)), np.zeros(1), np.zeros(1))


Load = Callable[..., SimpleNamespace]


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
def folder_as_before(monkeypatch: pytest.MonkeyPatch):
    yield
    monkeypatch.undo()
    store.folder.cache_clear()


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the modules that were compiled."""
    names: list[str] = []
    original = machine.compile_text

    def counted(name: str, source: str) -> list[machine.Code]:
        names.append(name)
        return original(name, source)

    monkeypatch.setattr(machine, "compile_text", counted)
    return names


@pytest.mark.slow
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
    assert names == ["tiny.code"]  # whole, and nothing half
    third = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=environment, check=True)
    assert (third.stdout, third.stderr) == ("42.0\n", "")


def test_the_first_time_is_told_and_the_second_reads(cache: Path, compiled: list[str], monkeypatch, capfd) -> None:
    first = store.load(store.Text("tiny", lambda: SOURCE))
    assert value(first) == 42 and compiled == ["tiny"]
    assert capfd.readouterr().err == "hyperenergy: compiling tiny (once on this machine)\n"
    assert store.load(store.Text("tiny", lambda: "")) is first
    fresh(monkeypatch)
    second = store.load(store.Text("tiny", lambda: "syntax error ("))  # not asked for
    assert value(second) == 42 and compiled == ["tiny"] and capfd.readouterr().err == ""


def test_a_source_that_may_change_is_compared(cache: Path, compiled: list[str], monkeypatch, capfd) -> None:
    store.load(store.Text("tiny", lambda: SOURCE, compare=True))
    fresh(monkeypatch)
    store.load(store.Text("tiny", lambda: SOURCE, compare=True))
    assert compiled == ["tiny"]
    fresh(monkeypatch)
    other = store.load(store.Text("tiny", lambda: SOURCE.replace("6.0", "5.0"), compare=True))
    assert value(other) == 35


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-10],
        lambda data: b"",
        lambda data: data[: len(data) // 2] + b"\xff" + data[len(data) // 2 + 1 :],
        lambda data: b"\xff\xfe" + data,
        lambda data: b"\n" + data,
        lambda data: data + b" ",
    ],
)
def test_what_is_damaged_is_made_anew(damage: Callable[[bytes], bytes], cache: Path, compiled, monkeypatch) -> None:
    store.load(store.Text("tiny", lambda: SOURCE))
    (path,) = cache.glob("*/tiny.code")
    path.write_bytes(damage(path.read_bytes()))
    for _ in range(2):  # the second time, it is whole again
        fresh(monkeypatch)
        assert value(store.load(store.Text("tiny", lambda: SOURCE))) == 42
    assert compiled == ["tiny", "tiny"]


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
    module = store.load(store.Text("tiny", lambda: SOURCE))
    assert value(module) == 42 and store.load(store.Text("tiny", lambda: SOURCE)) is module
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("hyperenergy: compiling tiny (not kept: ") and "HYPERENERGY_CACHE" in line


def test_code_of_other_texts_lies_elsewhere(cache: Path, monkeypatch) -> None:
    """A new version of the package, or of Numba, or another processor, never meets an old one's code."""
    before = store.folder()
    store.folder.cache_clear()
    assert store.folder() == before
    for where, name, other in (
        (machine, "processor", lambda: "another"),
        (machine, "versions", lambda: "others"),
        (store, "_HERE", cache),
    ):
        with monkeypatch.context() as changed:
            changed.setattr(where, name, other)
            store.folder.cache_clear()
            assert store.folder() != before and store.folder().parent == before.parent


def test_an_error_in_the_source_is_raised(cache: Path, capfd) -> None:
    """It is no fault of the folder's."""
    with pytest.raises(SyntaxError):
        store.load(store.Text("tiny", lambda: "syntax error ("))


@pytest.mark.parametrize("python", [sys.executable, "/bin/false", "/of/nothing", ""])
def test_what_is_missing_is_compiled_at_the_same_time(
    python: str, cache: Path, compiled: list[str], monkeypatch
) -> None:
    """The first here, the others in processes of their own, or here where there can be none."""
    monkeypatch.setattr(machine.sys, "executable", python)
    texts = [store.Text(f"tiny{k}", functools.partial(SOURCE.replace, "6.0", f"{k}.0")) for k in (4, 5, 6)]
    store.prepare(texts)
    assert [value(store.load(text)) for text in texts] == [28, 35, 42]
    here = ["tiny4"] if python.endswith(("python", "python3", "python3.11")) else ["tiny4", "tiny5", "tiny6"]
    assert compiled == here and len(list(cache.glob("*/*.code"))) == 3


def test_what_is_no_array_of_floats_is_refused(cache: Path) -> None:
    """Machine code would read beyond it."""
    f, x = store.load(store.Text("tiny", lambda: SOURCE)).f, np.zeros((2, 2))
    for wrong in (x.astype(np.float32), x[0], np.ones((4, 4))[::2, ::2], x.astype(int)):
        with pytest.raises(TypeError, match="f takes float64 arrays of 2 dimensions in C order"):
            f(wrong, x, x[0], x[0])
    with pytest.raises(ValueError, match="zip"):
        f(x, x, x[0])


EVERYTHING = """
import torch, hyperenergy as he
from hyperenergy import compiled
for loss in (he.DHEL(0.5), he.KCL(he.Gaussian(2)), he.Energy(he.Riesz(300)), he.Energy(he.Gaussian(1))):
    print(he.minimize(loss, 6, 3, restarts=2, compiled=True).value)
print(he.minimize(he.Energy(he.Riesz(1)), 8, 6, restarts=2, compiled=True).value)
x = torch.eye(4, dtype=torch.float64)
print(compiled.pair_sum(x, he.Riesz(1))[0])
"""


@pytest.mark.slow
def test_code_from_the_disk_runs_where_nothing_was_compiled(tmp_path: Path) -> None:
    """Of all kinds: what it calls of Numba's is made known without Numba's compiler, which is not set up there."""
    environment = os.environ | {"HYPERENERGY_CACHE": str(tmp_path)}
    first, second = (
        subprocess.run([sys.executable, "-c", EVERYTHING], capture_output=True, text=True, env=environment, check=True)
        for _ in range(2)
    )
    assert first.stdout == second.stdout and len(first.stdout.splitlines()) == 6
    assert "compiling" in first.stderr and second.stderr == ""


@pytest.mark.slow
def test_a_second_process_that_minimizes_compiles_nothing(tmp_path: Path) -> None:
    script = "import hyperenergy as he; print(he.minimize(he.Energy(he.Riesz(1)), 12, 3).value)"
    environment = os.environ | {"HYPERENERGY_CACHE": str(tmp_path)}
    first, second = (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
        for _ in range(2)
    )
    assert first.stdout == second.stdout and "once on this machine" in first.stderr and second.stderr == ""
