"""Hit rates from unbiased random starts where the landscape is hard: by a stated way, and by the default call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import hyperenergy as he
from benchmarks import clock
from hyperenergy.objectives.base import Objective, as_objective
from hyperenergy.theorems.subjects import dhel, one_sided, symmetrized


@dataclass(frozen=True)
class Case:
    """starts, hops and way (objectives that all starts pass through, none for straight down) of the stated search; known:
    the best value, where no theorem or conjecture has it; until: whether that search ends there."""

    objective: object
    points: int
    dim: int
    starts: int
    hops: int
    way: Sequence[Objective] = ()
    known: float | None = None
    until: bool = False


def cases() -> list[Case]:
    harmonic = {dim: [he.Energy(he.Riesz(dim - 2))] for dim in (4, 8, 14, 22)}
    # The best code of 112 points is hard to find: by way of ever softer Gaussians about one start in 200 ends there, so
    # that this search goes on until the known optimum is attained.
    softer = [he.Energy(he.Gaussian(t)) for t in (12, 8, 5)]
    found = [
        Case(he.Energy(he.Gaussian(2)), 240, 8, 64, 3, harmonic[8]),
        Case(he.Energy(he.Gaussian(2)), 120, 4, 64, 3, harmonic[4]),
        Case(he.Energy(he.Gaussian(1)), 64, 14, 64, 3, harmonic[14], 290.554992834887),
        Case(he.Energy(he.Gaussian(2)), 100, 22, 128, 0, harmonic[22], 106.14422851975745),
        Case(he.Energy(he.Gaussian(2)), 112, 21, 4096, 0, softer, 137.68406754835735, until=True),
        Case(he.InfoNCE(0.05), 4, 2, 256, 0),
    ]
    for tau in (0.05, 0.3, 1.0):
        found += [Case(loss, 12, 3, 128, 3) for loss in (*one_sided(tau), *symmetrized(tau), *dhel(tau))]
    kernels = (he.Gaussian(2), he.Laplace(1), he.InverseMultiquadric(1))
    return found + [Case(he.KCL(kernel), 12, 3, 128, 0) for kernel in kernels]


def measure(say: Callable[[str], None], cores: int) -> None:
    say(
        f"\n{'reach':<66} {'by way of':<12} {'starts':>6} {'hops':>4} {'hits':>6} {'s':>6} {'value':>16}   "
        f"{'default: starts':>15} {'hits':>6} {'s':>6} {'s to best':>9}"
    )
    for case in cases():
        best = case.known
        if best is None:
            prediction = he.predict(case.objective, case.points, case.dim)
            assert prediction is not None
            best = prediction.value
        bound = {"lower_bound": best} if case.until else {}
        path: Any = list(case.way) or "direct"
        found, hits, seconds = _search(case, best, cores, restarts=case.starts, hops=case.hops, path=path, **bound)
        own, own_hits, own_seconds = _search(case, best, cores)
        way = "softer ones" if case.until else "harmonic" if case.way else "direct"
        name = f"{as_objective(case.objective).label} M={case.points} d={case.dim}"
        name = name.replace(", pairs=unordered", "")
        to_best = f"{own_seconds / own_hits:>9.3f}" if own_hits else f"{'>' + format(own_seconds, '.1f'):>9}"
        say(
            f"{name:<66} {way:<12} {found.restarts:>6} {case.hops:>4} {hits / found.restarts:>6.1%} {seconds:>6.1f} "
            f"{found.value:>16.12g}   {own.restarts:>15} {own_hits / own.restarts:>6.1%} {own_seconds:>6.1f} {to_best}"
        )


def _search(case: Case, best: float, cores: int, **options: Any) -> tuple[he.Minimum, int, float]:
    """What was found, how many starts reached the best value, and the seconds."""
    begin = clock.now(cores)
    found = he.minimize(case.objective, case.points, case.dim, seed=1, throw=False, **options)
    seconds = clock.now(cores) - begin
    allowed = 1e-6 * abs(best) if found.objective.positive else 1e-9 * max(1.0, abs(best))
    return found, sum(one.count for one in found.minima if one.value <= best + allowed), seconds
