"""`hyperenergy train`: one encoder, trained on images and evaluated beside what is there without it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hyperenergy import files
from hyperenergy.cli.console import print_table
from hyperenergy.cli.epochs import watched
from hyperenergy.cli.interrupts import by_exception
from hyperenergy.cli.options import Device, Kernel, Seed, Temperature, counts, typed
from hyperenergy.cli.options import path as path_typed
from hyperenergy.errors import need

if TYPE_CHECKING:
    from hyperenergy.training.run import Run
    from hyperenergy.training.settings import Settings

_METRICS = "effective_rank", "rankme", "lidar", "small_singular_values", "dimension", "alignment", "uniformity"

Loss = Annotated[str, typer.Option(help="A loss, e.g. dhel, kcl, nt-xent; random: untrained; supervised: by labels.")]
Gamma = Annotated[float | None, typer.Option(help="Weight of the energy of kcl.")]
Data = Annotated[str | None, typer.Option(help="digits, fashion-mnist, cifar10, cifar100, stl10 or folder.")]
Root = Annotated[Path | None, typer.Option(parser=path_typed, metavar="FOLDER", help="Where the data's files are.")]
Limit = Annotated[int | None, typer.Option(help="Use only so many of the training images.")]
Size = Annotated[int | None, typer.Option(help="Side in pixels that images of a folder are resized to.")]
Batch = Annotated[int | None, typer.Option(help="Images of a batch; 128 by default.")]
Epochs = Annotated[int | None, typer.Option(help="Times that every image is seen; 20 by default.")]
Encoder = Annotated[str | None, typer.Option(help="conv4, resnet18, resnet18-large or resnet50.")]
Width = Annotated[int | None, typer.Option(help="Channels of the encoder's first layer.")]
Optimizer = Annotated[str | None, typer.Option(help="adamw, sgd or lars.")]
Rate = Annotated[float | None, typer.Option(help="Learning rate, at its highest.")]
Decay = Annotated[float | None, typer.Option(help="Weight decay.")]
Preset = Annotated[str | None, typer.Option(help="resnet18: ResNet-18, batch 256, 200 epochs; options change it.")]
Checkpoint = Annotated[
    Path | None,
    typer.Option(parser=path_typed, metavar="FILE", help="A .pt file, written every epoch; goes on from it, if there."),
]
Out = Annotated[
    Path | None,
    typer.Option(parser=path_typed, metavar="FILE", help="Write two views of the test images at z as .npz."),
]


def train(
    context: typer.Context,
    loss: Loss = "dhel",
    temperature: Temperature = None,
    kernel: Kernel = None,
    gamma: Gamma = None,
    data: Data = None,
    root: Root = None,
    limit: Limit = None,
    size: Size = None,
    batch: Batch = None,
    epochs: Epochs = None,
    encoder: Encoder = None,
    width: Width = None,
    optimizer: Optimizer = None,
    lr: Rate = None,
    weight_decay: Decay = None,
    preset: Preset = None,
    seed: Seed = 0,
    device: Device = "auto",
    checkpoint: Checkpoint = None,
    out: Out = None,
) -> None:
    """Train an encoder with a loss, and read what it learned: probes on the test images, and metrics.

    Beside it stand an encoder that is not trained, and the pixels as they are.  Ctrl-C loses the epoch in progress alone,
    where there is a --checkpoint.
    """
    for name, path, suffix in (("checkpoint", checkpoint, ".pt"), ("out", out, ".npz")):
        if path is not None:
            files.target(name, path, (suffix,))  # before the work, not after it
    need("train")
    options = counts(temperature=temperature, kernel=kernel, gamma=gamma)  # type: ignore[arg-type]
    given = {name: context.params[name] for name in _FIELDS if context.params[name] is not None}
    settings = _settings(given, options, preset, "loss" in typed(context))
    run, baseline = _run(settings, root, device, checkpoint)
    if out is not None:
        run.save(out)
    print_table(_title(run), ("", "this run", "untrained encoder", "raw pixels"), _accuracies(run, baseline))
    print_table("Test images", ("", "h", "z", "untrained h", "untrained z"), _metrics(run, baseline))
    if out is not None:
        print(f"embeddings: {out}")


# Options that are fields of the settings.
_FIELDS = (
    *("loss", "data", "limit", "size", "batch", "epochs", "encoder", "width"),
    *("optimizer", "lr", "weight_decay", "seed"),
)


def _settings(given: dict[str, Any], options: dict[str, Any], preset: str | None, chosen: bool) -> Settings:
    from hyperenergy.training import settings
    from hyperenergy.training.run import usual_options

    if preset is not None:
        options = usual_options(given["loss"], settings.preset(preset).options) | options
        given["preset"] = preset
    return settings.Settings.of({**given, "options": options})


def _run(settings: Settings, root: Path | None, device: str, checkpoint: Path | None) -> tuple[Run, Run]:
    """The run, and that of the encoder which is not trained."""
    from dataclasses import replace

    from hyperenergy.training.data import load
    from hyperenergy.training.run import perform

    images = load(settings.data, root, size=settings.size)
    by_exception()  # a checkpoint is whole whenever an exception comes
    try:
        with watched(settings) as callback:
            run = perform(settings, images=images, callback=callback, checkpoint=checkpoint, device=device)
        if settings.loss == "random":
            return run, run
        return run, perform(replace(settings, loss="random", options={}), images=images, device=device)
    except KeyboardInterrupt:
        kept = checkpoint is not None and checkpoint.exists()
        what = f"the same command goes on from {checkpoint}" if kept else "nothing was written"
        raise KeyboardInterrupt(what) from None


def _title(run: Run) -> str:
    loss = run.settings.loss if run.loss is None else getattr(run.loss, "label", run.settings.loss)
    said = f"{loss} on {run.settings.data}, batch {run.settings.batch}, seed {run.settings.seed}"
    return f"{said}: {len(run.losses)} epochs in {run.seconds:.0f} s"


def _accuracies(run: Run, baseline: Run) -> list[tuple[str, ...]]:
    raw = f"{baseline.metrics['pixels.accuracy']:.4f}"
    rows: list[tuple[str, ...]] = [("linear probe", f"{run.accuracy:.4f}", f"{baseline.accuracy:.4f}", raw)]
    rows.append(("validation", f"{run.validation:.4f}", f"{baseline.validation:.4f}", ""))
    rows.append(("kNN (20)", f"{run.knn:.4f}", f"{baseline.knn:.4f}", ""))
    for name in [name for name in run.metrics if name.startswith("accuracy.")]:
        said = f"{name.partition('.')[2]} labels a class"
        rows.append((said, f"{run.metrics[name]:.4f}", f"{baseline.metrics[name]:.4f}", ""))
    return rows


def _metrics(run: Run, baseline: Run) -> list[tuple[str, ...]]:
    return [
        (
            name.replace("_", " "),
            *(f"{one.metrics[f'{layer}.{name}']:.4g}" for one in (run, baseline) for layer in "hz"),
        )
        for name in _METRICS
    ]
