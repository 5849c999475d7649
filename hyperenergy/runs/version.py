"""Which code made a result."""

from __future__ import annotations

import functools
import hashlib
from importlib.metadata import version
from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


@functools.cache
def code_version(beside: tuple[str, ...] = (), package: Path = _PACKAGE) -> str:
    """The package's version with a digest of its source files, less the folders ``beside`` that results do not pass."""
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package)
        if name.parts[0] not in beside:
            # Lengths, so that text cannot move from one file to the next unseen.
            content = path.read_bytes()
            digest.update(f"{name.as_posix()} {len(content)}\n".encode() + content)
    return f"{version('hyperenergy')}+{digest.hexdigest()[:12]}"
