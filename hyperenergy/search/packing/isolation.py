"""Whether a minimum of the largest term is alone, by first order, by second order, or by another one beside it.

A motion along which no largest term rises keeps those with positive weights, since the weighted derivatives cancel. If only
rotations do, and rattlers, the minimum is isolated. Else second order decides where the weighted Hessian is positive on all
these motions; and a configuration of the same value beside this one shows that it is not isolated.
"""

from __future__ import annotations

import numpy as np

from hyperenergy.search.contacts import Isolation
from hyperenergy.search.packing.dense import kernel_of, shortest_solution, spectrum
from hyperenergy.search.packing.newton import Solution
from hyperenergy.search.packing.steepening import finished
from hyperenergy.search.packing.terms import Chosen, Floats, Terms

# Weights above this bear; singular values and slopes below this vanish; eigenvalues above this are positive.
_BEARS, _FLAT, _POSITIVE = 1e-9, 1e-7, 1e-6
# How far a configuration is moved to find another one; it is another one if an inner product differs by this part of that.
# Singular values below such parts of the largest are zero: near a continuum those of redundant contacts are small.
_MOVES, _DIFFERS, _RANKS, _MOST_STEPS = (0.03, 0.003), 0.1, (1e-9, 0.05), 12
# As low is this; lower is that. Improvements that are followed: of 27 points in R^3 the best are beside a saddle, 2e-5
# degrees above it.
_AS_LOW, _LOWER, _MOST_IMPROVED = 1e-12, 1e-9, 3
# How far one moves off a saddle, and the temperature from which one cools there.
_ESCAPES = (0.003, 1e-4), (0.03, 1e-3), (0.001, 1e-5), (0.01, 1e-3)
_MOST_DIRECTIONS = 4


def settled(terms: Terms, solution: Solution) -> tuple[Solution, Isolation]:
    """The solution, or a lower one beside it if it was none, and whether it is isolated."""
    for _ in range(_MOST_IMPROVED):
        isolation, lower = _judged(terms, solution)
        if lower is None:
            break
        solution = lower
    return solution, isolation


def _judged(terms: Terms, at: Solution) -> tuple[Isolation, Solution | None]:
    basis = terms.basis(at.z)
    jacobian = terms.jacobian(at.z, basis, at.active)
    bears = at.weights > _BEARS
    moves = kernel_of(np.vstack([jacobian[bears], _trivial(terms, at, basis)]), _FLAT)
    others = jacobian[~bears] @ moves
    found = _admitted(others) if moves.shape[1] else []
    if not found:
        return Isolation.FIRST_ORDER, None
    hessian = terms.hessian(at.z, basis, at.active, at.weights)
    eigenvalues, vectors = spectrum(moves.T @ hessian @ moves)
    if eigenvalues[0] > _POSITIVE:
        return Isolation.SECOND_ORDER, None
    soft = [sign * v for v in vectors.T[:_MOST_DIRECTIONS] for sign in (1, -1)]
    directions = [moves @ c for c in [*found, *soft] if not len(others) or (others @ c).max() <= _FLAT]
    if eigenvalues[0] < -_POSITIVE:
        for length, warm in _ESCAPES:
            for y in directions:
                lower = finished(terms, _moved(terms, at, basis, y, length), warm)
                if lower is not None and lower.largest < at.largest - _LOWER:
                    return Isolation.UNDECIDED, lower
    return (Isolation.NOT_ISOLATED if _another(terms, at, basis, directions) else Isolation.UNDECIDED), None


def _trivial(terms: Terms, at: Solution, basis: Floats) -> Floats:
    """Rows that no motion has a part of: rotations of the rows that have contacts, and any motion of the others."""
    free = np.repeat(terms.loose_rows(at.active), terms.dim - 1)
    turns = terms.turns(at.z, basis)
    turns[free] = 0
    return np.vstack([turns.T, np.eye(terms.freedoms)[free]])


def _admitted(others: Floats) -> list[Floats]:
    """Some c, at most 1 in size, with others @ c <= 0; none if there is but 0.

    A linear function at random and its negative both vanish at best on a cone only if that is 0.
    """
    from scipy.optimize import linprog

    size = others.shape[1]
    generator = np.random.default_rng(0)
    if not len(others):
        return list(generator.standard_normal((_MOST_DIRECTIONS, size)))
    found = []
    towards = generator.standard_normal(size)
    for goal in (towards, -towards):
        best = linprog(-goal, A_ub=others, b_ub=np.zeros(len(others)), bounds=(-1, 1))
        if best.status == 0 and -best.fun > 10 * _FLAT:
            found.append(best.x)
    # One that leaves all contacts behind, if there is one.
    loosening = np.hstack([others, np.ones((len(others), 1))])
    best = linprog(np.append(np.zeros(size), -1.0), A_ub=loosening, b_ub=np.zeros(len(others)), bounds=(-1, 1))
    if found and best.status == 0 and -best.fun > 10 * _FLAT:
        found.insert(0, best.x[:-1])
    return found


def _moved(terms: Terms, at: Solution, basis: Floats, y: Floats, length: float) -> Floats:
    """Along y, the longest chord of a point being about that."""
    longest = np.linalg.norm(y.reshape(terms.rows, -1), axis=1).max()
    return terms.moved(at.z, basis, y * (length / max(longest, 1e-300)))


def _another(terms: Terms, at: Solution, basis: Floats, directions: list[Floats]) -> bool:
    """Whether there is a configuration as good along one of these directions, where contacts stay that do not loosen."""
    held = ~terms.loose_rows(at.active)
    products = (at.z @ at.z.T)[np.ix_(held, held)]
    jacobian = terms.jacobian(at.z, basis, at.active)
    for length in _MOVES:
        for y in directions:
            kept = at.active[(at.weights > _BEARS) | (jacobian @ y > -_FLAT)]
            z = _moved(terms, at, basis, y, length)
            for flat in _RANKS:
                found = _onto(terms, z, kept, at.largest, flat)
                change = np.abs((found @ found.T)[np.ix_(held, held)] - products).max()
                if terms.values(found).max() <= at.largest + _AS_LOW and change > _DIFFERS * length:
                    return True
    return False


def _onto(terms: Terms, z: Floats, kept: Chosen, value: float, flat: float) -> Floats:
    """Where these terms have that value, by Newton's method with the shortest steps."""
    for _ in range(_MOST_STEPS):
        left = terms.values(z)[kept] - value
        if np.abs(left).max() <= _AS_LOW / 10:
            break
        basis = terms.basis(z)
        z = terms.moved(z, basis, shortest_solution(terms.jacobian(z, basis, kept), -left, flat))
    return z
