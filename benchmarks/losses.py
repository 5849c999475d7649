"""Losses at sizes where no theorem names the minimum: every start to a stationary point, beside SciPy's L-BFGS-B.

The peer minimizes the same loss from the same random points, with a gradient written by hand (``loss_loops`` for Numba, or
``arrays`` for NumPy and its BLAS: whichever is faster at that size), and with the longer or the shorter memory, whichever is
faster.  Gradient norms of both are those of the package, in torch.
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import Tensor

import hyperenergy as he
from benchmarks import arrays, clock, loss_loops
from hyperenergy.geometry.sphere import normalize, random_points
from hyperenergy.objectives.base import Objective, as_objective, relative_norm
from hyperenergy.search.starts import draw

SIZES = ((14, 5), (40, 10), (50, 3), (100, 8), (128, 3), (64, 16))
STATIONARY, NEARLY = 1e-12, 1e-7
RATIO = 3.0
# Values this near to the best of both (as landscape.same_value_tolerance has it) are it; or at least near it.
_SAME, _NEAR, _TIMES = 1e-9, 1e-6, 5
# Starts of this solver, and where the largest are slow; seconds that the peer may take for a case and for one start.
STARTS, FEWER = 64, {(100, 8): 16, (128, 3): 8}
_SECONDS, _START_SECONDS = 5.0, 20.0
_LEAST_STARTS, _MEMORIES = 3, (10, 20)
# Its starts that go as far as round-off lets them, and iterations without a lower value after which one has.
_FURTHEST, _IDLE = 3, 20

Function = Callable[[np.ndarray], tuple[float, np.ndarray]]


@dataclass(frozen=True)
class Case:
    """A loss (both views, positive in the denominator, negatives across, within; KCL: None) at a size."""

    name: str
    loss: object
    points: int
    dim: int
    temperature: float
    flags: tuple[bool, bool, bool, bool] | None

    @property
    def objective(self) -> Objective:
        return as_objective(self.loss)

    @property
    def starts(self) -> int:
        return FEWER.get((self.points, self.dim), STARTS)


def cases() -> list[Case]:
    found = []
    for points, dim in SIZES:
        for tau in (0.1, 0.5) if (points, dim) == (50, 3) else (0.1,):
            some = {
                "DHEL": (he.DHEL(tau), (False, False, False, True)),
                "InfoNCE": (he.InfoNCE(tau), (False, True, True, False)),
                "DCL": (he.DCL(tau), (False, False, True, True)),
                "NT-Xent": (he.NTXent(tau), (True, True, True, True)),
            }
            found += [Case(name, loss, points, dim, tau, flags) for name, (loss, flags) in some.items()]
        found.append(Case("KCL", he.KCL(he.Gaussian(2)), points, dim, 0.0, None))
    return found


def functions(case: Case) -> dict[str, Function]:
    """Value and gradient, as functions of the directions of free vectors in one array: by Numba, and by NumPy."""
    X = np.empty((case.dim, 2 * case.points))
    G = np.empty_like(X)

    def by_numba(x: np.ndarray) -> tuple[float, np.ndarray]:
        gradient = np.empty_like(x)
        if case.flags is None:
            return loss_loops.kcl(x, gradient, X, G, 2.0, 16.0), gradient
        return loss_loops.softmax(x, gradient, X, G, case.temperature, *case.flags), gradient

    def by_numpy(x: np.ndarray) -> tuple[float, np.ndarray]:
        if case.flags is None:
            return arrays.kcl(x, case.dim, 2.0, 16.0)
        return arrays.softmax(x, case.dim, case.temperature, *case.flags)

    return {"Numba": by_numba, "NumPy": by_numpy}


def check(case: Case, forms: dict[str, Function]) -> None:
    """Value and gradient of the peer are those of the package's formulas."""
    z = random_points(1, 2 * case.points, case.dim, generator=torch.Generator().manual_seed(1))
    value, gradient, scale = case.objective.value_and_gradient(z)
    for name, f in forms.items():
        found, slope = f(2 * z.numpy().ravel())
        off = (
            abs(found - float(value)) / max(1.0, abs(float(value))),
            np.abs(2 * slope - gradient.numpy().ravel()).max(),
        )
        if not max(off[0], off[1] / float(scale)) < 1e-12:
            raise AssertionError(f"the peer's {case.name} by {name} differs at M={case.points}, d={case.dim}: {off}")


