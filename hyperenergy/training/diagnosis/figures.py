"""The pictures of a diagnosis: what is missing, singular values, inner products."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from hyperenergy.training.diagnosis.found import Findings
from hyperenergy.training.diagnosis.measures import EDGES, law_histogram
from hyperenergy.training.pictures import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Bins below this share of the whole are not drawn on the logarithmic axis: of a sample's pairs that is none.
_LEAST = 1e-7


_DRAWN = {
    "diagnosis-loss": "The loss between its marks: what is missing of energy, and of alignment.",
    "diagnosis-spectrum": "Singular values of the unit rows, not centered.",
    "diagnosis-products": "Inner products of pairs of points, against their law under uniform ones.",
}


def pictures(d: Findings) -> Iterator[Picture]:
    """With a loss three, else two."""
    from matplotlib.figure import Figure

    for (name, caption), size, onto in zip(_DRAWN.items(), ((8, 2.6), (6, 3.4), (6, 3.4)), _ONTO, strict=True):
        if onto is _ladder and d.losses is None:
            continue
        figure = Figure(figsize=size, layout="constrained")
        onto(d, figure.subplots())
        yield Picture.of(name, caption, figure)


def draw(d: Findings, axes: Sequence[Axes]) -> None:
    """The loss and its marks, singular values, inner products, each onto one of the Axes; without a loss the last two."""
    for onto, ax in zip(_ONTO if d.losses is not None else _ONTO[1:], axes, strict=True):
        onto(d, ax)


def _ladder(d: Findings, ax: Axes) -> None:
    """The loss and its marks on one axis, and the way between in two parts."""
    from hyperenergy.show.plot.style import GRAY, PALETTE

    assert d.losses is not None and d.attainable is not None and d.baseline is not None
    value, aligned, best = d.losses.value.mean, d.losses.aligned.mean, d.attainable.mean
    marks = [("attainable", best), ("baseline", d.baseline.mean)]
    marks += [("least of a batch", d.least.mean)] if d.least is not None else []
    for k, (name, x) in enumerate(marks):
        ax.axvline(x, color=GRAY, linewidth=1, linestyle=("-", "--", ":")[k])
        # The least value stands close to what is attainable, to its left.
        side = {"ha": "right", "xytext": (-3, -3)} if k == 2 else {"ha": "left", "xytext": (3, -3)}
        ax.annotate(f"{name}\n{x:.4g}", (x, 1), xycoords=("data", "axes fraction"), textcoords="offset points",
                    va="top", fontsize=8, color=GRAY, **side)  # fmt: skip
    low, high = min(x for _, x in marks), max(value, *(x for _, x in marks))
    ax.set_xlim(low - 0.2 * (high - low), high + 0.12 * (high - low))
    ax.barh([1], [aligned - best], left=best, color=PALETTE[1], height=0.5)
    ax.barh([0], [value - aligned], left=aligned, color=PALETTE[0], height=0.5)
    ax.axvline(value, color="black", linewidth=1.5)
    ax.annotate(f"loss {value:.4g}", (value, 0), xycoords=("data", "axes fraction"), xytext=(3, 3),
                textcoords="offset points", fontsize=9)  # fmt: skip
    ax.set_yticks([1, 0], ["energy: L(U,U) − attainable", "alignment: L(U,V) − L(U,U)"])
    ax.set_ylim(-0.6, 2.2)
    ax.set_xlabel(f"{d.loss}, mean over random batches of {d.losses.batch}")
    ax.spines[["top", "right", "left"]].set_visible(False)


def _spectrum(d: Findings, ax: Axes) -> None:
    from hyperenergy.show.plot.style import GRAY, PALETTE, curves

    for values, color, name in (
        (d.reference.singular, GRAY, "baseline"),
        (d.found.singular, PALETTE[0], d.name),
    ):
        some = values[values > 0]
        ax.plot(np.arange(1, len(some) + 1), some, color=color, label=name, linewidth=1.5)
    ax.axhline(
        1 / np.sqrt(min(d.points, d.dim)),
        color=PALETTE[2],
        linestyle="--",
        linewidth=1,
        label="all equal: a tight frame",
    )
    ax.set_yscale("log")
    ax.set_xlabel("k")
    ax.set_ylabel("singular value / √N")
    ax.legend(frameon=False, fontsize=8)
    curves(ax)


def _products(d: Findings, ax: Axes) -> None:
    from hyperenergy.show.plot.style import GRAY, PALETTE, curves

    width = EDGES[1] - EDGES[0]
    middle = (EDGES[1:] + EDGES[:-1]) / 2
    for shares, color, name, line in (
        (law_histogram(d.dim), PALETTE[2], "law of uniform points", "--"),
        (d.reference.histogram, GRAY, "baseline", "-"),
        (d.found.histogram, PALETTE[0], d.name, "-"),
    ):
        seen = np.where(shares > _LEAST, shares / width, np.nan)
        ax.step(middle, seen, where="mid", color=color, linestyle=line, linewidth=1.3, label=name)
    ax.set_yscale("log")
    ax.set_xlim(-1, 1)
    ax.set_xlabel("inner product of two points")
    ax.set_ylabel("density")
    ax.legend(frameon=False, fontsize=8)
    curves(ax)


_ONTO = (_ladder, _spectrum, _products)
