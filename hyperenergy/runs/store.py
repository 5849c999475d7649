"""What is finished, in a folder: the plan, and records, in a file of each process and in one table when all have ended."""

from __future__ import annotations

import contextlib
import json
import os
import time
import zipfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from hyperenergy.errors import ArgumentError
from hyperenergy.files import replacing
from hyperenergy.runs import arrays, shard, table
from hyperenergy.runs.lock import Lock
from hyperenergy.runs.task import Plan, Record

_OTHERWISE = "--fresh moves it aside and starts over, or choose another --out"


@dataclass(frozen=True)
class Contents:
    """Records by key, and in words which files are damaged."""

    records: dict[str, Record]
    damage: list[str]

    @property
    def seconds(self) -> float:
        """How long the sittings lasted together, each to its last record."""
        last: dict[str, float] = {}
        for record in self.records.values():
            last[record.sitting] = max(last.get(record.sitting, 0.0), record.elapsed)
        return sum(last.values())


class Store:
    """The folder ``out``/store while this process has it to itself.

    Raises ArgumentError where another process has it, and where it cannot be written or read.
    """

    def __init__(self, out: Path) -> None:
        self.out, self.folder = out, out / "store"
        self._plan, self._shards = self.folder / "run.json", self.folder / "shards"
        self._table = self.folder / "records.sqlite"
        self.place = shard.Place(self._shards, f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}", time.time())

    @property
    def begun(self) -> bool:
        return self._plan.exists()

    def __enter__(self) -> Store:
        try:
            self._shards.mkdir(parents=True, exist_ok=True)
            self._lock = Lock(self.folder / "lock", self.out)
        except OSError as error:
            raise self.error(f"must be a folder that can be written ({error.strerror})") from None
        return self

    def __exit__(self, *error: object) -> None:
        for path in self._shards.glob(f"{self.place.sitting}-*.jsonl"):
            with contextlib.suppress(OSError), path.open("rb") as file:
                os.fsync(file.fileno())
        self._lock.release()

    def error(self, text: str) -> ArgumentError:
        return ArgumentError("out", repr(str(self.out)), text)

    def plan(self) -> Plan | None:
        """What the store is for; None as long as nothing has begun."""
        try:
            return Plan(**json.loads(self._plan.read_bytes()))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self.error(f"holds a run that cannot be read ({error.strerror}); {_OTHERWISE}") from None
        except (ValueError, TypeError):
            raise self.error(f"holds a run whose {self._plan.name} is damaged; {_OTHERWISE}") from None

    def begin(self, plan: Plan) -> None:
        """Set the plan, or find that it is the one that was begun; ArgumentError, naming what differs, for another one."""
        found = self.plan()
        if found is not None:
            if differences := plan.differences(found):
                raise self.error(f"holds a run that differs in {', '.join(differences)}; {_OTHERWISE}")
            return
        with replacing("out", self._plan, (".json",)) as beside:
            beside.write_text(json.dumps(asdict(plan)), "utf-8")

    def read(self) -> Contents:
        """All that is finished: what is damaged is told and left out.  Of what was done twice it is the first."""
        found: list[Record] = []
        damage = []
        try:
            # (Shards first: who looks on while they become a table finds their records here or there.)
            for path in [*sorted(self._shards.glob("*.jsonl")), self._table]:
                if path == self._table and not path.exists():
                    break
                some, wrong = (table if path == self._table else shard).read(path)
                found += some
                if wrong:
                    damage.append(f"{path}: {wrong}")
        except OSError as error:
            raise self.error(f"holds a run that cannot be read ({error.strerror}); {_OTHERWISE}") from None
        found.sort(key=lambda record: (record.sitting, record.elapsed), reverse=True)
        records = {record.key: record for record in found}
        for key in [
            key for key, record in records.items() if record.arrays and not arrays.whole(self.place.arrays, key)
        ]:
            damage.append(f"{self.place.arrays}: the arrays of {key} are missing or torn")
            del records[key]
        return Contents(records, damage)

    def arrays(self, record: Record) -> dict[str, np.ndarray]:
        """Those of a record, by name.  Raises ArgumentError where they cannot be read."""
        try:
            return arrays.read(self.place.arrays, record.key) if record.arrays else {}
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise self.error(f"holds arrays of {record.key} that cannot be read ({error})") from None

    def compact(self) -> None:
        """One table in place of all shards; for when no process writes any more.  On a disk without room for both, nothing
        changes."""
        shards = [path for path in self._shards.glob("*.jsonl")]
        contents = self.read()
        with contextlib.suppress(ArgumentError):
            if shards:
                with replacing("out", self._table, (".sqlite",)) as beside:
                    table.write(beside, contents.records.values())
                for path in shards:
                    path.unlink()

    def move_aside(self, names: Iterable[str]) -> Path | None:
        """Move what was begun, and the files and folders of these names in ``out``, to a new folder there; its path, or
        None where there was nothing."""
        mine = (self._plan, self._table, self.place.arrays)
        paths = [path for path in (*mine, *(self.out / name for name in names)) if path.exists()]
        paths += [self._shards] if any(self._shards.iterdir()) else []
        if not paths:
            return None
        try:
            aside = _new_folder(self.out / f"earlier-{time.strftime('%Y%m%dT%H%M%S')}")
            (aside / self.folder.name).mkdir()
            for path in paths:
                path.rename(aside / path.relative_to(self.out))
            self._shards.mkdir(exist_ok=True)
        except OSError as error:
            raise self.error(f"cannot be moved aside ({error.strerror}); choose another --out") from None
        return aside


def _new_folder(path: Path) -> Path:
    """The path, or with a number where it is taken."""
    for k in range(1, 1000):
        folder = path if k == 1 else path.with_name(f"{path.name}-{k}")
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
            return folder
    raise FileExistsError(17, "File exists")
