"""Which proofs hold, and what of them is in words, kept by key: a proof is checked once for each version of what it depends
on."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import hyperenergy
from hyperenergy import files
from proofs_check.registry import load
from proofs_check.steps import Kind

_HERE = Path(__file__).parent
# What proofs import: rooms of the package, and libraries that compute.
_ROOMS = ("errors", "arithmetic", "kernels", "geometry", "codes", "theorems")
_LIBRARIES = ("numpy", "sympy", "mpmath")


@dataclass(frozen=True)
class Kept:
    """holds: every step does.  in_words: the names of the steps that are arguments in words."""

    holds: bool
    in_words: tuple[str, ...]


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


def known(names: Sequence[str], folder: Path | None = None) -> dict[str, Kept]:
    """Name -> what is known of its proof; from ``folder``, the user's cache by default, where that is known.

    Whatever cannot be read there is checked again, and where nothing can be written nothing is kept.
    """
    path = (files.cache() if folder is None else folder) / f"proofs-{key()}.json"
    found = _read(path)
    missing = [name for name in names if name not in found]
    for name in missing:
        found[name] = _of(load(name).check())
    if missing:
        _write(path, found | _read(path) | {name: found[name] for name in missing})
    return {name: found[name] for name in names}


def _of(steps: Iterable[Any]) -> Kept:
    steps = tuple(steps)
    words = tuple(step.name for step in steps if step.kind is Kind.WORDS)
    return Kept(all(step.holds for step in steps), words)


def _read(path: Path) -> dict[str, Kept]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: Kept(one[0], tuple(one[1])) for name, one in found.items() if _is_one(one)}


def _is_one(one: Any) -> bool:
    """A truth value, and names."""
    match one:
        case [bool(), list() as words]:
            return all(isinstance(word, str) for word in words)
    return False


def _write(path: Path, known: dict[str, Kept]) -> None:
    beside = path.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(json.dumps({name: [one.holds, one.in_words] for name, one in known.items()}), "utf-8")
        beside.replace(path)
