"""What a store says of a verification: its results, from the store alone, and results.jsonl."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hyperenergy.files import replacing
from hyperenergy.runs.store import Store
from hyperenergy.verify.grid import Result

RESULTS = "results.jsonl"


@dataclass(frozen=True)
class Stored:
    """results: those that are finished, in the order of the tasks.  as_run: the same, in the order in which they run.

    total: the number of the tasks.  seconds: what the runs took together.  damage: which files are damaged, in words.
    """

    claims: list[str]
    command: str
    results: list[Result]
    as_run: list[Result]
    total: int
    seconds: float
    damage: list[str]

    @property
    def complete(self) -> bool:
        return len(self.results) == self.total

    def write(self, out: Path) -> Path:
        """``out``/results.jsonl, one line per result; its path.  ArgumentError where it cannot be written."""
        with replacing("out", out / RESULTS, (".jsonl",)) as beside:
            beside.write_text("".join(result.to_json() + "\n" for result in self.as_run), "utf-8")
        return out / RESULTS


def stored(store: Store) -> Stored:
    """Raises ArgumentError where nothing was begun, and where the store cannot be read."""
    plan = store.plan()
    if plan is None:
        raise store.error("holds no run; leave --report-only out to begin one")
    contents = store.read()
    found = {key: Result.from_record(contents.records[key].value) for key in plan.keys if key in contents.records}
    return Stored(
        claims=plan.what["claims"],
        command=plan.about["command"],
        results=list(found.values()),
        as_run=[found[key] for k in plan.about["order"] if (key := plan.keys[k]) in found],
        total=len(plan.keys),
        seconds=contents.seconds,
        damage=contents.damage,
    )
