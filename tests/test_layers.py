"""Each module imports only modules above it, and importing the package stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "hyperenergy"

# From the ground up; a name stands for a module or for a folder of modules, which may import one another.
LAYERS = [
    "errors",
    "unseen",
    "files",
    "table_file",
    "points_file",
    "steps",
    "namespaces",
    "declared",
    "sampling",
    "sphere",
    "kernels",
    "gegenbauer",
    "codes",
    "compiled",
    "blockwise",
    "energy",
    "losses",
    "expectation",
    "objectives",
    "structured",
    "expected",
    "logarithm",
    "solvers",
    "ways",
    "minimum",
    "starts",
    "landscape",
    "search",
    "multistart",
    "minimize",
    "trajectory",
    "laws",
    "prediction",
    "precision",
    "coloring",
    "permutations",
    "refinement",
    "automorphisms",
    "fit",
    "congruence",
    "symmetry",
    "sameness",
    "compare",
    "theorems",
    "metrics",
    "naming",
    "verify",
    "layout",
    "markup",
    "plot",
    "view",
    "explore",
    "report",
    "cli",
]


def layer(module: str) -> str:
    """hyperenergy.losses.formulas -> losses."""
    return module.split(".")[1]


def imports(path: Path) -> list[str]:
    """The package's own modules that a file imports, at the top or inside functions."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.startswith("hyperenergy.")]
        elif isinstance(node, ast.ImportFrom) and node.module == "hyperenergy":
            found += [f"hyperenergy.{alias.name}" for alias in node.names if alias.name in LAYERS]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hyperenergy."):
            found.append(str(node.module))
    return found


def upward(path: Path, package: Path = PACKAGE) -> list[str]:
    """The imports of a file that go up."""
    own = path.relative_to(package).parts[0].removesuffix(".py")
    rank = LAYERS.index(own)
    return [name for name in imports(path) if LAYERS.index(layer(name)) > rank]


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    if path.name == "__init__.py" and path.parent == PACKAGE:
        pytest.skip("re-exports everything")
    assert upward(path) == []


def test_an_upward_import_is_seen(tmp_path: Path) -> None:
    bad = tmp_path / "kernels.py"
    bad.write_text("def f():\n    from hyperenergy.minimize import minimize\n")
    assert upward(bad, tmp_path) == ["hyperenergy.minimize"]


def test_import_is_light() -> None:
    """No heavy library is loaded beyond torch's own; how long it takes is the benchmarks' to say."""
    heavy = {"scipy", "sympy", "matplotlib", "plotly", "flint", "typer", "rich"}
    code = (
        "import sys, torch; before = set(sys.modules); import hyperenergy; "
        f"print(*sorted({heavy!r} & (set(sys.modules) - before)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == []
