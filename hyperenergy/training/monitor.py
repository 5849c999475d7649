"""A callback for training loops: what ``diagnose`` says, epoch by epoch."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path
from typing import Any

from hyperenergy import files
from hyperenergy.checks import finite, integer
from hyperenergy.errors import ArgumentError, MissingExtra
from hyperenergy.losses.base import Loss
from hyperenergy.training.diagnosis import Diagnosis, diagnose

_GAPS = ("loss", "gap", "alignment_gap", "energy_gap")


class Monitor:
    """Log the gaps and metrics of embeddings over epochs.

        monitor = he.training.Monitor("log.csv", loss=he.DHEL(0.1), batch=256, normalize=True)
        for epoch in range(epochs):
            ...
            monitor(epoch, z_a, z_b)            # of a fixed set of images, say 2000

    path: a .csv file that is written anew, whole, after every call; rows of a file that is there are kept up to the epoch
    that is logged next, so that a training that resumes goes on in it.  None: nothing is written, ``rows`` has all.
    loss, batch, normalize, baseline, seed: as of ``diagnose``; baseline="first" compares with the first call, which should
    then be of the untrained encoder.  tensorboard: a SummaryWriter, or a folder for one; wandb: a run, or True for the
    current one.  Raises ArgumentError for a file of other columns, MissingExtra where what is asked for is not installed.
    """

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        loss: Loss | None = None,
        batch: int | None = None,
        normalize: bool = False,
        baseline: Any = None,
        tensorboard: Any = None,
        wandb: Any = None,
        seed: int = 0,
    ) -> None:
        self.path = None if path is None else files.target("path", path, (".csv",))
        self.rows: list[dict[str, float]] = []
        self._how: dict[str, Any] = {"batch": batch, "normalize": normalize, "seed": seed}
        self._loss, self._baseline = loss, baseline
        self._writer, self._run = _writer(tensorboard), _run(wandb)
        self._before = [] if self.path is None or not self.path.exists() else _read(self.path)

    def __call__(self, epoch: int, anchors: Any, positives: Any = None, labels: Any = None, **more: Any) -> Diagnosis:
        """Diagnose and log: ``more`` are further numbers of this epoch, such as its training loss."""
        epoch = integer("epoch", epoch, 0)
        first = isinstance(self._baseline, str) and self._baseline == "first"
        if first and any(row["epoch"] < epoch for row in self._before):
            raise ArgumentError(
                "baseline", "'first'", "was a call before this log goes on; give those embeddings themselves"
            )
        if first:
            self._baseline = anchors if positives is None else (anchors, positives)
        d = diagnose(anchors, positives, self._loss, labels, baseline=self._baseline, **self._how)
        taken = {"epoch", *_GAPS, *(measure.name for measure in d.measures)}
        for name in more:
            if name in taken:
                raise ArgumentError(name, more[name], "is what the monitor logs itself; give it another name")
        row: dict[str, float] = {"epoch": epoch, **{name: finite(name, value) for name, value in more.items()}}
        if d.loss is not None:
            row |= {name: nan if value is None else value for name, value in zip(_GAPS, _gaps(d), strict=True)}
        row |= {measure.name: measure.found.value for measure in d.measures}
        self._log(row)
        return d

    def _log(self, row: dict[str, float]) -> None:
        kept = [one for one in [*self._before, *self.rows] if one["epoch"] < row["epoch"]]
        if kept and list(kept[-1]) != list(row):
            raise ArgumentError("path", str(self.path), f"has the columns {', '.join(kept[-1])}; give another file")
        self._before, self.rows = [], [*kept, row]
        if self.path is not None:
            with files.replacing("path", self.path, (".csv",)) as beside, beside.open("w", newline="") as file:
                table = csv.DictWriter(file, list(row))
                table.writeheader()
                table.writerows(self.rows)
        numbers = {name: value for name, value in row.items() if name != "epoch"}
        if self._writer is not None:
            for name, value in numbers.items():
                self._writer.add_scalar(f"hyperenergy/{name}", value, int(row["epoch"]))
            self._writer.flush()
        if self._run is not None:
            self._run.log({f"hyperenergy/{name}": value for name, value in numbers.items()}, step=int(row["epoch"]))


nan = float("nan")


def _gaps(d: Diagnosis) -> tuple[float | None, ...]:
    return d.value, d.gap, d.alignment_gap, d.energy_gap


def _read(path: Path) -> list[dict[str, float]]:
    with path.open(newline="") as file:
        try:
            rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
        except (TypeError, ValueError):
            rows = [{}]
    if any("epoch" not in row for row in rows):
        raise ArgumentError("path", repr(str(path)), "is no log of a Monitor; give another file")
    return rows


def _writer(given: Any) -> Any:
    if given is None or hasattr(given, "add_scalar"):
        return given
    if importlib.util.find_spec("tensorboard") is None:
        raise MissingExtra("tensorboard= needs the package tensorboard: pip install tensorboard")
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(given))


def _run(given: Any) -> Any:
    if given in (None, False) or hasattr(given, "log"):
        return given or None
    if importlib.util.find_spec("wandb") is None:
        raise MissingExtra("wandb=True needs the package wandb: pip install wandb")
    wandb = importlib.import_module("wandb")
    if wandb.run is None:
        raise ArgumentError("wandb", given, "there is no current run; call wandb.init first, or give the run")
    return wandb.run
