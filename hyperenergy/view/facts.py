"""Numbers beside the picture: inner products, their histogram and prediction, design strength, value and verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hyperenergy.errors import ArgumentError
from hyperenergy.expectation.law import InnerProductLaw
from hyperenergy.gegenbauer import gegenbauer
from hyperenergy.prediction import Prediction
from hyperenergy.theorems import get
from hyperenergy.view import recall
from hyperenergy.view.geometry import Integers
from hyperenergy.view.load import Configuration, Floats

# All pairs are counted up to so many points; of more, those of a random sample.
MOST_PAIRED = 3000
# Bins are centered at multiples of 1/100, so that most rational inner products lie inside of one.
_BINS = 201
# Of so many points, kinds and design strength are found within a second or two.
_MOST_SEEN = 1000
_DISTINCT = 1e-6
_MOST_DISTINCT = 30
_ZERO, _MOST_DEGREE = 1e-10, 60

Row = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Products:
    """The inner products of the pairs i < j: counts in bins of given edges, what the uniform law expects there (None on
    S^0), and the distinct values with counts (None where they are many).  note: which pairs, if not all."""

    edges: Floats
    counts: Floats
    uniform: Floats | None
    distinct: list[tuple[float, float]] | None
    note: str


def products(configuration: Configuration, sample: Integers) -> Products:
    """Of a code exactly, from its distribution; of a file from all pairs, or those of the sample."""
    code, dim = configuration.code, configuration.anchors.shape[1]
    if code is not None:
        weight = code.size / 2
        distinct = [(float(x), count * weight) for x, count in code.inner_products.items()]
        note = ""
    else:
        x = configuration.anchors[sample]
        values = np.sort(np.clip((x @ x.T)[np.triu_indices(len(x), 1)], -1, 1))
        starts = np.flatnonzero(np.diff(values, prepend=-np.inf) > _DISTINCT)
        ends = np.append(starts[1:], len(values))
        distinct = [(float(values[a:b].mean()), float(b - a)) for a, b in zip(starts, ends, strict=True)]
        whole = len(x) == len(configuration.anchors)
        note = "" if whole else f"Pairs among a random sample of {len(x)} of the points."
    half = 1 / (_BINS - 1)
    edges = np.linspace(-1 - half, 1 + half, _BINS + 1)
    at, weights = np.array(distinct).T
    counts = np.histogram(at + 1e-9, edges, weights=weights)[0].astype(np.float64)
    uniform = counts.sum() * np.diff(InnerProductLaw(dim).cdf(edges)) if dim >= 2 else None
    return Products(edges, counts, uniform, distinct if len(distinct) <= _MOST_DISTINCT else None, note)


def numerical_strength(x: Floats) -> int:
    """The largest t such that the points are a t-design to within 1e-10 in the mean of each P_k over all pairs, which is
    the mean square of the averages of the harmonics of degree k; at most 60."""
    polynomials = gegenbauer(np.clip(x @ x.T, -1, 1), x.shape[1])
    next(polynomials)
    for degree in range(1, _MOST_DEGREE + 1):
        if abs(next(polynomials).mean()) > _ZERO:
            return degree - 1
    return _MOST_DEGREE


def rows(configuration: Configuration) -> tuple[list[Row], Prediction | None]:
    """Label and text of each line of the panel, and the prediction where there is one."""
    x, code = configuration.anchors, configuration.code
    points, dim = x.shape
    lines: list[Row] = [("points", f"{points} in R^{dim}")]
    judged, prediction = _judged(configuration)
    lines += judged
    if configuration.positives is not None:
        gap = float(np.linalg.norm(x - configuration.positives, axis=1).max())
        lines.append(("misalignment", f"{_number(gap, 3)}, the largest |u_i - v_i|"))
    if code is not None:
        state = {"theorem": "yes, a theorem", "conjecture": "conjectured", "false": "no"}[code.optimality]
        lines += [
            ("universally optimal", state),
            ("design strength", _number(code.design_strength, 4)),
            ("sharp", "yes" if code.sharp else "no"),
            ("symmetry", "every point sees the same inner products"),
            ("source", code.citation),
        ]
    elif points <= _MOST_SEEN:
        if dim >= 2:
            lines.append(("design strength", f"{numerical_strength(x)}, numerically"))
        kinds = _kinds(x)
        seen = f"{kinds} kinds of points by the inner products that they see"
        if kinds in (1, points):
            seen = f"{'every point sees' if kinds == 1 else 'no two points see'} the same inner products"
        lines.append(("symmetry", seen))
    return lines, prediction


def _judged(configuration: Configuration) -> tuple[list[Row], Prediction | None]:
    label, said = configuration.objective, configuration.value
    lines: list[Row] = [] if label is None else [("objective", label)]
    if said is not None:
        lines.append(("value in the file", _number(said, 12)))
    target = None if label is None else recall.objective(label)
    if label is not None and target is None:
        lines.append(("verdict", "none: the objective is not one that is known here"))
    if target is None:
        return lines, None
    try:
        value, prediction, match = recall.judge(configuration, target)
    except (ArgumentError, RuntimeError):
        return [*lines, ("verdict", "none: the objective cannot be evaluated at this configuration")], None
    if said is None or not math.isclose(said, value, rel_tol=1e-9, abs_tol=1e-9):
        lines.append(("value, computed again", _number(value, 12)))
    if len(configuration.anchors) > recall.MOST_COMPARED:
        return [*lines, ("prediction", f"not looked up for more than {recall.MOST_COMPARED} points")], None
    if prediction is None or match is None:
        return [*lines, ("prediction", "none: no theorem or conjecture speaks here")], None
    lines += [
        ("prediction", f"{_number(prediction.value, 12)} ({prediction.theorem}, {prediction.status})"),
        ("value gap", _number(match.value_gap, 2)),
        ("verdict", f"{match.outcome.value}: {match.reason}"),
        ("statement", get(prediction.theorem).statement),
    ]
    return lines, prediction


def _kinds(x: Floats) -> int:
    """Classes of points with equal sorted rows of the Gram matrix, to within 1e-5 in each entry."""
    seen = np.sort(x @ x.T, axis=1)
    found: list[Floats] = []
    for row in seen:
        if not any(abs(row - other).max() <= 1e-5 for other in found):
            found.append(row)
    return len(found)


def _number(value: float, digits: int) -> str:
    return "infinite" if math.isinf(value) else f"{value:.{digits}g}".replace("-", "\N{MINUS SIGN}")
