"""The grids of the study as data: which runs there are."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hyperenergy.errors import unknown_name

# Rows beside which the losses stand: an encoder that learned nothing, and one that was told the labels.
CONTROLS = ("random", "supervised")


@dataclass(frozen=True)
class Setting:
    """A loss with its options, as ``Settings`` names them.  loss: as claims call it.

    place: by what records tell the settings of one loss apart: its temperature; of KCL their number, from 1.
    """

    loss: str
    place: float
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What differs between the settings of a loss, for tables and axes."""
        if "kernel" in self.options:
            width = str(self.options["kernel"]).partition(":")[2]
            return f"{width}, \N{GREEK SMALL LETTER GAMMA}={self.options['gamma']:g}"
        return f"\N{GREEK SMALL LETTER TAU}={self.place:g}" if self.options else ""


@dataclass(frozen=True)
class Part:
    """One data set of a study.  limit: training images, None for all.  training: of ``Settings``, besides."""

    data: str
    limit: int | None
    batches: tuple[int, ...]
    settings: tuple[Setting, ...]
    seeds: int
    epochs: int
    training: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Cell:
    """One run."""

    part: Part
    setting: Setting
    batch: int
    seed: int

    @property
    def control(self) -> bool:
        return self.setting.loss in CONTROLS

    @property
    def label(self) -> str:
        what = " ".join(filter(None, (self.setting.loss, self.setting.label)))
        return f"{what}, {self.part.data}, batch {self.batch}, seed {self.seed}"


@dataclass(frozen=True)
class Study:
    """about: in words, for the report."""

    name: str
    about: str
    parts: tuple[Part, ...]

    def of(self, data: str) -> Study:
        """The part of one data set, whose verdicts are the same: no claim compares data sets."""
        parts = tuple(part for part in self.parts if part.data == data)
        if not parts:
            raise unknown_name("data", data, {part.data for part in self.parts})
        return Study(self.name, f"{self.about}: of it {data} alone", parts)

    def cells(self) -> list[Cell]:
        """All runs: of each seed all losses, so that they are paired, and one run of each control."""
        return [cell for part in self.parts for seed in range(part.seeds) for cell in _of_seed(part, seed)]


def _of_seed(part: Part, seed: int) -> Iterator[Cell]:
    for batch, setting in itertools.product(part.batches, part.settings):
        yield Cell(part, setting, batch, seed)
    # Where labels are given the batch is no matter of negatives; one of usual size.
    usual = min(part.batches, key=lambda batch: abs(batch - 128))
    for name in CONTROLS:
        yield Cell(part, Setting(name, 0.0), usual, seed)


def softmax(loss: str, *temperatures: float) -> tuple[Setting, ...]:
    """The settings of a loss over its temperatures."""
    return tuple(Setting(loss, tau, {"temperature": tau}) for tau in temperatures)


def kcl(*pairs: tuple[float, float]) -> tuple[Setting, ...]:
    """KCL's settings, of a Gaussian of width t and gamma each."""
    options = ({"kernel": f"gaussian:t={t:g}", "gamma": gamma} for t, gamma in pairs)
    return tuple(Setting("KCL", float(k), each) for k, each in enumerate(options, 1))


_THREE = (
    *softmax("SimCLR", 0.1, 0.2, 0.5),
    *softmax("InfoNCE", 0.1, 0.2, 0.5),
    *softmax("DCL", 0.1, 0.2, 0.5),
    *softmax("DHEL", 0.1, 0.2, 0.5),
    *kcl((1, 16), (2, 16), (4, 16)),
)
_FOUR = (
    *softmax("SimCLR", 0.07, 0.15, 0.3, 0.6),
    *softmax("InfoNCE", 0.07, 0.15, 0.3, 0.6),
    *softmax("DCL", 0.07, 0.15, 0.3, 0.6),
    *softmax("DHEL", 0.07, 0.15, 0.3, 0.6),
    *kcl((1, 4), (2, 4), (2, 16), (4, 16)),
)
_DIGITS = Part("digits", None, (32, 256), _THREE, 3, 20)
STUDIES = {
    study.name: study
    for study in (
        Study("small", "digits (1797 images of 8 x 8)", (_DIGITS,)),
        Study(
            "images",
            "digits (1797 images of 8 x 8), and 10000 images of Fashion-MNIST (28 x 28)",
            (
                Part("digits", None, (32, 128, 512), _FOUR, 5, 20),
                Part("fashion-mnist", 10_000, (32, 256), _FOUR, 5, 8),
            ),
        ),
        Study(
            "full",
            "Fashion-MNIST, 60000 images of 28 x 28, by ResNet-18",
            (Part("fashion-mnist", None, (64, 256), _FOUR, 3, 200, {"preset": "resnet18"}),),
        ),
    )
}
