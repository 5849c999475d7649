"""The package as others get it: a wheel, installed outside of the checkout, with what it says about itself."""

from __future__ import annotations

import ast
import email
import importlib.util
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Callable
from email.message import Message
from pathlib import Path

import pytest

from hyperenergy.errors import EXTRAS, MissingExtra, need

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

Run = Callable[..., subprocess.CompletedProcess[str]]


# Distributions whose modules have other names.
MODULES = {"pillow": "PIL", "python-flint": "flint", "scikit-learn": "sklearn"}


def names(requirements: list[str]) -> set[str]:
    """["torch>=2.5"] -> {"torch"}."""
    return {re.split(r"[^\w-]", requirement)[0] for requirement in requirements}


def modules(requirements: list[str]) -> set[str]:
    return {MODULES.get(name, name) for name in names(requirements)}


def third_party(folder: Path) -> set[str]:
    """The modules that files import, at the top or inside functions, and that are neither Python's nor ours."""
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(str(node.module))
    return {name.partition(".")[0] for name in found} - sys.stdlib_module_names - {"hyperenergy"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built without a network, by the backend that is installed."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--wheel-dir", folder, ROOT], cwd=folder, check=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as file:
        (name,) = (name for name in file.namelist() if name.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(file.read(name))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs Python where the wheel is installed, in a folder with nothing in it.

    The dependencies are those of the tests, less all extras.  No .pth file is read (-S), and so no editable installation
    is seen.
    """
    target = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile"]
    subprocess.run([*command, "--target", target, wheel], cwd=target, check=True)
    core = tmp_path_factory.mktemp("core")
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if path.name not in set().union(*EXTRAS.values()):
            (core / path.name).symlink_to(path)

    def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"PYTHONPATH": f"{target}{os.pathsep}{core}"}
        command = [sys.executable, "-S", *arguments]
        return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)

    return run


def test_every_import_is_declared() -> None:
    """By the dependencies, or by the extra of the part that needs it; and no dependency is for nothing."""
    extras = set().union(*EXTRAS.values())
    assert third_party(ROOT / "hyperenergy") - extras == modules(PROJECT["dependencies"])
    users = [path.name for path in (ROOT / "hyperenergy").rglob("*") if path.is_dir() and third_party(path) & extras]
    assert sorted(users) == ["bounds", "explore", "geometry", "reading", "runs", "show", "three_point"]
    assert third_party(ROOT / "proofs_check") - {"proofs_check"} <= names(PROJECT["dependencies"])


def test_extras_are_those_of_the_package() -> None:
    declared = PROJECT["optional-dependencies"]
    for extra, modules in EXTRAS.items():
        assert {MODULES.get(name, name) for name in names(declared[extra])} == set(modules)
        need(extra)  # the tests have them


@pytest.mark.parametrize(("extra", "module"), [(extra, name) for extra, names in EXTRAS.items() for name in names])
def test_a_missing_extra_is_named(extra: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtra) as caught:
        need(extra)
    assert str(caught.value) == f"{extra} needs {module}: pip install 'hyperenergy[{extra}]'"


def test_the_lock_has_every_dependency() -> None:
    """Transitively, so that nothing comes in unpinned."""
    from importlib.metadata import requires

    def plain(name: str) -> str:
        return re.sub(r"[-_.]+", "-", name).lower()

    lines = (ROOT / "requirements.lock").read_text("utf-8").split()
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
    locked = {plain(line.partition("==")[0]) for line in lines}
    extras = PROJECT["optional-dependencies"]
    wanted = names(PROJECT["dependencies"]).union(*(names(extras[extra]) for extra in EXTRAS))
    wanted |= names(extras["test"]) | names(extras["dev"])
    wanted -= {"hyperenergy"}
    seen: set[str] = set()
    while wanted:
        name = plain(wanted.pop())
        seen.add(name)
        # Of other systems and of extras: nothing, and those of torch are torch's own to choose.
        direct = [line for line in requires(name) or [] if ";" not in line] if name != "torch" else []
        wanted |= {plain(other) for other in names(direct)} - seen
    assert seen - locked == set()


def test_the_wheel_has_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as file:
        shipped = {name for name in file.namelist() if ".dist-info/" not in name}
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "hyperenergy").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert shipped == package and "hyperenergy/py.typed" in shipped
    assert {Path(name).suffix for name in shipped} == {".py", ".typed", ".html", ".js", ".css"}


def test_what_it_says_about_itself(metadata: Message) -> None:
    assert metadata["Version"] == PROJECT["version"] and metadata["License-Expression"] == "MIT"
    assert metadata["Summary"] and metadata["Keywords"] and metadata["License-File"] == "LICENSE"
    # An index refuses both a classifier that it does not know and one of a license beside the expression.
    classifiers = metadata.get_all("Classifier") or []
    from trove_classifiers import classifiers as known

    assert set(classifiers) <= known and not any("License" in line for line in classifiers)
    # An index shows no file of the repository.
    text = str(metadata.get_payload())
    assert "# hyperenergy" in text and "](docs/" not in text and "The page of the 600-cell" in text


def test_pictures_have_addresses_where_there_is_one() -> None:
    spec = importlib.util.spec_from_file_location("build_readme", ROOT / "build_readme.py")
    assert spec is not None and spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    text = "a ![of b](docs/b.png) c ![d](https://e/f.png) [g](docs/h.md)"
    assert build.for_an_index(text, "https://x/1.0/") == text.replace("(docs/b", "(https://x/1.0/docs/b")
    assert build.for_an_index(text, "") == text.replace("![of b](docs/b.png)", "*of b*")


def test_commands_run_outside_of_the_checkout(installed: Run, tmp_path: Path) -> None:
    """And without extras."""
    where = installed("-c", "import hyperenergy; print(hyperenergy.__file__)", cwd=tmp_path)
    assert where.stdout and ROOT not in Path(where.stdout.strip()).parents
    # The proofs of the theorems belong to the repository.
    assert "No module named proofs_check" in installed("-m", "proofs_check", cwd=tmp_path).stderr

    def said(*arguments: str) -> str:
        done = installed("-m", "hyperenergy.cli", *arguments, cwd=tmp_path)
        assert done.returncode == 0, (arguments, done.stderr)
        return done.stdout

    assert said("--version") == f"hyperenergy {PROJECT['version']}\n"
    assert "Cohn and Kumar" in said("codes", "icosahedron")
    said("view", "icosahedron", "--no-open", "--out", "i.html")
    assert "</html>" in (tmp_path / "i.html").read_text("utf-8")
    said("minimize", "riesz:s=1", "--points", "4", "--dim", "3", "--restarts", "2", "--out", "m.json")
    assert "consistent" in said("verify", "--claims", "B1", "--dims", "3", "--temperatures", "0.5", "--out", "v")
    assert (tmp_path / "v" / "report.html").stat().st_size > 10_000


def test_explore_names_the_extra_that_it_needs(installed: Run, tmp_path: Path) -> None:
    assert "Usage:" in installed("-m", "hyperenergy.cli", "explore", "--help", cwd=tmp_path).stdout
    done = installed("-m", "hyperenergy.cli", "explore", "--no-open", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == ("error: explore needs starlette, uvicorn, websockets: pip install 'hyperenergy[explore]'\n")
