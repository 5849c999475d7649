"""Is the default search right, and does it know when it may not be?

Over a grid of kernels and sizes, calls of ``minimize`` with default arguments and several seeds.  A miss is a value more
than 1e-9 (relative) above the best of all that is known of the case: thousands of direct starts and as many by other ways,
and all calls.  A call says that one more start ends in a minimum not seen yet with a probability below ``unseen.upper``,
with 95 % confidence; among calls whose limit lies in a bin, no larger share should miss than the bin's upper end.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path

import hyperenergy as he

KERNELS: tuple[he.Kernel, ...] = (
    *(he.Riesz(s) for s in (0.5, 1, 2, 4, 8, 16, 32, 64, 128, 320)),
    *(he.Gaussian(t) for t in (0.5, 1, 2, 5, 10, 20, 60)),
    he.InverseMultiquadric(0.2),
    he.RegularizedLogarithmic(50),
)
SIZES = [(points, 3) for points in range(4, 21)] + [(points, 4) for points in range(5, 21)]
_MISS = 1e-9
_BINS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


def cases(kernels: tuple[he.Kernel, ...] = KERNELS) -> Iterator[tuple[he.Kernel, int, int]]:
    for kernel in kernels:
        for points, dim in SIZES:
            yield kernel, points, dim


def level(best: he.Minimum) -> float:
    """The logarithm of a positive value, so that differences are relative."""
    if best.log_value is not None:
        return best.log_value
    return best.value / abs(best.value) * math.log(max(abs(best.value), 1e-300))


def above(best: he.Minimum, least: he.Minimum) -> float:
    """How far the value lies above the least one, relative to it."""
    if best.log_value is not None and least.log_value is not None:
        return math.expm1(min(best.log_value - least.log_value, 700))
    return (best.value - least.value) / abs(least.value)


def run_case(kernel: he.Kernel, points: int, dim: int, seeds: int, starts: int) -> list[dict[str, object]]:
    objective = he.Energy(kernel)
    calls, seconds = [], []
    for seed in range(seeds):
        begin = time.process_time()
        calls.append(he.minimize(objective, points, dim, seed=seed, throw=False))
        seconds.append(time.process_time() - begin)
    known = list(calls)
    for path, seed in (("direct", 1000), ("auto", 1001)):
        known.append(he.minimize(objective, points, dim, restarts=starts, path=path, seed=seed, throw=False))
    least = min(known, key=lambda best: best.log_value if best.log_value is not None else best.value)
    return [
        {
            "kernel": kernel.label,
            "points": points,
            "dim": dim,
            "seed": seed,
            "above": above(call, least),
            "upper": call.unseen.upper,
            "starts": call.restarts,
            "evaluations": call.evaluations,
            "stop": call.stop.name,
            "seconds": spent,
            "known": [above(one, least) for one in known[-2:]],
        }
        for seed, call, spent in zip(range(seeds), calls, seconds, strict=True)
    ]


def table(rows: list[dict[str, object]]) -> str:
    missed = [row for row in rows if not row["above"] <= _MISS]
    lines = [
        f"{len(missed)} of {len(rows)} calls missed ({100 * len(missed) / max(len(rows), 1):.2f} %)",
        f"processor time per call: mean {sum(row['seconds'] for row in rows) / len(rows):.3f} s",
        "",
        "limit of unseen   calls   misses   share   not above",
    ]
    low = 0.0
    for high in _BINS:
        chosen = [row for row in rows if low <= row["upper"] < high or (high == 1.0 and row["upper"] >= 1.0)]
        bad = sum(1 for row in chosen if not row["above"] <= _MISS)
        if chosen:
            lines.append(
                f"{low:.2f} to {high:.2f}      {len(chosen):6d}   {bad:6d}   {bad / len(chosen):6.2%}   {high:.0%}"
            )
        low = high
    lines += ["", "missed: kernel, N, d, seed, above by, limit"]
    lines += [
        f"{row['kernel']} {row['points']} {row['dim']} {row['seed']} {row['above']:.1e} {row['upper']:.3f}"
        for row in missed
    ]
    return "\n".join(lines)


def main(out: Path, seeds: int = 5, starts: int = 2048, kernels: tuple[he.Kernel, ...] = KERNELS) -> str:
    """All cases; results go to a file as they come, so that a run can be read before it ends."""
    rows: list[dict[str, object]] = []
    with out.open("w", encoding="utf-8") as file:
        for kernel, points, dim in cases(kernels):
            found = run_case(kernel, points, dim, seeds, starts)
            rows += found
            for row in found:
                file.write(json.dumps(row) + "\n")
            file.flush()
    return table(rows)
