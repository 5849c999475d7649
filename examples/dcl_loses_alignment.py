"""Beyond d+1 pairs, DCL no longer aligns its pairs, and DHEL does (B5): five pairs in R^3.

python examples/dcl_loses_alignment.py alignment.png
"""

from __future__ import annotations

import sys

import hyperenergy as he

PAIRS, DIM, TEMPERATURE = 5, 3, 0.1


def minimum(loss: he.PairLoss) -> he.Minimum:
    """From random starts, with anchors and positives free."""
    return he.minimize(loss, PAIRS, DIM, restarts=8)


def run() -> float:
    """The largest distance between an anchor and its positive at the minimum of DCL."""
    assert minimum(he.DHEL(TEMPERATURE)).misalignment < 1e-12
    return minimum(he.DCL(TEMPERATURE)).misalignment


def save(path: str) -> None:
    """Both minimizers, side by side."""
    from matplotlib import pyplot

    from hyperenergy.show import plot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 5), layout="constrained")
    for loss, ax in zip((he.DCL(TEMPERATURE), he.DHEL(TEMPERATURE)), axes, strict=True):
        plot.configuration(minimum(loss), ax=ax)
    figure.savefig(path, dpi=100, pil_kwargs={"optimize": True})


if __name__ == "__main__":
    print(f"At the minimum of DCL of {PAIRS} pairs in R^{DIM}, a pair lies up to {run():.4f} apart; DHEL aligns all.")
    if len(sys.argv) > 1:
        save(sys.argv[1])