def microseconds(f: Callable[[], object], times: int = 30) -> float:
    """Of processor time, the least of some."""
    f()
    least = float("inf")
    for _ in range(5):
        begin = time.process_time()
        for _ in range(times):
            f()
        least = min(least, 1e6 * (time.process_time() - begin) / times)
    return least


@dataclass(frozen=True)
class Ends:
    """Values and relative gradient norms where the starts ended, and the seconds of all."""

    value: Tensor
    norm: Tensor
    seconds: float

    def share(self, chosen: Tensor) -> float:
        return float(chosen.double().mean())

    def each(self, chosen: Tensor) -> float:
        """Milliseconds for one of the chosen starts."""
        return 1e3 * self.seconds / int(chosen.sum()) if bool(chosen.any()) else float("inf")


def ours(case: Case, cores: int) -> Ends:
    """One call from random points, straight down."""
    module = importlib.import_module("hyperenergy.search.multistart")
    kept: list[Tensor] = []

    def keep(inner: Objective, ends: object, *rest: object) -> object:
        kept.extend((ends.value.clone(), ends.gradient_norm.clone()))  # type: ignore[attr-defined]
        return summarize(inner, ends, *rest)

    # Minimum has the gradient norm of the best start alone: what it is made from has those of all.
    summarize = module.summarize
    with mock.patch.object(module, "summarize", keep):
        begin = clock.now(cores)
        he.minimize(case.loss, case.points, case.dim, restarts=case.starts, path="direct", throw=False)
        seconds = clock.now(cores) - begin
    return Ends(kept[0], kept[1], seconds)


def peer(case: Case, f: Function, cores: int) -> tuple[Ends, float]:
    """SciPy from the same points, until the time is over, its time divided by the number of cores; and the least relative
    gradient norm that some of the starts reach where nothing but round-off ends them.

    For the time it ends where the norm is known to be small enough for a nearly stationary point: what it does beyond is
    in vain.
    """
    z = draw("random", case.starts, 2 * case.points, case.dim, torch.Generator().manual_seed(0))
    _descend(f, z[0], 10, most=20)  # loads
    furthest = torch.stack([_descend(f, start, 10) for start in z[:_FURTHEST]])
    _, gradient, scale = case.objective.value_and_gradient(furthest)
    least = float(relative_norm(gradient, scale).min())
    # SciPy bounds the largest entry, of the gradient by free vectors, which are longer than their directions.
    enough = 0.5 * NEARLY * float(scale.median()) / z[0].numel() ** 0.5
    spent = {}
    for memory in _MEMORIES:
        begin = clock.now()
        _descend(f, z[0], memory, enough)
        spent[memory] = clock.now() - begin
    memory = min(spent, key=lambda m: spent[m])
    ends: list[Tensor] = []
    begin = clock.now()
    while len(ends) < len(z) and (len(ends) < _LEAST_STARTS or clock.now() - begin < _SECONDS):
        ends.append(_descend(f, z[len(ends)], memory, enough))
    seconds = clock.now() - begin
    value, gradient, scale = case.objective.value_and_gradient(torch.stack(ends))
    return Ends(value, relative_norm(gradient, scale), seconds / cores), least


def _descend(f: Function, start: Tensor, memory: int, enough: float = 0.0, most: int = 20_000) -> Tensor:
    """One start, until no entry of the gradient is larger than ``enough``, or the value no longer falls."""
    from scipy.optimize import minimize

    end = time.perf_counter() + _START_SECONDS
    lowest, idle = float("inf"), 0

    def watch(intermediate_result: Any) -> None:
        nonlocal lowest, idle
        idle = 0 if intermediate_result.fun < lowest else idle + 1
        lowest = min(lowest, intermediate_result.fun)
        if idle > _IDLE or time.perf_counter() > end:
            raise StopIteration

    options = {"maxcor": memory, "ftol": 0.0, "gtol": enough, "maxiter": most, "maxfun": 10 * most}
    found = minimize(f, start.numpy().ravel(), jac=True, method="L-BFGS-B", options=options, callback=watch)
    return normalize(torch.from_numpy(found.x).reshape(start.shape))


