"""The symmetry group of a configuration: the orthogonal maps of its span that permute the points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from hyperenergy.checks import integer, not_unit, positive, written_norm
from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.automorphisms import CLEAR, Automorphisms, UndecidedError
from hyperenergy.geometry.coloring import Array, Integers, Work
from hyperenergy.geometry.precision import row_error
from hyperenergy.geometry.refinement import Items, on_rows, procrustes

__all__ = ["MOST_POINTS", "Symmetry", "UndecidedError", "schoenflies", "symmetry"]

MOST_POINTS = 1000
# Operations, about: a few seconds of work.
DEFAULT_LIMIT = 10**10

_MOST_TOLERANCE = 0.1
# What is taken for exact, and how many times larger a miss must be to be none of its errors.  Those of digits are bounded.
_EXACT, _CLEAR_OF_EXACT, _CLEAR_OF_DIGITS = 1e-6, 100.0, 2.5


@dataclass(frozen=True, eq=False)
class Symmetry:
    """The group of orthogonal maps of the span, of dimension ``dim``, that carry the configuration to itself.

    order: of the group of maps; permutations of coincident points do not count.  rotations: the order of its subgroup of
    determinant +1 on the span, order or order / 2.
    orbits: how many rows each orbit of points has, the largest first; they add up to the number of rows.
    name: the Schoenflies symbol ("I_h", "D_5h", "C_2v", ...) of points that span R^3; "C_n" (n rotations) or "D_n" (and n
    reflections) of points that span a plane; None in other dimensions.
    tolerance: the largest distance by which a map misses a point.
    generators: permutations p of the rows that generate the group.  Law: an orthogonal Q has x[i] @ Q.T within the tolerance
    of x[p[i]] for all i, and for pairs the same Q does it for the positives.
    """

    order: int
    rotations: int
    orbits: tuple[int, ...]
    dim: int
    name: str | None
    generators: Int[NDArray[np.int64], "generators points"]
    tolerance: float

    @property
    def mirrors(self) -> bool:
        """Whether a map of determinant -1 on the span is among them; in a larger space than the span there always is one."""
        return self.rotations < self.order


def symmetry(
    x: Float[Tensor | NDArray[np.float64], "points dim"],
    positives: Float[Tensor | NDArray[np.float64], "points dim"] | None = None,
    *,
    tolerance: float | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Symmetry:
    """The symmetry group of unit vectors, or of pairs: maps then carry anchor i to anchor j and positive i to positive j.

    tolerance: the largest distance by which a map may miss a point, as in ``congruent``.  So an inner product changes by
    at most about twice as much, and rows with errors e are symmetric with tolerance 2 e.  Points closer than the tolerance
    count as coincident.  Deviations above ten times the tolerance break a symmetry.  None: from the data.  Entries of few
    decimals, also if the rows were scaled thereafter, or norms that are not 1, tell e; else it is 1e-6, and deviations
    above 1e-4 break a symmetry.  The result says which tolerance it was.
    limit: about how many operations the search may take; the default is a few seconds of work.

    Laws: order, rotations, orbits and name do not change with rotations, reflections and permutations of the configuration;
    every orbit of distinct points divides the order.

    Raises ArgumentError unless x (and positives) are 1 to 1000 unit rows, to within 1e-3 or what rounding to three decimals
    does, of one shape; where the search is not finished within the limit; and UndecidedError, which is one, where a map is
    met that misses by more than the tolerance, but not by so much that it is clear of errors.

    >>> from hyperenergy import codes
    >>> symmetry(codes.get("icosahedron").coordinates).name
    'I_h'
    """
    limit = integer("limit", limit, 1)
    rows = _pairs(x, positives)
    tolerance, clear = _inferred(rows) if tolerance is None else (positive("tolerance", tolerance), CLEAR)
    rows = rows / np.linalg.norm(rows, axis=2, keepdims=True)
    if tolerance > _MOST_TOLERANCE:
        raise ArgumentError("tolerance", f"{tolerance:g}", f"must be at most {_MOST_TOLERANCE}, for points of norm 1")
    merged, member = Items.of(rows, tolerance)
    items, multiplicity = _span(merged.vectors, tolerance), merged.multiplicity
    group = Automorphisms(Items(items, multiplicity), tolerance, Work(limit), clear)
    proper = all(np.linalg.det(procrustes(items, items[p])) > 0 for p in group.generators)
    rotations = group.order if proper else group.order // 2
    sizes = np.bincount(group.orbit, weights=multiplicity)
    dim = items.shape[-1]
    generators = np.array([on_rows(p, member, member) for p in group.generators], dtype=np.int64)
    return Symmetry(
        order=group.order,
        rotations=rotations,
        orbits=tuple(sorted((int(size) for size in sizes if size), reverse=True)),
        dim=dim,
        name=_name(group, items, rotations, tolerance),
        generators=generators.reshape(-1, len(rows)),
        tolerance=tolerance,
    )


def _pairs(x: Any, positives: Any) -> Array:
    """(points, 1 or 2, dim)."""
    rows = _unit_rows(x, "x")
    if positives is None:
        return rows[:, None]
    others = _unit_rows(positives, "positives")
    if others.shape != rows.shape:
        raise ArgumentError("positives", f"shape {others.shape}", f"must have the shape of x, {rows.shape}")
    return np.stack([rows, others], axis=1)


def _name(group: Automorphisms, items: Array, rotations: int, tolerance: float) -> str | None:
    """Schoenflies' name in two and three dimensions."""
    dim = items.shape[-1]
    if dim == 2:
        return f"C_{rotations}" if rotations == group.order else f"D_{rotations}"
    if dim != 3:
        return None
    elements = _elements(group, tolerance)
    # An involution has eigenvalues +-1: the trace is -1 for a half-turn, 1 for a reflection, -3 for the inversion.
    traces = [round(np.trace(procrustes(items, items[p]))) for p in elements if np.array_equal(p[p], elements[0])]
    return schoenflies(group.order, rotations, traces.count(-1), traces.count(1))


