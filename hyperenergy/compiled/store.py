"""Compiled code that lasts: generated modules in a folder of the user's cache, with Numba's machine code beside them.

A module is a text.  It is written once, under a folder named after everything that it depends on (this package's texts,
Python, NumPy, Numba), so that a new version never meets an old one's code; Numba keeps the machine code per processor.
Two processes may compile at once: files appear whole or not at all, and the same text gives the same code.  Where the
folder cannot be written or read, the code is compiled for this process alone.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.util
import os
import platform
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType

_HEADER = """import math
import numba
import numpy as np

# Sums may be reordered, which lets them vectorize.  Infinities and NaN keep their meaning: coincident points of a
# singular kernel have infinite energy.
OPTIONS = dict(fastmath={{"reassoc", "contract", "arcp", "nsz"}}, error_model="numpy", nogil=True, cache={cache})
# Inner functions are compiled into those that call them: nothing else needs them.
jit = numba.njit(**{{**OPTIONS, "cache": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}})
MATRIX, VECTOR = numba.float64[:, ::1], numba.float64[::1]
# value = f(X, G, parameters, work): of a configuration X (dim, rows), its ambient gradient into G.
EVALUATOR = numba.types.FunctionType(numba.float64(MATRIX, MATRIX, VECTOR, VECTOR))
evaluator = numba.njit(EVALUATOR.signature, **OPTIONS)
# h(X, V, H, parameters, work): the ambient Hessian's product with V into H, where f was called at X before.
PRODUCT = numba.types.FunctionType(numba.void(MATRIX, MATRIX, MATRIX, VECTOR, VECTOR))
product = numba.njit(PRODUCT.signature, **OPTIONS)
"""
# Texts of other modules that generated ones contain.
_HERE = Path(__file__).parent
_MODULE = "hyperenergy_compiled_"
_loaded: dict[str, ModuleType] = {}


@functools.cache
def available() -> bool:
    """Whether Numba is installed."""
    return importlib.util.find_spec("numba") is not None


def text(name: str) -> str:
    """The text of a module of this folder, less what only linters read."""
    source = (_HERE / f"{name}.py").read_text("utf-8")
    return source.replace("from __future__ import annotations\n", "")


@functools.cache
def folder() -> Path:
    """Where generated modules are kept: ``HYPERENERGY_CACHE``, or a folder of the user's cache."""
    chosen = os.environ.get("HYPERENERGY_CACHE")
    base = Path(chosen) if chosen else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hyperenergy"
    depends = [_HEADER, platform.python_version(), *(_version(name) for name in ("numba", "llvmlite", "numpy"))]
    depends += [path.read_text("utf-8") for path in sorted(_HERE.glob("*.py"))]
    return base / hashlib.sha256("\0".join(depends).encode()).hexdigest()[:16]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def load(name: str, source: str | None = None) -> ModuleType | None:
    """The module ``name`` of that source; without a source, only if it has been generated before, else None."""
    if name in _loaded:
        return _loaded[name]
    path = folder() / f"{name}.py"
    if source is None and not _readable(path):
        return None
    if source is None:
        with contextlib.suppress(Exception):  # damaged: the caller generates it anew
            _loaded[name] = _from_disk(name, path)
        return _loaded.get(name)
    try:
        _write(path, _HEADER.format(cache=True) + source)
        module = _from_disk(name, path)
    except Exception as error:  # a cache that is full or forbidden must not stop the work
        _announce(name, f"not kept: {error}")
        module = ModuleType(_MODULE + name)
        sys.modules[module.__name__] = module
        exec(compile(_HEADER.format(cache=False) + source, f"<compiled {name}>", "exec"), module.__dict__)
    _loaded[name] = module
    return module


def _readable(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _from_disk(name: str, path: Path) -> ModuleType:
    if not any((path.parent / "__pycache__").glob(f"{name}.*.nbc")):
        _announce(name)
    spec = importlib.util.spec_from_file_location(_MODULE + name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module  # Numba looks its modules up by name
    spec.loader.exec_module(module)
    return module


def _write(path: Path, source: str) -> None:
    """Put the file there, whole, unless it is there already: Numba's code is valid for the file's time of change."""
    if path.is_file() and path.read_text("utf-8") == source:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(source)
        os.replace(beside, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)


def _announce(name: str, why: str = "once on this machine") -> None:
    line = f"hyperenergy: compiling {name.replace('_', ' ')} ({why})".splitlines()[0]
    print(line, file=sys.stderr, flush=True)
