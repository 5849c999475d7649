"""One run: an encoder is trained on images and evaluated once."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from hyperenergy import files
from hyperenergy.errors import ArgumentError
from hyperenergy.losses.base import Loss
from hyperenergy.search.options import pick_device
from hyperenergy.training.data import Images, load, split
from hyperenergy.training.data.sources import Root
from hyperenergy.training.encoders import Encoder
from hyperenergy.training.evaluate import evaluate, pixels
from hyperenergy.training.loop import OnEpoch, fit
from hyperenergy.training.settings import Settings, canonical, make_loss, named
from hyperenergy.training.state import begin

# Rows of an image of which one thread does best.
_TINY = 16


@dataclass(frozen=True, eq=False)
class Run:
    """accuracy, validation, knn, metrics, spectra: as of ``evaluate.Evaluation``.  losses: the mean of each epoch.
    seconds: of training.  encoder and head: in evaluation mode; head(encoder(x)) is z, x float32 in [0, 1].
    loss: as it was trained, None for the controls.  anchors, positives: z of two random views of the test images, on the
    sphere, (N, out) on the CPU; labels: (N,) of them.
    """

    settings: Settings
    accuracy: float
    validation: float
    knn: float
    metrics: Mapping[str, float]
    spectra: Mapping[str, tuple[float, ...]]
    losses: tuple[float, ...]
    seconds: float
    encoder: Encoder = field(repr=False)
    head: nn.Module = field(repr=False)
    loss: nn.Module | None
    anchors: Tensor = field(repr=False)
    positives: Tensor = field(repr=False)
    labels: Tensor = field(repr=False)

    def save(self, path: str | Path) -> None:
        """Write anchors, positives and labels as .npz, as ``diagnose`` reads them; ArgumentError where that fails."""
        with files.replacing("out", path, (".npz",)) as beside, beside.open("wb") as file:
            np.savez(file, **{name: getattr(self, name).numpy() for name in ("anchors", "positives", "labels")})


def train(
    loss: nn.Module | str | None = "dhel",
    data: str = "digits",
    *,
    batch: int = 128,
    epochs: int = 20,
    seed: int = 0,
    root: Root | None = None,
    callback: OnEpoch | None = None,
    checkpoint: str | Path | None = None,
    device: str | torch.device = "auto",
    fast: bool = True,
    **settings: Any,
) -> Run:
    """Train an encoder with a loss on a data set, and evaluate it.

    loss: a loss, or a name such as "dhel" with ``options={"temperature": 0.2}``; None or "random" for an encoder that is
    not trained, "supervised" for cross-entropy of the labels.  A module from elsewhere is called on two tensors
    (batch, out).  The loss itself is left as it is; what it learned has ``Run.loss``.
    root: the folder of the data's files.  callback, checkpoint, fast: as of ``loop.fit``.  settings: further fields of
    ``Settings``: lr, encoder, width, limit, augmentation, ...
    Law: the same arguments give the same run on the same machine, with as many threads.
    Raises ArgumentError for unknown names and numbers out of range, MissingExtra, and TrainingError.
    """
    own = None
    if isinstance(loss, nn.Module):
        _check(loss, settings)
        own = copy.deepcopy(loss)
        loss, settings["options"] = named(loss)
    name = "random" if loss is None else loss
    given = Settings.of({"loss": name, "data": data, "batch": batch, "epochs": epochs, "seed": seed, **settings})
    how: dict[str, Any] = {"callback": callback, "checkpoint": checkpoint, "device": device, "fast": fast}
    return perform(given, loss=own, root=root, **how)


def perform(
    settings: Settings,
    *,
    loss: nn.Module | None = None,
    images: Images | None = None,
    root: Root | None = None,
    callback: OnEpoch | None = None,
    checkpoint: str | Path | None = None,
    device: str | torch.device = "auto",
    fast: bool = True,
) -> Run:
    """The run of some settings.  loss: that which they name, where it is at hand; images: the data that they name.

    Of "random" metrics have "pixels.accuracy", too, of the linear probe on pixels.
    """
    chosen = pick_device(device)
    path = None if checkpoint is None else files.target("checkpoint", checkpoint, (".pt",))
    objective = make_loss(settings) if loss is None else loss
    there = load(settings.data, root, size=settings.size) if images is None else images
    with _threads(there.size):
        parts = split(there, limit=settings.limit)
        state = begin(settings, objective, there.channels, len(there.classes), chosen)
        trained = settings.loss != "random"
        if trained:
            fit(settings, state, parts.fit, parts.fit_labels, callback=callback, checkpoint=path, fast=fast)
        state.modules.eval()
        found, (first, second) = evaluate(state, parts, settings)
        more = {} if trained else {"pixels.accuracy": pixels(parts)}
    return Run(
        settings,
        found.accuracy,
        found.validation,
        found.knn,
        {**found.metrics, **more},
        found.spectra,
        tuple(state.losses),
        state.seconds,
        state.encoder,
        state.head,
        state.objective,
        functional.normalize(first.z, dim=1).cpu(),
        functional.normalize(second.z, dim=1).cpu(),
        parts.test_labels.cpu(),
    )


@contextmanager
def _threads(side: int) -> Iterator[None]:
    """Inside, torch has one thread for images of so few pixels, of which several wait for each other more than they work:
    six times as long where another process works, too."""
    before = torch.get_num_threads()
    if side <= _TINY:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def usual_options(loss: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the options, e.g. of a preset, that a loss of this name has."""
    from inspect import signature

    from hyperenergy.objectives.naming import ALL_LOSSES

    cls = ALL_LOSSES.get(canonical(loss))
    return {key: x for key, x in options.items() if cls is not None and key in signature(cls).parameters}


def _check(loss: nn.Module, settings: Mapping[str, Any]) -> None:
    if "options" in settings:
        raise ArgumentError("options", repr(settings["options"]), "go with the name of a loss; a loss has its own")
    if isinstance(loss, Loss) and (not loss.normalize or loss.reduction == "none"):
        given = f"normalize={loss.normalize}, reduction={loss.reduction!r}"
        fix = "a head's output is not on the sphere: normalize=True, and reduction='mean' or 'sum'"
        raise ArgumentError("loss", given, fix)
