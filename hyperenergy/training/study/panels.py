"""What the figures of a study are made of: panels, curves with intervals, the lines of controls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hyperenergy.training.study.finished import LOSSES, Finished, interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANEL = (3.1, 2.6)


def grid(rows: int, columns: int) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    from hyperenergy.show.plot.style import curves

    figure = Figure(figsize=(max(1.6, columns) * _PANEL[0], rows * _PANEL[1] + 0.4), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharey="row")
    for ax in axes.flat:
        curves(ax)
        ax.tick_params(labelsize=7)
    return figure, axes


def over_settings(ax: Axes, runs: Sequence[Finished], name: str, factor: float) -> None:
    """Against the number of the setting in its loss's own range."""
    labels: dict[int, list[str]] = {}
    for k, loss in enumerate(LOSSES):
        mine = [run for run in runs if run.loss == loss]
        order = sorted({run.place: run.label for run in mine}.items())
        values = [[run.number(name) for run in mine if run.place == place] for place, _ in order]
        curve(ax, k, [n + 0.06 * (k - 2) for n in range(len(order))], values, factor)
        for n, (_, label) in enumerate(order):
            labels.setdefault(n, []).append(label)
    ax.set_xticks(list(labels), ["\n".join(dict.fromkeys(some)) for some in labels.values()])


def curve(
    ax: Axes, index: int, x: Sequence[float], values: Sequence[Sequence[float | None]], factor: float, label: str = ""
) -> None:
    found = [(at, said) for at, some in zip(x, values, strict=True) if (said := interval(some)) is not None]
    if not found:
        return
    bars = [factor * said.half if np.isfinite(said.half) else 0.0 for _, said in found]
    means = [factor * said.mean for _, said in found]
    options = {**look(index), "elinewidth": 0.8, "label": label or LOSSES[index]}
    ax.errorbar([at for at, _ in found], means, bars, **options)


def controls(ax: Axes, runs: Sequence[Finished]) -> None:
    lines: list[tuple[str, str, Callable[[Finished], float | None]]] = [
        ("random", "untrained", lambda run: run.number("accuracy")),
        ("random", "pixels", lambda run: run.number("pixels.accuracy")),
        ("supervised", "supervised", lambda run: run.number("accuracy")),
    ]
    for style, (loss, label, of) in zip((":", "--", "-."), lines, strict=True):
        said = interval(of(run) for run in runs if run.loss == loss)
        if said is not None:
            ax.axhline(100 * said.mean, color="#666666", linewidth=0.9, linestyle=style, label=label)


def legend(figure: Figure, ax: Axes) -> None:
    handles, labels = ax.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=8, frameon=False)


def look(index: int) -> dict[str, Any]:
    from hyperenergy.show.plot.style import look

    return look(index)
