"""All instances as rows of text for the table of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hyperenergy.verify.grid import Result

# Name, and whether it is a number.
COLUMNS: tuple[tuple[str, bool], ...] = (
    ("claim", False),
    ("objective", False),
    ("M", True),
    ("d", True),
    ("outcome", False),
    ("value", True),
    ("claimed", True),
    ("gap", True),
    ("misalignment", True),
    ("residual", True),
    ("hits", True),
    ("starts", True),
    ("unseen", True),
    ("seconds", True),
    ("parameters", False),
    ("reason", False),
    ("configuration", False),
)


def rows(results: Sequence[Result], files: Mapping[int, str]) -> list[list[str]]:
    """One row per result, in the order of COLUMNS; what is missing is empty.

    files: from the id() of a result to the name of its configuration's file, where there is one.
    """
    return [
        [
            r.claim,
            r.objective,
            str(r.points),
            str(r.dim),
            r.outcome.value,
            number(r.value, 12),
            number(r.prediction, 12),
            small(r.value_gap),
            small(r.misalignment),
            small(r.congruence),
            "" if r.hits is None else str(r.hits),
            "" if r.restarts is None else str(r.restarts),
            "" if r.unseen is None else f"< {100 * r.unseen:.2g} %",
            f"{r.seconds:.2f}",
            ", ".join(f"{key}={value}" for key, value in r.parameters.items()),
            r.reason,
            files.get(id(r), ""),
        ]
        for r in results
    ]


def number(value: float | None, digits: int) -> str:
    """To significant digits; empty for None."""
    return "" if value is None else f"{value:.{digits}g}"


def small(value: float | None) -> str:
    """To two digits, with an exponent; empty for None."""
    return "" if value is None else f"{value:.1e}" if value else "0"
