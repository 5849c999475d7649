"""How fast expected losses reach their limits, and which eigenvalues kernels have.

python examples/limits_and_spectra.py convergence.png spectra.png
"""

from __future__ import annotations

import sys

import hyperenergy as he
from hyperenergy.laws import expected_uniform, limit, normalizer, rate


def run() -> float:
    """M * (expected loss - normalizer - limit) / rate of InfoNCE at M = 1024: tends to 1 as M grows."""
    loss, batch, dim = he.InfoNCE(0.5), 1024, 3
    return batch * (expected_uniform(loss, batch, dim) - normalizer(loss, batch) - limit(loss, dim)) / rate(loss, dim)


def save(convergence: str, spectra: str | None = None) -> None:
    """The losses on the way to their limits, and eigenvalues of kernels beside it or in a file of their own."""
    from pathlib import Path

    from hyperenergy.show import plot

    if spectra is None:
        path = Path(convergence)
        spectra = str(path.with_name(f"{path.stem}-spectra{path.suffix}"))

    losses = [he.InfoNCE(0.5), he.SimCLR(0.5), he.DCL(0.5), he.DHEL(0.5, two_view=True)]
    plot.convergence(losses, dim=3).figure.savefig(convergence, dpi=120)
    kernels = [he.Riesz(1), he.Logarithmic(), he.Laplace(1), he.InverseMultiquadric(1), he.RegularizedLogarithmic(0.3)]
    plot.spectra([*kernels, he.Gaussian(2)], dim=3).figure.savefig(spectra, dpi=120)


if __name__ == "__main__":
    print(f"At M = 1024 the expected InfoNCE is {run():.4f} times as far from its limit as theory gives: nearly 1.")
    if len(sys.argv) > 1:
        save(*sys.argv[1:3])
