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
import threading
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any

_HEADER = """import math
import numba
import numpy as np

# Sums may be reordered, which lets them vectorize.  Infinities and NaN keep their meaning: coincident points of a
# singular kernel have infinite energy.
OPTIONS = dict(fastmath={{"reassoc", "contract", "arcp", "nsz"}}, error_model="numpy", nogil=True, cache={cache})
# Inner functions are compiled into those that call them: nothing else needs them.
jit = numba.njit(**{{**OPTIONS, "cache": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}})
# And those whose views of arrays, counted at each call, would cost more than a short loop does.
inlined = numba.njit(inline="always", **OPTIONS)
MATRIX, VECTOR = numba.float64[:, ::1], numba.float64[::1]
# value = f(X, G, parameters, work): of a configuration X (dim, rows), its ambient gradient into G.
EVALUATOR = numba.types.FunctionType(numba.float64(MATRIX, MATRIX, VECTOR, VECTOR))
evaluator = numba.njit(EVALUATOR.signature, **OPTIONS, no_cfunc_wrapper=True)
# h(X, V, H, parameters, work): the ambient Hessian's product with V into H, where f was called at X before.
PRODUCT = numba.types.FunctionType(numba.void(MATRIX, MATRIX, MATRIX, VECTOR, VECTOR))
product = numba.njit(PRODUCT.signature, **OPTIONS, no_cfunc_wrapper=True)
"""
# What takes evaluators takes their addresses: to hand over functions as such costs 35 us each.
_BY_ADDRESS = """
from numba.core import cgutils
from numba.extending import intrinsic


def by_address(kind):
    @intrinsic
    def function_at(typing, address):
        def generate(context, builder, signature, arguments):
            function = cgutils.create_struct_proxy(kind)(context, builder)
            function.jit_addr = builder.inttoptr(arguments[0], cgutils.voidptr_t)
            function.c_addr = function.py_addr = cgutils.get_null_value(cgutils.voidptr_t)
            return function._getvalue()

        return kind(numba.int64), generate

    return function_at


evaluator_at, product_at = by_address(EVALUATOR), by_address(PRODUCT)
"""
# Texts of other modules that generated ones contain.
_HERE = Path(__file__).parent
_MODULE = "hyperenergy_compiled_"
_loaded: dict[str, ModuleType] = {}
_lock = threading.RLock()


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
    base = Path(chosen) if chosen else _users() / "hyperenergy"
    depends = [
        _HEADER,
        _BY_ADDRESS,
        platform.python_version(),
        *(_version(name) for name in ("numba", "llvmlite", "numpy")),
    ]
    # Formulas of kernels are written into the code, too.
    texts = [*sorted(_HERE.glob("*.py")), _HERE.parent / "kernels.py", _HERE.parent / "namespaces.py"]
    depends += [path.read_text("utf-8") for path in texts]
    return base / hashlib.sha256("\0".join(depends).encode()).hexdigest()[:16]


def _users() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME")
    try:
        return Path(cache) if cache else Path.home() / ".cache"
    except RuntimeError:  # a user without a home, as in containers: nothing is kept
        return Path(os.devnull)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def address(function: Any) -> int:
    """Where the machine code of a function lies that was compiled for one signature; valid as long as its module is."""
    (compiled,) = function.overloads.values()
    return int(compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name))


def load(name: str, make: Callable[[], str], compare: bool = False) -> ModuleType:
    """The module ``name`` of the source that ``make`` gives, which is asked only where there is none on disk.

    compare: ask anyhow, for a source that may change while this folder's texts do not.
    """
    with _lock:
        if name not in _loaded:
            _loaded[name] = (None if compare else _kept(name)) or _made(name, make())
        return _loaded[name]


def _kept(name: str) -> ModuleType | None:
    path = folder() / f"{name}.py"
    with contextlib.suppress(Exception):  # absent or damaged: the caller generates it anew
        if _whole(path.read_text("utf-8")):
            return _from_disk(name, path)
    return None


def _made(name: str, source: str) -> ModuleType:
    path = folder() / f"{name}.py"
    try:
        _write(path, _sealed(_HEADER.format(cache=True) + _BY_ADDRESS + source))
        try:
            return _from_disk(name, path)
        except Exception:  # Numba's own files may be damaged: without them it compiles anew
            _forget(name)
            return _from_disk(name, path)
    except Exception as error:  # a cache that is full or forbidden must not stop the work
        _announce(name, f"not kept: {error}; HYPERENERGY_CACHE names another folder")
        module = ModuleType(_MODULE + name)
        sys.modules[module.__name__] = module
        exec(compile(_HEADER.format(cache=False) + _BY_ADDRESS + source, f"<compiled {name}>", "exec"), module.__dict__)
        return module


def _sealed(source: str) -> str:
    """The source under a line by which ``_whole`` knows that nothing of it is missing."""
    return f"# {hashlib.sha256(source.encode()).hexdigest()}\n{source}"


def _whole(text: str) -> bool:
    return text == _sealed(text.partition("\n")[2])


def _machine_code(name: str) -> list[Path]:
    """Numba's files of this module; an index names a module by everything before the function's name."""
    return sorted((folder() / "__pycache__").glob(f"{name}.*.nb[ci]"))


def _forget(name: str) -> None:
    for path in _machine_code(name):
        path.unlink(missing_ok=True)


def _from_disk(name: str, path: Path) -> ModuleType:
    if not _machine_code(name):
        _announce(name)
    spec = importlib.util.spec_from_file_location(_MODULE + name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module  # Numba looks its modules up by name
    spec.loader.exec_module(module)
    return module


def _write(path: Path, source: str) -> None:
    """Put the file there, whole, unless it is there already.

    Numba's code is valid for the file's size and time of change; so that two processes that write the same text agree, the
    time follows from the text.
    """
    if path.is_file() and path.read_bytes() == source.encode():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(source.encode())
        time = 10**9 + int(hashlib.sha256(source.encode()).hexdigest()[:7], 16)
        os.utime(beside, (time, time))
        os.replace(beside, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)


def _announce(name: str, why: str = "once on this machine") -> None:
    line = f"hyperenergy: compiling {name.replace('_', ' ')} ({why})".splitlines()[0]
    print(line, file=sys.stderr, flush=True)
