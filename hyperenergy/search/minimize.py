"""Minimization over configurations: starts by several ways, hops, and an account of what may have been missed.

Each start goes its way, from an easy objective to the one that is meant; some then hop between basins; and one
configuration of each distinct minimum is finished by Newton's method, which also tells minima from saddles.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from hyperenergy.errors import ArgumentError, ConvergenceError
from hyperenergy.objectives.base import Objective, as_objective, check_configuration
from hyperenergy.objectives.logarithm import logarithmic
from hyperenergy.objectives.packing import LargestTerm
from hyperenergy.search.finish import finish
from hyperenergy.search.minimum import Minimum
from hyperenergy.search.multistart import Multistart
from hyperenergy.search.options import Callback, Path, checked, pick_device
from hyperenergy.search.packing import largest_term
from hyperenergy.search.starts import Starts

__all__ = ["Callback", "minimize", "pick_device"]


def minimize(
    objective: object,
    points: int,
    dim: int,
    *,
    restarts: int | None = None,
    seed: int | torch.Generator = 0,
    starts: Starts = "random",
    start: Float[Tensor, "*starts rows dim"] | None = None,
    path: Path = "auto",
    hops: int | None = None,
    unseen: float | None = None,
    budget: int | None = None,
    lower_bound: float | Literal["certified"] | None = None,
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
    rows of shape (starts, rows, dim) or (rows, dim), with rows = 2 * points (anchors over positives) for a loss.

    ``restarts`` of them are made.  If it is left out, the search goes on until, with 95 % confidence, the probability that
    one more start ends in a minimum not seen yet is below ``unseen``, or until ``budget`` evaluations of one configuration
    are spent (by default 0.05, and as many as take about a second in compiled code); ``Minimum.stop`` says which.
    The starts are dealt out to several ways, and counted by way (``Minimum.ways``): ``path="auto"`` goes straight down, by
    way of easier objectives, and from softer and steeper ones of the same family; "direct" straight down alone, and a
    sequence of objectives through these, in this order.  From ``start`` the way is direct.
    ``hops`` times each start jumps to a neighboring basin and keeps it if it is lower: all that are above the best value,
    and some at it, with step sizes that adapt.  If neither ``hops`` nor ``restarts`` is given, the search hops where few
    starts reach the best value, and looks around from the best.
    It ends early where ``lower_bound`` is attained, a number or "certified" (made by ``he.lower_bound``), or
    ``enough_hits`` starts reached the best value.
    ``tolerance`` bounds the Riemannian gradient norm relative to the scale of the objective.
    ``compiled``: whether to use compiled code, by default where there is some: energies and losses, on a CPU.
    ``callback(progress)`` sees what ``Progress`` says; what it raises ends the search.

    Law: the same arguments give the same result on the same machine.
    Raises ArgumentError for impossible arguments, and ConvergenceError where no start ended at a local minimum: it has the
    best configuration as ``minimum``, which ``throw=False`` returns instead, its status saying so.
    """
    target = as_objective(objective)
    points, dim = check_configuration(target, points, dim)
    if isinstance(lower_bound, str):
        lower_bound = _certified(lower_bound, target, points, dim)
    # Of a largest term a smooth objective near it is minimized, and its minima are finished as what they are.
    steep = target.steep() if isinstance(target, LargestTerm) else target
    inner = logarithmic(steep)
    options = checked(
        steep, inner, points, dim, start, path,
        restarts=restarts, seed=seed, starts=starts, hops=hops, unseen=unseen, budget=budget, lower_bound=lower_bound,
        enough_hits=enough_hits, device=device, tolerance=tolerance, max_iterations=max_iterations, compiled=compiled,
        callback=callback,
    )  # fmt: skip
    run = Multistart(inner, points, dim, options)
    ends = run.run()
    if isinstance(target, LargestTerm):
        return _judged(largest_term.account(run, ends, target, points), throw)
    return _judged(_in_units(run.account(*finish(run.search, ends)), target), throw)


def _certified(asked: str, target: Objective, points: int, dim: int) -> float:
    if asked != "certified":
        raise ArgumentError("lower_bound", repr(asked), 'must be a number or "certified"')
    from hyperenergy.bounds.bound import lower_bound

    return lower_bound(target, points, dim).value


def _judged(minimum: Minimum, throw: bool) -> Minimum:
    if throw and not minimum.minima:
        raise _unfinished(minimum)
    return minimum


def _unfinished(minimum: Minimum) -> ConvergenceError:
    points, dim = minimum.anchors.shape
    return ConvergenceError(
        f"no start of {minimum.restarts} reached a local minimum of {minimum.objective.label} at points={points}, "
        f"dim={dim}: {minimum.status.value} (gradient norm {minimum.gradient_norm:.1e}); raise max_iterations, or see the "
        f"best configuration in the exception's minimum, or by throw=False",
        minimum,
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
