"""Records in a file that only grows: whatever ends the writer, the lines before stay whole."""

from __future__ import annotations

import contextlib
import json
import os
import time
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

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


class Shard:
    """One process's own file.  Raises Unwritable."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._synced = time.monotonic()
        # A name that was never taken: nothing is appended to the torn tail of another process with the same id.
        path = place.folder / f"{place.sitting}-{os.getpid()}-{time.time_ns():x}.jsonl"
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        except OSError as error:
            raise Unwritable(error.errno, error.strerror) from None

    def append(self, key: str, value: dict[str, Any]) -> Record:
        """Write a record in one piece."""
        elapsed = round(max(0.0, time.time() - self._place.started), 3)
        record = Record(key, value, self._place.sitting, elapsed)
        line = to_line(record)
        try:
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
        except OSError as error:
            raise Unwritable(error.errno, error.strerror) from None
        return record

    def sync(self) -> None:
        os.fsync(self._file)
        self._synced = time.monotonic()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.sync()
        os.close(self._file)


def to_line(record: Record) -> bytes:
    """JSON with a checksum: a line in which a digit has changed is still JSON."""
    text = json.dumps(asdict(record))
    return f'{{"crc": {zlib.crc32(text.encode())}, "record": {text}}}\n'.encode()


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
    garbled = found.count(None)
    wrong = []
    if garbled:
        wrong.append(f"{garbled} garbled line{'s' if garbled > 1 else ''}")
    if tail:
        wrong.append("1 line torn off at the end")
    return [record for record in found if record is not None], " and ".join(wrong) or None
