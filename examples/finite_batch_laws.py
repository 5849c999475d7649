"""Which law of aligned pairs is best at a finite batch size: not the uniform one.

python examples/finite_batch_laws.py best_law.png
"""

from __future__ import annotations

import sys

import hyperenergy as he
from hyperenergy.search.best_law import Law, best_law


def decoupled() -> Law:
    """DHEL, three pairs per batch on the circle: the best law sits on an equilateral triangle."""
    return best_law(he.DHEL(0.2), batch=3, dim=2, particles=3, restarts=4)


def coupled() -> Law:
    """InfoNCE, at a higher temperature: on a regular pentagon, and hardly better than the uniform law."""
    return best_law(he.InfoNCE(0.5), batch=3, dim=2, particles=5, restarts=4)


def run() -> float:
    """The least expected loss found for DHEL, in nats."""
    law = decoupled()
    assert law.stationary  # no small change of the law helps
    return law.value


def save(path: str) -> None:
    """Both laws side by side."""
    from matplotlib import pyplot

    from hyperenergy.show import plot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 4.5), layout="constrained")
    for law, ax in zip((decoupled(), coupled()), axes, strict=True):
        plot.law(law, ax=ax)
    figure.savefig(path, dpi=100, pil_kwargs={"optimize": True})


if __name__ == "__main__":
    print(
        f"The least expected DHEL of a batch of 3 pairs on the circle is {run():.10g} nats, on an equilateral triangle."
    )
    if len(sys.argv) > 1:
        save(sys.argv[1])
