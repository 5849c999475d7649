"""One look for all figures, set on each Axes: nothing global changes, and font sizes stay the reader's own."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from hyperenergy.errors import ArgumentError

# Okabe and Ito, Color Universal Design (2008), less the yellow, which is too light for lines on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
# Eight of them: color and marker together repeat after 56 curves only, and either tells neighbors apart.
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
GRAY = "#666666"
LIGHT = "#DDDDDD"
LINE: dict[str, Any] = {"linewidth": 1.3, "markersize": 4.0, "markeredgewidth": 0.0}


def canvas(ax: object, size: tuple[float, float]) -> Axes:
    """The Axes that is given, or that of a new figure of a size in inches; ArgumentError for anything else."""
    if ax is None:
        from matplotlib import pyplot

        return pyplot.subplots(figsize=size, layout="constrained")[1]
    if not isinstance(ax, Axes) or ax.name != "rectilinear":
        raise ArgumentError(
            "ax", repr(ax), "must be a plain matplotlib Axes (plt.subplots()[1]), or None for a new one"
        )
    return ax


def curves(ax: Axes) -> None:
    """Axes for curves: no frame at the top and right, a light grid behind."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(True, which="major", color=LIGHT, linewidth=0.6)
    ax.set_axisbelow(True)


def look(index: int) -> dict[str, Any]:
    """Color, marker and line of the curve of an index."""
    return {**LINE, "color": PALETTE[index % len(PALETTE)], "marker": MARKERS[index % len(MARKERS)]}


def listed(name: str, given: object, example: str) -> list[Any]:
    """The items of an iterable that is not empty; ArgumentError otherwise."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ArgumentError(name, repr(given), f"must be a list such as {example}")
    items = list(given)
    if not items:
        raise ArgumentError(name, "nothing", f"must be a list such as {example}")
    return items


def number(value: float, digits: int) -> str:
    """A value to significant digits, with a true minus sign."""
    return f"{value:.{digits}g}".replace("-", "\N{MINUS SIGN}")


# From where a sphere is seen: to the right, up, and toward the eye (20 degrees above the equator, at a longitude of 30).
_RISE, _TURN = math.radians(20), math.radians(30)
VIEW = np.array(
    [
        [-math.sin(_TURN), math.cos(_TURN), 0.0],
        [-math.sin(_RISE) * math.cos(_TURN), -math.sin(_RISE) * math.sin(_TURN), math.cos(_RISE)],
        [math.cos(_RISE) * math.cos(_TURN), math.cos(_RISE) * math.sin(_TURN), math.sin(_RISE)],
    ]
)
