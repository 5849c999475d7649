"""Large configurations, and expansions in many dimensions."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

import numpy as np
import torch

import hyperenergy as he
from hyperenergy.geometry.sphere import random_points


def measure(say: Callable[[str], None]) -> None:
    """Large configurations: time and the largest memory of the process so far."""
    say("\nlarge configurations, energy and gradient")
    x = random_points(100_000, 3, generator=torch.Generator().manual_seed(0)).requires_grad_(True)
    before = _memory()
    value, seconds = _timed(lambda: he.energy(x, he.Riesz(1)))
    torch.autograd.grad(value, x)
    say(
        f"  N = 100000, d = 3, Riesz(1): {float(value.detach()):.6e}, {seconds:.1f} s, memory {before} -> {_memory()} MiB"
    )
    from hyperenergy.codes.leech import leech

    points = torch.from_numpy(leech().floats())
    value, seconds = _timed(lambda: he.energy(points, he.Gaussian(1)))
    counts = {-1: 1, -0.5: 4600, -0.25: 47104, 0: 93150, 0.25: 47104, 0.5: 4600}
    exact = 196560 / 2 * sum(m * np.exp(-(2 - 2 * t)) for t, m in counts.items())
    error = float(value) / exact - 1
    say(f"  Leech, N = 196560, d = 24, Gaussian(1), energy: {float(value):.10e}, error {error:.0e}, {seconds:.0f} s")


def spectrum(say: Callable[[str], None]) -> None:
    """Gegenbauer expansions to degree 200: the first in a process, which loads SciPy and computes nodes, and the next."""
    from hyperenergy.laws import spectrum as expand

    say("\nGegenbauer expansion to degree 200, ms: first and second call")
    kernels = (he.Gaussian(2), he.InverseMultiquadric(1), he.Riesz(0.5), he.Logarithmic(), he.Laplace(1))
    for dim in (2, 3, 128, 1024):
        shown = []
        for kernel in kernels:
            a, b = (1e3 * _timed(lambda k=kernel, d=dim: expand(k, d, 200))[1] for _ in range(2))
            shown.append(f"{kernel.label} {a:.1f} {b:.1f}")
        say(f"  d={dim:<5} " + "   ".join(shown))


def _timed(work: Callable[[], torch.Tensor]) -> tuple[torch.Tensor, float]:
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
