"""The training loop: what is the same, what differs, what resumes, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import hyperenergy as he
from hyperenergy.errors import ArgumentError
from hyperenergy.training.data import load, split
from hyperenergy.training.loop import TrainingError, fit
from hyperenergy.training.run import Run, train
from hyperenergy.training.settings import Settings, make_loss, preset
from hyperenergy.training.state import State, begin

PARTS = split(load("digits"), limit=200)
SMALL = Settings(options={"temperature": 0.2}, limit=200, batch=64, epochs=3, width=4, out=16)
CPU = torch.device("cpu")


def trained(settings: Settings = SMALL, **how: Any) -> State:
    state = begin(settings, make_loss(settings), 1, 10, CPU)
    fit(settings, state, PARTS.fit, PARTS.fit_labels, **how)
    return state


def other(**changes: Any) -> Settings:
    return Settings.of(SMALL.record() | changes)


def same(one: State, two: State) -> bool:
    first, second = one.modules.state_dict(), two.modules.state_dict()
    return list(first) == list(second) and all(torch.equal(first[key], second[key]) for key in first)


def test_the_seed_decides() -> None:
    first = trained()
    assert same(first, trained()) and not same(first, trained(other(seed=1)))
    assert first.step == 6 and len(first.losses) == 3 and first.losses[2] < first.losses[0]


def test_the_global_generator_stays() -> None:
    before = torch.get_rng_state()
    trained()
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("optimizer", ["adamw", "sgd", "lars"])
@pytest.mark.parametrize("end", [1, 2])
def test_a_training_that_was_ended_goes_on_bit_for_bit(tmp_path: Path, optimizer: str, end: int) -> None:
    settings, path, seen = other(optimizer=optimizer, lr=0.01), tmp_path / "run.pt", []

    def stop(epoch: int, state: State) -> None:
        if epoch == end:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained(settings, checkpoint=path, callback=stop)
    resumed = trained(settings, checkpoint=path, callback=lambda epoch, state: seen.append(epoch))
    whole = trained(settings)
    assert same(resumed, whole) and resumed.losses == whole.losses and resumed.step == whole.step
    assert seen == list(range(end + 1, 4))
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]


def test_an_end_within_an_epoch_loses_that_epoch_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, calls = tmp_path / "run.pt", []
    step = torch.optim.AdamW.step

    def broken(self: Any, *given: Any) -> Any:
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return step(self, *given)

    monkeypatch.setattr(torch.optim.AdamW, "step", broken)
    with pytest.raises(KeyboardInterrupt):
        trained(checkpoint=path)
    monkeypatch.undo()
    assert torch.load(path, weights_only=True)["epoch"] == 1
    assert same(trained(checkpoint=path), trained())


def test_a_learned_temperature_resumes(tmp_path: Path) -> None:
    path, settings = tmp_path / "run.pt", SMALL

    def run(**how: Any) -> State:
        state = begin(settings, he.DHEL(he.Temperature(0.2)), 1, 10, CPU)
        fit(settings, state, PARTS.fit, PARTS.fit_labels, **how)
        return state

    def stop(epoch: int, state: State) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(checkpoint=path, callback=stop)
    resumed = run(checkpoint=path)
    assert same(resumed, run()) and isinstance(resumed.objective, he.DHEL)
    assert abs(float(resumed.objective.temperature) - 0.2) > 1e-4


@pytest.fixture
def captured(monkeypatch: pytest.MonkeyPatch) -> Callable[[Settings], list[Tensor]]:
    from hyperenergy.training.augment import Augment

    usual = Augment.views

    def views_of(settings: Settings) -> list[Tensor]:
        seen: list[Tensor] = []

        def keep(self: Augment, images: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
            views = usual(self, images, generator)
            seen.append(torch.stack(views))
            return views

        monkeypatch.setattr(Augment, "views", keep)
        trained(settings)
        return seen

    return views_of


def test_views_are_paired_across_losses(captured: Callable[[Settings], list[Tensor]]) -> None:
    first = captured(SMALL)
    kernels = other(loss="kcl", options={"kernel": "gaussian:t=2", "gamma": 4})
    for settings in (other(loss="sim-clr"), kernels, other(loss="supervised", options={}), other(optimizer="sgd")):
        assert torch.equal(torch.stack(captured(settings)), torch.stack(first))
    assert not torch.equal(torch.stack(captured(other(seed=1))), torch.stack(first))


def test_weights_begin_the_same_for_all_losses() -> None:
    settings = other(loss="info-nce")
    assert same(begin(SMALL, None, 1, 10, CPU), begin(settings, None, 1, 10, CPU))


@pytest.mark.parametrize("name", ["dhel", "sup-con", "multi-view-dhel", "multi-view-info-nce", "sig-lip", "random"])
def test_losses_of_every_kind_train(name: str) -> None:
    run = train(name, limit=200, batch=64, epochs=1, width=4)
    assert np.isfinite(run.losses).all() and len(run.losses) == (name != "random") and 0.1 < run.accuracy <= 1


def test_supervised_beats_random() -> None:
    def run(loss: str) -> Run:
        return train(loss, limit=300, batch=64, epochs=12, lr=0.01, width=4)

    told, random = run("supervised"), run("random")
    assert told.knn > random.knn + 0.05 and told.metrics["accuracy.5"] > random.metrics["accuracy.5"] + 0.1
    assert "pixels.accuracy" in random.metrics and "pixels.accuracy" not in told.metrics


def test_a_loss_and_its_name_are_the_same_run() -> None:
    how: dict[str, Any] = {"limit": 200, "batch": 64, "epochs": 1, "width": 4}
    given = he.KCL(he.Gaussian(2.0), gamma=4.0)
    first = train(given, **how)
    second = train("kcl", options={"kernel": "gaussian:t=2.0", "gamma": 4.0, "two_view": False}, **how)
    assert first.settings == second.settings and first.losses == second.losses and first.accuracy == second.accuracy
    assert first.loss is not given


def test_a_loss_from_elsewhere() -> None:
    class Mine(torch.nn.Module):
        def forward(self, u: Tensor, v: Tensor) -> Tensor:
            return (u - v).square().sum(-1).mean()

    run = train(Mine(), limit=200, batch=64, epochs=1, width=4)
    assert run.settings.loss.endswith("Mine") and len(run.losses) == 1
    with pytest.raises(ArgumentError, match="give the loss itself"):
        make_loss(run.settings)


def test_settings_come_back_from_json() -> None:
    for settings in (SMALL, preset("resnet18"), other(augmentation={"crop": (0.5, 0.9)})):
        assert Settings.of(json.loads(json.dumps(settings.record()))) == settings
    given = Settings.of({"preset": "resnet18", "loss": "NTXent", "data": "fashion-mnist"})
    assert given.loss == "nt-xent" and given.options == {} and given.epochs == 200 and given.augment().flip == 0.5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch": 512}, "batch: got 512; there are 160 images"),
        ({"loss": "dhell"}, "loss: got 'dhell'; did you mean dhel"),
        ({"data": "digit"}, "data: got 'digit'; did you mean digits"),
        ({"encoder": "conv"}, "encoder: got 'conv'; did you mean conv4"),
        ({"optimizer": "adam"}, "optimizer: got 'adam'"),
        ({"lr": -1.0}, "lr: got -1.0"),
        ({"warmup": 1.0}, r"warmup: got 1.0; must be in \[0, 1\)"),
        ({"augmentation": {"crops": 1}}, "augmentation: got 'crops'; did you mean crop"),
        ({"epoch": 3}, "settings: got 'epoch'; did you mean epochs"),
        ({"preset": "resnet"}, "preset: got 'resnet'; did you mean resnet18"),
        ({"loss": "kcl", "options": {"kernel": "riesz:s=1"}}, "kernel: got .*diverges at u = v"),
        ({"loss": "random", "options": {"temperature": 1}}, "temperature: got 1; random has no such option"),
        ({"options": {"margin": 1}}, "loss dhel: got margin=1"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        trained(other(**changes))


@pytest.mark.parametrize("loss", [he.DHEL(0.1, normalize=False), he.DHEL(0.1, reduction="none")])
def test_a_loss_that_does_not_fit_a_head(loss: torch.nn.Module) -> None:
    with pytest.raises(ArgumentError, match="a head's output is not on the sphere"):
        train(loss)


def test_a_loss_that_is_not_finite() -> None:
    class Bad(torch.nn.Module):
        def forward(self, u: Tensor, v: Tensor) -> Tensor:
            return (u - v).sum() * float("nan")

    with pytest.raises(TrainingError, match="is nan at step 1 of epoch 1"):
        train(Bad(), limit=200, batch=64, epochs=1, width=4)


def test_checkpoints_that_do_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "run.pt"
    trained(other(epochs=1), checkpoint=path)
    content = path.read_bytes()
    with pytest.raises(ArgumentError, match=r"other settings \(now, then\): epochs: 3, 1; seed: 2, 0; give another"):
        trained(other(seed=2), checkpoint=path)
    state = begin(other(epochs=1), make_loss(SMALL), 1, 10, CPU)
    with pytest.raises(ArgumentError, match="images: "):
        fit(other(epochs=1), state, PARTS.fit.flip(0), PARTS.fit_labels, checkpoint=path)
    code = tmp_path / "code.pt"
    torch.save(print, code)
    for broken in (content[: len(content) // 2], content[:-100], b"", b"no checkpoint", code.read_bytes()):
        path.write_bytes(broken)
        with pytest.raises(ArgumentError, match="is no checkpoint of a training, or is cut short"):
            trained(other(epochs=1), checkpoint=path)
    torch.save({"weights": torch.zeros(1)}, path)
    with pytest.raises(ArgumentError, match="is no checkpoint"):
        trained(checkpoint=path)


def test_a_training_that_diverges_says_so() -> None:
    with pytest.raises(TrainingError, match="diverged; take a smaller lr"):
        train("dhel", "digits", epochs=3, batch=64, limit=300, optimizer="sgd", lr=1e30, options={"temperature": 0.2})
