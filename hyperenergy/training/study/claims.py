"""What the paper says of practice, registered before the runs, and how runs judge it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hyperenergy.errors import unknown_name
from hyperenergy.training.study import contrasts
from hyperenergy.training.study.contrast import Contrast
from hyperenergy.training.study.decays import decays
from hyperenergy.training.study.records import Grid, Record, gather
from hyperenergy.training.study.rows import Row, row
from hyperenergy.training.study.statistics import verdicts


@dataclass(frozen=True)
class Claim:
    """A claim about trained encoders.  smallest: the smallest effect of interest, in the unit.

    measure: what is measured of a run.  better: "larger" or "smaller", or what it is to be equal to.
    status: "empirical": no theorem says it, and only runs can judge it.
    """

    id: str
    title: str
    statement: str
    measure: str
    smallest: float
    unit: str
    better: str
    status: str = "empirical"


_COMPARATOR = "the best of SimCLR, InfoNCE and DCL by validation"
CLAIMS = {
    claim.id: claim
    for claim in (
        Claim(
            "C1",
            "Decoupled losses are more accurate",
            f"DHEL and KCL, each at its best temperature by validation, have a larger test accuracy than "
            f"{_COMPARATOR}, at every batch size; by probes of all labels, of 20 and of 5 labels a class.",
            "test accuracy of a linear probe",
            0.5,
            "points",
            "larger",
        ),
        Claim(
            "C2",
            "Decoupled losses are more robust",
            "The largest minus the smallest test accuracy over batch sizes, each at its best temperature, and over "
            f"equally many temperatures at each batch size, is smaller for DHEL and KCL than for {_COMPARATOR}.",
            "largest minus smallest test accuracy",
            0.5,
            "points",
            "smaller",
        ),
        Claim(
            "C3",
            "Decoupled losses use more dimensions",
            "At the head's output and at the encoder's, DHEL and KCL have a larger effective rank, RankMe and LiDAR "
            f"than {_COMPARATOR}, and fewer singular values below 1 % of the largest (in percent of the dimension).",
            "effective rank, RankMe, LiDAR, small singular values",
            5.0,
            "%",
            "larger; of small singular values smaller",
        ),
        Claim(
            "C4",
            "Coupled losses stop short of alignment at small batches",
            f"At batch sizes <= {contrasts.SMALL_BATCH} the alignment gap of DHEL and KCL is smaller than that of each "
            "of SimCLR, InfoNCE and DCL.",
            "alignment gap of diagnose",
            0.01,
            "of the way",
            "smaller",
        ),
        Claim(
            "C5",
            "InfoNCE approaches its limit like 1/M, DHEL is far nearer",
            "For the embeddings of encoders trained with InfoNCE or DHEL, and their temperature, the distance of InfoNCE "
            "from its limit falls like 1/M over batch sizes M from 8 to 256; M times it at M = 256 is within 10 % of E2's "
            "coefficient for the law of the embeddings; and DHEL's distance is less than a tenth of it at every M. (E2 "
            "says so of large M, at every temperature; whether these M are large is what is asked.)",
            "slope of log |distance| against log M",
            0.1,
            "of the slope",
            "-1",
        ),
    )
}
_CONTRASTS: dict[str, Callable[[Grid, str], Iterator[Contrast]]] = {
    "C1": contrasts.accuracies,
    "C2": contrasts.spreads,
    "C3": contrasts.spectra,
    "C4": contrasts.gaps,
}


def judge(records: Iterable[Record | Mapping[str, Any]], claim: str | Claim | None = None) -> list[Row]:
    """The rows of C1 to C5, or of one of them: each a paired comparison over seeds with its verdict.

    records: finished runs, or dicts with a record's fields; nothing else of the grid needs to be there.
    A family, over which the p-values are adjusted, is what a claim says of one data set by one measure: all losses,
    batch sizes and comparators.  C5 is judged by ``decay``, at every temperature.  For the others temperatures and
    comparators are chosen by validation.
    A run that is nan where it counts, in the choice or in the measure, leaves its rows undecided, with the reason; a
    run that is missing is left out, and counted.  Raises ArgumentError for another claim, and for a run that is there
    twice.
    """
    asked = claim.id if isinstance(claim, Claim) else claim
    if asked is not None and asked not in CLAIMS:
        raise unknown_name("claim", asked, CLAIMS)
    grid = gather(records)
    return [x for id in ([asked] if asked else CLAIMS) for data in grid.data() for x in _rows(id, grid, data)]


def _rows(id: str, grid: Grid, data: str) -> Iterator[Row]:
    if id == "C5":
        yield from decays(grid, data)
        return
    families: dict[str, list[Contrast]] = {}
    for contrast in _CONTRASTS[id](grid, data):
        families.setdefault(contrast.measure.name, []).append(contrast)
    for family in families.values():
        yield from _judged(id, family, len(grid.seeds(data)))


def _judged(id: str, family: list[Contrast], seeds: int) -> Iterator[Row]:
    named = {str(k): contrast for k, contrast in enumerate(family)}
    void = [name for name, contrast in named.items() if contrast.reasons]
    smallest = CLAIMS[id].smallest
    found = verdicts({name: [*x.differences.values()] for name, x in named.items()}, smallest, undecided=void)
    for name, contrast in named.items():
        yield row(id, contrast, found[name], smallest, seeds - len(contrast.differences))
