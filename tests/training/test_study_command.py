"""`hyperenergy study` on a tiny grid: what it writes, how it goes on, and that a kill loses no finished run."""

from __future__ import annotations

import json
import math
import random
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hyperenergy.training import run as single
from hyperenergy.training.loop import TrainingError
from hyperenergy.training.study import perform as performing
from hyperenergy.training.study.claims import CLAIMS
from hyperenergy.training.study.finished import Finished
from hyperenergy.training.study.grid import Cell, Setting
from hyperenergy.training.study.perform import Place, perform, settings
from hyperenergy.training.study.run import CHECKPOINTS, planned
from tests.command import inside
from tests.runs.commands import gone, until, workers
from tests.training.tiny import PART, STUDY, begin, finished, run


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study that nobody disturbs."""
    out = tmp_path_factory.mktemp("quiet")
    done = run(out)
    assert done.returncode == 0, done.stderr
    (out / "said").write_text(done.stdout + done.stderr)
    return out


def values(out: Path) -> dict[str, Any]:
    """What came out, but for the time, and for losses over epochs, of which one may be lost in the moment of a kill."""
    return {key: replace(Finished(**record.value), seconds=0, epochs=()) for key, record in finished(out).items()}


def test_all_is_written(quiet: Path) -> None:
    assert {path.name for path in quiet.iterdir()} >= {"claims.json", "study.html", "study.md", "figures", "store"}
    assert [claim["id"] for claim in json.loads((quiet / "claims.json").read_text("utf-8"))] == [*CLAIMS]
    assert set(finished(quiet)) == set(planned(STUDY, quiet).plan.keys) and len(finished(quiet)) == 12
    assert list((quiet / CHECKPOINTS).iterdir()) == []
    said = (quiet / "said").read_text()
    assert (
        "12/12 in" in said and "about 0 s left" in said and "How often each claim" in said and "Traceback" not in said
    )
    page, text = ((quiet / name).read_text("utf-8") for name in ("study.html", "study.md"))
    for shown in (page, text, said):
        assert "undecided" in shown and "untrained encoder" in shown and str(quiet) not in shown.replace(said, "")
    assert all(path.suffix == ".svg" and f"](figures/{path.name})" in text for path in (quiet / "figures").iterdir())


def test_records_have_what_claims_ask_for(quiet: Path) -> None:
    runs = [Finished(**record.value) for record in finished(quiet).values()]
    trained = [one for one in runs if one.loss in ("InfoNCE", "DHEL")]
    assert len(trained) == 8 and {one.loss for one in runs} == {"InfoNCE", "DHEL", "random", "supervised"}
    for one in trained:
        asked = {"z.effective_rank", "h.rankme", "z.lidar", "h.small_singular_values", "z.dimension"}
        asked |= {"alignment_gap", "energy_gap", "limit.infonce.256", "limit.dhel.8", "limit.infonce.coefficient"}
        assert asked <= set(one.metrics) and all(math.isfinite(one.metrics[name]) for name in asked)
        assert one.metrics["gap"] == pytest.approx(one.metrics["alignment_gap"] + one.metrics["energy_gap"])
        assert [row["epoch"] for row in one.epochs] == [0, 1, 2] and one.epochs[-1]["gap"] == one.metrics["gap"]
        assert set(one.spectra) == {"z", "h"} and one.spectra["z"][0] == 1 and 0 < one.accuracy <= 1
    assert all("pixels.accuracy" in one.metrics for one in runs if one.loss == "random")


def test_a_run_is_that_of_train_with_its_settings(quiet: Path) -> None:
    given = planned(STUDY, quiet)
    key, cell = next((key, cell) for key, cell in given.cells.items() if cell.setting.loss == "DHEL" and cell.seed == 1)
    assert single.perform(settings(cell), device="cpu").accuracy == finished(quiet)[key].value["accuracy"]


@pytest.mark.parametrize("seed", [0, *(pytest.param(k, marks=pytest.mark.slow) for k in range(1, 10))])
def test_a_kill_loses_no_finished_run(seed: int, quiet: Path, tmp_path: Path) -> None:
    draw = random.Random(seed)
    enough, later = draw.randrange(9), draw.uniform(0, 0.5)
    driver = begin(tmp_path)
    until(lambda: len(finished(tmp_path)) >= enough and (tmp_path / "claims.json").exists(), driver)
    time.sleep(later)
    orphans = workers(driver.pid)
    driver.kill()
    driver.communicate()
    assert driver.returncode == -signal.SIGKILL and gone(orphans) and not (tmp_path / "study.html").exists()
    kept = finished(tmp_path)
    assert len(kept) >= enough and (tmp_path / "claims.json").exists()
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    assert (f"continuing: {len(kept)} of 12 finished" in done.stderr) == bool(kept)
    now = finished(tmp_path)
    assert {key: now[key] for key in kept} == kept  # with the time that they took: they were not done again
    assert values(tmp_path) == values(quiet)
    assert list((tmp_path / CHECKPOINTS).iterdir()) == []


def test_a_finished_study_is_told_again(quiet: Path) -> None:
    before = finished(quiet)
    done = run(quiet, "--resume")
    assert done.returncode == 0 and "12 of 12 finished; nothing is left to run" in done.stderr
    assert finished(quiet) == before and "How often each claim" in done.stdout


CELL = next(cell for cell in STUDY.cells() if cell.setting.loss == "InfoNCE")


def test_a_run_goes_on_from_its_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = replace(PART, epochs=4)
    cell, place, calls = replace(CELL, part=part), Place(str(tmp_path), None, "cpu"), []
    whole = perform(cell, "whole", place)
    average = performing.over_batches

    def cut(*given: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return average(*given)

    monkeypatch.setattr(performing, "over_batches", cut)
    with pytest.raises(KeyboardInterrupt):
        perform(cell, "cut", place)
    assert (tmp_path / "cut.pt").exists() and len(json.loads((tmp_path / "cut.json").read_text())) == 2
    again = perform(cell, "cut", place)
    assert len(calls) == 3  # epoch 2 was over, with its checkpoint, and is not done again
    assert replace(again, seconds=0, epochs=()) == replace(whole, seconds=0, epochs=())
    assert [row["epoch"] for row in again.epochs] == [0, 1, 4] and [row["epoch"] for row in whole.epochs] == [
        0,
        1,
        2,
        4,
    ]


def test_a_loss_that_is_not_finite_is_a_run_that_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*given: Any, **more: Any) -> Any:
        raise TrainingError("the loss is nan")

    monkeypatch.setattr(single, "perform", fails)
    found = perform(CELL, "key", Place(str(tmp_path), None, "cpu"))
    assert math.isnan(found.accuracy) and math.isnan(found.validation) and found.metrics == {}
    assert json.loads(json.dumps(found.value()))["loss"] == "InfoNCE"


def test_settings_of_every_cell_are_there() -> None:
    """Of controls, too, with the preset of the full study, whose options are those of a temperature."""
    part = replace(PART, training={"preset": "resnet18"})
    for cell in (Cell(part, Setting("random", 0.0), 32, 0), Cell(part, CELL.setting, 32, 0)):
        given = settings(cell)
        assert given.encoder == "resnet18" and given.epochs == 2 and given.options == dict(cell.setting.options)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--images", "--full"], "--full: got --images too; give one of them"),
        (["--workers", "0"], "--workers: got 0; must be an integer in 1..4096"),
        (["--resume"], "holds no run; leave --resume out to begin one"),
        (["--fresh", "--resume"], "give one of them"),
        (["--images", "--root", "nowhere"], "fashion-mnist needs"),
        (["--dask", "nowhere"], "must be local, or a scheduler's address"),
    ],
)
def test_what_does_not_fit_is_refused(
    arguments: list[str], said: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    done = inside(capfd, "study", "--out", str(tmp_path / "out"), *arguments)
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_another_study_is_not_mixed_in(quiet: Path, capfd: pytest.CaptureFixture[str]) -> None:
    done = inside(capfd, "study", "--out", str(quiet))
    assert done.returncode == 2 and "holds a run that differs in tasks (12 there, 96 here); --fresh" in done.stderr
