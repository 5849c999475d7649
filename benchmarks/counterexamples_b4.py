"""Search for what is lower than a universal optimum, aligned, for losses with a logarithm (B4): a line per find.

    python -m benchmarks.counterexamples_b4 [--full] [--seconds S] [--points M M ...]

Not part of ``verify``: it has no end of its own.  It takes the cases in turn, small ones first, and stops after S seconds.
Besides random starts it begins at heaps, points piled up on corners of a small simplex or cross-polytope, which is what
beats polygons at small temperatures (F3).
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor

import hyperenergy as he
from hyperenergy.geometry.sphere import normalize, random_points
from hyperenergy.losses.families import PairLoss
from hyperenergy.objectives.base import BatchLoss
from hyperenergy.theorems.compare import value_tolerance
from hyperenergy.theorems.known import universal_optimum
from hyperenergy.theorems.subjects import dhel, one_sided, symmetrized
from hyperenergy.theorems.values import aligned_value

# (dim, points) of the universal optima up to 120 points, beyond simplexes; polygons as far as they differ in kind.
SIZES = [
    *((2, M) for M in range(4, 13)),
    *((d, 2 * d) for d in range(3, 9)),
    (3, 12),
    (5, 16),
    (6, 27),
    (7, 56),
    (22, 100),
    (21, 112),
    (4, 120),
]
TEMPERATURES = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.7)


def heaps(points: int, dim: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Starts of anchors and positives: piles of random sizes on the corners of cross-polytopes and simplexes."""
    for corners in range(3, min(2 * dim, points) + 1):
        places = random_points(corners, dim, generator=generator)
        if corners == 2 * dim:
            places = torch.cat([torch.eye(dim, dtype=torch.float64), -torch.eye(dim, dtype=torch.float64)])
        extra = torch.randint(corners, (points - corners,), generator=generator)
        lone = torch.cat([torch.arange(corners), extra if corners % 2 else torch.zeros_like(extra)])
        X = places[lone]
        yield normalize(torch.cat([X, X]) + 0.02 * random_points(2 * points, dim, generator=generator))


def lower(loss: PairLoss, points: int, dim: int, restarts: int, seed: int) -> tuple[float, float] | None:
    """How far the best configuration found is below the universal optimum, and its misalignment; None where none is."""
    objective = BatchLoss(loss)
    known = universal_optimum(points, dim)
    assert known is not None
    value = aligned_value(objective, known.distribution)
    assert value is not None
    generator = torch.Generator().manual_seed(seed)
    start = torch.stack(list(heaps(points, dim, generator)))
    search = partial(he.minimize, objective, points, dim, throw=False, seed=seed)
    best = min(search(restarts=restarts), search(start=start), key=lambda minimum: minimum.value)
    below = value.number - best.value
    return (below, best.misalignment) if below > value_tolerance(objective, value.number) else None


def cases(full: bool, sizes: set[int] | None) -> Iterator[tuple[int, int, PairLoss]]:
    for (dim, points), tau in itertools.product(SIZES, TEMPERATURES):
        if sizes is None or points in sizes:
            several = [*one_sided(tau), dhel(tau)[0], *(symmetrized(tau) if full else ())]
            yield from ((dim, points, loss) for loss in several)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="symmetrized losses, too, and more starts")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--points", type=int, nargs="*")
    given = parser.parse_args()
    torch.set_num_threads(1)
    begun, tried, finds = time.perf_counter(), 0, 0
    for dim, points, loss in cases(given.full, set(given.points) if given.points else None):
        if time.perf_counter() - begun > given.seconds:
            print("out of time")
            break
        found = lower(loss, points, dim, 32 if given.full else 8, seed=1)
        tried += 1
        if found is not None:
            finds += 1
            print(f"M={points} d={dim} {loss.label}: {found[0]:.3e} lower, misalignment {found[1]:.1e}", flush=True)
    print(f"{tried} cases, {finds} with something lower, {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
