"""Minimization over configurations: starts by several ways, hops, and an account of what may have been missed.

Each start goes its way, from an easy objective to the one that is meant; some then hop between basins; and one
configuration of each distinct minimum is finished by Newton's method, which also tells minima from saddles.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from hyperenergy.errors import ArgumentError, ConvergenceError, integer
from hyperenergy.geometry.sphere import check_points
from hyperenergy.kernels import positive
from hyperenergy.objectives.base import Energy, Objective, as_objective, check_configuration
from hyperenergy.objectives.expected import Expected
from hyperenergy.objectives.logarithm import logarithmic
from hyperenergy.search.landscape import finish, summarize
from hyperenergy.search.local import Callback, Search
from hyperenergy.search.minimum import Minimum, Origin
from hyperenergy.search.multistart import Limits, Multistart
from hyperenergy.search.starts import Starts, draw
from hyperenergy.search.ways import routes

__all__ = ["Callback", "minimize", "pick_device"]

# What an open search leaves unseen, unless told otherwise.
_UNSEEN = 0.05
# Beyond it no search ends.
_MOST = 10**9
# Numbers that an evaluation of an expected loss may pass over in an open search; and so many it does in a second.
_MOST_SAMPLED, _SAMPLED_A_SECOND = 8e6, 1e8


def minimize(
    objective: object,
    points: int,
    dim: int,
    *,
    restarts: int | None = None,
    seed: int | torch.Generator = 0,
    starts: Starts = "random",
    start: Float[Tensor, "starts rows dim"] | None = None,
    path: Literal["auto", "direct"] | Sequence[Objective] = "auto",
    hops: int | None = None,
    unseen: float | None = None,
    budget: int | None = None,
    lower_bound: float | None = None,
    enough_hits: int | None = None,
    device: str | torch.device = "auto",
    tolerance: float = 1e-12,
    max_iterations: int = 5000,
    compiled: bool | None = None,
    throw: bool = True,
    callback: Callback | None = None,
) -> Minimum:
    """Minimize a loss or an energy over ``points`` unit vectors (or pairs of them) in R^dim, in float64.

    Starts are independent uniform random points drawn from ``seed`` (for dim = 1, all sign configurations, of at most 16
    unit vectors); or symmetric ones (``starts="antipodal"``), which are labeled in ``Minimum.origin``; or ``start``, unit
    rows of shape (starts, rows, dim), with rows = 2 * points (anchors over positives) for a loss.

    ``restarts`` of them are made.  If it is left out, the search goes on until, with 95 % confidence, the probability that
    one more start ends in a minimum not seen yet is below ``unseen``, or until ``budget`` evaluations of one configuration
    are spent (by default 0.05, and as many as take about a second in compiled code); ``Minimum.stop`` says which.

    The starts are dealt out to several ways, and counted by way (``Minimum.ways``): ``path="auto"`` goes straight down, by
    way of easier objectives, and from softer and steeper ones of the same family; "direct" straight down alone, and a
    sequence of objectives through these, in this order.  From ``start`` the way is direct.

    ``hops`` times each start jumps to a neighboring basin and keeps it if it is lower: all that are above the best value,
    and some at it, with step sizes that adapt.  If neither ``hops`` nor ``restarts`` is given, the search hops where few
    starts reach the best value, and looks around from the best.

    The search ends early where ``lower_bound`` is attained (certified elsewhere), or ``enough_hits`` starts reached
    the best value.
    ``tolerance`` bounds the Riemannian gradient norm relative to the scale of the objective.
    ``compiled``: True or False to insist on compiled code or to do without; by default it is used where there is some: for
    pair energies and losses, on a CPU.  It is kept on disk, and compiled once on a machine.
    ``callback(progress)`` sees the running starts before the first iteration of every descent and now and then after it, and
    at the end those that Newton's method finishes, one by one, before it does.  What it raises ends the search.

    Law: the same arguments give the same result on the same machine.
    Raises ArgumentError for impossible arguments, and ConvergenceError where no start ended at a local minimum: it carries
    the best configuration found as ``minimum``, which ``throw=False`` returns instead, its status saying so.
    """
    target = as_objective(objective)
    points, dim = check_configuration(target, points, dim)
    inner = logarithmic(target)
    limits = Limits(
        restarts=integer("restarts", restarts, 1, _MOST) if restarts is not None else None,
        hops=integer("hops", hops, 0, _MOST) if hops is not None else None,
        unseen=_share("unseen", unseen) if unseen is not None else _UNSEEN,
        budget=integer("budget", budget, 1) if budget is not None else None,
        lower_bound=_inner_bound(inner, lower_bound),
        enough=integer("enough_hits", enough_hits, 1) if enough_hits is not None else None,
        tolerance=positive("tolerance", tolerance),
    )
    for name, given_limit in (("unseen", unseen), ("budget", budget)):
        if given_limit is not None and (restarts is not None or start is not None):
            fix = "limits a search that is open; leave out " + ("restarts" if restarts is not None else "start")
            raise ArgumentError(name, repr(given_limit), fix)
    max_iterations = integer("max_iterations", max_iterations, 1, _MOST)
    if isinstance(target, Expected) and restarts is None and start is None and budget is None:
        _check_sampled(target, points, dim)
    if not isinstance(seed, torch.Generator):
        seed = integer("seed", seed, 0, 2**63 - 1)
    generator = seed if isinstance(seed, torch.Generator) else torch.Generator().manual_seed(seed)
    device = pick_device(device)
    rows = target.rows(points)
    ways = routes(target, points, dim, path if start is None or path != "auto" else "direct")
    given: Tensor | None
    if start is not None:
        _check_start(start, rows, dim, target)
        given, origin = start.double(), Origin.GIVEN
    else:
        # On S^0 there is nothing to draw: all configurations are tried.
        given = draw(starts, 1, rows, dim, generator) if dim == 1 else None
        origin = Origin.RANDOM if starts == "random" or dim == 1 else Origin.ANTIPODAL

    def make(z: Tensor) -> Search:
        return Search(
            inner,
            z,
            ways=ways,
            tolerance=limits.tolerance,
            max_iterations=max_iterations,
            compiled=compiled,
            callback=callback,
            generator=generator,
            lower_bound=limits.lower_bound,
        )

    run = Multistart(
        inner, points, dim, ways, limits, device, make, lambda n: draw(starts, n, rows, dim, generator), given
    )
    ends = run.run()
    search = run.search
    ends, signatures, shapes = finish(inner, ends, search.down, search.see_end, generator, limits.tolerance)
    found: dict[str, Any] = summarize(inner, ends, signatures, shapes, limits.tolerance)
    minimum = Minimum(
        objective=inner,
        **found,
        ways=run.by_way(found["value"], ends.value.cpu()),
        path=tuple(stage.label for stage in ways[0].stages) if len(ways) == 1 else (),
        unseen=run.unseen(ends) if start is None and dim > 1 else None,
        iterations=ends.iterations,
        evaluations=ends.evaluations,
        budget=run.budget,
        seed=seed if isinstance(seed, int) and start is None else None,
        origin=origin,
        hops=search.hops,
        stop=run.stop,
    )
    minimum = _in_units(minimum, target)
    if throw and not minimum.minima:
        raise ConvergenceError(
            f"no start of {minimum.restarts} reached a local minimum of {target.label} at points={points}, dim={dim}: "
            f"{minimum.status.value} (gradient norm {minimum.gradient_norm:.1e}); raise max_iterations, or see the best "
            f"configuration in the exception's minimum, or by throw=False",
            minimum,
        )
    return minimum


def _check_sampled(target: Expected, points: int, dim: int) -> None:
    """ArgumentError for a mean over so many batches that an open search, which makes thousands of evaluations, would take
    many minutes without a word."""
    numbers = target.temporaries(points, dim)
    if numbers <= _MOST_SAMPLED:
        return
    batches = "all batches" if target.exact(points) else f"{target.samples} batches drawn once"
    seconds = numbers / _SAMPLED_A_SECOND
    raise ArgumentError(
        "restarts",
        "nothing",
        f"the value is a mean over {batches}, of {target.batch} of {points} pairs: about {seconds:.2g} s for each of 2000 "
        f"evaluations or more; say how many restarts, e.g. 2 (200 evaluations each), or give Expected fewer samples",
    )


def _in_units(minimum: Minimum, target: Objective) -> Minimum:
    """The minimum of the objective that was asked for, where its logarithm was minimized."""
    if not minimum.objective.logarithmic:
        positive_value = target.positive and 0 < minimum.value < math.inf
        return replace(minimum, log_value=math.log(minimum.value) if positive_value else None)
    minima = tuple(replace(one, value=_exp(one.value)) for one in minimum.minima)
    return replace(minimum, objective=target, value=_exp(minimum.value), log_value=minimum.value, minima=minima)


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def _inner_bound(inner: Objective, lower_bound: float | None) -> float | None:
    if lower_bound is None or not inner.logarithmic:
        return lower_bound
    return math.log(lower_bound) if lower_bound > 0 else None


def _share(name: str, value: float) -> float:
    number = positive(name, value)
    if number >= 1:
        raise ArgumentError(name, repr(value), "must be a probability below 1, e.g. 0.05")
    return number


def _check_start(start: Tensor, rows: int, dim: int, objective: Objective) -> None:
    check_points(start, "start")
    if start.ndim != 3 or start.shape[1:] != (rows, dim) or not len(start):
        raise ArgumentError("start", f"shape {tuple(start.shape)}", f"must be (starts, {rows}, {dim})")
    if isinstance(objective, Energy) and objective.kernel.kinked:
        # Coincident points sit on a kink that is a maximum, and no derivative tells them to part.
        i, j = torch.triu_indices(rows, rows, 1)
        if bool((start[:, i] == start[:, j]).all(-1).any()):
            raise ArgumentError("start", "coincident points", f"must be distinct under {objective.kernel.label}")


def pick_device(device: str | torch.device) -> torch.device:
    """The device meant: "auto" is CUDA where there is one, else the CPU.  ArgumentError for one that is not there."""
    if str(device) == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.zeros(1, device=chosen).item()
    except (RuntimeError, AssertionError, TypeError, NotImplementedError) as error:
        raise ArgumentError("device", repr(str(device)), f"not available here; use 'auto' or 'cpu' ({error})") from None
    return chosen
