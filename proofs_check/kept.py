"""Which proofs hold, kept by key: a proof is checked once for each version of what it depends on."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import hyperenergy
from hyperenergy import files
from proofs_check.registry import load

_HERE = Path(__file__).parent
# What proofs import: rooms of the package, and libraries that compute.
_ROOMS = ("errors", "arithmetic", "kernels", "geometry", "codes", "theorems")
_LIBRARIES = ("numpy", "sympy", "mpmath")


def key() -> str:
    """A digest of the sources and versions on which all proofs depend."""
    package = Path(str(hyperenergy.__file__)).parent
    sources = [*_HERE.rglob("*.py"), *(p for room in _ROOMS for p in package.glob(f"{room}*"))]
    whole = [path for source in sources for path in (source.rglob("*.py") if source.is_dir() else [source])]
    digest = hashlib.sha256(" ".join(f"{name} {version(name)}" for name in _LIBRARIES).encode())
    for path in sorted(whole):
        content = path.read_bytes()
        digest.update(f"{path.parent.name}/{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def holding(names: Sequence[str], folder: Path | None = None) -> dict[str, bool]:
    """Name -> whether every step of its proof holds; from ``folder``, the user's cache by default, where that is known.

    Whatever cannot be read there is checked again, and where nothing can be written nothing is kept.
    """
    path = (files.cache() if folder is None else folder) / f"proofs-{key()}.json"
    known = _read(path)
    missing = [name for name in names if name not in known]
    for name in missing:
        known[name] = all(step.holds for step in load(name).check())
    if missing:
        _write(path, known | _read(path) | {name: known[name] for name in missing})
    return {name: known[name] for name in names}


def _read(path: Path) -> dict[str, bool]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: holds for name, holds in found.items() if isinstance(holds, bool)}


def _write(path: Path, known: dict[str, bool]) -> None:
    beside = path.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(json.dumps(known), "utf-8")
        beside.replace(path)
