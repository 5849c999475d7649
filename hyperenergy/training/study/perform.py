"""One run of the study, from its settings to its record."""

from __future__ import annotations

import functools
import json
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize

from hyperenergy import files
from hyperenergy.training import data
from hyperenergy.training import run as single
from hyperenergy.training.data import Images, Split
from hyperenergy.training.diagnosis import Diagnosis, diagnose
from hyperenergy.training.diagnosis.marks import over_batches
from hyperenergy.training.diagnosis.views import Views
from hyperenergy.training.evaluate import FEW, two_views
from hyperenergy.training.loop import TrainingError
from hyperenergy.training.probes import few_labels, knn
from hyperenergy.training.settings import Settings, make_loss
from hyperenergy.training.state import State, begin, stream
from hyperenergy.training.study.approach import approach
from hyperenergy.training.study.decays import OF, name
from hyperenergy.training.study.finished import Finished
from hyperenergy.training.study.grid import Cell
from hyperenergy.training.study.tables import PIXELS

# Pairs of which gaps and distances are; of those over epochs fewer, and fewer batches of them.
_PAIRS, _FEWER, _BATCHES = 1024, 512, 50
# The epochs after which gaps are told, as shares of all.
_SHARES = (0.0, 0.1, 0.25, 0.5)
# The stream of batches for distances from limits.
_DRAWS = 3


@dataclass(frozen=True)
class Place:
    """checkpoints: a folder that is there.  root: the folder of the data.  device: on which runs train."""

    checkpoints: str
    root: str | None
    device: str


def settings(cell: Cell) -> Settings:
    """All that a cell's run depends on.  Raises ArgumentError where a grid asks for what there is not."""
    part = cell.part
    given: dict[str, Any] = {"loss": cell.setting.loss, "options": dict(cell.setting.options), "data": part.data}
    given |= {"limit": part.limit, "batch": cell.batch, "epochs": part.epochs, "seed": cell.seed}
    return Settings.of({**part.training, **given})


def perform(cell: Cell, key: str, place: Place) -> Finished:
    """Train, or go on from the checkpoint of that key, and measure.  A loss that is not finite makes a run that failed.

    Law: accuracies are those of ``train`` with the cell's settings.
    """
    start, given = time.perf_counter(), settings(cell)
    images, parts = _parts(given.data, given.limit, None if given.data == "digits" else place.root)
    losses = _Losses(Path(place.checkpoints) / f"{key}.json", given, parts.fit)
    losses(0, begin(given, make_loss(given), images.channels, len(images.classes), torch.device(place.device)))
    checkpoint = Path(place.checkpoints) / f"{key}.pt"
    try:
        run = single.perform(given, images=images, callback=losses, checkpoint=checkpoint, device=place.device)
    except TrainingError:
        failed = dict.fromkeys(("accuracy", "validation", "knn"), math.nan)
        return Finished.of(cell, **failed, seconds=time.perf_counter() - start)
    numbers, epochs = _learned(cell, run, parts.fit, losses)
    return Finished.of(
        cell,
        accuracy=run.accuracy,
        validation=run.validation,
        knn=run.knn,
        metrics={**run.metrics, **numbers, **(_pixels(parts) if given.loss == "random" else {})},
        spectra={layer: [float(f"{x:.5g}") for x in some] for layer, some in run.spectra.items()},
        epochs=epochs,
        seconds=time.perf_counter() - start,
    )


@functools.lru_cache(maxsize=2)
def _parts(name: str, limit: int | None, root: str | None) -> tuple[Images, Split]:
    images = data.load(name, root)
    return images, data.split(images, limit=limit)


class _Losses:
    """Called after epochs; rows: the mean loss of those that were asked for, and that of their anchors with themselves,
    which a file keeps while the run lasts.  (An epoch whose end was also that of the process has no row.)"""

    def __init__(self, path: Path, given: Settings, images: Tensor) -> None:
        self._path, self._given = path, given
        self._images = images[: max(_FEWER, given.batch)]
        self._asked = {round(share * given.epochs) for share in _SHARES}
        self.rows: list[dict[str, float]] = json.loads(path.read_bytes()) if path.exists() else []

    def __call__(self, epoch: int, state: State) -> None:
        loss = make_loss(self._given)
        if loss is None or epoch not in self._asked or epoch in {row["epoch"] for row in self.rows}:
            return
        views = Views(*_views(state, self._images, self._given), None, (), False)
        generator, batch = stream(self._given.seed, _DRAWS), min(self._given.batch, views.points)
        found = over_batches(loss, views, batch, _BATCHES, generator, lambda *_: None)
        self.rows.append({"epoch": epoch, "value": found.value.mean, "aligned": found.aligned.mean})
        with files.replacing("out", self._path, (".json",)) as beside:
            beside.write_text(json.dumps(self.rows), "utf-8")

    def gaps(self, end: Diagnosis) -> list[dict[str, float]]:
        """Over epochs, between the marks of the diagnosis at the end, which are the same all along."""
        if end.attainable is None or end.baseline is None or end.gaps is None:
            return []
        least, way = end.attainable.mean, end.baseline.mean - end.attainable.mean
        rows = [
            {
                "epoch": row["epoch"],
                "gap": (row["value"] - least) / way,
                "alignment_gap": (row["value"] - row["aligned"]) / way,
                "energy_gap": (row["aligned"] - least) / way,
            }
            for row in self.rows
        ]
        return [*rows, {"epoch": self._given.epochs, **gaps_of(end)}]


def gaps_of(found: Diagnosis) -> dict[str, float]:
    """nan where a loss has none: where its baseline is no worse than what it can attain."""
    named = {"gap": found.gap, "alignment_gap": found.alignment_gap, "energy_gap": found.energy_gap}
    return {key: math.nan if x is None else x for key, x in named.items()}


def _views(state: State, images: Tensor, given: Settings) -> tuple[Tensor, Tensor]:
    """Two views at z, on the sphere."""
    u, v = (normalize(view.z.double(), dim=1).cpu() for view in two_views(state, images, given))
    return u, v


def _learned(
    cell: Cell, run: single.Run, images: Tensor, losses: _Losses
) -> tuple[dict[str, float], list[dict[str, float]]]:
    """Gaps at the end, and for C5 how the losses approach their limits; and gaps over epochs.

    Of images that were trained on: what is asked is how far the loss came, and the test part is not for that.
    """
    given, loss = run.settings, make_loss(run.settings)
    if loss is None:
        return {}, []
    state = State(run.encoder, run.head, run.loss, next(run.encoder.parameters()).device)
    u, v = _views(state, images[: max(_PAIRS, given.batch)], given)
    found = diagnose(u, v, loss, batch=min(given.batch, len(u)), seed=given.seed)
    numbers = gaps_of(found)
    if cell.setting.loss in OF:
        near = approach(u, v, cell.setting.place, stream(given.seed, _DRAWS))
        numbers |= {name(kind, key): x for kind, one in near.items() for key, x in one.numbers().items()}
    return numbers, losses.gaps(found)


def _pixels(parts: Split) -> dict[str, float]:
    """What there is without an encoder, besides what ``train`` says of it."""
    fit, test = (x.flatten(1).float() / 255 for x in (parts.fit, parts.test))
    given = fit, parts.fit_labels, test, parts.test_labels
    few = {f"accuracy.{n}": few_labels(*given, n) for n in FEW if n <= int(parts.fit_labels.bincount().min())}
    return {f"{PIXELS}.{key}": x for key, x in {"knn": knn(*given), **few}.items()}
