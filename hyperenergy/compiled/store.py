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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from hyperenergy import files
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
    return _plain(_HERE / f"{name}.py")


def inlined(path: Path) -> str:
    """The text of another folder's module of constants and functions, which are compiled into those that call them."""
    return _plain(path).replace("\ndef ", "\n@inlined\ndef ")


def _plain(path: Path) -> str:
    return path.read_text("utf-8").replace("from __future__ import annotations\n", "")


@functools.cache
def folder() -> Path:
    """Where compiled code is kept, in the user's cache."""
    depends = [machine.processor(), platform.python_version(), machine.versions()]
    # Formulas of kernels are written into the code, too.
    texts = [
        *sorted(_HERE.glob("*.py")),
        *sorted(_HERE.parent.glob("kernels/*.py")),
        *_HERE.parent.glob("arithmetic/namespaces.py"),
    ]
    depends += [path.read_text("utf-8") for path in texts]
    return files.cache() / hashlib.sha256("\0".join(depends).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Text:
    """A module's name, and what gives its source, which is asked for only where there is no code on disk.

    compare: ask anyhow, for a source that may change while this folder's texts do not.
    """

    name: str
    make: Callable[[], str]
    compare: bool = False


def load(wanted: Text) -> SimpleNamespace:
    """The functions of a module."""
    prepare([wanted])
    return _loaded[wanted.name]


def prepare(wanted: Sequence[Text]) -> None:
    """Load modules; those that are on disk not yet are compiled at the same time."""
    with _lock:
        missing: list[tuple[str, str]] = []
        for one in {one.name: one for one in wanted if one.name not in _loaded}.values():
            source = one.make() if one.compare else None
            codes = _kept(one.name, source)
            if codes is None:
                missing.append((one.name, one.make() if source is None else source))
            else:
                _link(one.name, codes)
        making = [_Making(name, source, elsewhere=k > 0) for k, (name, source) in enumerate(missing)]
        for one_made in making:
            _link(one_made.name, one_made.finish())


def _link(name: str, codes: list[Code]) -> None:
    _loaded[name] = SimpleNamespace(**machine.link(codes))


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


class _Making:
    """A module that is compiled here or elsewhere, and kept where that can be."""

    def __init__(self, name: str, source: str, elsewhere: bool) -> None:
        self.name, self._source = name, source
        why = "once on this machine"
        try:  # known before: it is said at once, for it takes seconds
            folder().mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder()):
                pass
        except OSError as error:  # a cache that is full or forbidden must not stop the work
            why = f"not kept: {error}; HYPERENERGY_CACHE names another folder"
        print(f"hyperenergy: compiling {name.replace('_', ' ')} ({why})".splitlines()[0], file=sys.stderr, flush=True)
        self._later = machine.compile_elsewhere(name, source) if elsewhere else None

    def finish(self) -> list[Code]:
        codes = machine.compile_text(self.name, self._source) if self._later is None else self._later()
        with contextlib.suppress(OSError):
            handle, beside = tempfile.mkstemp(dir=folder(), suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_packed(codes, self._source))
                os.replace(beside, folder() / f"{self.name}.code")
            finally:
                Path(beside).unlink(missing_ok=True)
        return codes
