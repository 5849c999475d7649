"""Thomson's problem for 24 electrons: the snub cube.

python examples/snub_cube.py snub_cube.png
"""

from __future__ import annotations

import sys

import hyperenergy as he

POINTS, DIM = 24, 3


def minimum() -> he.Minimum:
    """Coulomb energy, sum over i < j of 1/|x_i - x_j|, from random starts."""
    return he.minimize(he.Energy(he.Riesz(1)), POINTS, DIM, restarts=8)


def run() -> float:
    """The least energy found; 223.347074052 in tables of Thomson's problem."""
    return minimum().value


def save(path: str) -> None:
    """The points with their edges, and their inner products beside the uniform law."""
    from matplotlib import pyplot

    from hyperenergy.show import plot

    best = minimum()
    figure, (left, right) = pyplot.subplots(
        1, 2, figsize=(10, 4.5), layout="constrained", gridspec_kw={"width_ratios": [1, 1.2]}
    )
    plot.configuration(best, ax=left)
    plot.inner_products(best, ax=right)
    figure.savefig(path, dpi=100, pil_kwargs={"optimize": True})


if __name__ == "__main__":
    print(
        f"The least Coulomb energy found of {POINTS} charges is {run():.9f}; tables have 223.347074052, the snub cube."
    )
    if len(sys.argv) > 1:
        save(sys.argv[1])
