"""Compiled code that lasts: object files in a folder of the user's cache.

A module is a text.  Its code is written once, under a folder named after everything that it depends on (this package's
texts, the processor, Python, NumPy, Numba), so that a new version never meets an old one's code.  Two processes may compile
at once: files appear whole or not at all, and either's will do.  Where the folder cannot be written or read, the code is
compiled for this process alone.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.util
import json
import os
import platform
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

from hyperenergy.compiled import machine
from hyperenergy.compiled.machine import Code

# Texts of other modules that generated ones contain.
_HERE = Path(__file__).parent
_loaded: dict[str, SimpleNamespace] = {}
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
    """Where compiled code is kept: ``HYPERENERGY_CACHE``, or a folder of the user's cache."""
    chosen = os.environ.get("HYPERENERGY_CACHE")
    base = Path(chosen) if chosen else _users() / "hyperenergy"
    depends = [machine.processor(), platform.python_version(), machine.versions()]
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


def load(name: str, make: Callable[[], str], compare: bool = False) -> SimpleNamespace:
    """The functions of the module ``name``, whose source ``make`` gives; it is asked only where there is no code on disk.

    compare: ask anyhow, for a source that may change while this folder's texts do not.
    """
    with _lock:
        if name not in _loaded:
            source = make() if compare else None
            codes = _kept(name, source) or _made(name, make() if source is None else source)
            _loaded[name] = SimpleNamespace(**machine.link(codes))
        return _loaded[name]


def _kept(name: str, source: str | None) -> list[Code] | None:
    with contextlib.suppress(Exception):  # absent or damaged: the caller makes it anew
        seal, _, rest = (folder() / f"{name}.code").read_bytes().partition(b"\n")
        if seal.decode() == hashlib.sha256(rest).hexdigest():
            line, _, data = rest.partition(b"\n")
            head = json.loads(line)
            if source is None or head["source"] == _digest(source):
                return _unpacked(head["functions"], data)
    return None


def _unpacked(functions: list[list[object]], data: bytes) -> list[Code]:
    codes = []
    for name, symbol, kinds, returns, size in functions:
        assert isinstance(size, int) and isinstance(kinds, list)
        codes.append(Code(str(name), str(symbol), tuple(kinds), bool(returns), data[:size]))
        data = data[size:]
    return codes


def _packed(codes: list[Code], source: str) -> bytes:
    functions = [[code.name, code.symbol, code.kinds, code.returns, len(code.data)] for code in codes]
    head = json.dumps({"source": _digest(source), "functions": functions})
    rest = head.encode() + b"\n" + b"".join(code.data for code in codes)
    return hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest


def _digest(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()


def _made(name: str, source: str) -> list[Code]:
    # Said before, for it takes seconds; whether it can be kept is known at once.
    path, why = folder() / f"{name}.code", "once on this machine"
    try:
        handle, beside = _beside(path)
    except OSError as error:  # a cache that is full or forbidden must not stop the work
        handle, why = None, f"not kept: {error}; HYPERENERGY_CACHE names another folder"
    print(f"hyperenergy: compiling {name.replace('_', ' ')} ({why})".splitlines()[0], file=sys.stderr, flush=True)
    if handle is None:
        return machine.compile_text(name, source)
    try:
        with os.fdopen(handle, "wb") as file:
            codes = machine.compile_text(name, source)
            with contextlib.suppress(OSError):
                file.write(_packed(codes, source))
                file.flush()
                os.replace(beside, path)
        return codes
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)


def _beside(path: Path) -> tuple[int, str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return tempfile.mkstemp(dir=path.parent, suffix=".part")
