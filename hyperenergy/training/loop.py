"""The training loop: two random views of each image, an encoder, a head and a loss, epoch after epoch."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from hyperenergy.errors import ArgumentError, HyperenergyError
from hyperenergy.losses.families import LabeledLoss, MultiViewLoss
from hyperenergy.training.checkpoint import read, write
from hyperenergy.training.optimizers import optimizer, schedule
from hyperenergy.training.settings import Settings
from hyperenergy.training.state import VIEWS, State, stream

OnEpoch = Callable[[int, State], None]


class TrainingError(HyperenergyError, RuntimeError):
    """A training that cannot go on, because its loss is not finite."""


def fit(
    settings: Settings,
    state: State,
    images: Tensor,
    labels: Tensor,
    *,
    callback: OnEpoch | None = None,
    checkpoint: Path | None = None,
    fast: bool = True,
) -> None:
    """Train what ``state`` has, in place, on uint8 images (N, C, H, W) with labels (N,), on its device.

    Every epoch all images come in a random order, of which the last incomplete batch is left out.  Order and views depend
    on the seed alone, so that they are paired across losses.  checkpoint: a .pt file that is written whole after every
    epoch; where it is there, the training goes on from it.  callback(epoch, state): after each epoch, from 1, when the
    checkpoint is written.  fast: on CUDA, bfloat16, channels last, and compiled.
    Laws: the same settings give the same weights, bit for bit on the same CPU with as many threads; also where a training
    was ended at any moment and goes on.  The global generator stays as it is.
    Raises ArgumentError for a batch larger than the data and a checkpoint of other settings; TrainingError for a loss
    that is not finite.
    """
    if settings.batch > len(images):
        raise ArgumentError(
            "batch", settings.batch, f"there are {len(images)} images to train on; take at most so many"
        )
    quick = fast and state.device.type == "cuda"
    per_epoch = len(images) // settings.batch
    steps = per_epoch * settings.epochs
    generator = stream(settings.seed, VIEWS, state.device)
    mark = {"arithmetic": f"{state.device.type}{' in bfloat16' if quick else ''}", "images": _mark(images, labels)}
    moves = optimizer(settings.optimizer, state.modules, settings.lr, settings.weight_decay)
    if checkpoint is not None and checkpoint.exists():
        read(checkpoint, settings, mark, state, moves, generator)
    images, labels = images.to(state.device), labels.to(state.device)
    forward = _forward(settings, state, quick)
    state.modules.train()
    while state.epoch < settings.epochs:
        start = time.perf_counter()
        values = []
        for chosen in _batches(len(images), settings.batch, generator):
            rate = settings.lr * schedule(state.step, steps, min(int(settings.warmup * steps), steps - 1))
            for group in moves.param_groups:
                group["lr"] = rate
            value = forward(images[chosen], labels[chosen], generator)
            moves.zero_grad()
            value.backward()
            moves.step()
            values.append(value.detach())
            state.step += 1
        _end(settings, state, torch.stack(values), time.perf_counter() - start)
        if checkpoint is not None:
            write(checkpoint, settings, mark, state, moves, generator)
        if callback is not None:
            callback(state.epoch, state)
            state.modules.train()
    state.modules.eval()


def _batches(images: int, batch: int, generator: torch.Generator) -> Iterator[Tensor]:
    order = torch.randperm(images, generator=generator, device=generator.device)
    for start in range(0, images - batch + 1, batch):
        yield order[start : start + batch]


def _end(settings: Settings, state: State, values: Tensor, seconds: float) -> None:
    state.epoch += 1
    state.seconds += seconds
    bad = ~values.isfinite()
    if bool(bad.any()):
        step = int(bad.long().argmax()) + 1
        fix = "lower lr, or raise the temperature"
        raise TrainingError(
            f"the loss {settings.loss} is {float(values[step - 1])} at step {step} of epoch {state.epoch}; {fix}"
        )
    state.losses.append(float(values.double().mean()))


def _forward(settings: Settings, state: State, quick: bool) -> Callable[[Tensor, Tensor, torch.Generator], Tensor]:
    """The loss of random views of some images."""
    network: Callable[[Tensor], Tensor] = nn.Sequential(state.encoder, state.head)
    if quick:
        state.encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        network = torch.compile(network)
    augment = settings.augment()

    def forward(images: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
        views = torch.cat(augment.views(images, generator))
        if quick:
            views = views.contiguous(memory_format=torch.channels_last)
        with torch.autocast(state.device.type, torch.bfloat16, enabled=quick):
            z = network(views)
        return value_of(state.objective, z.float(), labels)

    return forward


def value_of(objective: nn.Module | None, z: Tensor, labels: Tensor) -> Tensor:
    """A loss of z (2M, dim), second views under first ones; None is cross-entropy of logits."""
    if objective is None:
        return functional.cross_entropy(z, labels.repeat(2))
    if isinstance(objective, LabeledLoss):
        return _called(objective, z, labels.repeat(2))
    first, second = z.chunk(2)
    if isinstance(objective, MultiViewLoss):
        return _called(objective, torch.stack([first, second]))
    return _called(objective, first, second)


def _called(objective: nn.Module, *given: Any) -> Tensor:
    try:
        value = objective(*given)
    except ArgumentError as error:
        if all(bool(x.detach().isfinite().all()) for x in given):
            raise
        raise TrainingError("the head's output is not finite: the training diverged; take a smaller lr") from error
    if not isinstance(value, Tensor) or value.ndim:
        raise ArgumentError("loss", repr(objective), "must give one number of a batch: reduction='mean' or 'sum'")
    return value


def _mark(images: Tensor, labels: Tensor) -> int:
    """By which a checkpoint of other images is known."""
    first = zlib.crc32(labels.cpu().contiguous().numpy().data)
    return zlib.crc32(images.cpu().contiguous().numpy().data, first)
