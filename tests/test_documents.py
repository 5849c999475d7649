"""What stands beside the code says what the code says."""

from __future__ import annotations

import doctest
import re
import runpy
import subprocess
import tomllib
from pathlib import Path

import pytest

from hyperenergy import theorems
from tests.test_layers import ROOMS

ROOT = Path(__file__).parent.parent


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def version() -> str:
    return str(tomllib.loads(text("pyproject.toml"))["project"]["version"])


def test_the_table_of_claims_is_current() -> None:
    """``make claims`` writes it."""
    page = runpy.run_path(str(ROOT / "docs" / "claims.py"))["page"]()
    assert text("docs/claims.md") == page
    rows = [re.split(r"(?<!\\) \| ", line.strip("| ")) for line in page.splitlines() if line.startswith("| ")]
    assert {len(row) for row in rows} == {6} and [row[0] for row in rows[2:]] == theorems.names()
    for link in re.findall(r"\]\((\.\./[^)]*)\)", page):
        assert (ROOT / "docs" / link).is_file()


def test_the_readme_has_claims_with_their_status() -> None:
    """Not necessarily all: ``docs/claims.md`` has those."""
    rows = re.findall(r"^\| ([BEF]\w*(?:, \w)*) \| (theorem|conjecture|false) \|", text("README.md"), re.MULTILINE)
    said: dict[str, str] = {}
    for ids, status in rows:
        first, *others = ids.split(", ")
        said |= {name: status for name in (first, *(first[:-1] + other for other in others))}
    assert said == {name: theorems.get(name).status.value for name in said} and len(said) > 20


def test_contributors_find_every_room() -> None:
    assert re.findall(r"^\| `(\w+)` \| \S", text("CONTRIBUTING.md"), re.MULTILINE) == ROOMS


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "README.md"])
def test_files_that_are_named_are_there(name: str) -> None:
    for path in re.findall(r"`((?:hyperenergy|tests|docs|benchmarks|proofs_check)/[\w./]*)`", text(name)):
        assert (ROOT / path).exists() or re.search(r"[A-Z]{2,}", path), path
    for target in re.findall(r"`make (\w+)`", text(name)):
        assert re.search(rf"^{target}:", text("Makefile"), re.MULTILINE), target


def test_commits_are_checked_as_in_ci() -> None:
    (recipe,) = re.findall(r"^lint:.*\n((?:\t.*\n)+)", text("Makefile"), re.MULTILINE)
    lint = [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe.splitlines()]
    assert re.findall(r"entry: (.*)", text(".pre-commit-config.yaml")) == lint


def test_the_version_has_one_source() -> None:
    """The newest release of the changelog and a tag on this commit have it, if there are any."""
    releases = re.findall(r"^## (\d\S*)", text("CHANGELOG.md"), re.MULTILINE)
    assert releases[:1] in ([], [version()])
    assert not re.search(r"^version:", text("CITATION.cff"), re.MULTILINE)
    for path in (ROOT / "hyperenergy").rglob("*.py"):
        assert "__version__ =" not in path.read_text("utf-8"), path
    tags = subprocess.run(["git", "tag", "--points-at", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert [tag for tag in tags.stdout.split() if tag.startswith("v")] in ([], [f"v{version()}"])


def test_examples_of_the_newer_results() -> None:
    """They run as they stand, and each of the newer results has one."""
    found = doctest.testfile(str(ROOT / "docs" / "results.md"), module_relative=False)
    assert found.failed == 0 and found.attempted > 40
    titles = set(re.findall(r"\b[A-Z]\d+\b", " ".join(re.findall("^## (.*):", text("docs/results.md"), re.MULTILINE))))
    assert titles >= {
        "B12",
        "B13",
        "B14",
        "B15",
        "B16",
        "B17",
        "B18",
        "B19",
        "B20",
        "B21",
        "B22",
        "U1",
        "E5",
        "F4",
        "F5",
        "L1",
        "L2",
        "L3",
    }
