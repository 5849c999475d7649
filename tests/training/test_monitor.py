"""The same numbers over epochs: kept whole, gone on with, sent to whoever listens."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
import torch

import hyperenergy as he
from hyperenergy.errors import ArgumentError, MissingExtra
from hyperenergy.geometry.sphere import random_points
from hyperenergy.training.monitor import Monitor


def views(epoch: int, n: int = 300) -> tuple[torch.Tensor, torch.Tensor]:
    """Better from epoch to epoch."""
    generator = torch.Generator().manual_seed(0)
    u = random_points(n, 6, generator=generator)
    noise = torch.randn(u.shape, generator=generator, dtype=u.dtype)
    return u, u + noise / (1 + epoch)


def logged(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_epoch_is_what_diagnose_says(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    monitor = Monitor(path, loss=he.DHEL(0.2), batch=64, normalize=True)
    for epoch in range(3):
        d = monitor(epoch, *views(epoch), train=1.5 * epoch)
        expected = he.diagnose(*views(epoch), he.DHEL(0.2), batch=64, normalize=True)
        assert d.gap == expected.gap
        row = logged(path)[-1]
        assert float(row["gap"]) == expected.gap and float(row["alignment_gap"]) == expected.alignment_gap
        assert float(row["loss"]) == expected.value and float(row["train"]) == 1.5 * epoch
        assert float(row["effective_rank"]) == {m.name: m.found.value for m in d.measures}["effective_rank"]
    gaps = [float(row["gap"]) for row in logged(path)]
    assert gaps[0] > gaps[1] > gaps[2] and [row["epoch"] for row in monitor.rows] == [0, 1, 2]


def test_a_training_that_resumes_goes_on(tmp_path: Path) -> None:
    """From epoch 1 on: what was logged of it before is replaced, and what was before it stays."""
    path = tmp_path / "log.csv"
    for first, last in ((0, 3), (1, 4)):
        monitor = Monitor(path, normalize=True)
        for epoch in range(first, last):
            monitor(epoch, *views(epoch))
    assert [int(float(row["epoch"])) for row in logged(path)] == [0, 1, 2, 3]
    with pytest.raises(ArgumentError, match=r"has the columns epoch, alignment, .*; give another file"):
        Monitor(path, loss=he.DHEL(0.2), normalize=True)(4, *views(4))
    assert len(logged(path)) == 4
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ArgumentError, match="is no log of a Monitor"):
        Monitor(path)


def test_the_first_call_may_be_the_baseline() -> None:
    monitor = Monitor(loss=he.DHEL(0.2), batch=64, normalize=True, baseline="first")
    assert monitor(0, *views(0)).gap == pytest.approx(1, abs=0.02)
    d = monitor(1, *views(5))
    expected = he.diagnose(*views(5), he.DHEL(0.2), batch=64, normalize=True, baseline=views(0))
    assert d.gap == expected.gap and d.gap is not None and d.gap < 1


def test_a_baseline_that_was_before_is_not_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    Monitor(path, loss=he.DHEL(0.2), batch=64, normalize=True, baseline="first")(0, *views(0))
    again = Monitor(path, loss=he.DHEL(0.2), batch=64, normalize=True, baseline="first")
    with pytest.raises(ArgumentError, match="baseline: got 'first'; was a call before this log goes on"):
        again(1, *views(1))
    Monitor(path, loss=he.DHEL(0.2), batch=64, normalize=True, baseline=views(0))(1, *views(1))
    assert len(logged(path)) == 2


def test_further_numbers_are_numbers_under_names_of_their_own(tmp_path: Path) -> None:
    monitor = Monitor(tmp_path / "log.csv", normalize=True)
    monitor(0, *views(0), train=torch.tensor(2.5, requires_grad=True))
    assert logged(tmp_path / "log.csv")[0]["train"] == "2.5"
    for name, value in (("rank", 5.0), ("loss", 1.0), ("train", "much")):
        with pytest.raises(ArgumentError, match=f"{name}: got"):
            monitor(1, *views(1), **{name: value})


class Listener:
    def __init__(self) -> None:
        self.seen: list[Any] = []

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.seen.append((name, value, step))

    def flush(self) -> None:
        self.seen.append("flushed")

    def log(self, numbers: dict[str, float], step: int) -> None:
        self.seen.append((numbers, step))


def test_others_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    board, run = Listener(), Listener()
    monitor = Monitor(loss=he.DHEL(0.2), batch=64, normalize=True, tensorboard=board, wandb=run)
    d = monitor(7, *views(1))
    assert ("hyperenergy/gap", d.gap, 7) in board.seen and board.seen[-1] == "flushed"
    (numbers, step) = run.seen[0]
    assert numbers["hyperenergy/gap"] == d.gap and step == 7 and "hyperenergy/epoch" not in numbers
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for missing in ({"tensorboard": "runs"}, {"wandb": True}):
        with pytest.raises(MissingExtra, match=f"pip install {next(iter(missing))}"):
            Monitor(**missing)


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"path: got .*must be a \.csv file"):
        Monitor(tmp_path / "log.txt")
    with pytest.raises(ArgumentError, match="epoch: got -1"):
        Monitor()(-1, *views(0))
    with pytest.raises(ArgumentError, match="anchors: got row 0 of norm"):
        Monitor()(0, 2 * views(0)[0])
