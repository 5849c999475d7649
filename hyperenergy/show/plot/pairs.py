"""Pictures of the pairs of a configuration: its Gram matrix, and the histogram of its inner products."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from torch import Tensor

from hyperenergy.codes import Code
from hyperenergy.errors import ArgumentError
from hyperenergy.laws import InnerProductLaw
from hyperenergy.laws.law import Floats
from hyperenergy.search.minimum import Minimum
from hyperenergy.show.layout import cluster_order
from hyperenergy.show.plot import inputs, style
from hyperenergy.theorems.prediction import Prediction

# ColorBrewer's red and blue, diverging and safe for color-blind readers.
_DIVERGING = "RdBu_r"
# Primes, so that no inner product p/q with a small q lies on the edge of a bin, where round-off would split it.
_BINS = (11, 17, 31, 61)
# Inner products this close are one.
_SAME = 1e-9


def gram(X: Minimum | Prediction | Code | Tensor, ax: Axes | None = None) -> Axes:
    """The matrix of inner products as a picture, with rows and columns in the order of a hierarchical clustering.

    X: a Minimum or a Prediction (of pairs, their anchors are shown), a Code, or unit rows (points, dim).  Clustering is
    by average distance (scipy).  Of more than 2000 points, 2000 are drawn at random, always the same ones, and the title
    says so.  Returns the Axes, a new one if none is given.
    Raises ArgumentError for other shapes and rows that are not unit.
    """
    x, count = inputs.drawn(inputs.points(X))
    x = x[cluster_order(x)]
    ax = style.canvas(ax, (4.8, 4.4))
    picture = ax.imshow(x @ x.T, cmap=_DIVERGING, vmin=-1, vmax=1, interpolation="nearest")
    assert ax.figure is not None
    ax.figure.colorbar(picture, ax=ax, label="inner product $x_i \\cdot x_j$  (no unit)", fraction=0.046, pad=0.04)
    ax.set_xlabel("point j, in the order of the clustering")
    ax.set_ylabel("point i, in the same order")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_title(inputs.title(inputs.name(X), count), fontsize="medium")
    return ax


def inner_products(
    X: Minimum | Prediction | Code | Tensor, prediction: Prediction | Code | None = None, ax: Axes | None = None
) -> Axes:
    """Histogram of the inner products of distinct points, with the density of the uniform law over it.

    X: a Minimum or a Prediction (of pairs, their anchors are shown), a Code, or unit rows (points, dim), dim >= 2.
    prediction: its distinct inner products are drawn as vertical lines.  Histogram and density (that of
    ``InnerProductLaw(dim)``) have area 1.  Of more than 2000 points, 2000 are drawn at random, always the same ones, and
    the title says so.  Returns the Axes, a new one if none is given.
    Raises ArgumentError for other shapes, rows that are not unit, dim = 1, and a prediction of another shape.
    """
    full = inputs.points(X)
    dim = full.shape[1]
    if dim < 2:
        raise ArgumentError(
            "X", f"shape {full.shape}", "must have dim >= 2: on S^0 there is no density to compare with"
        )
    predicted = _predicted(prediction, full.shape)
    x, count = inputs.drawn(full)
    values = _off_diagonal(x)
    bins = max((n for n in _BINS if n * n <= 4 * len(values)), default=_BINS[0])
    ax = style.canvas(ax, (5.6, 3.8))
    style.curves(ax)
    edges = np.linspace(-1, 1, bins + 1)
    ax.hist(values, bins=edges.tolist(), density=True, color=style.PALETTE[4], label="inner products")
    # Open, as the density is infinite at the ends on the circle.
    t = -np.cos(np.linspace(0, np.pi, 403)[1:-1])
    law = InnerProductLaw(dim).pdf(t)
    top = ax.get_ylim()[1]
    ax.plot(t, law, color=style.GRAY, linewidth=1.6, label="uniform law", zorder=3)
    for index, value in enumerate(predicted):
        label = "predicted" if index == 0 else None
        ax.axvline(value, color=style.PALETTE[1], linestyle="--", linewidth=1.2, label=label, zorder=4)
    # On the circle the density has poles: they end where the histogram does, or at twice the density of the middle.
    ax.set_ylim(0, max(top, 1.05 * float(law.max())) if dim > 2 else max(top, 2 * float(law.min())))
    ax.set_xlim(-1.03, 1.03)
    ax.set_xticks([-1, -0.5, 0, 0.5, 1])
    ax.set_xlabel("inner product $x_i \\cdot x_j$, $i \\neq j$  (no unit)")
    ax.set_ylabel("density  (per unit of inner product)")
    ax.set_title(inputs.title(inputs.name(X), count), fontsize="medium")
    # Beside the Axes, as no place among the bars is free for sure.
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize="small")
    return ax


def _off_diagonal(x: Floats) -> Floats:
    """Of pairs i < j, within [-1, 1]."""
    return np.asarray(np.clip((x @ x.T)[np.triu_indices(len(x), 1)], -1, 1))


def _predicted(prediction: object, shape: tuple[int, ...]) -> Floats:
    """The distinct inner products of a prediction, ascending."""
    if prediction is None:
        return np.empty(0)
    if not isinstance(prediction, Prediction | Code):
        raise ArgumentError(
            "prediction", repr(prediction), "must be a Prediction or a Code: predict(loss, points, dim), or None"
        )
    points = prediction.coordinates if isinstance(prediction, Code) else prediction.anchors
    if tuple(points.shape) != shape:
        raise ArgumentError("prediction", f"one of shape {tuple(points.shape)}", f"must be of the shape of X, {shape}")
    if isinstance(prediction, Code):
        return np.array([float(value) for value in prediction.inner_products])
    values = np.sort(_off_diagonal(inputs.drawn(inputs.rows(prediction.anchors, "prediction"))[0]))
    return values[np.diff(values, prepend=-2) > _SAME]
