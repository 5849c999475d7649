"""Which instances of a claim tell most: the worst one, and the counterexamples that are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from hyperenergy.theorems.prediction import Outcome
from hyperenergy.verify.grid import Result
from hyperenergy.verify.report import Summary

MOST_KEPT = 3


@dataclass(frozen=True)
class Telling:
    """An instance, and in words why it was chosen."""

    result: Result
    why: str


def gap(result: Result) -> float | None:
    """|value - claimed| / max(1, |claimed|); None where there is nothing to compare."""
    if result.value_gap is None or result.prediction is None:
        return None
    return abs(result.value_gap) / max(1.0, abs(result.prediction))


def worst(summary: Summary) -> Telling | None:
    """The clearest counterexample; else the undecided instance with the largest gap; else, of those that agree, the one
    with the largest gap or residual.

    An instance with a stored configuration goes before one without.  None where no instance that agrees has either number.
    """
    for outcome, name in ((Outcome.REFUTED, "counterexample"), (Outcome.INCONCLUSIVE, "undecided instance")):
        some = [r for r in summary.results if r.outcome is outcome]
        if some:
            return _first(some, gap, name, "gap")

    def deviation(result: Result) -> float | None:
        found = (gap(result), Summary(summary.theorem, (result,)).worst_residual)
        return max((x for x in found if x is not None), default=None)

    some = [r for r in summary.agreeing if deviation(r) is not None]
    return _first(some, deviation, "instance that agrees", "gap or residual") if some else None


def _first(some: Sequence[Result], size: Callable[[Result], float | None], name: str, what: str) -> Telling:
    first = _ranked(some, size)[0]
    if len(some) == 1:
        return Telling(first, f"the only {name}")
    if size(first) is None:
        return Telling(first, f"one {name} of {len(some)}, without a {what} to rank it by")
    stored = [r for r in some if r.anchors is not None]
    among = " whose configuration is stored" if 0 < len(stored) < len(some) else ""
    return Telling(first, f"the {name}{among} with the largest {what}, of {len(stored) or len(some)}")


def kept(summary: Summary) -> list[Result]:
    """The instances whose configurations are kept: the worst one first, then further counterexamples; at most MOST_KEPT,
    and only where a configuration is stored."""
    refuted = _ranked((r for r in summary.results if r.outcome is Outcome.REFUTED), gap)
    first = worst(summary)
    chosen = refuted or ([first.result] if first else [])
    return [r for r in chosen if r.anchors is not None][:MOST_KEPT]


def _ranked(results: Iterable[Result], size: Callable[[Result], float | None]) -> list[Result]:
    """Those with stored configurations first, and among equals the largest first; nan and None are the smallest."""

    def key(result: Result) -> tuple[bool, float]:
        x = size(result)
        return result.anchors is not None, x if x is not None and x == x else -1.0

    return sorted(results, key=key, reverse=True)
