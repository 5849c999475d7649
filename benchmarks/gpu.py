"""Minimization on a CUDA device: time per start, memory, and whether its minima are those of the CPU.

Also by itself, ``python -m benchmarks.gpu [--seconds 60] [--device cpu]``: it imports no more than it needs.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

import hyperenergy as he
from hyperenergy.geometry.sphere import normalize, random_points
from hyperenergy.objectives.base import Objective, as_objective, relative_norm
from hyperenergy.search.solvers import loop, trust_region
from hyperenergy.search.solvers.ends import Ends
from hyperenergy.search.solvers.lbfgs import LBFGS

# Where L-BFGS hands over, and what counts as stationary.
COARSE, STATIONARY = 1e-6, 1e-12
MOST_ITERATIONS = 5000
# Share of the card that the starts may fill.
SHARE = 0.8


@dataclass(frozen=True)
class Case:
    """starts: at most so many; more than saturate the card cost time and show nothing."""

    objective: Objective
    points: int
    dim: int
    starts: int


def cases() -> list[Case]:
    energy, loss = he.Energy(he.Riesz(1)), as_objective(he.DHEL(0.1))
    return [
        Case(energy, 200, 3, 1024),
        Case(loss, 200, 3, 128),
        Case(energy, 1024, 64, 64),
        Case(loss, 1024, 64, 32),
        Case(energy, 4096, 128, 8),
        Case(loss, 4096, 128, 4),
    ]


def gpu(say: Callable[[str], None], seconds: float = 60.0, device: str = "cuda") -> None:
    """All cases, each for at most about so many seconds."""
    if device == "cuda" and not torch.cuda.is_available():
        say("\nGPU: there is none here")
        return
    name = torch.cuda.get_device_name() if device == "cuda" else platform.processor()
    say(f"\nGPU: {name}, torch {torch.__version__}, CUDA {torch.version.cuda}")
    say("ms per start: one value and gradient in float64; float32 down to 1e-3 and float64 down to 1e-6; and to 1e-12")
    say(
        f"{'objective':<10} {'N':>5} {'d':>4} {'starts':>6} {'fit':>6} {'f64':>8} {'f32':>8} {'to 1e-6':>9} {'its':>5} "
        f"{'to 1e-12':>9} {'its':>5} {'GiB':>6} {'best':>20} ends"
    )
    warm_up(device)
    for case in cases():
        try:
            one(case, say, seconds, device)
        except torch.OutOfMemoryError as error:
            say(f"{case.objective.label} N={case.points} d={case.dim}: {str(error).splitlines()[0]}")


def warm_up(device: str) -> None:
    z = random_points(2, 20, 12, generator=torch.Generator().manual_seed(0)).to(device)
    trust_region.refine(he.Energy(he.Riesz(1)), loop.descend(he.Energy(he.Riesz(1)), z, 1e-4, 50).z, 1e-9, 20)


def one(case: Case, say: Callable[[str], None], seconds: float, device: str) -> None:
    objective = case.objective
    rows = objective.rows(case.points)
    generator = torch.Generator().manual_seed(0)
    first = random_points(1, rows, case.dim, generator=generator)
    memory, _ = used(lambda: loop.run(LBFGS(objective, 0.0), first.to(device), 2), device)
    fit = int(SHARE * total_memory(device) / max(memory, 1))
    starts = max(1, min(case.starts, fit))
    z = random_points(starts, rows, case.dim, generator=generator).to(device)
    single, double = (evaluation(objective, z.to(dtype), device) for dtype in (torch.float32, torch.float64))

    begun = clock(device)
    limited = Deadline(begun + seconds)
    memory, coarse = used(lambda: down(objective, z, limited), device)
    middle = clock(device)
    more, ends = used(lambda: finish(objective, coarse, Deadline(middle + seconds / 2)), device)
    ended = clock(device)
    say(
        f"{type(objective).__name__ if isinstance(objective, he.Energy) else 'DHEL(0.1)':<10} {case.points:>5} "
        f"{case.dim:>4} {starts:>6} {fit:>6} {1e3 * double / starts:>8.3f} {1e3 * single / starts:>8.3f} "
        f"{1e3 * (middle - begun) / starts:>9.2f} {coarse.iterations:>5} {1e3 * (ended - middle) / starts:>9.2f} "
        f"{ends.iterations:>5} {max(memory, more) / 2**30:>6.2f} {float(ends.value.min()):>20.12f} {counts(ends)}"
    )
    compare(objective, z, ends, say, case)


def down(objective: Objective, z: Tensor, limited: Deadline) -> Ends:
    """float32, then float64 to where L-BFGS is no longer the best."""
    rough = loop.run(LBFGS(objective, loop.ROUGH), z.float(), MOST_ITERATIONS, keep=limited)
    start = normalize(rough.z.double())
    ends = loop.run(LBFGS(objective, COARSE), start, MOST_ITERATIONS, keep=limited)
    return replace(ends, iterations=rough.iterations + ends.iterations)


def finish(objective: Objective, ends: Ends, limited: Deadline) -> Ends:
    return trust_region.refine(objective, ends.z, STATIONARY, see=limited.see)


class Deadline:
    """Ends a search when its time is up."""

    def __init__(self, until: float) -> None:
        self.until = until

    def __call__(self, state: Any) -> Any:
        over = time.perf_counter() > self.until
        return replace(state, failed=torch.ones_like(state.failed)) if over else state

    def see(self, state: Any, _: Tensor) -> None:
        if time.perf_counter() > self.until:
            state.failed.fill_(True)


def compare(objective: Objective, z: Tensor, ends: Ends, say: Callable[[str], None], case: Case) -> None:
    """The best end, and a start, on the CPU: values, gradients, and where a search from beside it leads."""
    best = ends.z[ends.value.argmin()][None]
    differences = []
    for x in (z[:1], best):
        here, there = objective.value_and_gradient(x), objective.value_and_gradient(x.cpu())
        value = abs(float(here[0]) / float(there[0]) - 1)
        gradient = float((here[1].cpu() - there[1]).norm() / there[2])
        differences.append(f"value {value:.0e}, gradient {gradient:.0e}")
    _, gradient, scale = objective.value_and_gradient(best.cpu())
    text = f"    CPU and device at a start: {differences[0]}; at the best end: {differences[1]}; "
    text += f"gradient norm there on the CPU {float(relative_norm(gradient, scale)[0]):.0e}"
    if case.points <= 200:
        noise = random_points(*best.shape, generator=torch.Generator().manual_seed(1)).to(best.device)
        beside = normalize(best + 1e-3 * noise)
        found = [search_on(objective, beside.to(where)) for where in (best.device, "cpu")]
        text += f"; from beside it, device {found[0]:.15g}, CPU {found[1]:.15g}"
    say(text)


def search_on(objective: Objective, z: Tensor) -> float:
    coarse = loop.run(LBFGS(objective, COARSE), z, 500)
    return float(trust_region.refine(objective, coarse.z, STATIONARY, 500).value[0])


def counts(ends: Ends) -> str:
    norm = ends.gradient_norm
    stationary, nearly = norm <= STATIONARY, (norm > STATIONARY) & (norm <= 1e-7)
    left = int((~stationary & ~nearly).sum())
    return (
        f"{int(stationary.sum())} stationary, {int(nearly.sum())} to 1e-7, {left} not (worst {float(norm.max()):.0e})"
    )


def evaluation(objective: Objective, z: Tensor, device: str) -> float:
    objective.value_and_gradient(z)
    begun = clock(device)
    for _ in range(3):
        objective.value_and_gradient(z)
    return (clock(device) - begun) / 3


def clock(device: str) -> float:
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def used(work: Callable[[], Any], device: str) -> tuple[int, Any]:
    """The most memory of the device that a piece of work took, in bytes, and its result."""
    if device != "cuda":
        return 0, work()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    result = work()
    return torch.cuda.max_memory_allocated(), result


def total_memory(device: str) -> int:
    return torch.cuda.get_device_properties(0).total_memory if device == "cuda" else 2**33


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="time for each case")
    parser.add_argument("--device", default="cuda")
    arguments = parser.parse_args()
    gpu(lambda text: print(text, flush=True), arguments.seconds, arguments.device)
