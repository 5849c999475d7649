"""The package as it is imported: light, with every public name, and no function hidden by a module of the same name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import hyperenergy as he

HEAVY = {
    "torch",
    "numpy",
    "scipy",
    "sympy",
    "matplotlib",
    "plotly",
    "numba",
    "jaxtyping",
    "starlette",
    "uvicorn",
    "dask",
    "distributed",
}


def fresh(code: str) -> str:
    """What a new process prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_loads_nothing_heavy() -> None:
    assert fresh(f"import sys, hyperenergy; print(*({HEAVY!r} & sys.modules.keys()))").split() == []


def test_asking_for_a_name_loads_what_it_needs() -> None:
    assert fresh("import sys, hyperenergy as he; he.Riesz(1); print('torch' in sys.modules)").strip() == "True"


# As ../shared/interface.md has them: none may go.
PUBLIC = """
DCL DCLW DHEL Distributed KCL AlignUniform Aligned ArgumentError Congruence ConvergenceError Energy Expected FixedAnchors
FramePotential Gaussian HyperenergyError InfoNCE InverseMultiquadric Kernel Laplace Logarithmic Match Minimum MultiView
MultiViewDHEL MultiViewInfoNCE NTXent Objective Outcome PairLoss PhiPsi Polynomial Prediction Progress Projective Recorder
RegularizedLogarithmic Riesz SigLIP SimCLR SpectralContrastive SupCon Supervised Symmetry Temperature Trajectory best_law
codes compare congruent energy expectation from_spec functional limit metrics minimize normalize predict symmetry theorems
uniform_energy
""".split()


def test_public_names_stay() -> None:
    assert set(PUBLIC) <= set(he.__all__) and set(he.__all__) <= set(dir(he))
    space: dict[str, object] = {}
    exec("from hyperenergy import *", space)
    assert set(PUBLIC) <= set(space)


@pytest.mark.parametrize("name", he.__all__)
def test_every_public_name_is_what_its_module_has(name: str) -> None:
    module, own = he._declared()[name]
    space: dict[str, object] = {}
    exec(f"from {module} import {own}", space)
    assert getattr(he, name) is space[own]


@pytest.mark.slow  # a type checker reads torch first
def test_type_checkers_see_them(tmp_path: Path) -> None:
    """Also those that want to be told what a package exports."""
    code = "import hyperenergy as he\n" + "".join(f"reveal_type(he.{name})\n" for name in PUBLIC)
    (tmp_path / "user.py").write_text(code)
    command = [sys.executable, "-m", "mypy", "--no-implicit-reexport", "--cache-dir", str(tmp_path), "user.py"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    seen = [line for line in done.stdout.splitlines() if "Revealed type" in line]
    assert "error:" not in done.stdout and len(seen) == len(PUBLIC)
    assert [line for line in seen if '"Any"' in line] == []


def test_what_has_a_file_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    from hyperenergy.kernels import KERNELS
    from hyperenergy.losses import LOSSES

    for name, kind in {**KERNELS, **LOSSES}.items():
        assert getattr(he, name) is kind and (name in PUBLIC) == (name in he.__all__)
    monkeypatch.setitem(KERNELS, "Newest", he.Riesz)
    assert he.Newest is he.Riesz
    monkeypatch.delitem(he.__dict__, "Newest")


def test_no_public_object_has_the_name_of_a_room() -> None:
    """Python would hide it where the room is imported."""
    # Folders that git has emptied may still be there.
    rooms = {path.stem for path in Path(he.__file__).parent.iterdir() if path.suffix == ".py" or any(path.glob("*.py"))}
    assert {"codes", "metrics", "theorems"} == rooms & set(he.__all__)


def test_modules_are_attributes() -> None:
    code = """
import sys, hyperenergy as he
import hyperenergy.geometry.sphere
assert he.expectation is sys.modules['hyperenergy.laws'] and he.expectation.limit
assert he.codes is sys.modules["hyperenergy.codes"] and he.codes.names()
assert he.functional is sys.modules["hyperenergy.losses.functional"] and he.functional.dhel
assert he.geometry.sphere and he.view.page and he.theorems.get("B1") and he.metrics.uniformity
import hyperenergy.codes, hyperenergy.energies.energy
assert hyperenergy.codes is he.codes and sys.modules["hyperenergy.energies.energy"].pair_energy
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
    monkeypatch.delitem(sys.modules, "hyperenergy.show.plot", raising=False)
    monkeypatch.delitem(he.__dict__, "plot", raising=False)
    for name in [name for name in sys.modules if name.startswith("hyperenergy.show.plot.")]:
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
