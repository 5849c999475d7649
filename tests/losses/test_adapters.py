"""Losses in the place of other libraries', and in plain loops and Lightning."""

from __future__ import annotations

import copy
import importlib.util
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

import hyperenergy as he

TAU = 0.2


def test_labels_say_who_belongs_together(draw) -> None:
    U, V = draw(4, 5), draw(4, 5)
    loss = he.adapters.MetricLearning(he.NTXent(TAU))
    expected = he.NTXent(TAU)(U, V)
    labels = torch.tensor([7, -1, 2**40, 3])
    torch.testing.assert_close(loss(torch.cat([U, V]), labels.repeat(2)), expected)
    order = torch.tensor([6, 0, 3, 5, 1, 2, 7, 4])
    torch.testing.assert_close(loss(torch.cat([U, V])[order], labels.repeat(2)[order]), expected)
    shuffle = torch.tensor([2, 0, 3, 1])
    torch.testing.assert_close(loss(U, labels, ref_emb=V[shuffle], ref_labels=labels[shuffle]), expected)
    classes = torch.tensor([0, 1, 0, 1])
    labeled = he.adapters.MetricLearning(he.SupCon(TAU))
    torch.testing.assert_close(labeled(U, classes), he.SupCon(TAU)(U, classes))
    both = he.SupCon(TAU)(torch.cat([U, V]), classes.repeat(2))
    torch.testing.assert_close(labeled(U, classes, ref_emb=V, ref_labels=classes), both)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f, U: f(U, torch.tensor([0, 0, 0, 0])), "labels: got not each of them twice"),
        (lambda f, U: f(U, torch.tensor([0, 0, 1, 2])), "labels: got not each of them twice"),
        (lambda f, U: f(U[:3], torch.tensor([0, 0, 1])), "labels: got not each of them twice"),
        (lambda f, U: f(U, torch.arange(4), indices_tuple=(1, 2)), "indices_tuple: got pairs of a miner; must be None"),
        (lambda f, U: f(U, torch.arange(4), ref_emb=U, ref_labels=torch.arange(4) + 1), "ref_labels: got others than"),
        (
            lambda f, U: f(U, torch.zeros(4).long(), ref_emb=U, ref_labels=torch.zeros(4).long()),
            "ref_labels: got others",
        ),
    ],
)
def test_labels_that_do_not(call: Callable[..., Any], message: str, draw) -> None:
    with pytest.raises(he.ArgumentError, match=message):
        call(he.adapters.MetricLearning(he.NTXent(TAU)), draw(4, 3))


def test_a_memory_bank_is_a_queue_of_further_negatives(draw) -> None:
    criterion = he.adapters.Lightly(he.InfoNCE(TAU), memory_bank_size=6)
    batches = [(draw(4, 5), 3 * draw(4, 5)) for _ in range(3)]
    queue = torch.zeros(0, 5, dtype=torch.float64)
    for U, V in batches:
        torch.testing.assert_close(criterion(U, V), he.InfoNCE(TAU)(U, V, negatives=queue))
        queue = torch.cat([he.normalize(V), queue])[:6]
        torch.testing.assert_close(criterion.bank, queue)
    assert not criterion.bank.requires_grad
    assert torch.equal(he.adapters.Lightly(he.DHEL(TAU))(*batches[0]), he.DHEL(TAU)(*batches[0]))
    with pytest.raises(he.ArgumentError, match="memory_bank_size: got -1"):
        he.adapters.Lightly(he.DHEL(), -1)


class Encoder(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 4))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


def views(seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(32, 8, generator=generator)
    return tuple(x + 0.1 * torch.randn(32, 8, generator=generator) for _ in range(2))  # type: ignore[return-value]


@pytest.mark.parametrize("make", [he.InfoNCE, he.DHEL, he.NTXent], ids=lambda make: make.__name__)
def test_a_plain_loop(make: type[Any]) -> None:
    """The README's: encoder and temperature descend together, and a state goes on where it was."""
    torch.manual_seed(0)
    encoder, loss = Encoder(), make(temperature=he.Temperature(0.2))
    optimizer = torch.optim.Adam([*encoder.parameters(), *loss.parameters()], lr=1e-2)
    values = []
    for step in range(30):
        first, second = views(step)
        value = loss(encoder(first), encoder(second))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        values.append(value.item())
    assert sum(values[-5:]) / 5 < sum(values[:5]) / 5 - 0.3
    again = make(temperature=he.Temperature(0.2))
    again.load_state_dict(copy.deepcopy(loss.state_dict()))
    assert torch.equal(again(*views(0)), loss(*views(0)))


@pytest.mark.skipif(importlib.util.find_spec("lightning") is None, reason="lightning is not installed (extra: peers)")
def test_lightning(tmp_path) -> None:
    import warnings

    import lightning

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.loss = Encoder(), he.DHEL(temperature=he.Temperature(0.2))

        def training_step(self, batch: Any, index: int) -> Tensor:
            return self.loss(self.encoder(batch[0]), self.encoder(batch[1]))

        def configure_optimizers(self) -> Any:
            return torch.optim.Adam(self.parameters(), lr=1e-2)

    pairs = torch.utils.data.TensorDataset(*views(0))
    module = Module()
    before = float(module.loss.temperature)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its advice
        trainer = lightning.Trainer(
            max_epochs=3, logger=False, enable_checkpointing=False, enable_progress_bar=False, default_root_dir=tmp_path
        )
        trainer.fit(module, torch.utils.data.DataLoader(pairs, batch_size=16))
    assert "loss.temperature.log_excess" in module.state_dict() and abs(float(module.loss.temperature) - before) > 1e-6
