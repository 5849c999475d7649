"""Diagnosis of many embeddings, and training on images: each a command in a process of its own, as a user has it."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

SEEDS = 5
# Seconds and MiB of a diagnosis; seconds of a run on digits; those of one on Fashion-MNIST on one core, and its accuracy.
_DIAGNOSIS, _DIGITS, _FASHION, _ACCURACY = (20.0, 2048.0), 30.0, 62.0, 0.84


def measure(say: Callable[[str], None]) -> bool:
    """Diagnosis of 100000 x 128 of two views, with a loss and labels; digits over seeds; 10000 images of Fashion-MNIST."""
    with tempfile.TemporaryDirectory() as name:
        return all([_diagnosis(say, Path(name)), _digits(say), _fashion(say)])


def _diagnosis(say: Callable[[str], None], folder: Path) -> bool:
    rng = np.random.default_rng(0)
    z = rng.standard_normal((100_000, 128), dtype=np.float32)
    more = z + 0.4 * rng.standard_normal(z.shape, dtype=np.float32)
    np.savez(folder / "z.npz", anchors=z, positives=more, labels=np.arange(len(z)) % 10)
    words = [
        str(folder / "z.npz"),
        "--loss",
        "dhel",
        "--temperature",
        "0.1",
        "--normalize",
        "--out",
        str(folder / "z.html"),
    ]
    seconds, memory = _command("diagnose", *words)
    say(f"\ndiagnose, 100000 x 128, two views, loss, labels, page: {seconds:.1f} s (20), {memory:.0f} MiB (2048)")
    return seconds <= _DIAGNOSIS[0] and memory <= _DIAGNOSIS[1]


def _command(*words: str) -> tuple[float, float]:
    """Seconds, and the most memory of any process of its own so far, in MiB."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "hyperenergy.cli", *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


_RUN = """
import json, sys, time
start = time.perf_counter()
import torch, hyperenergy as he
given = json.loads(sys.argv[1])
threads = given.pop("threads", None)
if threads: torch.set_num_threads(threads)
run = he.training.train(**given)
print(json.dumps({"accuracy": run.accuracy, "knn": run.knn, "seconds": time.perf_counter() - start, "training": run.seconds,
    "pixels": run.metrics.get("pixels.accuracy")}))
"""


def _run(**given: object) -> dict[str, float]:
    environment = os.environ | {"OMP_NUM_THREADS": str(given["threads"])} if "threads" in given else dict(os.environ)
    done = subprocess.run(
        [sys.executable, "-c", _RUN, json.dumps(given)], check=True, capture_output=True, text=True, env=environment
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _digits(say: Callable[[str], None]) -> bool:
    from hyperenergy.training.study.finished import interval

    options = {"temperature": 0.2}
    trained = [_run(loss="dhel", options=options, data="digits", seed=seed) for seed in range(SEEDS)]
    untrained = [_run(loss="random", data="digits", seed=seed) for seed in range(SEEDS)]
    seconds = [run["seconds"] for run in trained]
    say(f"\ndigits, DHEL(0.2), defaults, linear probe over {SEEDS} seeds")
    low = 0.0
    for name, runs in (("trained", trained), ("untrained", untrained)):
        found = interval([run["accuracy"] for run in runs])
        assert found is not None
        say(f"  {name:<10} {found.mean:.4f} ± {found.half:.4f}")
        low = low or found.mean - found.half
    say(f"  {'pixels':<10} {untrained[0]['pixels']:.4f}")
    say(f"  seconds of a run, from the start of the process: {min(seconds):.1f} to {max(seconds):.1f} (30)")
    return max(seconds) <= _DIGITS and low > untrained[0]["pixels"]


def _fashion(say: Callable[[str], None]) -> bool:
    from hyperenergy.training.data import load

    try:
        load("fashion-mnist")
    except ValueError as error:
        say(f"\nfashion-mnist: {error}")
        return True
    best = 0.0
    slowest = 0.0
    say("\nFashion-MNIST, 10000 images, 8 epochs, conv4 of width 16, batch 256, one thread, linear probe")
    for tau in (0.1, 0.2, 0.5):
        run = _run(
            loss="dhel", options={"temperature": tau}, data="fashion-mnist", limit=10000, epochs=8, batch=256, threads=1
        )
        told = f"{run['accuracy']:.4f} (0.84), {run['seconds']:.0f} s (62), of which training {run['training']:.0f}"
        say(f"  DHEL({tau}): {told}")
        best, slowest = max(best, run["accuracy"]), max(slowest, run["seconds"])
    return best >= _ACCURACY and slowest <= _FASHION
