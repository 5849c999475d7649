"""A driver or a worker is killed at random moments: nothing that was finished is lost, and the same command finishes."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.runs.commands import begin, finished, gone, results, run, until, workers

BY = {"processes": [], "dask": ["--dask", "local"]}


def moments(first: str) -> list[Any]:
    """Twenty for each, all slow but the first of those that ``first`` names; by default a study is killed instead
    (``tests/training/test_study_command.py``), which runs on the same store."""
    return [
        pytest.param(seed, by, id=f"{seed}-{by}", marks=() if (seed, by) == (0, first) else pytest.mark.slow)
        for by in BY
        for seed in range(20)
    ]


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nobody disturbs."""
    out = tmp_path_factory.mktemp("quiet")
    done = run(out)
    assert done.returncode == 0, done.stderr
    return out


def assert_same(out: Path, quiet: Path) -> None:
    """The same keys, in the same order, and the same values to 1e-12."""
    mine, theirs = results(out), results(quiet)
    assert set(finished(out)) == set(finished(quiet)) and len(mine) == len(theirs)
    for a, b in zip(mine, theirs, strict=True):
        assert a["value"] == pytest.approx(b["value"], rel=1e-12, abs=1e-12)
        assert a["prediction"] == b["prediction"]
        ignored = {"value", "value_gap", "relative_gap", "misalignment", "congruence", "gradient_norm", "seconds"}
        ignored |= {"anchors", "positives"}
        assert {k: v for k, v in a.items() if k not in ignored} == {k: v for k, v in b.items() if k not in ignored}


@pytest.mark.parametrize(("seed", "by"), moments(""))
def test_the_driver_is_killed(seed: int, by: str, quiet: Path, tmp_path: Path) -> None:
    draw, total = random.Random(seed), len(results(quiet))
    enough, later = draw.randrange(total - 4), draw.uniform(0, 0.05)
    driver = begin(tmp_path, *BY[by])
    until(lambda: len(finished(tmp_path)) >= enough and (tmp_path / "store" / "run.json").exists(), driver)
    time.sleep(later)
    orphans = workers(driver.pid)
    driver.kill()
    driver.communicate()
    assert gone(orphans)
    kept = finished(tmp_path)
    assert enough <= len(kept)
    assert driver.returncode == -signal.SIGKILL and not (tmp_path / "results.jsonl").exists()
    done = run(tmp_path, *BY[by])
    assert done.returncode == 0, done.stderr
    assert (f"continuing: {len(kept)} of {total} finished" in done.stderr) == bool(kept)
    now = finished(tmp_path)
    # To the last digit, with the time that it took: it was not done again.
    assert {key: now[key] for key in kept} == kept
    taken = {(r["claim"], r["objective"], r["points"]): r["seconds"] for r in results(tmp_path)}
    for record in kept.values():
        value = record.value
        assert taken[value["claim"], value["objective"], value["points"]] == value["seconds"]
    assert_same(tmp_path, quiet)


@pytest.mark.parametrize(("seed", "by"), moments(""))
def test_a_worker_is_killed(seed: int, by: str, quiet: Path, tmp_path: Path) -> None:
    """The run goes on by itself; the same command afterwards finds all finished."""
    draw, total = random.Random(100 + seed), len(results(quiet))
    enough, later = draw.randrange(total - 8), draw.uniform(0, 0.02)
    driver = begin(tmp_path, *BY[by])
    until(lambda: len(finished(tmp_path)) >= enough and len(workers(driver.pid)) > 1, driver)
    time.sleep(later)
    if victims := workers(driver.pid):
        os.kill(draw.choice(victims), signal.SIGKILL)
    kept = finished(tmp_path)
    _, errors = driver.communicate(timeout=300)
    assert driver.returncode == 0 and "Traceback" not in errors and "leaked" not in errors, errors
    now = finished(tmp_path)
    assert len(kept) >= enough and {key: now[key].value for key in kept} == {key: r.value for key, r in kept.items()}
    assert_same(tmp_path, quiet)
    done = run(tmp_path, "--resume")
    assert done.returncode == 0 and f"continuing: {total} of {total} finished" in done.stderr
