"""What the script draws, packed: the frames to look along, and configurations at moments of their search."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hyperenergy.show.layout import neighbor_pairs
from hyperenergy.show.view import geometry
from hyperenergy.show.view.load import Floats

MOST_EDGES = 8000
# Coordinates of a frame beyond these are left out of the rotation.
MOST_AXES = 24
# Pairs of coincident points that are named.
_MOST_NAMED = 5


def packed(x: Floats) -> str:
    """Numbers in [-1, 1] as 16-bit integers, little-endian, in base64."""
    return _base64((np.clip(x, -1, 1) * 32767).round(), "<i2")


def packed_indices(x: ArrayLike) -> str:
    """Integers in 0..65535 as unsigned 16-bit integers, little-endian, in base64."""
    return _base64(x, "<u2")


def _base64(x: ArrayLike, kind: str) -> str:
    return base64.b64encode(np.asarray(x).astype(kind).tobytes()).decode("ascii")


@dataclass(frozen=True, eq=False)
class Scene:
    """How configurations of one shape are drawn.

    frames: bases of R^dim, each cut to the axes that are drawn.  shared: (r, dim) orthonormal rows that span all of these
    axes, in whose coordinates points are sent; the identity unless there are fewer of them than dimensions.
    """

    dim: int
    paired: bool
    frames: tuple[geometry.Frame, ...]
    shared: Floats

    @staticmethod
    def of(x: Floats, paired: bool) -> Scene:
        """To look at x (points, dim), and at others of this shape."""
        dim = x.shape[1]
        frames = tuple(frame.cut(MOST_AXES) for frame in geometry.frames(x))
        axes = np.concatenate([frame.axes for frame in frames])
        shared = np.eye(dim) if len(axes) >= dim else np.linalg.qr(axes.T)[0].T
        return Scene(dim, paired, frames, shared)

    def data(self) -> dict[str, Any]:
        """For the script."""
        if self.dim == 3:
            views = [
                {"name": "Voronoi cells by number of neighbors", "kind": "cells", "frame": 0},
                {"name": "Convex hull", "kind": "hull", "frame": 0},
                {"name": "Points and nearest neighbors", "kind": "points", "frame": 0},
            ]
        else:
            views = [{"name": frame.name, "kind": "points", "frame": k} for k, frame in enumerate(self.frames)]
        return {
            "dim": self.dim,
            "paired": self.paired,
            "views": views,
            "frames": [
                {
                    "note": frame.note,
                    "stereographic": frame.stereographic,
                    "plane": frame.plane,
                    "count": len(frame.axes),
                    "axes": packed(frame.axes @ self.shared.T),
                }
                for frame in self.frames
            ],
        }

    def notes(self, x: Floats) -> list[str]:
        """What is left out of the picture of x."""
        notes = []
        edges = len(neighbor_pairs(x))
        if edges > MOST_EDGES:
            notes.append(f"The first {MOST_EDGES} of {edges} edges are drawn.")
        if self.dim > MOST_AXES:
            notes.append(f"The rotation goes through the first {MOST_AXES} of {self.dim} axes of each frame.")
        same = geometry.coincident(x)
        if same:
            some = ", ".join(f"{i + 1} = {j + 1}" for i, j in same[:_MOST_NAMED])
            more = f" and {len(same) - _MOST_NAMED} more" if len(same) > _MOST_NAMED else ""
            notes.append(f"Points coincide: {some}{more}.")
        if self.dim == 3 and geometry.surface(x) is None:
            why = "points coincide" if same else "all points lie in one plane"
            notes.append(f"No hull and no cells: {why}.")
        return notes

    def moment(self, anchors: Floats, positives: Floats | None, **more: Any) -> dict[str, Any]:
        """A configuration (points, dim), for the script, with ``more`` about it."""
        found = geometry.surface(anchors) if self.dim == 3 else None
        return {
            "anchors": packed(anchors @ self.shared.T),
            "positives": None if positives is None else packed(positives @ self.shared.T),
            "edges": packed_indices(neighbor_pairs(anchors)[:MOST_EDGES]),
            "surface": found and {"hull": packed_indices(found.hull), "neighbors": found.neighbors.tolist()},
            "iteration": 0,
            "value": None,
            "stage": "",
            **more,
        }
