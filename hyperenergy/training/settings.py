"""Everything that one training run depends on, as plain data, and the loss that it names."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from hyperenergy.checks import finite, integer, positive
from hyperenergy.errors import ArgumentError, unknown_name
from hyperenergy.kernels.base import Kernel
from hyperenergy.losses.base import Loss
from hyperenergy.objectives.naming import ALL_LOSSES, command_name, parse_loss
from hyperenergy.training.augment import Augment, augmentation
from hyperenergy.training.data import NAMES

# An encoder that learned nothing, and one that was told the labels.
CONTROLS = ("random", "supervised")
# As counts of steps, of bytes and of seeds must be, beyond which nothing ends.
_MOST = 10**9
_MOST_SEED = 2**63 - 1


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _not_negative(name: str, value: float) -> None:
    if finite(name, value) < 0:
        raise ArgumentError(name, repr(value), "must be >= 0")


@dataclass(frozen=True)
class Probe:
    """The linear probe.  lbfgs: logistic regression to its minimum, with the L2 penalty that validation chooses; sgd: so
    many epochs of SGD with the lr, weight_decay and batch given, for features of many images."""

    solver: str = "lbfgs"
    lr: float = 0.1
    weight_decay: float = 1e-4
    batch: int = 1024
    epochs: int = 100

    def __post_init__(self) -> None:
        if self.solver not in ("lbfgs", "sgd"):
            raise unknown_name("solver", str(self.solver), ("lbfgs", "sgd"))
        positive("lr", self.lr)
        _not_negative("weight_decay", self.weight_decay)
        integer("batch", self.batch, 1)
        integer("epochs", self.epochs, 1, _MOST)


@dataclass(frozen=True)
class Settings:
    """What a run depends on; equal settings give equal runs on the same machine.

    loss: as the command line names it, with ``options`` as texts and numbers; "random" for an encoder that is not
    trained, "supervised" for cross-entropy with a linear classifier on h.  limit: training images, None for all.
    width: None for what is usual for the encoder.  out: dimension of z.  last_norm: a BatchNorm at the head's end.
    warmup: share of all steps.  augmentation: fields of ``Augment`` that replace those usual for the data set.
    size: to which images of a folder are resized.

    Law: ``Settings.of(settings.record()) == settings``, also through JSON.
    Raises ArgumentError for numbers out of range, and for a loss, data set or augmentation that does not exist.
    """

    loss: str = "dhel"
    options: Mapping[str, Any] = field(default_factory=dict)
    data: str = "digits"
    limit: int | None = None
    size: int | None = None
    batch: int = 128
    epochs: int = 20
    seed: int = 0
    encoder: str = "conv4"
    width: int | None = None
    out: int = 128
    last_norm: bool = False
    optimizer: str = "adamw"
    lr: float = 1e-2
    weight_decay: float = 1e-4
    warmup: float = 0.1
    augmentation: Mapping[str, Any] = field(default_factory=dict)
    probe: Probe = field(default_factory=Probe)

    def __post_init__(self) -> None:
        object.__setattr__(self, "loss", canonical(self.loss))
        # As JSON has them: lists for tuples would make equal settings differ.
        for name in ("options", "augmentation"):
            object.__setattr__(self, name, {key: _plain(x) for key, x in getattr(self, name).items()})
        if isinstance(self.probe, Mapping):
            object.__setattr__(self, "probe", Probe(**self.probe))
        if self.data not in NAMES:
            raise unknown_name("data", str(self.data), NAMES)
        integer("batch", self.batch, 2, _MOST)
        integer("epochs", self.epochs, 0, _MOST)
        integer("seed", self.seed, 0, _MOST_SEED)
        integer("out", self.out, 1, _MOST)
        positive("lr", self.lr)
        _not_negative("weight_decay", self.weight_decay)
        if not 0 <= finite("warmup", self.warmup) < 1:
            raise ArgumentError("warmup", repr(self.warmup), "must be in [0, 1), a share of all steps")
        self.augment()
        if self.loss in CONTROLS and self.options:
            key, value = next(iter(self.options.items()))
            raise ArgumentError(key, repr(value), f"{self.loss} has no such option; leave it out")

    def record(self) -> dict[str, Any]:
        """As JSON has it."""
        return dataclasses.asdict(self)

    @staticmethod
    def of(record: Mapping[str, Any]) -> Settings:
        """From a record, in which what is left out is as usual, and ``preset`` names where the rest begins.

        Raises ArgumentError for a name that settings do not have.
        """
        given = dict(record)
        start = preset(given.pop("preset")) if "preset" in given else Settings()
        if "loss" in given and "options" not in given:
            given["options"] = {}  # a preset's are of another loss
        known = [one.name for one in dataclasses.fields(Settings)]
        for name in given:
            if name not in known:
                raise unknown_name("settings", name, known)
        return dataclasses.replace(start, **given)

    def augment(self) -> Augment:
        """Of the data set, with what is replaced."""
        known = [one.name for one in dataclasses.fields(Augment)]
        for name in self.augmentation:
            if name not in known:
                raise unknown_name("augmentation", name, known)
        given: dict[str, Any] = {name: tuple(x) if isinstance(x, list) else x for name, x in self.augmentation.items()}
        return dataclasses.replace(augmentation(self.data), **given)

    def differences(self, other: Settings) -> list[str]:
        """The fields that the other has otherwise, as "name: this, that"."""
        mine, their = self.record(), other.record()
        return [f"{name}: {mine[name]!r}, {their[name]!r}" for name in mine if mine[name] != their[name]]


# The nearest to the recipe of the authors that is known here; their own tables were not at hand.
_SIMCLR = {"crop": [0.08, 1.0], "flip": 0.5, "brightness": 0.4, "contrast": 0.4, "saturation": 0.4, "hue": 0.1}
_PRESETS: dict[str, dict[str, Any]] = {
    "resnet18": {
        "options": {"temperature": 0.5},
        "data": "cifar10",
        "encoder": "resnet18",
        "batch": 256,
        "epochs": 200,
        "last_norm": True,
        "optimizer": "sgd",
        "lr": 1.0,
        "weight_decay": 1e-6,
        "warmup": 0.01,
        "augmentation": _SIMCLR,
        "probe": Probe("sgd"),
    }
}


def preset(name: str) -> Settings:
    """resnet18: ResNet-18 with a small stem, batch 256, 200 epochs, tau 0.5, SGD with lr 1, weight decay 1e-6, warm-up
    of 1 %, crops of 0.08 to 1, color 0.5, a head of 128 with a last BatchNorm, and a probe by SGD.

    Raises ArgumentError for unknown names.
    """
    if name not in _PRESETS:
        raise unknown_name("preset", name, _PRESETS)
    return Settings(**_PRESETS[name])


def canonical(name: str) -> str:
    """A loss's name in lower case with dashes, whose dashes may be left out; ArgumentError for one that is none.

    A name with a point is that of a class from elsewhere, of which nothing is known, and stays what it is.
    """
    text = str(name)
    if "." in text:
        return text
    known = {"".join(key.split("-")): key for key in (*ALL_LOSSES, *CONTROLS)}
    found = known.get(text.lower().replace("-", "").replace("_", ""))
    if found is None:
        raise unknown_name("loss", text, (*ALL_LOSSES, *CONTROLS))
    return found


def make_loss(settings: Settings) -> Loss | None:
    """The loss with its options; None for the controls.

    Raises ArgumentError for options that it does not have, and for a kernel that cannot align.
    """
    if settings.loss in CONTROLS:
        return None
    if "." in settings.loss:
        raise ArgumentError("loss", repr(settings.loss), "is none of this package; give the loss itself, not its name")
    return parse_loss(settings.loss, **settings.options)


def named(loss: nn.Module) -> tuple[str, dict[str, Any]]:
    """Name and options of a loss as settings have them, learnable numbers as they are now."""
    name = command_name(type(loss))
    if ALL_LOSSES.get(name) is not type(loss):
        return f"{type(loss).__module__}.{type(loss).__qualname__}", {"label": getattr(loss, "label", repr(loss))}
    assert isinstance(loss, Loss)
    return name, {key: _written(x) for key, x in loss.options.items() if x is not None}


def _written(value: Any) -> Any:
    """A hyperparameter as text or number."""
    if isinstance(value, Kernel):
        numbers = ",".join(f"{one.name}={_written(getattr(value, one.name))}" for one in dataclasses.fields(value))
        return f"{command_name(type(value))}:{numbers}"
    return value.item() if isinstance(value, Tensor) else value
