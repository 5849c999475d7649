"""Lists of batches of a data set: which are any, and which meet all pairs equally often."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from hyperenergy.checks import integer
from hyperenergy.errors import ArgumentError

# Batch -> the indices of its pairs.
Batches = Sequence[Sequence[int]]

# As many batches as a label shows.
_SHOWN = 12


def checked_batches(batches: Any, size: int | None = None) -> tuple[tuple[int, ...], ...]:
    """The batches as tuples; ArgumentError, with the batch, for one of another size (than the first, where none is given) or
    with an index twice."""
    given = batches.tolist() if hasattr(batches, "tolist") else batches
    if not _is_list(given) or not given or not all(map(_is_list, given)):
        raise ArgumentError("batches", repr(batches), "must be index tuples such as [(0, 1, 2), (0, 3, 4)]")
    found = tuple(tuple(integer("batches", i, 0) for i in batch) for batch in given)
    said, size = ("batch", size) if size is not None else ("the first", len(found[0]))
    for k, batch in enumerate(found):
        which = f"{list(batch)} as number {k}"
        if len(batch) != size:
            raise ArgumentError("batches", which, f"must have {size} indices, which {said} says")
        if len(set(batch)) < size:
            twice = Counter(batch).most_common(1)[0][0]
            raise ArgumentError("batches", which, f"must have different indices; {twice} is repeated")
    return found


def _is_list(x: object) -> bool:
    return isinstance(x, Sequence) and not isinstance(x, str)


def within(batches: Batches, points: int) -> Batches:
    """The batches themselves; ArgumentError for one with an index that none of so many pairs has."""
    for k, batch in enumerate(batches):
        if max(batch) >= points:
            raise ArgumentError("batches", f"{list(batch)} as number {k}", f"its indices must be in 0..{points - 1}")
    return batches


def shown_batches(batches: Batches) -> str:
    """The batches in a label: all of a few, and of many their number and a checksum."""
    text = str([list(batch) for batch in batches])
    return text if len(batches) <= _SHOWN else f"{len(batches)} ({zlib.crc32(text.encode()):08x})"


def pair_counts(batches: Batches, points: int) -> dict[tuple[int, int], int]:
    """(i, j), i < j, of 0..points-1 -> how many batches hold both."""
    met = Counter(pair for batch in batches for pair in combinations(sorted(batch), 2))
    return {pair: met[pair] for pair in combinations(range(points), 2)}


def is_design(batches: Batches, points: int) -> bool:
    """Whether all pairs lie in equally many batches, at least one: a 2-design, perhaps with repeated blocks."""
    counts = set(pair_counts(batches, points).values())
    return len(counts) == 1 and 0 not in counts


def check_design(batches: Batches, points: int) -> int:
    """In how many batches each pair of 0..points-1 lies.

    Raises ArgumentError where that is not one number: with two pairs that differ, their counts, and the batches that hold
    the one that is met more often.
    """
    counts = pair_counts(within(batches, points), points)
    fewest, most = (choose(counts, key=counts.__getitem__) for choose in (min, max))
    if counts[fewest] < counts[most]:
        holding = [list(batch) for batch in batches if set(most) <= set(batch)]
        more = f", and {len(holding) - 3} more" if len(holding) > 3 else ""
        raise ArgumentError(
            "batches",
            f"pair {most} in {counts[most]} of them ({', '.join(map(str, holding[:3]))}{more}) and pair {fewest} in "
            f"{counts[fewest]}",
            "a 2-design has every pair equally often",
        )
    return counts[most]
