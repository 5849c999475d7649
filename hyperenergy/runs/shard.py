"""Records in a file that only grows: whatever ends the writer, the lines before stay whole."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import threading
import time
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hyperenergy.runs import arrays
from hyperenergy.runs.task import Record

# Seconds between two orders to the disk: what a power cut may cost.  A process that is killed costs nothing.
_SYNC = 5.0


class Unwritable(OSError):
    """A record could not be written; those before it are kept, and no part of that one."""


@dataclass(frozen=True)
class Place:
    """Where the processes of one sitting write.  started: by time.time()."""

    folder: Path
    sitting: str
    started: float

    @property
    def arrays(self) -> Path:
        """The folder of arrays."""
        return self.folder.parent / "arrays"

    @property
    def desk(self) -> Path:
        """A folder of the sitting's own, beside that of the shards, for what its processes tell each other."""
        return self.folder.parent / f"sitting-{self.sitting}"


class Shard:
    """One process's own file; its threads may share it.  Raises Unwritable."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._synced = time.monotonic()
        self._turn = threading.Lock()
        # A name that was never taken: nothing is appended to the torn tail of another process with the same id.
        host = re.sub(r"\W", "_", socket.gethostname())
        path = place.folder / f"{place.sitting}-{host}-{os.getpid()}-{time.time_ns():x}.jsonl"
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        except OSError as error:
            raise Unwritable(error.errno, error.strerror) from None

    def append(self, key: str, value: dict[str, Any]) -> Record:
        """Write a record in one piece, its arrays first."""
        elapsed = round(max(0.0, time.time() - self._place.started), 3)
        large = {name: part for name, part in value.items() if isinstance(part, np.ndarray)}
        small = {name: part for name, part in value.items() if name not in large}
        record = Record(key, small, self._place.sitting, elapsed, list(large))
        try:
            if large:
                arrays.write(self._place.arrays, key, large)
            with self._turn:
                self._write(to_line(record))
        except OSError as error:
            raise Unwritable(error.errno, error.strerror) from None
        return record

    def _write(self, line: bytes) -> None:
        whole = os.fstat(self._file).st_size
        written = os.write(self._file, line)
        try:
            while written < len(line):  # a disk that is nearly full takes a part, and says why with the rest
                written += os.write(self._file, line[written:])
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, whole)
            raise
        if time.monotonic() - self._synced > _SYNC:
            self.sync()

    def sync(self) -> None:
        os.fsync(self._file)
        self._synced = time.monotonic()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.sync()
        os.close(self._file)


def checksum(record: Record) -> int:
    """A line in which a digit has changed is still JSON."""
    return zlib.crc32(json.dumps(asdict(record)).encode())


def to_line(record: Record) -> bytes:
    return f'{{"crc": {checksum(record)}, "record": {json.dumps(asdict(record))}}}\n'.encode()


def from_line(line: bytes) -> Record | None:
    """None for anything but what ``to_line`` has written."""
    try:
        found = json.loads(line)
        record = Record(**found["record"])
        return record if to_line(record).strip() == line.strip() else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def read(path: Path) -> tuple[list[Record], str | None]:
    """The records of a shard, and what is wrong with it in words; the rest is used."""
    *lines, tail = path.read_bytes().split(b"\n")
    found = [from_line(line) for line in lines]
    torn = "1 line torn off at the end" if tail else ""
    return [record for record in found if record is not None], damage(found.count(None), torn)


def damage(garbled: int, more: str) -> str | None:
    """In words, None for none."""
    lines = f"{garbled} garbled line{'s' if garbled > 1 else ''}" if garbled else ""
    return " and ".join(filter(None, (lines, more))) or None


class Tail:
    """What comes to the shards of a sitting, from its begin."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._read: dict[Path, int] = {}

    def new(self) -> list[Record]:
        """The records that came since the last time; what is not whole (yet) is passed over."""
        found: list[Record | None] = []
        for path in sorted(self._place.folder.glob(f"{self._place.sitting}-*.jsonl")):
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                lines = file.read()
            whole = lines.rfind(b"\n") + 1
            self._read[path] = self._read.get(path, 0) + whole
            found += map(from_line, lines[:whole].splitlines())
        return [record for record in found if record is not None]