def _inferred(rows: Array) -> tuple[float, float]:
    """The tolerance that errors of rows (points, views, dim) need, and how many times larger a miss is clear of them."""
    error, digits = row_error(rows.reshape(-1, rows.shape[-1]))
    if 2 * error <= _EXACT:
        return _EXACT, _CLEAR_OF_EXACT
    return 2 * error, _CLEAR_OF_DIGITS if digits else CLEAR


def schoenflies(order: int, rotations: int, half_turns: int, mirrors: int) -> str | None:
    """The symbol of a finite group of orthogonal maps of R^3 with so many elements, rotations, rotations by pi, reflections.

    The rotations are C_n (n elements, one half-turn if n is even), D_n (2n elements, n half-turns, n+1 if n is even), T, O
    or I; the reflections tell the groups with the same rotations apart (Conway and Smith, On Quaternions and Octonions,
    2003, chapter 3).  None if there is no such group.
    """
    proper = order == rotations
    solid = {(12, 3): "T", (24, 9): "O", (60, 15): "I"}.get((rotations, half_turns))
    if solid:
        return solid if proper else "T_d" if mirrors == 6 else f"{solid}_h"
    if rotations == 1:
        return "C_1" if proper else "C_s" if mirrors else "C_i"
    if rotations % 2 or half_turns == 1:
        n = rotations
        return f"C_{n}" if proper else {n: f"C_{n}v", 1: f"C_{n}h", 0: f"S_{2 * n}"}.get(mirrors)
    n = rotations // 2
    return f"D_{n}" if proper else {n: f"D_{n}d", n + 1: f"D_{n}h"}.get(mirrors)


def _elements(group: Automorphisms, tolerance: float) -> list[Integers]:
    """All elements of a group of maps of R^3, the identity first: there are few, at most 4 times the items or 120."""
    identity = np.arange(len(group.orbit))
    found = {identity.tobytes(): identity}
    queue = [identity]
    for p in queue:
        for generator in group.generators:
            q = generator[p]
            if found.setdefault(q.tobytes(), q) is q:
                queue.append(q)
        if len(queue) > group.order:
            break
    if len(queue) != group.order:
        raise UndecidedError("tolerance", f"{tolerance:g}", "the maps within it do not form a group; lower it")
    return queue


def _unit_rows(x: object, name: str) -> Array:
    array = np.asarray(x.detach().cpu() if isinstance(x, Tensor) else x)
    if array.dtype.kind not in "fiu" or array.ndim != 2 or not array.shape[1]:
        raise ArgumentError(name, f"{array.dtype} of shape {array.shape}", "must be real, of shape (points, dim)")
    if not 1 <= len(array) <= MOST_POINTS:
        raise ArgumentError(name, f"{len(array)} points", f"symmetries are sought of 1 to {MOST_POINTS} points")
    array = array.astype(np.float64)
    if wrong := not_unit(np.linalg.norm(array, axis=1), written_norm(array.shape[1])):
        (row,), norm = wrong
        raise ArgumentError(name, f"row {row} of norm {norm:.6g}", "rows must be unit vectors")
    return array


def _span(items: Array, tolerance: float) -> Array:
    """Coordinates in the span; directions in which no item reaches beyond the tolerance do not count."""
    _, _, axes = np.linalg.svd(items.reshape(-1, items.shape[-1]), full_matrices=False)
    coordinates = items @ axes.T
    return coordinates[..., np.abs(coordinates).max((0, 1)) > tolerance]
