"""From a minimizer of a steep objective to the minimum of the largest term beside it.

tau log sum_k e^{f_k/tau} is minimized by Newton's method at ever smaller tau, each time from where the last one ended.  Its
weights e^{f_k/tau}/sum tend to the multipliers, and points that nothing holds stay in the middle of their holes.  After
each time the equations of the minimum are tried with the terms that stand out as the largest.
"""

from __future__ import annotations

import numpy as np

from hyperenergy.search.packing.dense import spectrum
from hyperenergy.search.packing.newton import Solution, solve
from hyperenergy.search.packing.terms import Chosen, Floats, Terms

_COOLING, _COLDEST = 0.3, 1e-7
_MOST_STEPS, _MOST_HALVINGS, _LONGEST = 12, 12, 0.2
# Eigenvalues of the Hessian count as this part of the largest at least, or 1e-6.
_LEAST = 1e-12
# Terms whose weights are below this have no part in a step.
_NEGLIGIBLE = 1e-16
# From here on the equations are tried, with so many guesses of which terms are largest: those before the widest gaps, as
# ratios, between what they lack, if these are wider than this, and beyond so many tau or below this.
_TRIED, _GUESSES, _WIDE, _FAR, _MOST_LACKING = 1e-2, 3, 3.0, 0.3, 0.1
# From here on a linear program guesses where gaps tell nothing: within so many tau, of the terms that may come up there;
# what lacks less than this part of the reach is largest.
_NEAR, _REACH, _IN_REACH, _TIGHT, _BEARS = 1e-4, 20.0, 6.0, 1e-3, 1e-9


def finished(terms: Terms, z: Floats, tau: float) -> Solution | None:
    """The minimum that z, a minimizer at temperature tau, leads to; None where none is found."""
    start, tried = float(terms.values(z).max()), set[bytes]()
    stages: list[tuple[Floats, float]] = []

    def first(z: Floats, guessed: list[Chosen]) -> Solution | None:
        for active in guessed:
            name = np.sort(active).tobytes()
            if name in tried:
                continue
            tried.add(name)
            found = solve(terms, z, active)
            if found is not None and found.largest <= start + 1e-12:
                return found
        return None

    while tau > _COLDEST:
        z = cooled(terms, z, tau)
        stages.append((z, tau))
        if tau <= _TRIED and (found := first(z, guesses(terms.values(z), tau))) is not None:
            return found
        tau *= _COOLING
    for z, tau in stages:
        if tau <= _NEAR and (found := first(z, linear_guess(terms, z, _REACH * tau))) is not None:
            return found
    return None


def guesses(values: Floats, tau: float) -> list[Chosen]:
    """Sets of terms that may be the largest ones, the likeliest first."""
    order = np.argsort(-values, kind="stable")
    lacking = np.maximum(values[order[0]] - values[order], _FAR * tau)
    ratios = lacking[1:] / lacking[:-1]
    ratios[lacking[:-1] > _MOST_LACKING] = 0
    best = np.argsort(-ratios, kind="stable")[:_GUESSES]
    found = [order[: k + 1] for k in best if ratios[k] > _WIDE]
    return found or [order] if np.ptp(values) <= _MOST_LACKING else found


def linear_guess(terms: Terms, z: Floats, reach: float) -> list[Chosen]:
    """The terms that are largest where the linearized ones are best within that reach, by a linear program in its unit: it
    tells contacts from terms that lack a few tau."""
    from scipy.optimize import linprog

    values = terms.values(z)
    lacking = (values.max() - values) / reach
    near = np.flatnonzero(lacking <= _IN_REACH)
    jacobian = terms.jacobian(z, terms.basis(z), near)
    above = np.hstack([jacobian, -np.ones((len(near), 1))])
    goal = np.append(np.zeros(terms.freedoms), 1.0)
    bounds = [(-1, 1)] * terms.freedoms + [(None, None)]
    best = linprog(goal, A_ub=above, b_ub=lacking[near], bounds=bounds)
    if best.status != 0:
        return []
    bears = best.ineqlin.marginals < -_BEARS
    # The program drives points that nothing holds against others; these are meant last, where a hole is too narrow to tell.
    held = np.isin(terms.pairs[near], terms.pairs[near[bears]]).all(1)
    return [near[held & (best.slack <= _TIGHT)], near[bears], near[best.slack <= _TIGHT]]


def cooled(terms: Terms, z: Floats, tau: float) -> Floats:
    """A minimizer of log-sum-exp at that temperature, from z."""
    for _ in range(_MOST_STEPS):
        values = terms.values(z)
        soft, weights = _soft(values, tau)
        basis, some = terms.basis(z), np.flatnonzero(weights > _NEGLIGIBLE)
        w, jacobian = weights[some], terms.jacobian(z, basis, some)
        gradient = w @ jacobian
        if np.linalg.norm(gradient) <= 1e-10:
            break
        hessian = terms.hessian(z, basis, some, w)
        hessian += ((jacobian * w[:, None]).T @ jacobian - np.outer(gradient, gradient)) / tau
        eigenvalues, vectors = spectrum(hessian)
        size = np.maximum(np.abs(eigenvalues), max(1e-6, _LEAST * np.abs(eigenvalues).max()))
        step = -vectors @ ((vectors.T @ gradient) / size)
        longest = np.linalg.norm(step.reshape(terms.rows, -1), axis=1).max()
        step *= min(1.0, _LONGEST / longest)
        slope = float(gradient @ step)
        for _ in range(_MOST_HALVINGS):
            trial = terms.moved(z, basis, step)
            if _soft(terms.values(trial), tau)[0] <= soft + 1e-4 * slope:
                break
            step, slope = step / 2, slope / 2
        else:
            break
        z = trial
        if -slope <= 1e-14:
            break
    return z


def _soft(values: Floats, tau: float) -> tuple[float, Floats]:
    """tau log-sum-exp, and its weights."""
    top = values.max()
    parts = np.exp((values - top) / tau)
    total = parts.sum()
    return float(top + tau * np.log(total)), parts / total
