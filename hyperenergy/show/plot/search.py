"""Pictures of searches: how values came down, and how far the results of a verification are from what was predicted."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike
from torch import Tensor

from hyperenergy.errors import ArgumentError, unknown_name
from hyperenergy.laws.law import Floats
from hyperenergy.show.plot import style
from hyperenergy.theorems.compare import VALUE_TOLERANCE, value_tolerance
from hyperenergy.theorems.prediction import Prediction
from hyperenergy.verify.grid import Result

Quantity = Literal["gap", "misalignment"]
_QUANTITIES = {
    "gap": ("value_gap", "largest |value \N{MINUS SIGN} prediction|\n(units of the objective)"),
    "misalignment": ("misalignment", "largest misalignment\n(distance on the unit sphere)"),
}
# Zero and what is below the round-off of a double are drawn as this.
_LEAST = 1e-16
# Labels along an axis.
_MOST_LABELS = 20


def trace(
    values: Iterable[ArrayLike | Tensor], prediction: Prediction | float | None = None, ax: Axes | None = None
) -> Axes:
    """Value minus predicted value along an optimization, on a log axis: the best so far, and the spread of the batch.

    values: one array (starts,) before the first iteration and one after each, as a callback collects them:
    ``minimize(..., path="direct", callback=lambda progress: values.append(progress.value))``.
    Batches may shrink, and entries that are not finite are left out.
    prediction: a Prediction or its value; without one, the least of all values.
    Differences of zero have no place on the axis; values that are below the prediction, beyond round-off, are drawn in
    another color at their distance.  Returns the Axes, a new one if none is given.
    Raises ArgumentError for an empty list or batch, arrays of other shapes, and what is no prediction.
    """
    batches = [_batch(x, k) for k, x in enumerate(style.listed("values", values, "[value_1, value_2]"))]
    low, high = (np.array([f(x) if len(x) else np.nan for x in batches]) for f in (np.min, np.max))
    if np.isnan(low).all():
        raise ArgumentError("values", "no finite number", "must have some: start from distinct points")
    reference = float(np.nanmin(low)) if prediction is None else _value(prediction)
    best = np.fmin.accumulate(low) - reference
    ax = style.canvas(ax, (5.6, 3.8))
    style.curves(ax)
    k = np.arange(len(batches))
    look = style.look(0)
    bottom, top = (np.where(x - reference > 0, x - reference, np.nan) for x in (low, high))
    # A batch whose best has arrived still has a spread: down to the least that the axis shows.
    shown = np.concatenate([bottom, top, best[best > 0]])
    least = float(np.nanmin(shown)) if np.isfinite(shown).any() else _LEAST
    ax.fill_between(k, np.where(np.isnan(bottom), least, bottom), top, color=look["color"], alpha=0.2, linewidth=0)
    ax.fill([], [], color=look["color"], alpha=0.2, label="starts still running")
    ax.plot(k, np.where(best > 0, best, np.nan), **{**look, "markersize": 3.0}, label="best so far")
    below = best < -_tolerance(prediction, reference)
    if prediction is not None and below.any():
        off: dict[str, Any] = {"color": style.PALETTE[1], "marker": "v", "markersize": 4.0, "linestyle": "none"}
        ax.plot(k, np.where(below, -best, np.nan), label="best so far, below the prediction", **off)
    ax.set_yscale("log")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("iteration")
    named = "predicted value" if prediction is not None else "least value"
    ax.set_ylabel(f"value \N{MINUS SIGN} {named}  (units of the objective)")
    source = f" ({prediction.theorem})" if isinstance(prediction, Prediction) else ""
    ax.set_title(f"{named.capitalize()}{source} {style.number(reference, 9)}", fontsize="medium")
    ax.legend(frameon=False, fontsize="small")
    return ax


def _batch(x: object, index: int) -> Floats:
    """The finite values of one iteration."""
    x = x.detach().cpu().numpy() if isinstance(x, Tensor) else x
    try:
        values = np.atleast_1d(np.asarray(x, dtype=np.float64))
    except (TypeError, ValueError):
        values = np.empty(0)
    if values.ndim != 1 or not len(values):
        given = f"shape {np.shape(x)}" if hasattr(x, "shape") else repr(x)
        raise ArgumentError("values", f"{given} at iteration {index}", "must be arrays (starts,) of the batch's values")
    return values[np.isfinite(values)]


def _tolerance(prediction: object, reference: float) -> float:
    """How far below the reference is still at it, as ``compare`` says it where the objective is known."""
    if isinstance(prediction, Prediction):
        return value_tolerance(prediction.objective, reference)
    return VALUE_TOLERANCE * max(1.0, abs(reference))


def _value(prediction: object) -> float:
    value = prediction.value if isinstance(prediction, Prediction) else prediction
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ArgumentError("prediction", repr(prediction), "must be a Prediction, a finite number, or None")
    return float(value)


def atlas(results: Iterable[Result], quantity: Quantity = "gap", ax: Axes | None = None) -> Axes:
    """Heat map over points M and dimension d of the worst of a quantity among results of a verification.

    quantity: "gap", the largest |value - prediction|; or "misalignment".  Results without it are left out; cells
    without any are hatched.  The color scale is logarithmic, from 1e-16 up, as which zero is shown; what is not finite
    is beyond its upper end.  Returns the Axes, a new one if none is given.
    Raises ArgumentError for an empty list, what is not a Result, no result with the quantity, and an unknown one.
    """
    if quantity not in _QUANTITIES:
        raise unknown_name("quantity", str(quantity), _QUANTITIES)
    attribute, label = _QUANTITIES[quantity]
    worst: dict[tuple[int, int], float] = {}
    for result in style.listed("results", results, "[Result.from_json(line) for line in file]"):
        if not isinstance(result, Result):
            raise ArgumentError("results", repr(result), "must be Results: Result.from_json(line)")
        found = getattr(result, attribute)
        if found is not None:
            size = math.inf if math.isnan(found) else abs(found)
            key = (result.points, result.dim)
            worst[key] = max(worst.get(key, _LEAST), size)
    if not worst:
        raise ArgumentError("results", f"none with a {attribute}", "must have some: results of B1, for example")
    points, dims = sorted({M for M, _ in worst}), sorted({d for _, d in worst})
    cells = np.array([[worst.get((M, d), np.nan) for d in dims] for M in points])
    finite = cells[np.isfinite(cells)]
    low = float(finite.min()) if len(finite) else _LEAST
    high = max(float(finite.max()) if len(finite) else low, 10 * low)
    beyond = bool(np.isinf(cells).any())
    ax = style.canvas(ax, (2.6 + min(4.5, max(2, 0.4 * len(dims))), 1.2 + min(5, max(2.2, 0.3 * len(points)))))
    # Hatches show through the empty cells.
    ax.patch.set(facecolor="white", edgecolor=style.LIGHT, hatch="////")
    look: dict[str, Any] = {"cmap": "cividis", "interpolation": "nearest", "origin": "lower", "aspect": "auto"}
    picture = ax.imshow(np.ma.masked_where(np.isnan(cells), cells), norm=LogNorm(low, high), **look)
    assert ax.figure is not None
    ax.figure.colorbar(picture, ax=ax, label=label, extend="max" if beyond else "neither")
    _ticks(ax, "x", dims)
    _ticks(ax, "y", points)
    ax.set_xlabel("dimension d" + ("\n(hatched: no result)" if np.isnan(cells).any() else ""))
    ax.set_ylabel("points or pairs M")
    ax.set_title("Worst of the results at each (M, d)", fontsize="medium")
    return ax


def _ticks(ax: Axes, axis: Literal["x", "y"], values: list[int]) -> None:
    """One at each cell, or at every n-th of many."""
    at = range(0, len(values), math.ceil(len(values) / _MOST_LABELS))
    ax.set(**{f"{axis}ticks": list(at), f"{axis}ticklabels": [str(values[k]) for k in at]})
