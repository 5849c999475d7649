"""Does repulsion alone build a regular polytope?  120 points in R^4, and the 600-cell that they end at, turning (B2c).

python examples/turning_600_cell.py turning.gif      (or .png for some moments of it, .html for a page to turn it by hand)
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import hyperenergy as he

ENERGY, POINTS, DIM = he.Energy(he.Riesz(2)), 120, 4


def minimum(recorder: he.Recorder | None = None) -> he.Minimum:
    """Harmonic energy, sum over i < j of 1/|x_i - x_j|^2, from random starts."""
    return he.minimize(ENERGY, POINTS, DIM, restarts=8, callback=recorder)


def run() -> float:
    """The energy found; the 600-cell has 5395, by 60 (1/4 + 20/3 + 20 + 15 + 12 (4/(3-g) + 4/(2+g))), g the golden ratio."""
    best, prediction = minimum(), he.predict(ENERGY, POINTS, DIM)
    assert prediction is not None and he.compare(best, prediction).outcome is he.Outcome.CONSISTENT
    return best.value


def seen(axes: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    """The plane of the first two axes, turned towards that of the other two."""
    return np.cos(angle) * axes[:2] + np.sin(angle) * axes[2:]


def save(path: str) -> None:
    """The edges, seen along the Coxeter plane and on the way from there to the plane at right angles."""
    from matplotlib import pyplot
    from matplotlib.animation import FuncAnimation
    from matplotlib.collections import LineCollection

    from hyperenergy.show import view
    from hyperenergy.show.layout import neighbor_pairs
    from hyperenergy.show.view.geometry import frames

    if Path(path).suffix == ".html":
        recorder = he.Recorder()
        best = minimum(recorder)
        view.write(view.page(view.Configuration.of(best, recorder.trajectory(best))), path)
        return
    x = minimum().points.numpy()
    edges = neighbor_pairs(x)
    axes = next(frame for frame in frames(x) if frame.plane).axes
    moving = Path(path).suffix == ".gif"
    count = 1 if moving else 4
    figure, panels = pyplot.subplots(1, count, figsize=(4 * count, 4), squeeze=False, layout="constrained")
    lines = [LineCollection([], colors="#0072b2", linewidths=0.5, alpha=0.5) for _ in range(count)]
    for k, (ax, collection) in enumerate(zip(panels[0], lines, strict=True)):
        ax.add_collection(collection)
        ax.set(xlim=(-1.02, 1.02), ylim=(-1.02, 1.02), aspect="equal")
        ax.set_axis_off()
        collection.set_segments(list((x @ seen(axes, k * np.pi / 6).T)[edges]))
        if not moving:
            ax.set_title(f"{30 * k} degrees from the Coxeter plane")
    if moving:
        angles = np.linspace(0, np.pi, 90, endpoint=False)

        def turn(angle: float) -> list[LineCollection]:
            lines[0].set_segments(list((x @ seen(axes, angle).T)[edges]))
            return lines

        FuncAnimation(figure, turn, angles.tolist()).save(path, writer="pillow", fps=20, dpi=80)
    else:
        figure.savefig(path, dpi=100, pil_kwargs={"optimize": True})


if __name__ == "__main__":
    print(f"{POINTS} points in R^{DIM} ended at harmonic energy {run():.9f}; the 600-cell has 5395.")
    if len(sys.argv) > 1:
        save(sys.argv[1])
