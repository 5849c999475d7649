"""Numbers beside the picture: inner products, their histogram and prediction, design strength, value and verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hyperenergy.arithmetic.gegenbauer import gegenbauer
from hyperenergy.codes import Code, identification
from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.precision import row_error
from hyperenergy.geometry.symmetry import UndecidedError, symmetry
from hyperenergy.laws.law import InnerProductLaw
from hyperenergy.objectives.base import Objective
from hyperenergy.objectives.recall import from_spec
from hyperenergy.search.minimum import Minimum
from hyperenergy.search.ways import told
from hyperenergy.show.layout import sample
from hyperenergy.show.view import recall
from hyperenergy.show.view.load import Configuration, Floats
from hyperenergy.theorems import get, predict, unpredicted
from hyperenergy.theorems.compare import Match, compare
from hyperenergy.theorems.prediction import Prediction, Status

# All pairs are counted up to so many points; of more, those of a random sample.
MOST_PAIRED = 3000
# Bins are centered at multiples of 1/100, so that most rational inner products lie inside of one.
EDGES = np.linspace(-1.005, 1.005, 202)
# Of so many points, kinds and design strength are found within a second or two.
_MOST_SEEN, _MOST_DIM = 1000, 256
_DISTINCT = 1e-6
_MOST_DISTINCT = 30
_ZERO, _MOST_DEGREE = 1e-10, 60
# Inner products that are held at once.
_AT_ONCE = 2**24
# Of so many points all pairs are compared within seconds.
_MOST_COMPARED = 30_000
# Points this far from a code's are that code, where their digits do not say that they err by more.
_NAMED = 1e-6
# Rows of inner products that differ by this much are of one kind.  The work spent on finding symmetries is a second's.
_SAME, _MOST_WORK = 1e-5, 2 * 10**9

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


def products(configuration: Configuration, seed: int = 0) -> Products:
    """Of a code exactly, from its distribution; of a file from all pairs, or those of a random sample of the points."""
    code, (points, dim) = configuration.code, configuration.anchors.shape
    note = ""
    if code is not None:
        weight = code.size / 2
        distinct = [(float(x), count * weight) for x, count in code.inner_products.items()]
        counts = _binned(*np.array(distinct).T)
    else:
        shown = configuration.anchors[sample(points, MOST_PAIRED, seed)]
        if len(shown) < points:
            note = f"Pairs among a random sample of {len(shown)} of the points."
        values = np.sort(_pairs(shown))
        starts = np.flatnonzero(np.diff(values, prepend=-np.inf) > _DISTINCT)
        sizes = np.diff(starts, append=len(values)).astype(np.float64)
        means = np.add.reduceat(values, starts) / sizes if len(values) else values
        distinct = list(zip(means.tolist(), sizes.tolist(), strict=True))
        counts = _binned(means, sizes)
    uniform = counts.sum() * np.diff(InnerProductLaw(dim).cdf(EDGES)) if dim >= 2 else None
    return Products(EDGES, counts, uniform, distinct if len(distinct) <= _MOST_DISTINCT else None, note)


def histogram(x: Floats, seed: int = 0) -> Floats:
    """Counts of the inner products of the pairs i < j of x (points, dim), or of the sample of ``products``, in the bins."""
    return _binned(_pairs(x[sample(len(x), MOST_PAIRED, seed)]), None)


def _pairs(x: Floats) -> Floats:
    return np.asarray(np.clip(x @ x.T, -1, 1)[np.triu_indices(len(x), 1)])


def _binned(values: Floats, weights: Floats | None) -> Floats:
    # Values at an edge go where exact ones would: 1e-9 is more than their round-off.
    return np.histogram(values + 1e-9, EDGES, weights=weights)[0].astype(np.float64)


def numerical_strength(x: Floats, error: float = 0.0) -> int:
    """The largest t such that the points are a t-design to within errors, at most 60.

    The mean of P_k over all pairs is the mean square of the averages of the harmonics of degree k, normalized; it must be
    within 1e-10 of zero, or what rows that err by ``error`` make of it: k (k + d - 2) / (d - 1) error^2 at most.
    """
    dim = x.shape[1]
    polynomials = gegenbauer(np.clip(x @ x.T, -1, 1), dim)
    next(polynomials)
    for degree in range(1, _MOST_DEGREE + 1):
        if abs(next(polynomials).mean()) > max(_ZERO, degree * (degree + dim - 2) / (dim - 1) * error**2):
            return degree - 1
    return _MOST_DEGREE


_STATES = {
    "theorem": "yes, a theorem",
    "cited": "yes, a theorem (cited, not proved here)",
    "conjecture": "conjectured",
    "false": "no",
    "open": "not known",
}


def rows(configuration: Configuration) -> tuple[list[Row], Prediction | None]:
    """Label and text of each line of the panel, and the prediction where there is one."""
    x, code = configuration.anchors, configuration.code
    points, dim = x.shape
    small = points <= _MOST_SEEN and dim <= _MOST_DIM
    lines: list[Row] = [("points" if configuration.positives is None else "pairs", f"{points} in R^{dim}")]
    judged, prediction = _judged(configuration)
    lines += judged
    if points >= 2:
        lines.append(("least angle", _angle(x, code) + _of_anchors(configuration)))
    if configuration.positives is not None:
        gap = float(np.linalg.norm(x - configuration.positives, axis=1).max())
        lines.append(("misalignment", f"{_number(gap, 3)}, the largest |u_i - v_i|"))
    if code is not None:
        lines += [
            ("universally optimal", _STATES[code.optimality]),
            ("design strength", _number(code.design_strength, 4)),
            ("sharp", "yes" if code.sharp else "no"),
            *(_symmetry(x, None) if small else [("symmetry", "every point sees the same inner products")]),
            ("source", code.citation),
        ]
    elif points <= _MOST_SEEN:
        written = x if configuration.written is None else configuration.written
        error, _ = row_error(written)
        if configuration.positives is None and (found := identification(x, tolerance=max(_NAMED, 2 * error))):
            lines.append(("code", f"{found.code.name} of the catalogue, to within {_number(found.residual, 2)}"))
        if dim >= 2:
            digits = f", to within errors of {_number(error, 1)} in the rows" if error > _SAME / 10 else ""
            lines.append(("design strength", f"{numerical_strength(x, error)}, numerically{digits}"))
        if small:
            lines += _symmetry(written, configuration.positives)
        else:
            lines.append(("symmetry", f"not looked for in more than {_MOST_DIM} dimensions"))
    return lines, prediction


def _angle(x: Floats, code: Code | None) -> str:
    """Of a code from its exact inner products: all pairs of many points take minutes."""
    if code is not None and code.distribution:
        nearest = max(code.distribution)
        return (
            f"{_number(math.degrees(math.acos(float(nearest.a) + float(nearest.b) * math.sqrt(nearest.D))), 9)} degrees"
        )
    if len(x) > _MOST_COMPARED:
        return f"not looked for among more than {_MOST_COMPARED} points"
    return f"{_number(_least_angle(x), 9)} degrees"


def _least_angle(x: Floats) -> float:
    """Between two of the points, in degrees; by the nearest in blocks."""
    block = max(1, _AT_ONCE // len(x))
    nearest = np.inf
    for begin in range(0, len(x), block):
        products = x[begin : begin + block] @ x.T
        products[np.arange(len(products)), np.arange(begin, begin + len(products))] = -2
        i, j = np.unravel_index(products.argmax(), products.shape)
        nearest = min(nearest, float(np.linalg.norm(x[begin + i] - x[j])))
    return math.degrees(2 * math.asin(min(1.0, nearest / 2)))


def _of_anchors(configuration: Configuration) -> str:
    return "" if configuration.positives is None else ", between anchors"


def _judged(configuration: Configuration) -> tuple[list[Row], Prediction | None]:
    if configuration.minimum is not None:
        return _found(configuration.minimum)
    label, said = configuration.objective, configuration.value
    lines: list[Row] = [] if label is None else [("objective", label)]
    if said is not None:
        lines.append(("value in the file", _number(said, 12)))
    if configuration.spec is None:
        if label is not None:
            lines.append(("verdict", "none: the file names the objective and has no spec of it"))
        return lines, None
    try:
        target = from_spec(configuration.spec)
    except ArgumentError as error:
        return [*lines, ("verdict", f"none: the objective cannot be made again ({error})")], None
    try:
        value, prediction, match = recall.judge(configuration, target)
    except (ArgumentError, RuntimeError):
        return [*lines, ("verdict", "none: the objective cannot be evaluated at this configuration")], None
    if said is None or not math.isclose(said, value, rel_tol=1e-9, abs_tol=1e-9):
        lines.append(("value, computed again", _number(value, 12)))
    return lines + _verdict(target, configuration.anchors.shape, prediction, match), prediction


def _found(minimum: Minimum) -> tuple[list[Row], Prediction | None]:
    points, dim = minimum.anchors.shape
    prediction = predict(minimum.objective, points, dim) if points <= recall.MOST_COMPARED else None
    match = None if prediction is None else compare(minimum, prediction)
    # The first is the one that is shown, if that is a minimum.
    first = 1 if minimum.status.stationary else 0
    others = ", ".join(f"{_number(m.value, 9)} ({m.count}x)" for m in minimum.minima[first : first + 5])
    lines = [
        ("objective", minimum.objective.label),
        ("value", _number(minimum.value, 15)),
        *_logarithm(minimum),
        ("search", minimum.status.value),
        ("starts that reached it", f"{minimum.hits} of {minimum.restarts}"),
        ("ways", told(minimum.ways)),
        *([("not seen yet", str(minimum.unseen))] if minimum.unseen is not None else []),
        *([("other minima", others)] if others else []),
    ]
    return lines + _verdict(minimum.objective, minimum.anchors.shape, prediction, match), prediction


def _logarithm(minimum: Minimum) -> list[Row]:
    """Of a value that leaves float64, or nearly."""
    if minimum.log_value is None or 1e-300 < minimum.value < 1e300:
        return []
    return [("log of the value", _number(minimum.log_value, 15))]


def _verdict(
    objective: Objective, shape: tuple[int, ...], prediction: Prediction | None, match: Match | None
) -> list[Row]:
    points, dim = shape
    if points > recall.MOST_COMPARED:
        return [("prediction", f"not looked up for more than {recall.MOST_COMPARED} points")]
    if prediction is None or match is None:
        return [("prediction", unpredicted(objective, points, dim))]
    # What a theorem predicts is the minimum, so that the gap is certified: nothing is lower than this.
    certified = prediction.status == Status.THEOREM.value
    return [
        ("prediction", f"{_number(prediction.value, 12)} ({prediction.standing})"),
        ("gap to the proven minimum" if certified else "gap to the prediction", _number(match.value_gap, 2)),
        ("verdict", f"{match.outcome.value}: {match.reason}"),
        ("statement", get(prediction.theorem).statement),
    ]


def _symmetry(x: Floats, positives: Floats | None) -> list[Row]:
    """The group, if it is found with little work, and chirality; else what the inner products tell."""
    try:
        found = symmetry(x, positives, limit=_MOST_WORK)
    except ArgumentError as error:
        kinds = _kinds(x)
        seen = f"{kinds} kinds of points by the inner products that they see"
        seen = seen if kinds > 1 else "every point sees the same inner products"
        if isinstance(error, UndecidedError):
            return [("symmetry", f"undecided, for errors of the rows that cannot be told from asymmetry; {seen}")]
        return [("symmetry", seen)]
    named = f"{found.name}, order {found.order}" if found.name else f"order {found.order}"
    orbits = len(found.orbits)
    alike = {1: "all points are alike", len(x): "no two points are alike"}
    within = f"; maps may miss points by {_number(found.tolerance, 2)}" if found.tolerance > _SAME / 10 else ""
    lines = [("symmetry", f"{named}; {alike.get(orbits, f'{orbits} kinds of points')}{within}")]
    if found.dim < x.shape[1]:
        return [*lines, ("chirality", "mirror-symmetric: the points lie in a subspace")]
    chiral = "mirror-symmetric" if found.mirrors else "chiral: no rotation carries it to its mirror image"
    return [*lines, ("chirality", chiral)]


def _kinds(x: Floats) -> int:
    """Classes of points with equal sorted rows of the Gram matrix."""
    seen = np.sort(x @ x.T, axis=1)
    found: list[Floats] = []
    for row in seen:
        if not any(abs(row - other).max() <= _SAME for other in found):
            found.append(row)
    return len(found)


def _number(value: float, digits: int) -> str:
    return "infinite" if math.isinf(value) else f"{value:.{digits}g}".replace("-", "\N{MINUS SIGN}")
