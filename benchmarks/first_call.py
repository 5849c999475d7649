"""The first call of a process: Thomson's problem with default arguments, compiled code on disk, beside SciPy and Numba.

Every figure comes from processes of their own (`python -m benchmarks.first_call ROLE ...` is one, and prints JSON).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks import clock
from benchmarks.energies import ALLOWED, THOMSON

SIZES = (20, 32, 47, 61, 77, 91, 100, 150)
SEEDS = 3
# The peer starts at least as often as we do, then until so many arrived, or so many seconds are over.
_HITS, _SECONDS = 10, 30.0
# Bars: times faster than the peer, seconds to the first result of N = 100, seconds more on a machine's first use, and
# how much slower with a callback.
RATIO, FIRST, FRESH, WATCHED = 5.0, 1.5, 12.0, 0.2
_WATCHED_STARTS, _WATCHED_TIMES = 64, 9
_ROOT = Path(__file__).parents[1]


class _Stopwatch:
    """Seconds, and seconds of processor time in all threads: what is left to compare by where others use the machine."""

    def __init__(self) -> None:
        self._begin = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        wall, processor = self._begin
        return {"seconds": time.perf_counter() - wall, "processor": time.process_time() - processor}


def _import_numba() -> None:
    """Also what it imports when first used, a quarter of a second: its registries of functions."""
    from numba.core.registry import cpu_target

    cpu_target.typing_context.refresh()
    cpu_target.target_context.refresh()


def ours(points: int, seed: int) -> dict[str, Any]:
    """The first call of this process, imports done: those that the peer's process has, too."""
    import scipy.optimize  # noqa: F401
    import torch  # noqa: F401

    import hyperenergy as he

    _import_numba()
    minimize, energy, riesz = he.minimize, he.Energy, he.Riesz
    watch = _Stopwatch()
    found = minimize(energy(riesz(1)), points, 3, seed=seed)
    spent = watch.read()
    hits = sum(one.count for one in found.minima if one.value <= THOMSON[points] + ALLOWED)
    return {**spent, "starts": found.restarts, "hits": hits, "stop": found.stop.name}


def first_result() -> dict[str, Any]:
    """Seconds from the moment that `import torch, hyperenergy` returned to the first result of N = 100."""
    import torch  # noqa: F401

    import hyperenergy as he

    watch = _Stopwatch()
    he.minimize(he.Energy(he.Riesz(1)), 100, 3)
    return watch.read()


def first_loss() -> dict[str, Any]:
    """The same for a loss."""
    import torch  # noqa: F401

    import hyperenergy as he

    watch = _Stopwatch()
    he.minimize(he.DHEL(0.5), 14, 5)
    return watch.read()


def peer(points: int, seed: int, form: str, least: int) -> dict[str, Any]:
    """SciPy's first starts in this process, imports done: compiled code is loaded from the disk by the first one."""
    import numpy as np
    import scipy.optimize  # noqa: F401
    import torch

    from benchmarks.peers import scipy_lbfgs
    from hyperenergy.geometry.sphere import random_points

    _import_numba()
    generator = torch.Generator().manual_seed(1000 + seed)
    watch = _Stopwatch()
    search = scipy_lbfgs(form)
    assert search is not None
    starts = hits = 0
    while starts < least or (hits < _HITS and watch.read()["seconds"] < _SECONDS):
        hits += search(np.asarray(random_points(1, points, 3, generator=generator)[0])) <= THOMSON[points] + ALLOWED
        starts += 1
    return {**watch.read(), "starts": starts, "hits": hits}


def watched() -> dict[str, Any]:
    """Medians of N = 100 without a callback, with one that records, and with the one of `explore` at full speed."""
    from statistics import median

    import hyperenergy as he
    from hyperenergy.show.explore.request import Request
    from hyperenergy.show.explore.run import Run

    objective, seeds = he.Energy(he.Riesz(1)), range(_WATCHED_TIMES)

    def explored(seed: int) -> Any:
        return Run(Request(objective, 100, 3, _WATCHED_STARTS, seed), lambda message: None, slow=False)._see

    callbacks: dict[str, Callable[[int], Any]] = {
        "none": lambda seed: None,
        "recorder": lambda seed: he.Recorder(),
        "explore": explored,
    }
    times: dict[str, list[float]] = {name: [] for name in callbacks}
    for seed in (0, *seeds):
        for name, make in callbacks.items():
            callback = make(seed)
            begin = time.perf_counter()
            he.minimize(objective, 100, 3, restarts=_WATCHED_STARTS, seed=seed, callback=callback)
            times[name].append(time.perf_counter() - begin)
    return {name: median(found[1:]) for name, found in times.items()}