def measure(say: Callable[[str], None], only: str | None = None) -> bool:
    """Says the table; returns whether all starts of this solver are stationary and the ratios above their bar."""
    cores = os.cpu_count() or 1
    he.minimize(he.DHEL(0.1), 14, 5, restarts=2)  # compilation, or loading, is not part of the timing
    he.minimize(he.KCL(he.Gaussian(2)), 14, 5, restarts=2)
    say(f"\n{'':<21} {'hyperenergy':<51} {'SciPy L-BFGS-B':<49} ratio")
    columns = ("1e-12", "ms each", "best", "=", "near"), ("floor", "1e-7", "ms each", "=", "near"), ("stat.", "to best")
    ours_said = "{:>6} {:>8} {:>13} {:>5} {:>5}".format(*columns[0])
    theirs_said = "{:>7} {:>5} {:>8} {:>5} {:>5}".format(*columns[1])
    say(
        f"{'loss, tau':<12} {'M':>3} {'d':>3}  {'starts':>6} {ours_said}   {'form':<5} {'starts':>6} {theirs_said}   "
        + "{:>6} {:>8}".format(*columns[2])
    )
    held = True
    for case in cases():
        if only is None or only in (case.name, f"{case.points},{case.dim}"):
            held &= _row(say, case, cores)
    for line in _LEGEND:
        say(line)
    return held


_LEGEND = (
    "1e-12, 1e-7: starts with at most this relative gradient norm; floor: the least of SciPy's; ms each: per start with",
    "1e-12 (hyperenergy) or 1e-7 (SciPy, by the number of cores); =, near: starts within 1e-9 and 1e-6 of the best of both;",
    "stat.: ratio of the ms each; to best: of the times to it, where it was met at least five times, else (*) to near it;",
    "> and < where one side never came there",
)


def _row(say: Callable[[str], None], case: Case, cores: int) -> bool:
    forms = functions(case)
    check(case, forms)
    x = random_points(1, 2 * case.points, case.dim, generator=torch.Generator().manual_seed(1)).numpy().ravel()
    form = min(forms, key=lambda name: microseconds(lambda: forms[name](x)))
    a = ours(case, cores)
    b, floor = peer(case, forms[form], cores)
    best = min(float(a.value.min()), float(b.value.min()))
    unit = abs(best) if case.objective.positive else max(1.0, abs(best))
    same, near = ([ends.value <= best + part * unit for ends in (a, b)] for part in (_SAME, _NEAR))
    often = max(int(chosen.sum()) for chosen in same) >= _TIMES
    stationary, shown = _ratio(a, b, a.norm <= STATIONARY, b.norm <= NEARLY)
    to_best, shown_best = _ratio(a, b, *(same if often else near))
    counts = [f"{a.share(a.norm <= STATIONARY):>6.0%}", f"{a.each(a.norm <= STATIONARY):>8.1f}", f"{best:>13.9f}"]
    counts += [f"{a.share(chosen[0]):>5.0%}" for chosen in (same, near)]
    theirs = [f"{floor:>7.0e}", f"{b.share(b.norm <= NEARLY):>5.0%}"]
    theirs += [f"{b.each(b.norm <= NEARLY):>8.1f}", *(f"{b.share(chosen[1]):>5.0%}" for chosen in (same, near))]
    tau = f" {case.temperature:g}" if case.flags else ""
    say(
        f"{case.name + tau:<12} {case.points:>3} {case.dim:>3}  {len(a.value):>6} {' '.join(counts)}   "
        f"{form:<5} {len(b.value):>6} {' '.join(theirs)}   {shown:>6} {shown_best + ('' if often else '*'):>8}"
    )
    return bool((a.norm <= STATIONARY).all()) and stationary >= RATIO and to_best >= RATIO


def _ratio(a: Ends, b: Ends, ours_chosen: Tensor, theirs_chosen: Tensor) -> tuple[float, str]:
    """The peer's time for one of the chosen over ours; a bound where only one side has any; and as it is shown."""
    if not bool(ours_chosen.any()) and not bool(theirs_chosen.any()):
        return 0.0, "-"
    if not bool(theirs_chosen.any()):
        ratio = 1e3 * b.seconds / a.each(ours_chosen)
        return ratio, f">{ratio:.1f}"
    if not bool(ours_chosen.any()):
        ratio = b.each(theirs_chosen) / (1e3 * a.seconds)
        return ratio, f"<{ratio:.1f}"
    ratio = b.each(theirs_chosen) / a.each(ours_chosen)
    return ratio, f"{ratio:.1f}"
