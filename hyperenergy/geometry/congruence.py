"""Congruence of configurations: the orthogonal map and permutation that carry one onto the other.

The search is that of symmetries, between two configurations: see ``refinement``.  Where it does not come to an end soon,
the symmetries of the second are found first, and of images that they carry to one another a single one is tried.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from hyperenergy.checks import positive
from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.automorphisms import CLEAR, Automorphisms, UndecidedError
from hyperenergy.geometry.coloring import Array, Integers, OutOfWorkError, Work
from hyperenergy.geometry.fit import Fit, coarse_fit, fitted, improved
from hyperenergy.geometry.refinement import Items, Search, blurred, on_rows
from hyperenergy.geometry.sphere import check_points, normalize, tensor

DEFAULT_TOLERANCE = 1e-6
# Of more, the inner products of all pairs take too much memory.
MOST_POINTS = 5000
# Operations, about: to choose the base, which always comes to an end; of the first search, of finding symmetries, and of the
# search that uses them, which are a few seconds together.
_BASE, _FIRST, _SYMMETRIES, _SECOND = 10**13, 3 * 10**8, 4 * 10**9, 6 * 10**9
# Maps that miss by little more than the tolerance, or by whatever, before the search gives up: one of a configuration with
# many symmetries and another near to it meets no end of them.  And maps among which a rotation is sought.
_MOST_NEAR, _MOST_MISSES, _MOST_IMPROPER = 100, 2000, 4


class CongruenceOutcome(StrEnum):
    """What is known of two configurations: a map within the tolerance, a proof that there is none, or neither."""

    CONGRUENT = "congruent"
    DIFFERENT = "different"
    UNDECIDED = "undecided"


@dataclass(frozen=True, eq=False)
class Congruence:
    """The best map found: y[permutation[i]] is rotation @ x[i] up to the residual, the largest distance of a point.

    outcome: congruent where residual <= tolerance; different only where the search was exhausted, or an invariant differs by
    more than the tolerance allows; undecided where the best map misses by more than the tolerance, but not by ten times as
    much, or the work did not suffice.  residual: an upper bound on the distance of the configurations; of pairs, the largest
    distance of an anchor or a positive.  mirrored: the determinant of rotation is -1; a rotation may do as well, which
    ``proper=True`` tells, and does for points that span less than R^dim, where it is taken.
    """

    outcome: CongruenceOutcome
    residual: float
    rotation: Float[Tensor, "dim dim"]
    permutation: Int[Tensor, "points"]
    mirrored: bool
    tolerance: float

    @property
    def congruent(self) -> bool:
        return self.outcome is CongruenceOutcome.CONGRUENT


def congruent(
    X: Float[Tensor, "points dim"],
    Y: Float[Tensor, "points dim"],
    *,
    positives: tuple[Float[Tensor, "points dim"], Float[Tensor, "points dim"]] | None = None,
    proper: bool = False,
    tolerance: float = DEFAULT_TOLERANCE,
) -> Congruence:
    """Carry X onto Y by an orthogonal map and a permutation, as well as possible.

    positives: those of X and of Y; one map and one permutation must then carry both.
    proper: admit rotations alone, no map of determinant -1.

    Law: ``X @ m.rotation.T`` equals ``Y[m.permutation]`` up to ``m.residual`` per point.  With the default tolerance
    1e-6, a perturbation of 1e-9 is congruent and one of 1e-3 is not.
    Raises ArgumentError unless X and Y, and the positives, are unit rows of one shape, of at most 5000 points.
    """
    tolerance = positive("tolerance", tolerance)
    x, y = _rows(X, Y, positives)
    outcome, fit = _decided(x, y, tolerance, proper)
    if outcome is not CongruenceOutcome.CONGRUENT:
        coarse = coarse_fit(x, y, tolerance, proper)
        fit = coarse if fit is None or coarse.residual < fit.residual else fit
        # What the search did not come to may be met by chance; then it was not exhausted.
        if fit.residual <= tolerance:
            outcome = CongruenceOutcome.CONGRUENT
    assert fit is not None
    mirrored = bool(np.linalg.det(fit.rotation) < 0)
    return Congruence(
        outcome, fit.residual, torch.from_numpy(fit.rotation), torch.from_numpy(fit.permutation), mirrored, tolerance
    )


def _rows(X: Tensor, Y: Tensor, positives: tuple[Tensor, Tensor] | None) -> tuple[Array, Array]:
    """(points, views, dim) of each configuration: one view, or anchors and positives."""
    X, Y = tensor(X), tensor(Y)
    named = [("X", X), ("Y", Y)]
    if positives is not None:
        if not isinstance(positives, tuple | list) or len(positives) != 2:
            raise ArgumentError("positives", type(positives).__name__, "must be two tensors: those of X and those of Y")
        named += [("positives[0]", tensor(positives[0])), ("positives[1]", tensor(positives[1]))]
    for name, rows in named:
        check_points(rows, name, least=1)
        if rows.shape != X.shape or rows.ndim != 2:
            raise ArgumentError(
                name, f"shape {tuple(rows.shape)}", f"must have one shape (points, dim), X's is {tuple(X.shape)}"
            )
    most = MOST_POINTS // (1 if positives is None else 2)
    if len(X) > most:
        raise ArgumentError(
            "X", f"{len(X)} points", f"at most {MOST_POINTS} points or {MOST_POINTS // 2} pairs are compared"
        )
    # A map carries unit vectors to unit vectors, whatever the digits that were written say.
    arrays = [normalize(rows.detach().cpu().double()).numpy() for _, rows in named]
    return np.stack(arrays[::2], axis=1), np.stack(arrays[1::2], axis=1)


def _decided(x_rows: Array, y_rows: Array, tolerance: float, proper: bool) -> tuple[CongruenceOutcome, Fit | None]:
    """The outcome, and the best map met."""
    (x, member_x), (y, member_y) = (Items.of(rows, tolerance) for rows in (x_rows, y_rows))
    different = CongruenceOutcome.DIFFERENT
    if blurred(x_rows, tolerance) or blurred(y_rows, tolerance):
        different = CongruenceOutcome.UNDECIDED
    if not np.array_equal(np.sort(x.multiplicity), np.sort(y.multiplicity)):
        return different, None
    # Sorting does not increase the largest difference.
    values = [np.sort(items.gram(), axis=None) for items in (x, y)]
    if np.abs(values[0] - values[1]).max() > 2.5 * CLEAR * tolerance:
        return different, None
    found = _searched(x, y, tolerance, proper)
    if found.best is None:
        return different if found.exhausted else CongruenceOutcome.UNDECIDED, None
    fit = fitted(x_rows, y_rows, on_rows(found.best, member_x, member_y), proper)
    if fit.residual > tolerance and len(x.multiplicity) < len(x_rows):
        fit = improved(x_rows, y_rows, fit.rotation, proper)
    if fit.residual <= tolerance:
        return CongruenceOutcome.CONGRUENT, fit
    # All maps within the tolerance have determinant -1.
    if found.improper and found.exhausted and fit.residual > CLEAR * tolerance:
        return different, fit
    return CongruenceOutcome.UNDECIDED, fit


@dataclass(frozen=True, eq=False)
class _Found:
    """best: the permutation of items that misses least, as far as met.  exhausted: no other map does better.  improper: it
    is within the tolerance, but not with a rotation."""

    best: Integers | None
    exhausted: bool
    improper: bool = False


def _searched(x: Items, y: Items, tolerance: float, proper: bool) -> _Found:
    work = Work(_BASE)
    search = Search(x, y, tolerance, CLEAR, work)
    work.allow(_FIRST)
    try:
        found = _met(search, [])
    except OutOfWorkError:
        symmetries = _symmetries(y, tolerance)
        work.allow(_SECOND)
        try:
            found = _met(search, [] if symmetries is None else symmetries.generators)
        except OutOfWorkError:
            return _Found(None, exhausted=False)
    if found.exhausted or not (proper and found.improper):
        return found
    symmetries = _symmetries(y, tolerance)
    if symmetries is None:
        return replace(found, exhausted=False)
    assert found.best is not None
    for p in symmetries.generators:
        if not symmetries.is_proper(p):
            return _Found(p[found.best], exhausted=True)
    return replace(found, exhausted=True)  # every map is a symmetry of y after this one


def _symmetries(items: Items, tolerance: float) -> Automorphisms | None:
    try:
        return Automorphisms(items, tolerance, Work(_SYMMETRIES))
    except (OutOfWorkError, UndecidedError):
        return None


def _met(search: Search, symmetries: list[Integers]) -> _Found:
    """The first map within the tolerance that is a rotation, or else one that is none, or the best of those that miss by
    little more."""
    if not search.possible:
        return _Found(None, exhausted=True)
    least, best, near, exhausted = np.inf, None, 0, True
    mirrored: list[Integers] = []
    for count, leaf in enumerate(search.leaves(search.root._replace(symmetries=symmetries))):
        p = search.complete(leaf)
        miss = np.inf if p is None else search.miss(p)
        if p is not None and miss <= search.tolerance:
            if search.miss(p, proper=True) <= search.tolerance:
                return _Found(p, exhausted=True)
            mirrored.append(p)
        elif miss <= CLEAR * search.tolerance:
            near += 1
            least, best = min((least, best), (miss, p), key=lambda found: found[0])
        if len(mirrored) == _MOST_IMPROPER or near == _MOST_NEAR or count == _MOST_MISSES:
            exhausted = False
            break
    exhausted &= not search.doubt
    if mirrored:
        return _Found(mirrored[0], exhausted and not symmetries, improper=True)
    return _Found(best, exhausted and best is None)