def _process(*arguments: object, threads: int, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Run a role in a process of its own; with the seconds of the whole process as "whole", and what it said."""
    path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    some = {
        "PYTHONPATH": path,
        "PYTHONDONTWRITEBYTECODE": "",
        "OMP_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
    }
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.first_call", *map(str, arguments)],
        cwd=_ROOT, env={**os.environ, **some, **(environment or {})}, capture_output=True, text=True,
    )  # fmt: skip
    whole = time.perf_counter() - begin
    if done.returncode:
        raise RuntimeError(f"{arguments}: {done.stderr.strip()}")
    return {**json.loads(done.stdout), "whole": whole, "said": done.stderr.strip()}


def _pooled(runs: list[dict[str, Any]], cores: int = 1) -> dict[str, float]:
    """Means over processes, and milliseconds to the best: all seconds over all hits, by the number of cores."""
    names = ("processor" if clock.processor else "seconds", "hits", "starts", "whole")
    seconds, hits, starts, whole = (sum(run[key] for run in runs) for key in names)
    n = len(runs)
    return {
        "starts": starts / n,
        "share": hits / starts,
        "ms": 1e3 * seconds / cores / hits if hits else float("inf"),
        "call": seconds / n,
        "whole": whole / n,
    }


def measure(say: Callable[[str], None], sizes: tuple[int, ...] = SIZES, seeds: int = SEEDS) -> bool:
    """Says the tables; returns whether the bars hold."""
    cores = os.cpu_count() or 1
    forms = ("plain", "tuned", "whole")
    _process("ours", 20, 0, threads=cores)  # compiled code goes to the disk; so does the peer's
    for form in forms:
        _process("peer", 20, 0, form, 1, threads=1)
    say(
        f"\nfirst call of a process, default arguments, Thomson, means of {seeds} processes; the peer's ms by {cores} cores"
    )
    say(
        f"{'N':>4} {'starts':>7} {'hits':>6} {'call s':>7} {'process s':>9} {'ms to best':>11}   "
        f"{'peer, its best form':<21} {'starts':>6} {'hits':>6} {'process s':>9} {'ms to best':>11} {'ratio':>6}"
    )
    held = True
    for points in sizes:
        # Threads that wait for others spin, which processor time would count: then there is one.
        threads = 1 if clock.processor else cores
        a = _pooled([_process("ours", points, seed, threads=threads) for seed in range(seeds)], cores // threads)
        least = round(a["starts"])
        peers = {
            form: _pooled([_process("peer", points, seed, form, least, threads=1) for seed in range(seeds)], cores)
            for form in forms
        }
        best = min(forms, key=lambda form: peers[form]["ms"])
        b = peers[best]
        ratio = b["ms"] / a["ms"]
        held &= ratio >= RATIO
        say(
            f"{points:>4} {a['starts']:>7.0f} {a['share']:>6.1%} {a['call']:>7.3f} {a['whole']:>9.2f} {a['ms']:>11.2f}   "
            f"{'SciPy + Numba, ' + best:<21} {b['starts']:>6.0f} {b['share']:>6.1%} {b['whole']:>9.2f} "
            f"{b['ms']:>11.2f} {ratio:>5.1f}x{'' if ratio >= RATIO else f' below {RATIO:g}'}"
        )
    return bool(held) & _other_bars(say, cores)


def _other_bars(say: Callable[[str], None], cores: int) -> bool:
    later = min(_process("first_result", threads=cores)["seconds"] for _ in range(3))
    held = _bar(say, "`import torch, hyperenergy` returned to first result of N = 100, s, best of 3", later, FIRST)
    for role, name in (("first_result", "N = 100"), ("first_loss", "DHEL(0.5), M = 14, d = 5")):
        with tempfile.TemporaryDirectory() as folder:
            first, next_one = (
                _process(role, threads=cores, environment={"HYPERENERGY_CACHE": folder}) for _ in range(2)
            )
        more = first["whole"] - next_one["whole"]
        held &= _bar(say, f"first use on a machine, {name}: seconds more than the next process", more, FRESH)
        say("    it says: " + "; ".join(first["said"].splitlines()))
        held &= bool(first["said"]) and not next_one["said"]
    times = _process("watched", threads=cores)
    say(f"  N = 100, {_WATCHED_STARTS} starts, median of {_WATCHED_TIMES}: {times['none']:.3f} s without a callback")
    for name in ("recorder", "explore"):
        held &= _bar(say, f"slower with a callback ({name}), share", times[name] / times["none"] - 1, WATCHED)
    return held


def _bar(say: Callable[[str], None], name: str, value: float, bar: float) -> bool:
    say(f"  {name}: {value:.2f} (at most {bar:g}: {'ok' if value <= bar else 'FAILED'})")
    return value <= bar


if __name__ == "__main__":
    role, *given = sys.argv[1:]
    roles: dict[str, Callable[..., dict[str, Any]]] = {
        "ours": lambda points, seed: ours(int(points), int(seed)),
        "peer": lambda points, seed, form, least: peer(int(points), int(seed), form, int(least)),
        "first_result": first_result,
        "first_loss": first_loss,
        "watched": watched,
    }
    print(json.dumps(roles[role](*given)))
