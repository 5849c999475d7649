"""How a verification begins in a folder: from nothing, where another one ended, or with that one moved aside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hyperenergy.errors import ArgumentError
from hyperenergy.runs.store import Store
from hyperenergy.runs.task import Plan
from hyperenergy.verify.stored import RESULTS

_TEXT = "report.md"


def check_folder(out: Path, fresh: bool, resume: bool, report_only: bool) -> None:
    """ArgumentError where the folder does not fit what is asked; for before anything is written."""
    asked = [
        name for name, given in (("--fresh", fresh), ("--resume", resume), ("--report-only", report_only)) if given
    ]
    if len(asked) > 1:
        raise ArgumentError(asked[-1][2:].replace("-", "_"), f"{asked[0]} too", "give one of them")
    for name in (RESULTS, _TEXT):
        if (out / name).is_dir():
            raise ArgumentError("out", repr(str(out)), f"must be a folder that can be written ({name} is a folder)")
    begun = Store(out).begun
    if not begun and (resume or report_only):
        raise ArgumentError("out", repr(str(out)), f"holds no run; leave {asked[0]} out to begin one")
    old = [name for name in (RESULTS, f"{RESULTS}.part") if (out / name).exists()]
    if old and not begun and not fresh:
        raise ArgumentError(
            "out",
            repr(str(out)),
            f"has {old[0]} without the run it came from; --fresh moves it aside, or choose another",
        )


def open_run(store: Store, plan: Plan, fresh: bool, reports: Sequence[str], say: Callable[[str], None]) -> set[str]:
    """Begin the plan in the store or go on with it, say which, and return the keys that are finished.

    reports: names of files and folders that were made of an earlier run, which go where it goes.
    Raises ArgumentError for a store of another plan that is not to be moved aside.
    """
    if fresh and (aside := store.move_aside([RESULTS, f"{RESULTS}.part", _TEXT, *reports])):
        say(f"moved aside: what was here is in {aside}")
    store.begin(plan)
    contents = store.read()
    tell_damage(contents.damage, say)
    finished = contents.records.keys() & set(plan.keys)
    if finished:
        left = len(plan.keys) - len(finished)
        rest = "" if left else "; nothing is left to run, --fresh runs all again"
        say(f"continuing: {len(finished)} of {len(plan.keys)} finished{rest}")
    return finished


def tell_damage(damage: Sequence[str], say: Callable[[str], None]) -> None:
    for line in damage:
        say(f"damaged: {line}; the rest is used")
