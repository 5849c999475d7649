"""The figures of a study, each a matplotlib Figure: curves over seeds with intervals of 95 %."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from hyperenergy.training.pictures import Picture
from hyperenergy.training.study import panels
from hyperenergy.training.study.approach import LOSSES as DISTANCES
from hyperenergy.training.study.decays import name as of_distance
from hyperenergy.training.study.finished import LOSSES, Finished, interval
from hyperenergy.training.study.tables import best

if TYPE_CHECKING:
    pass


def pictures(runs: Sequence[Finished]) -> Iterator[Picture]:
    """Of each data set, those that its runs have numbers for."""
    for data in sorted({run.data for run in runs}):
        mine = [run for run in runs if run.data == data]
        trained = [run for run in mine if run.loss in LOSSES]
        batches = sorted({run.batch for run in trained})
        if not trained:
            continue
        yield _accuracy(data, mine, batches)
        if len(batches) > 1:
            yield _over_batches(data, mine, batches)
        yield from _spectra(data, trained, batches)
        if any(run.number("alignment_gap") is not None for run in trained):
            yield _gaps(data, trained, batches)
        if any(run.epochs for run in trained):
            yield _epochs(data, trained, batches)
        yield from _decay(data, trained)


def _accuracy(data: str, runs: Sequence[Finished], batches: Sequence[int]) -> Picture:
    figure, axes = panels.grid(1, len(batches))
    for ax, batch in zip(axes[0], batches, strict=True):
        panels.over_settings(ax, [run for run in runs if run.batch == batch], "accuracy", 100)
        panels.controls(ax, runs)
        ax.set_title(f"batch {batch}", fontsize=9)
    axes[0][0].set_ylabel("test accuracy, %")
    panels.legend(figure, axes[0][0])
    said = "Accuracy of a linear probe on the test part at each setting of each loss; lines: controls"
    return Picture.of(f"accuracy-temperature-{data}", f"{said} ({data}).", figure)


def _over_batches(data: str, runs: Sequence[Finished], batches: Sequence[int]) -> Picture:
    figure, axes = panels.grid(1, 1)
    ax = axes[0][0]
    found = {batch: best(runs, data, batch) for batch in batches}
    for k, loss in enumerate(LOSSES):
        there = [batch for batch in batches if loss in found[batch]]
        shift = 2 ** (0.06 * (k - 2))
        values = [[run.number("accuracy") for run in found[batch][loss]] for batch in there]
        panels.curve(ax, k, [batch * shift for batch in there], values, 100)
    panels.controls(ax, runs)
    ax.set_xscale("log", base=2)
    ax.set_xticks(batches, [str(batch) for batch in batches])
    ax.minorticks_off()
    ax.set_xlabel("batch size")
    ax.set_ylabel("test accuracy, %")
    panels.legend(figure, ax)
    said = "Test accuracy against batch size, each loss at its best setting by validation; lines: controls"
    return Picture.of(f"accuracy-batch-{data}", f"{said} ({data}).", figure)


def _spectra(data: str, runs: Sequence[Finished], batches: Sequence[int]) -> Iterator[Picture]:
    if not any(run.spectra for run in runs):
        return
    figure, axes = panels.grid(2, len(batches))
    for column, batch in enumerate(batches):
        for row, layer in enumerate(("z", "h")):
            ax = axes[row][column]
            for loss, some in best(runs, data, batch).items():
                given = [run.spectra[layer] for run in some if run.spectra.get(layer)]
                if given:
                    length = min(map(len, given))
                    mean = np.exp(np.mean([np.log(np.maximum(x[:length], 1e-9)) for x in given], axis=0))
                    ax.plot(np.arange(1, length + 1), mean, color=panels.look(LOSSES.index(loss))["color"],
                            linewidth=1.2, label=loss)  # fmt: skip
            ax.set_yscale("log")
            ax.set_ylim(1e-4, 1.5)
            ax.axhline(0.01, color="#666666", linewidth=0.6, linestyle=":")
            ax.set_title(f"{layer}, batch {batch}", fontsize=9)
    axes[0][0].set_ylabel("over the largest")
    axes[1][0].set_ylabel("over the largest")
    panels.legend(figure, axes[0][0])
    said = (
        "Singular values at the head's output z and the encoder's h, at the best settings; dotted: 1 % of the largest"
    )
    yield Picture.of(f"spectra-{data}", f"{said} ({data}).", figure)


def _gaps(data: str, runs: Sequence[Finished], batches: Sequence[int]) -> Picture:
    figure, axes = panels.grid(2, len(batches))
    for column, batch in enumerate(batches):
        some = [run for run in runs if run.batch == batch]
        for row, name in enumerate(("alignment_gap", "energy_gap")):
            panels.over_settings(axes[row][column], some, name, 1)
            axes[row][column].axhline(0, color="#666666", linewidth=0.6)
            axes[row][column].set_title(f"{name.replace('_', ' ')}, batch {batch}", fontsize=9)
    for row in axes:
        row[0].set_ylabel("of the way")
    panels.legend(figure, axes[0][0])
    said = "Gaps of alignment and energy by loss, batch size and setting: 0 is what the loss can attain"
    return Picture.of(f"gaps-{data}", f"{said} ({data}).", figure)


def _epochs(data: str, runs: Sequence[Finished], batches: Sequence[int]) -> Picture:
    figure, axes = panels.grid(1, len(batches))
    for ax, batch in zip(axes[0], batches, strict=True):
        for loss, some in best(runs, data, batch).items():
            at = sorted({one["epoch"] for run in some for one in run.epochs})
            values = [[one.get("gap") for run in some for one in run.epochs if one["epoch"] == epoch] for epoch in at]
            panels.curve(ax, LOSSES.index(loss), at, values, 1)
        ax.set_title(f"batch {batch}", fontsize=9)
        ax.set_xlabel("epoch")
    axes[0][0].set_ylabel("gap, of the way")
    panels.legend(figure, axes[0][0])
    said = "The gap of the loss over epochs, at the best settings: 1 for independent uniform pairs, 0 where it can get"
    return Picture.of(f"epochs-{data}", f"{said} ({data}).", figure)


def _decay(data: str, runs: Sequence[Finished]) -> Iterator[Picture]:
    mine = [run for run in runs if run.loss == "InfoNCE" and run.number(of_distance("infonce", "coefficient"))]
    if not mine:
        return
    first = of_distance("infonce", "")
    sizes = sorted(int(x) for x in (key.removeprefix(first) for key in mine[0].metrics) if x.isdigit())
    taus = sorted({run.place for run in mine})
    batch = max(run.batch for run in mine)
    figure, axes = panels.grid(1, len(taus))
    for ax, tau in zip(axes[0], taus, strict=True):
        some = [run for run in mine if (run.place, run.batch) == (tau, batch)]
        for k, (loss, said) in enumerate(zip(DISTANCES, ("InfoNCE", "DHEL"), strict=True)):
            values = [[abs(run.metrics[of_distance(loss, size)]) for run in some] for size in sizes]
            panels.curve(ax, LOSSES.index(said), sizes, values, 1, said)
            slope = interval(abs(run.metrics[of_distance(loss, "coefficient")]) for run in some)
            if slope is not None:
                less = np.array(sizes) - k
                ax.plot(sizes, slope.mean / less, color="#666666", linewidth=0.8, linestyle="--")
        ax.set(xscale="log", yscale="log", xlabel="M")
        ax.set_title(f"τ = {tau:g}", fontsize=9)
    axes[0][0].set_ylabel("|distance from the limit|")
    panels.legend(figure, axes[0][0])
    text = f"Distance of the mean loss of M pairs from its limit, for encoders trained with InfoNCE at batch {batch}"
    yield Picture.of(f"limit-{data}", f"{text}; dashed: E2 ({data}).", figure)
