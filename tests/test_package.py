"""The package as it is imported: light, with every public name, and no function hidden by a module of the same name."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import hyperenergy as he

HEAVY = {"torch", "numpy", "scipy", "sympy", "matplotlib", "plotly", "numba", "jaxtyping", "starlette", "uvicorn"}
# Public functions that have a module of the same name.
BOTH = sorted(name for name in he.__all__ if (Path(he.__file__).parent / f"{name}.py").exists() and name != "metrics")


def fresh(code: str) -> str:
    """What a new process prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def declared() -> dict[str, str]:
    """Public name -> module, as type checkers read it."""
    tree = ast.parse(inspect.getsource(he))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    return {
        alias.name: str(node.module) for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }


def test_importing_loads_nothing_heavy() -> None:
    assert fresh(f"import sys, hyperenergy; print(*({HEAVY!r} & sys.modules.keys()))").split() == []


def test_asking_for_a_name_loads_what_it_needs() -> None:
    assert fresh("import sys, hyperenergy as he; he.Riesz(1); print('torch' in sys.modules)").strip() == "True"


def test_three_lists_agree() -> None:
    """What type checkers see, what is loaded on demand, and what a star imports."""
    lazy = {name: f"hyperenergy.{module}" for name, module in he._OBJECTS.items()}
    lazy |= {name: f"hyperenergy.{module}".rpartition(".")[0] for name, module in he._MODULES.items()}
    assert declared() == lazy
    assert sorted(he.__all__) == sorted(lazy) and set(he.__all__) <= set(dir(he))


@pytest.mark.parametrize("name", he.__all__)
def test_every_public_name_is_what_its_module_has(name: str) -> None:
    module = declared()[name]
    space: dict[str, object] = {}
    exec(f"from {module} import {name}", space)
    assert getattr(he, name) is space[name]


ORDERS = [
    "import hyperenergy as he",
    *(f"import hyperenergy.{name}\nimport hyperenergy as he" for name in BOTH),
    *(f"import hyperenergy as he\nhe.{name}\nimport hyperenergy.{name}" for name in BOTH),
    "from hyperenergy.minimize import minimize as search\nimport hyperenergy as he",
    "from hyperenergy import minimize, compare\nassert callable(minimize) and callable(compare)\nimport hyperenergy as he",
    "from hyperenergy import *\nassert callable(energy) and callable(symmetry)\nimport hyperenergy as he",
    "import hyperenergy.cli, hyperenergy.theorems, hyperenergy.laws\nimport hyperenergy as he",
    "import importlib\nimport hyperenergy as he\n"
    "[importlib.import_module(f'hyperenergy.{x}') for x in sorted(he._OBJECTS.values())]",
    "import importlib, hyperenergy.energy\nhe = importlib.reload(importlib.import_module('hyperenergy'))",
]


@pytest.mark.parametrize("order", ORDERS)
def test_functions_win_over_modules_of_their_name(order: str) -> None:
    check = f"\nprint(*(type(getattr(he, name)).__name__ for name in {BOTH!r}))"
    assert set(fresh(order + check).split()) == {"function"}


def test_there_are_such_names() -> None:
    """The control of the test above: without a rule of its own, Python hides the function."""
    assert {"compare", "energy", "minimize", "symmetry"} <= set(BOTH)
    code = (
        "import types, hyperenergy as he, sys\nhe.energy\nhe.__class__ = types.ModuleType\n"
        "sys.modules.pop('hyperenergy.energy')\nimport hyperenergy.energy\nprint(type(he.energy).__name__)"
    )
    assert fresh(code).strip() == "module"


def test_modules_are_attributes() -> None:
    code = """
import sys, hyperenergy as he
assert he.codes is sys.modules["hyperenergy.codes"] and he.codes.names()
assert he.functional is sys.modules["hyperenergy.losses.functional"] and he.functional.dhel
assert he.sphere.random_points and he.theorems.get("B1") and he.metrics.uniformity
import hyperenergy.codes, hyperenergy.energy
assert hyperenergy.codes is he.codes and sys.modules["hyperenergy.energy"].pair_energy
print("all")
"""
    assert fresh(code).strip() == "all"


def test_unknown_names_are_attribute_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AttributeError, match="module 'hyperenergy' has no attribute 'minimise'"):
        _ = he.minimise
    assert not hasattr(he, "__path_of_nothing__") and not hasattr(he, "_hidden")
    with pytest.raises(ImportError, match="cannot import name 'minimise'"):
        exec("from hyperenergy import minimise")
    # A module that is there and cannot be loaded says why.
    monkeypatch.delitem(sys.modules, "hyperenergy.plot", raising=False)
    monkeypatch.delitem(he.__dict__, "plot", raising=False)
    for name in [name for name in sys.modules if name.startswith("hyperenergy.plot.")]:
        monkeypatch.delitem(sys.modules, name)
    for name in ["matplotlib", *(name for name in sys.modules if name.startswith("matplotlib."))]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ModuleNotFoundError, match="matplotlib"):
        _ = he.plot


def test_names_can_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    original = he.minimize
    monkeypatch.setattr(he, "minimize", abs)
    assert he.minimize is abs
    monkeypatch.undo()
    assert he.minimize is original
