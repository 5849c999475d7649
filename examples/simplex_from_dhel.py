"""The simplex from a contrastive loss: DHEL with four pairs in R^3, minimized from random starts (B1).

python examples/simplex_from_dhel.py simplex.png
"""

from __future__ import annotations

import sys

from torch import Tensor

import hyperenergy as he

LOSS, PAIRS, DIM = he.DHEL(0.5), 4, 3


def minimum(values: list[Tensor] | None = None) -> he.Minimum:
    """From random starts; ``values``, if given, collects the values of the batch as it goes on."""
    callback = None if values is None else lambda progress: values.append(progress.value)
    return he.minimize(LOSS, PAIRS, DIM, restarts=8, callback=callback)


def run() -> float:
    """Value found minus the theorem's, in nats."""
    prediction = he.predict(LOSS, PAIRS, DIM)
    assert prediction is not None and prediction.theorem == "B1"
    best = minimum()
    assert he.compare(best, prediction).outcome is he.Outcome.CONSISTENT  # the aligned simplex itself
    return best.value - prediction.value


def save(path: str) -> None:
    """The configuration, and how the values came down to the theorem's."""
    from matplotlib import pyplot

    from hyperenergy.show import plot

    values: list[Tensor] = []
    best = minimum(values)
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 4.5), layout="constrained")
    plot.configuration(best, ax=left)
    plot.trace(values, he.predict(LOSS, PAIRS, DIM), ax=right)
    figure.savefig(path, dpi=100, pil_kwargs={"optimize": True})


if __name__ == "__main__":
    print(
        f"DHEL of {PAIRS} pairs in R^{DIM} ends at the aligned simplex, {run():.1e} nats from the minimum that B1 proves."
    )
    if len(sys.argv) > 1:
        save(sys.argv[1])
