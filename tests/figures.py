"""What is drawn on Axes, for the tests of the figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from torch import Tensor

import hyperenergy as he
from hyperenergy.verify.grid import Result

EXAMPLES = Path(__file__).parent.parent / "examples"
UNIT_SQUARE = torch.tensor([[1.0, 0], [0, 1], [-1, 0], [0, -1]], dtype=torch.float64)


def rotation(dim: int, generator: torch.Generator) -> Tensor:
    return torch.linalg.qr(torch.randn(dim, dim, generator=generator, dtype=torch.float64))[0]


def drawn(ax: Axes, gid: str) -> np.ndarray:
    """Places of the markers of a kind, what is behind first."""
    parts = [one for one in ax.collections if isinstance(one, PathCollection) and one.get_gid() == gid]
    return np.concatenate([np.asarray(one.get_offsets()) for one in parts])


def segments(ax: Axes, gid: str) -> np.ndarray:
    parts = [one for one in ax.collections if isinstance(one, LineCollection) and one.get_gid() == gid]
    return np.concatenate([np.asarray(one.get_segments()) for one in parts]) if parts else np.empty((0, 2, 2))


def labels(ax: Axes) -> list[str]:
    legend = ax.get_legend()
    assert legend is not None
    return [text.get_text() for text in legend.get_texts()]


def line(ax: Axes, label: str) -> tuple[np.ndarray, np.ndarray]:
    (found,) = [one for one in ax.get_lines() if one.get_label() == label]
    return np.asarray(found.get_xdata(), dtype=float), np.asarray(found.get_ydata(), dtype=float)


def image(ax: Axes) -> np.ma.MaskedArray[Any, Any]:
    (found,) = [one for one in ax.get_images() if isinstance(one, AxesImage)]
    return np.ma.asarray(found.get_array())


def bars(ax: Axes) -> list[Rectangle]:
    return [one for one in ax.patches if isinstance(one, Rectangle)]


def same_set(x: np.ndarray, y: np.ndarray) -> bool:
    return len(x) == len(y) and bool((abs(x[:, None] - y[None]).max(-1).min(1) < 1e-12).all())


def result(M: int, d: int, gap: float | None, misalignment: float | None = None) -> Result:
    return Result("B1", "x", M, d, {}, he.Outcome.CONSISTENT, "", 0.0, value_gap=gap, misalignment=misalignment)
