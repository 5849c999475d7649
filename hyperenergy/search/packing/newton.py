"""The equations of a minimum of the largest term, solved by Newton's method.

Unknown are the configuration, the common value t of the terms that are largest, and their weights w: f_k = t for these,
sum_k w_k f_k' = 0 and sum_k w_k = 1.  Steps are the shortest that solve the linearized equations, so that what they leave
open (rotations, rattlers, continua of minima) stays where it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hyperenergy.objectives.packing import ACTIVE, shortest_mean
from hyperenergy.search.packing.dense import shortest_solution
from hyperenergy.search.packing.terms import Chosen, Floats, Terms

# Terms that are equal to this are equal; derivatives that cancel to this cancel.
_EQUAL, _CANCEL = 1e-13, 1e-11
_MOST_STEPS, _LONGEST = 12, 0.1
# The equations may come off worse by this factor in the first steps; later ones must gain as much.
_WORSE, _PATIENCE, _BETTER = 10.0, 2, 0.5
# Singular values below this part of the largest are zero.
_FLAT = 1e-9


@dataclass(frozen=True, eq=False)
class Solution:
    """z; active: the numbers of the largest terms; weights: of these; residual: what is left of the derivatives."""

    z: Floats
    largest: float
    active: Chosen
    weights: Floats
    residual: float
    spread: float


def solve(terms: Terms, z: Floats, active: Chosen) -> Solution | None:
    """The minimum beside z where just these terms (and perhaps more) are largest; None where there is none."""
    basis = terms.basis(z)
    weights, _ = shortest_mean(terms.jacobian(z, basis, active))
    n, k, before = terms.freedoms, len(active), np.inf
    for attempt in range(_MOST_STEPS):
        values, basis = terms.values(z)[active], terms.basis(z)
        jacobian = terms.jacobian(z, basis, active)
        t = float(values.mean())
        left = np.concatenate([weights @ jacobian, values - t, [weights.sum() - 1]])
        size = float(np.abs(left).max())
        if size <= _EQUAL or (size >= before / 2 and size <= _CANCEL):
            break
        if not size < (_WORSE if attempt <= _PATIENCE else _BETTER) * before:
            return None
        before = size
        matrix = np.zeros((n + k + 1, n + k + 1))
        matrix[:n, :n] = terms.hessian(z, basis, active, weights)
        matrix[:n, n + 1 :], matrix[n : n + k, :n] = jacobian.T, jacobian
        matrix[n : n + k, n], matrix[n + k, n + 1 :] = -1, 1
        step = shortest_solution(matrix, -left, _FLAT)
        longest = np.linalg.norm(step[:n].reshape(terms.rows, -1), axis=1).max()
        step *= min(1.0, _LONGEST / max(longest, 1e-300))
        z, weights = terms.moved(z, basis, step[:n]), weights + step[n + 1 :]
    return checked(terms, z, active)


def checked(terms: Terms, z: Floats, active: Chosen) -> Solution | None:
    """What z is, if it has all that a minimum must have to first order: these terms equal, no other one larger, and weights
    >= 0 with which the derivatives cancel."""
    values = terms.values(z)
    largest = float(values[active].max())
    if np.ptp(values[active]) > ACTIVE or values.max() > largest + ACTIVE:
        return None
    active = np.flatnonzero(values >= values.max() - ACTIVE)
    weights, residual = _multipliers(terms.jacobian(z, terms.basis(z), active))
    if residual > _CANCEL:
        return None
    return Solution(z, float(values.max()), active, weights, residual, float(np.ptp(values[active])))


def _multipliers(jacobian: Floats) -> tuple[Floats, float]:
    """Weights >= 0 of sum 1 with which the rows cancel as well as they can: the shortest that there are, if those are none
    of them negative, so that alike contacts weigh alike and as many as can be bear."""
    above = np.vstack([jacobian.T, np.ones(len(jacobian))])
    weights = shortest_solution(above, np.append(np.zeros(jacobian.shape[1]), 1.0), _FLAT)
    if weights.min() >= -_EQUAL:
        weights = weights.clip(min=0) / weights.clip(min=0).sum()
        residual = float(np.linalg.norm(weights @ jacobian))
        if residual <= _CANCEL:
            return weights, residual
    return shortest_mean(jacobian)
