"""What is compared: a number of each run, how two of them differ, and the words for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from hyperenergy.training.study.records import Record

# What a claim says of losses that sum over negatives apart from the positive, and of those that do not.
DECOUPLED = ("DHEL", "KCL")
COUPLED = ("DCL", "InfoNCE", "SimCLR")
LAYERS = ("h", "z")


@dataclass(frozen=True)
class Measure:
    """value: of a run, None where it was not measured.  difference(loss, comparator): > 0 supports the claim.

    words: of a difference > 0 and < 0, after "LOSS is 3 UNIT" or another verb.  tail: what follows the comparator.
    """

    name: str
    unit: str
    value: Callable[[Record], float | None]
    difference: Callable[[float, float], float]
    words: tuple[str, str] = ("above", "below")
    verb: str = "is"
    tail: str = ""


def larger(mine: float, other: float) -> float:
    return mine - other


def smaller(mine: float, other: float) -> float:
    return other - mine


def relative(mine: float, other: float) -> float:
    """In percent of the other, which must be > 0; nan otherwise."""
    return 100 * (mine / other - 1) if other > 0 else math.nan


def _percent(name: str) -> Callable[[Record], float | None]:
    def value(run: Record) -> float | None:
        given = run.measured(name)
        return None if given is None else 100 * given

    return value


def _plain(name: str) -> Callable[[Record], float | None]:
    return lambda run: run.measured(name)


def _share(layer: str) -> Callable[[Record], float | None]:
    def value(run: Record) -> float | None:
        count, dim = (run.measured(f"{layer}.{name}") for name in ("small_singular_values", "dimension"))
        return None if count is None or dim is None else 100 * count / dim

    return value


def accuracy(name: str) -> Measure:
    """Of the probe "accuracy", or "accuracy.5" of so many labels a class; in points."""
    labels = name.partition(".")[2]
    tail = f" with {labels} labels a class" if labels else ""
    return Measure(name, "points", _percent(name), larger, tail=tail)


def spread(over: str, said: str) -> Measure:
    """The largest minus the smallest test accuracy over "batch sizes" or "temperatures", in points.  said: which."""
    words = ("less than", "more than")
    value = _percent("accuracy")
    return Measure(f"spread over {over}", "points", value, smaller, words, "varies by", f" over {said}")


def spectrum(layer: str) -> list[Measure]:
    """What collapse is told by, at the head's output z or the encoder's h."""
    names = [f"{layer}.{name}" for name in ("effective_rank", "rankme", "lidar")]
    ranks = [Measure(x, "%", _plain(x), relative, tail=f" in {x}") for x in names]
    few = f"{layer}.small_singular_values"
    words = ("below", "above")
    return [*ranks, Measure(few, "% of the dimension", _share(layer), smaller, words, tail=f" in {few}")]


def gap() -> Measure:
    name, words = "alignment_gap", ("below", "above")
    return Measure(name, "of the way", _plain(name), smaller, words, tail=" in alignment gap")
