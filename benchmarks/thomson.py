"""Thomson's problem in a warm process: expected time to the best known energy, beside other packages."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch

import hyperenergy as he
from benchmarks import clock
from benchmarks.energies import ALLOWED, THOMSON
from benchmarks.peers import PEERS
from hyperenergy.geometry.sphere import random_points

SIZES = (12, 32, 50, 64, 100, 150, 200)
# Number of points -> starts and hops of this solver, straight down; its default call is another row.
OURS = {12: (1024, 5), 32: (1024, 5), 50: (512, 5), 64: (512, 5), 100: (512, 5), 150: (128, 20), 200: (8192, 0)}
# Where hits are rare SciPy makes so many times more starts, for a rate at all; and the default call so many calls.
RARE = {150: 5, 200: 40}
CALLS = 4


def measure(say: Callable[[str], None], cores: int, sizes: tuple[int, ...] = SIZES) -> None:
    """Time per start, hit rate, and their ratio, the expected time to the best known energy, for all solvers.

    The peers run one start at a time on one core; their times are divided by the number of cores, as if they scaled
    perfectly.
    """
    energy = he.Energy(he.Riesz(1))
    he.minimize(energy, 12, 3)  # compilation, or loading, is not part of the timing
    say(f"\n{'Thomson':>8} {'solver':<26} {'starts':>6} {'ms/start':>9} {'hits':>6} {'ms to best':>11} {'ratio':>7}")
    for points in sizes:
        starts, hops = OURS.get(points, (512, 5))
        begin = clock.now(cores)
        found = he.minimize(energy, points, 3, restarts=starts, hops=hops, path="direct", compiled=True, seed=1)
        ours = _row(say, points, f"hyperenergy, {hops} hops", starts, clock.now(cores) - begin, _hits(found, points))
        say(f"{'':>8}   gradient norm {found.gradient_norm:.1e}, gap {found.value - THOMSON[points]:.1e}")
        begin = clock.now(cores)
        calls = [he.minimize(energy, points, 3, seed=seed) for seed in range(CALLS)]
        spent = clock.now(cores) - begin
        _row(say, points, "hyperenergy, default call", sum(c.restarts for c in calls), spent,
             sum(_hits(c, points) for c in calls))  # fmt: skip
        for peer, (factory, count) in PEERS.items():
            if "SciPy" in peer:
                count *= RARE.get(points, 1)
            search = factory() if points < 150 or "trust" not in peer else None
            if search is None:
                say(f"{points:>8} {peer:<26} not run")
                continue
            generator = torch.Generator().manual_seed(2)
            x = random_points(count + 1, points, 3, generator=generator).numpy()
            search(x[-1])  # compiles
            begin = clock.now()
            hits = sum(search(one) <= THOMSON[points] + ALLOWED for one in x[:-1])
            _row(say, points, peer, count, (clock.now() - begin) / cores, hits, ours)


def _hits(found: he.Minimum, points: int) -> int:
    return sum(one.count for one in found.minima if one.value <= THOMSON[points] + ALLOWED)


def _row(
    say: Callable[[str], None],
    points: int,
    name: str,
    starts: int,
    seconds: float,
    hits: int,
    ours: float | None = None,
) -> float:
    """Says a row, with the ratio to our time where that is given, and returns the expected time."""
    each, rate = 1e3 * seconds / starts, hits / starts
    expected = each / rate if hits else float("inf")
    ratio = ""
    if ours is not None:
        ratio = f"{expected / ours:.0f}x" if hits else f">{each * starts / ours:.0f}x"
    say(f"{points:>8} {name:<26} {starts:>6} {each:>9.3f} {rate:>6.1%} {expected:>11.2f} {ratio:>7}")
    return expected


def cell24(say: Callable[[str], None], cores: int, seeds: int = 20, least: int = 19) -> bool:
    """Default calls at 24 points in R^4 under Riesz(2), of which few starts reach the 24-cell; whether enough of them do."""
    begin = clock.now(cores)
    calls = [he.minimize(he.Energy(he.Riesz(2)), 24, 4, seed=seed) for seed in range(seeds)]
    seconds = (clock.now(cores) - begin) / seeds
    reached = sum(abs(call.value - 167) <= 1e-9 * 167 for call in calls)
    starts, hits = (
        sum(call.restarts for call in calls),
        sum(call.hits for call in calls if abs(call.value - 167) < 1e-6),
    )
    worst = max(call.value for call in calls)
    say(f"\n24-cell: Riesz(2), N = 24, d = 4, default call: 167.0 with {reached} of {seeds} seeds (at least {least})")
    say(
        f"  {seconds:.3f} s and {starts / seeds:.0f} starts a call, {hits / starts:.1%} of them hits; worst {worst:.9g}"
    )
    limits = sorted(call.unseen.upper for call in calls if call.unseen is not None)
    say(f"  limit of unseen: {limits[0]:.1%} to {limits[-1]:.1%}; ended by " + _counted([c.stop.name for c in calls]))
    return reached >= least


def _counted(names: list[str]) -> str:
    return ", ".join(f"{name} {names.count(name)}" for name in dict.fromkeys(names))


def evaluation(say: Callable[[str], None]) -> None:
    """One energy and gradient at N = 100 per configuration of a batch of 64, float64."""
    from concurrent.futures import ThreadPoolExecutor
    from functools import partial

    from benchmarks.peers import keops_evaluation
    from hyperenergy import compiled
    from hyperenergy.objectives.base import Energy

    say("\nenergy and gradient, N = 100, batch of 64, microseconds per configuration")
    x = random_points(64, 100, 3, generator=torch.Generator().manual_seed(0))
    kernel = he.Riesz(1)
    evaluate = compiled.load(compiled.pairs(kernel, 3)).energy
    parameters = np.array([compiled.parameter_of(kernel)])
    columns = x.mT.contiguous().numpy()
    threads = torch.get_num_threads()

    def share(first: int) -> None:
        gradient, work = np.empty_like(columns[0]), np.empty(100 * 4)
        for one in columns[first : first + 64 // threads]:
            evaluate(one, gradient, parameters, work)

    with ThreadPoolExecutor(threads) as pool:
        for name, work in (
            ("hyperenergy, compiled", lambda: list(pool.map(share, range(0, 64, 64 // threads)))),
            ("hyperenergy, torch", partial(Energy(kernel).value_and_gradient, x)),
            ("KeOps", keops_evaluation(x.numpy())),
        ):
            if work is None:
                say(f"  {name:<24} not available")
                continue
            work()
            times = []
            for _ in range(30):
                begin = time.perf_counter()
                work()
                times.append(time.perf_counter() - begin)
            say(f"  {name:<24} {1e6 * float(np.median(times)) / 64:.1f}")
