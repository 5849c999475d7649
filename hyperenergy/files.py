"""Files that are complete or not there."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from hyperenergy.errors import ArgumentError


def cache() -> Path:
    """The folder for what can be computed again: ``HYPERENERGY_CACHE``, or one of the user's cache.  It may not exist."""
    chosen = os.environ.get("HYPERENERGY_CACHE")
    if chosen:
        return Path(chosen)
    users = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(users) if users else Path.home() / ".cache") / "hyperenergy"
    except RuntimeError:  # a user without a home, as in containers: nothing is kept
        return Path(os.devnull)


def target(name: str, path: str | Path, suffixes: Sequence[str]) -> Path:
    """The path; ArgumentError, naming the argument ``name``, for another suffix or a folder that takes no files."""
    path = Path(path)
    if path.parent.is_dir() and not os.access(path.parent, os.W_OK | os.X_OK):
        raise ArgumentError(name, repr(str(path)), "cannot be written: the folder takes no new files from this user")
    if path.suffix.lower() not in suffixes or not path.parent.is_dir() or path.is_dir():
        allowed = " or ".join(suffixes)
        raise ArgumentError(name, repr(str(path)), f"must be a {allowed} file in a folder that exists")
    return path


@contextlib.contextmanager
def replacing(name: str, path: str | Path, suffixes: Sequence[str]) -> Iterator[Path]:
    """A path beside ``path`` to write to; it is moved there when the block ends well, and removed when it does not.

    Raises ArgumentError as ``target``, and where the file cannot be written.
    """
    path = target(name, path, suffixes)
    beside = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield beside
        beside.replace(path)
    except OSError as error:
        raise ArgumentError(name, repr(str(path)), f"cannot be written ({error.strerror})") from None
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
