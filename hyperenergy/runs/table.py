"""Records in one table of SQLite, for other tools to read: ``select key, json_extract(value, '$.outcome') from records``.

``value`` and ``arrays`` are JSON, but for numbers that are not finite, which are written as Python does.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from hyperenergy.runs.shard import checksum, damage
from hyperenergy.runs.task import Record

_COLUMNS = "key text primary key, sitting text, elapsed real, value text, arrays text, crc integer"


def write(path: Path, records: Iterable[Record]) -> None:
    """A new file, on the disk when this returns.  Raises OSError."""
    rows = ((r.key, r.sitting, r.elapsed, json.dumps(r.value), json.dumps(r.arrays), checksum(r)) for r in records)
    try:
        # (It has the file to itself, and file systems of many machines lock badly.)
        with _opened(path, "mode=rwc&nolock=1") as table, table:
            table.execute(f"create table records ({_COLUMNS})")
            table.executemany("insert into records values (?, ?, ?, ?, ?, ?)", rows)
    except sqlite3.Error as error:
        raise OSError(5, str(error)) from None
    with path.open("rb") as file:
        os.fsync(file.fileno())


def read(path: Path) -> tuple[list[Record], str | None]:
    """The records, and what is wrong with the file in words; the rest is used."""
    found: list[Record | None] = []
    unreadable = ""
    try:
        with _opened(path, "immutable=1") as table:
            for row in table.execute("select key, sitting, elapsed, value, arrays, crc from records"):
                found.append(_record(*row))
    except sqlite3.Error as error:
        unreadable = f"not all of it can be read ({error})"
    return [record for record in found if record is not None], damage(found.count(None), unreadable)


def _record(key: str, sitting: str, elapsed: float, value: str, arrays: str, crc: int) -> Record | None:
    """None for anything but what was written."""
    try:
        record = Record(key, json.loads(value), sitting, elapsed, json.loads(arrays))
        return record if checksum(record) == crc else None
    except (ValueError, TypeError, RecursionError):
        return None


def _opened(path: Path, how: str) -> contextlib.closing[sqlite3.Connection]:
    return contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True))
