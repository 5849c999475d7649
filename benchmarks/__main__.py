"""Run all parts and print their tables; ``--out FILE`` writes the lines too.  Exit status 1 where a bar does not hold."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks import clock
from benchmarks.energies import THOMSON

lines: list[str] = []


def say(text: str) -> None:
    print(text, flush=True)
    lines.append(text)


def _processor() -> str:
    """The model name that Linux tells, or what Python knows."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
        return next(line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def _calibration(full: bool, rows: Path | None) -> None:
    """The whole grid takes half an hour; without ``--full``, some kernels, two seeds and fewer starts to compare with."""
    import hyperenergy as he
    from benchmarks import calibration

    say("\ncalibration of the default search" + ("" if full else ", a part of the grid"))
    with tempfile.TemporaryDirectory() as folder:
        out = rows or Path(folder) / "rows.jsonl"
        some = (he.Riesz(1), he.Riesz(16), he.Gaussian(1), he.Gaussian(20))
        say(calibration.main(out) if full else calibration.main(out, seeds=2, starts=256, kernels=some))


def parts(arguments: argparse.Namespace, cores: int) -> dict[str, Callable[[], bool | None]]:
    """Name -> what says its lines, and returns False where a bar does not hold.  Each imports what it needs."""
    sizes = () if arguments.points is None else (tuple(int(p) for p in arguments.points.split(",")),)

    def of(module: str, function: str = "measure", *more: Any) -> Callable[[], bool | None]:
        return lambda: getattr(import_module(f"benchmarks.{module}"), function)(say, *more)

    return {
        "evaluation": of("thomson", "evaluation"),
        "thomson": of("thomson", "measure", cores, *sizes),
        "first-call": of("first_call", "measure", *sizes),
        "cell24": of("thomson", "cell24", cores),
        "losses": of("losses", "measure", arguments.case),
        "reach": of("reach", "measure", cores),
        "commands": of("commands"),
        "verify": of("commands", "verify"),
        "scale": of("scale"),
        "spectrum": of("scale", "spectrum"),
        "report": of("report"),
        "page": of("page"),
        "bounds": of("bounds"),
        "three-point": of("bounds", "three_point"),
        "training": of("training"),
        "encoders": of("encoders"),
        "gpu": of("gpu", "gpu"),
        "calibration": lambda: _calibration(arguments.full, arguments.rows),
    }


def main() -> int:
    cores = os.cpu_count() or 1
    parser = argparse.ArgumentParser(description=__doc__)
    names = list(parts(argparse.Namespace(points=None, case=None), cores))
    parser.add_argument("--only", choices=names, help="one part")
    parser.add_argument("--points", help=f"sizes of thomson and first-call, of {','.join(map(str, THOMSON))}")
    parser.add_argument("--case", help="of losses only those of this name (KCL) or size (50,3)")
    parser.add_argument("--full", action="store_true", help="the whole grid of calibration: half an hour")
    parser.add_argument("--rows", type=Path, help="write the rows of calibration to this file as they come")
    parser.add_argument(
        "--processor-time",
        action="store_true",
        help="of thomson, first-call, losses, reach: where others use the machine, too",
    )
    parser.add_argument("--out", type=Path, help="write the lines to this file, too")
    arguments = parser.parse_args()
    # The peers run on one thread each: SciPy's linear algebra of a few numbers must not wake others, which spin beside it.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy and SciPy are loaded

    import torch

    clock.processor = arguments.processor_time
    # Threads that wait for others spin, which processor time would count.
    torch.set_num_threads(1 if clock.processor else cores)
    say(f"{cores} cores, {_processor()}, Python {platform.python_version()}, torch {torch.__version__}")
    if clock.processor:
        say("seconds are processor time by the number of cores, where processes of their own are not said")
    failed = []
    for name, part in parts(arguments, cores).items():
        if arguments.only in (None, name) and part() is False:
            failed.append(name)
    if failed:
        say(f"\nbars that do not hold: {', '.join(failed)}")
    if arguments.out:
        arguments.out.write_text("\n".join(lines) + "\n", "utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
