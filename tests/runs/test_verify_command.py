"""`hyperenergy verify` in a folder that something else has: another run, another driver, damage, and signals."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hyperenergy.runs.shard import to_line
from hyperenergy.runs.store import Store
from tests.command import inside
from tests.runs.commands import arguments, begin, finished, results, run, until, workers


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole")
    done = run(out)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture
def out(whole: Path, tmp_path: Path) -> Path:
    """A folder of its own with a whole run, of the same name, which the page shows."""
    return Path(shutil.copytree(whole, tmp_path / whole.name))


def files(folder: Path) -> dict[str, bytes]:
    """But for the lock, which is empty when nobody works."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def refused(capfd: pytest.CaptureFixture[str], out: Path, *more: str) -> str:
    """The one line with which a command is refused; it leaves all files as they are."""
    before = files(out)
    done = inside(capfd, *arguments(out, *more))
    lines = done.stderr.splitlines()
    assert done.returncode == 2 and len(lines) == 1 and done.stdout == "" and files(out) == before
    return lines[0]


def test_the_same_command_again_changes_nothing(out: Path) -> None:
    before = files(out)
    done = run(out)
    total = len(results(out))
    assert done.returncode == 0 and "nothing is left to run" in done.stderr
    assert f"continuing: {total} of {total} finished" in done.stderr and files(out) == before


def test_the_report_is_made_again_from_the_store_alone(out: Path) -> None:
    before = files(out)
    for path in out.iterdir():
        if path.name != "store":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    done = run(out, "--report-only")
    assert done.returncode == 0 and done.stderr == "" and files(out) == before


def test_another_run_is_refused(out: Path, capfd: pytest.CaptureFixture[str]) -> None:
    line = refused(capfd, out, "--seed", "1")
    assert "holds a run that differs in seed (0 there, 1 here); --fresh moves it aside and starts over" in line
    assert "restarts (4 there, 5 here)" in refused(capfd, out, "--restarts", "5", "--resume")


def test_another_version_of_the_code_is_refused(out: Path, capfd: pytest.CaptureFixture[str]) -> None:
    plan = out / "store" / "run.json"
    plan.write_text(json.dumps({**json.loads(plan.read_text()), "code": "0.0.9+abc"}))
    line = refused(capfd, out)
    assert "differs in code (0.0.9+abc there, 0.1.0+" in line and "--fresh" in line and "another --out" in line


def test_results_of_before_there_were_stores_are_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "results.jsonl").write_text("earlier\n")
    assert "has results.jsonl without the run it came from; --fresh moves it aside" in refused(capfd, tmp_path)


@pytest.mark.parametrize("options", [["--resume"], ["--report-only"]])
def test_nothing_to_go_on_with(options: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert f"holds no run; leave {options[0]} out to begin one" in refused(capfd, tmp_path / "new", *options)
    assert not (tmp_path / "new").exists()


def test_two_ways_to_begin_exclude_each_other(out: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert "--resume: got --fresh too; give one of them" in refused(capfd, out, "--fresh", "--resume")


def test_damage_is_told_and_mended(out: Path) -> None:
    """A torn tail and a garbled line: two results are done again, the others are kept."""
    total, expected = len(results(out)), [{**r, "seconds": 0} for r in results(out)]
    lines = [to_line(record) for record in finished(out).values()]
    lines[0] = lines[0].replace(b"1", b"7", 1)
    path = out / "store" / "shards" / "s.jsonl"
    path.write_bytes(b"".join(lines)[:-9])
    (out / "store" / "records.sqlite").unlink()
    done = run(out)
    assert done.returncode == 0
    assert f"damaged: {path}: 1 garbled line and 1 line torn off at the end; the rest is used" in done.stderr
    assert f"continuing: {total - 2} of {total} finished" in done.stderr
    assert [{**r, "seconds": 0} for r in results(out)] == expected


@pytest.mark.slow
def test_an_interrupted_fresh_run_replaces_nothing(out: Path) -> None:
    """Ctrl-C over a folder with a whole run: that one is moved aside, whole; the other can be gone on with."""
    before, total = files(out), len(results(out))
    driver = begin(out, "--fresh")
    until(lambda: len(list(out.glob("earlier-*"))) == 1 and 3 <= len(finished(out)) < total, driver)
    second = refused_while_it_runs(out)
    assert f"is in use by pid {driver.pid} on " in second and " since 2" in second
    driver.send_signal(signal.SIGINT)
    _, errors = driver.communicate(timeout=120)
    (aside,) = out.glob("earlier-*")
    assert "moved aside: what was here is in " in errors
    assert {**files(aside), "store/lock": b""} == before
    if driver.returncode == 130:
        assert f"{len(results(out))} of {total} instances were finished and are kept in {out / 'store'}" in errors
    else:  # all was finished before the signal
        assert driver.returncode == 0
    assert run(out, "--resume").returncode == 0 and len(results(out)) == total


def refused_while_it_runs(out: Path) -> str:
    done = run(out)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    return done.stderr


@pytest.mark.parametrize(
    ("number", "status", "times"),
    [
        (signal.SIGINT, 130, 1),
        pytest.param(signal.SIGINT, 130, 2, marks=pytest.mark.slow),
        pytest.param(signal.SIGTERM, 143, 1, marks=pytest.mark.slow),
        pytest.param(signal.SIGTERM, 143, 2, marks=pytest.mark.slow),
    ],
)
def test_signals_keep_what_was_finished_and_name_it(number: signal.Signals, status: int, times: int, tmp_path) -> None:
    driver = begin(tmp_path, "--dims", "3..8", "--temperatures", "0.05,0.1,0.2,0.3,0.5,1")
    until(lambda: len(finished(tmp_path)) >= 3 and len(workers(driver.pid)) > 0, driver)
    for _ in range(times):
        driver.send_signal(number)
        # The first has been heard: signals of one kind do not add up.
        until(lambda: False, driver, 0.02)
    _, errors = driver.communicate(timeout=120)
    assert driver.returncode == status, errors
    assert "Traceback" not in errors and "leaked" not in errors and "Warning" not in errors, errors
    (line,) = [line for line in errors.splitlines() if line.startswith("interrupted: ")]
    kept = len(finished(tmp_path))
    assert kept >= 3 and f"interrupted: {kept} of " in line and str(tmp_path / "store") in line
    if "--report-only makes the report" not in line:  # otherwise it was given up at once
        assert len(results(tmp_path)) == kept and "Interrupted" in (tmp_path / "report.md").read_text()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a small file system")
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("by", [[], ["--dask", "local"]])
def test_a_full_disk(by: list[str], small_disk: Path) -> None:
    """One line, with how much is kept; with more room the same command goes on."""
    out = small_disk / "out"
    done = run(out, *by)
    kept, records = len(finished(out)), finished(out)
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert done.returncode == 2 and "Traceback" not in done.stderr and 0 < kept
    assert lines == [
        f"error: --out: got '{out}'; cannot be written (No space left on device); {kept} of 84 results are kept in "
        f"{out / 'store'}"
    ]
    assert Store(out).read().damage == []
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    done = run(out, *by)
    assert done.returncode == 0 and f"continuing: {kept} of 84 finished" in done.stderr
    now = finished(out)
    assert len(now) == 84 and {key: now[key] for key in records} == records
