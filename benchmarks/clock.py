"""What the benchmarks mean by a second: time, or, where others use the machine, processor time by the number of threads."""

from __future__ import annotations

import time

processor = False


def now(threads: int = 1) -> float:
    """Seconds of work that this many threads of this process share."""
    return time.process_time() / threads if processor else time.perf_counter()
