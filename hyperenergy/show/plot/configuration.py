"""A picture of a configuration: on the circle, on the sphere, or projected on a plane."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from numpy.typing import NDArray
from torch import Tensor

from hyperenergy.codes import Code
from hyperenergy.errors import ArgumentError
from hyperenergy.laws.law import Floats
from hyperenergy.search.minimum import Minimum
from hyperenergy.show.layout import neighbor_pairs
from hyperenergy.show.plot import inputs, style
from hyperenergy.theorems.prediction import Prediction

# Neighbors are joined of at most so many points.
_MOST_JOINED = 400
# Points nearer than this are one point, and pairs that are no further apart are aligned.
_SAME = 1e-8
# Pairs are drawn further apart, by a factor of 1, 2, 5, 10, ..., as long as none is further apart than this.
_VISIBLE = 0.3
# Share of the color, the rest white, of what lies behind.
_BEHIND = 0.35
# Eigenvalues this close, relative to the largest, are equal.
_TIED = 1e-9
# Many markers would swell a vector file.
_RASTERIZED = 2000


def configuration(
    X: Minimum | Prediction | Code | Tensor, positives: Tensor | None = None, ax: Axes | None = None
) -> Axes:
    """Points on the circle, on the sphere, or projected on a plane; and their positives, joined to them by segments.

    X: a Minimum, a Prediction, a Code, or unit rows (points, dim).  positives: unit rows of the same shape, for bare
    points and codes; the other two bring their own.  Positives that are the points themselves are not drawn.
    At d = 3 the sphere is seen from afar (orthographic projection), with what is behind faded, and points are joined
    with their neighbors (``layout.neighbor_pairs``), if there are at most 400.  At d > 3 points are projected
    on the two leading principal directions, about the origin (where directions tie, on two fixed generic ones of those),
    and the title says how much of the sum of squares that keeps.
    Where pairs are so close that nothing would be seen, u is drawn joined to u + c (v - u) instead of v, with one c of
    1, 2, 5, 10, ... for all, which the legend states; the title has the largest |u - v|.
    Returns the Axes, a new one if none is given.
    Raises ArgumentError for other shapes, rows that are not unit, and positives that X has already.
    """
    anchors, partners = _pair(X, positives)
    size, dim = anchors.shape
    both = anchors if partners is None else np.concatenate([anchors, partners])
    frame, seen = _frame(both, dim)
    apart = 0.0 if partners is None else float(np.linalg.norm(partners - anchors, axis=1).max())
    scale = _magnification(apart)
    ax = style.canvas(ax, (4.2, 4.7))
    if dim > 1:
        angles = np.linspace(0, 2 * np.pi, 721)
        ax.plot(np.cos(angles), np.sin(angles), color=style.GRAY, linewidth=0.8, solid_capstyle="round", zorder=1)
    flat = anchors @ frame
    if dim == 3 and size <= _MOST_JOINED:
        pairs = neighbor_pairs(anchors)
        _segments(ax, flat[pairs], style.GRAY, 0.9, "edges", zorder=2)
    area = float(np.clip(1500 / size, 3, 40))
    behind = " (faded: behind)" if dim == 3 else ""
    if partners is None:
        _markers(ax, flat, style.PALETTE[0], area, "points", "points" + behind, zorder=4)
    else:
        shown = (anchors + scale * (partners - anchors)) @ frame
        _segments(ax, np.stack([flat, shown], 1), style.PALETTE[1], 1.3, "misalignment", zorder=3)
        _markers(ax, flat, style.PALETTE[0], area, "anchors", "anchors u" + behind, zorder=4)
        label = "positives v" if scale == 1 else f"positives, at u + {scale:g} (v \N{MINUS SIGN} u)"
        _markers(ax, shown, style.PALETTE[1], 2.2 * area, "positives", label, hollow=True, zorder=5)
    # The box is filled, so that a layout engine knows where title and legend are.
    ax.update_datalim([(-1, -1), (1, 1)])
    ax.margins(0.06)
    ax.set_aspect("equal", adjustable="datalim")
    ax.set_axis_off()
    noun = "points" if partners is None else "pairs"
    count = f"{size} {noun} in $\\mathbb{{R}}^{{{dim}}}$"
    if isinstance(X, Minimum):
        count += f", value {style.number(X.value, 9)}"
    far = "" if partners is None else f"largest |u \N{MINUS SIGN} v| = {style.number(apart, 2)}"
    ax.set_title(inputs.title(inputs.name(X), count, far, seen), fontsize="medium")
    columns = 1 if partners is None or scale != 1 or dim == 3 else 2
    ax.legend(
        loc="upper center", bbox_to_anchor=(0.5, 0.01), ncols=columns, frameon=False, fontsize="small", borderaxespad=0
    )
    return ax


def principal(x: Floats) -> tuple[Floats, float]:
    """The two leading principal directions (dim, 2) of rows, about the origin, and their share of the sum of squares.

    Within an eigenspace they are projections of two fixed generic vectors, so that neither a tie nor a sign is left to
    chance, and no two points of a symmetric configuration cover each other.
    """
    values, vectors = np.linalg.eigh(x.T @ x)
    values, vectors = values[::-1], vectors[:, ::-1]
    generic = np.random.default_rng(inputs.SEED).standard_normal((x.shape[1], 2))
    found: list[Floats] = []
    for k in range(2):
        space = vectors[:, abs(values - values[k]) <= _TIED * values[0]]
        direction = space @ (space.T @ generic[:, k])
        for other in found:
            direction -= other * (other @ direction)
        found.append(direction / np.linalg.norm(direction))
    return np.stack(found, 1), float(values[:2].sum() / values.sum())


def _pair(X: object, positives: object) -> tuple[Floats, Floats | None]:
    anchors = inputs.points(X)
    if isinstance(X, Minimum | Prediction):
        if positives is not None:
            raise ArgumentError("positives", "some beside those of X", "leave them out, or pass X.anchors as X")
        positives = X.positives
    if positives is None:
        return anchors, None
    partners = inputs.rows(positives, "positives")
    if partners.shape != anchors.shape:
        raise ArgumentError("positives", f"shape {partners.shape}", f"must be {anchors.shape}, one for each point of X")
    return anchors, None if np.array_equal(partners, anchors) else partners


def _frame(x: Floats, dim: int) -> tuple[Floats, str]:
    """The map (dim, 2 or 3) to the page, with a depth at d = 3, and the words for a projection."""
    if dim <= 2:
        return np.eye(dim, 2), ""
    if dim == 3:
        return style.VIEW.T, ""
    frame, share = principal(x)
    return frame, f"projected on the two leading principal directions\n({100 * share:.0f}% of the sum of squares)"


def _magnification(apart: float) -> float:
    """1, 2, 5, 10, ...: the most that leaves pairs within _VISIBLE of each other; 1 for aligned ones."""
    if apart <= _SAME:
        return 1.0
    decade = 10.0 ** np.floor(np.log10(_VISIBLE / apart))
    return max(1.0, float(max(step * decade for step in (1, 2, 5) if step * decade * apart <= _VISIBLE)))


def _layers(depth: Floats) -> list[tuple[NDArray[np.bool_], float, int]]:
    """What is behind, blended with white, and what is in front, above it: (which, share of color, height)."""
    front = depth >= -_SAME
    return [(which, share, z) for which, share, z in ((~front, _BEHIND, 0), (front, 1.0, 10)) if which.any()]


def _depth(flat: Floats) -> Floats:
    """Towards the eye; 0 on a plane."""
    return np.asarray(flat[..., 2] if flat.shape[-1] == 3 else np.zeros(flat.shape[:-1]))


def _blend(color: str, share: float) -> tuple[float, float, float]:
    """With white, so that nothing shines through."""
    red, green, blue = (1 - share * (1 - x) for x in to_rgb(color))
    return red, green, blue


def _segments(ax: Axes, ends: Floats, color: str, width: float, gid: str, zorder: int) -> None:
    """Segments (segments, 2 ends, 2 or 3), in front where their middles are."""
    for which, share, above in _layers(_depth(ends).mean(1)):
        lines = LineCollection(list(ends[which][..., :2]), colors=[_blend(color, share)], linewidths=width)
        lines.set(gid=gid, zorder=zorder + above)
        ax.add_collection(lines)


def _markers(
    ax: Axes, flat: Floats, color: str, area: float, gid: str, label: str, *, hollow: bool = False, zorder: int
) -> None:
    """Discs or rings at (points, 2 or 3), and an entry of the legend."""
    width = 1.2 if hollow else 0.0
    for which, share, above in _layers(_depth(flat)):
        tone = _blend(color, share)
        discs = ax.scatter(
            flat[which, 0],
            flat[which, 1],
            s=area,
            facecolors="none" if hollow else [tone],
            edgecolors=[tone],
            linewidths=width,
            rasterized=len(flat) > _RASTERIZED,
        )
        discs.set(gid=gid, zorder=zorder + above)
    look: dict[str, Any] = {"markerfacecolor": "none" if hollow else color, "markeredgecolor": color}
    ax.plot([], [], linestyle="none", marker="o", markersize=5, markeredgewidth=width, label=label, **look)
