"""What did an encoder learn, beside what its loss asks for?  A small one, trained on handwritten digits.

python examples/what_an_encoder_learned.py diagnosis.png      # half a minute; .html writes the whole page
"""

from __future__ import annotations

import functools
import sys

import hyperenergy as he

TEMPERATURE, BATCH = 0.2, 128


@functools.cache
def diagnosis(epochs: int = 20) -> he.Diagnosis:
    """Two views of the test images at the head's output, beside those of the encoder before training."""
    settings = {"options": {"temperature": TEMPERATURE}, "batch": BATCH}
    trained = he.training.train("dhel", "digits", epochs=epochs, **settings)
    untrained = he.training.train("dhel", "digits", epochs=0, **settings)
    return he.diagnose(
        trained.anchors,
        trained.positives,
        he.DHEL(TEMPERATURE),
        trained.labels,
        batch=BATCH,
        baseline=(untrained.anchors, untrained.positives),
        name="conv4 on digits",
    )


def run(epochs: int = 20) -> float:
    """The share of the way from the untrained encoder to what is attainable that is missing."""
    gap = diagnosis(epochs).gap
    assert gap is not None
    return gap


def save(path: str) -> None:
    """The loss between its marks, singular values and inner products; or the page."""
    if path.endswith(".html"):
        diagnosis().page(path)
        return
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(3, 1, figsize=(8, 9), height_ratios=(2.6, 3.2, 3.2), layout="constrained")
    diagnosis().draw(axes)
    figure.savefig(path, dpi=100, pil_kwargs={"optimize": True})


if __name__ == "__main__":
    print(f"Of the way from the untrained encoder to what is attainable, {run():.2f} is missing.")
    print(diagnosis().sentence)
    if len(sys.argv) > 1:
        save(sys.argv[1])
