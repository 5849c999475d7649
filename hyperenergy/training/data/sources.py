"""Where the files of a data set are, and what is said where they are missing or broken."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hyperenergy.errors import ArgumentError, MissingExtra

# A folder with one folder a data set, named as the data set.
VARIABLE = "HYPERENERGY_DATA"

Root = str | os.PathLike[str]


@dataclass(frozen=True)
class Source:
    """The files of a data set; each may have one of ``endings``.

    ``inner``: the folder that the published archive has them in.  ``system``: where they are without a word.
    """

    name: str
    files: tuple[str, ...]
    how: str
    inner: str = "."
    endings: tuple[str, ...] = ("",)
    system: str | None = None

    def find(self, root: Root | None) -> list[Path]:
        """The files, all of one folder: the root or its inner one; ArgumentError that names those not there."""
        folder = self._folder(root)
        if folder is None:
            raise self._missing(root, list(self.files), f"${VARIABLE}/{self.name}")
        for place in (folder, folder / self.inner):
            found = [self._path(place, file) for file in self.files]
            if all(found):
                return [path for path in found if path]
        fewest = min((list(self._absent(place)) for place in (folder, folder / self.inner)), key=len)
        raise self._missing(root, fewest, str(folder))

    def _folder(self, root: Root | None) -> Path | None:
        """What the caller says, or else the variable, where it has this data set, or else the system's."""
        if root is not None:
            return Path(root).expanduser()
        said = os.environ.get(VARIABLE)
        own = Path(said).expanduser() / self.name if said else None
        if own is not None and own.is_dir():
            return own
        return Path(self.system) if self.system else None

    def _path(self, folder: Path, file: str) -> Path | None:
        return next((folder / (file + end) for end in self.endings if (folder / (file + end)).is_file()), None)

    def _absent(self, folder: Path) -> Iterator[str]:
        return (file for file in self.files if self._path(folder, file) is None)

    def _missing(self, root: Root | None, files: list[str], place: str) -> ArgumentError:
        ends = "".join(f"[{end}]" for end in self.endings if end)
        names = ", ".join(file + ends for file in files)
        given = None if root is None else repr(str(root))
        return ArgumentError("root", given, f"{self.name} needs {names}, not found in {place}; {self.how}")


def broken(path: Path, what: str) -> ArgumentError:
    """The error for a file that is there and not as it should be."""
    return ArgumentError("root", repr(str(path)), what)


def library(module: str, package: str, user: str) -> Any:
    """A module of the extra ``train``; MissingExtra, saying what to install, where it is not there."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtra(f"{user} needs {package}: pip install 'hyperenergy[train]'") from error
