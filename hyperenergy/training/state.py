"""What learns in a run, as it begins and where it is, and the random streams of a run."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from hyperenergy.training.encoders import Encoder, Head, encoder, seeded
from hyperenergy.training.settings import Settings

# What is random in a run, each with a stream of its own: that of weights, and that of order and views.
WEIGHTS, VIEWS = 0, 1


@dataclass
class State:
    """Where a training is: epochs done, steps done, the mean loss of each epoch, seconds of work, and what learns.

    head(encoder(images)) is z; objective: the loss, which may learn, too, or None.
    """

    encoder: Encoder
    head: nn.Module
    objective: nn.Module | None
    device: torch.device
    epoch: int = 0
    step: int = 0
    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def loss(self) -> float:
        """The mean over the last epoch; nan before the first."""
        return self.losses[-1] if self.losses else math.nan

    @property
    def modules(self) -> nn.ModuleDict:
        given = {"encoder": self.encoder, "head": self.head}
        return nn.ModuleDict(given if self.objective is None else {**given, "objective": self.objective})


def stream(seed: int, which: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator that depends on the seed and on what it is for."""
    mixed = np.random.SeedSequence((seed, which)).generate_state(1, np.uint64)[0] >> np.uint64(1)
    return torch.Generator(device).manual_seed(int(mixed))


def begin(settings: Settings, objective: nn.Module | None, channels: int, classes: int, device: torch.device) -> State:
    """Encoder and head as they are before a training.  Law: they depend on the seed, not on the loss; but with
    supervised training the head is a linear classifier."""
    weights = stream(settings.seed, WEIGHTS)
    body = encoder(settings.encoder, channels, width=settings.width, seed=weights)
    if settings.loss == "supervised":
        with seeded(weights):
            head: nn.Module = nn.Linear(body.features, classes)
    else:
        head = Head(body.features, out=settings.out, last_norm=settings.last_norm, seed=weights)
    return State(body.to(device), head.to(device), None if objective is None else objective.to(device), device)
