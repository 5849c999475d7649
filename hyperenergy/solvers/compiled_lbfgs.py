"""The method of ``lbfgs`` for pair energies, from beginning to end in compiled code; importing this loads Numba.

Each start runs by itself, its few vectors in the cache.  The rules of step and direction are those of ``lbfgs``, which
explains them and names their sources; a test holds the two together.  Far from a minimum the pairs are summed in float32,
which halves the time of a sum: the way down needs few digits, and its end is in float64 throughout.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"

from __future__ import annotations

import math

import numpy as np

from hyperenergy.compiled.pairs import (
    add,
    dot,
    jit,
    longest,
    project,
    retract,
    rough_value_and_gradient,
    value_and_gradient,
)
from hyperenergy.solvers import lbfgs

_DECREASE, _CURVATURE, _LONGEST = lbfgs.DECREASE, lbfgs.CURVATURE, lbfgs.LONGEST_STEP
_MOST_REJECTIONS, _MOST_IDLE = lbfgs.MOST_REJECTIONS, lbfgs.MOST_IDLE
_EPS = float(np.finfo(np.float64).eps)
_EPS_SINGLE = float(np.finfo(np.float32).eps)
_TINY = float(np.finfo(np.float64).tiny)


@jit
def aim(X, G, S, Y, rho, weights, newest, count, gamma, D, r):
    """D = -H G by the two-loop recursion, tangent, a descent direction, and capped; returns its slope."""
    memory = len(rho)
    D[:] = G
    for back in range(count):
        k = (newest - back) % memory
        weights[k] = rho[k] * dot(S[k], D)
        add(D, -weights[k], Y[k])
    for j in range(D.shape[0]):
        for i in range(D.shape[1]):
            D[j, i] *= gamma
    for back in range(count - 1, -1, -1):
        k = (newest - back) % memory
        add(D, weights[k] - rho[k] * dot(Y[k], D), S[k])
    project(X, D, r)
    slope, squared = -dot(G, D), dot(G, G)
    factor = -1.0
    if slope > -1e-8 * math.sqrt(dot(D, D) * squared):
        D[:] = G
        slope, factor = -gamma * squared, -gamma
    far = abs(factor) * longest(D, r)
    if far > _LONGEST:
        factor *= _LONGEST / far
        slope *= _LONGEST / far
    for k in range(D.shape[0]):
        for j in range(D.shape[1]):
            D[k, j] *= factor
    return slope


@jit
def search(profile, rough_profile, X, tolerance, rough_tolerance, max_iterations, memory):
    """L-BFGS from X, which it overwrites; see ``lbfgs`` for the algorithm and its sources.

    rough_tolerance: relative gradient norm down to which float32 serves.

    Returns the value, the gradient norm over its scale, the scale, whether round-off stopped it (0 or 1), iterations and
    evaluations.
    """
    dim, points = X.shape
    r = np.empty(points)
    G, T, H, D = np.empty((dim, points)), np.empty((dim, points)), np.empty((dim, points)), np.empty((dim, points))
    S, Y = np.empty((memory, dim, points)), np.empty((memory, dim, points))
    rho, weights = np.zeros(memory), np.zeros(memory)
    single = np.empty((2, dim, points), np.float32)
    rough = math.isfinite(rough_tolerance)  # whether sums are in float32
    value, scale = 0.0, 0.0
    if rough:
        value, scale = rough_value_and_gradient(rough_profile, X, G, r, single)
        rough = math.isfinite(value) and math.isfinite(scale) and math.sqrt(dot(G, G)) > rough_tolerance * scale
    if not rough:
        value, scale = value_and_gradient(profile, X, G, r)
    gamma = 0.1 / max(longest(G, r), _TINY)
    newest, count, rejections, idle = -1, 0, 0, 0
    least, step = math.inf, 1.0
    slope = aim(X, G, S, Y, rho, weights, newest, count, gamma, D, r)
    failed = False
    iteration = 0
    norm = math.sqrt(dot(G, G)) / max(scale, _TINY)
    while iteration < max_iterations and not norm <= tolerance and not failed:
        iteration += 1
        retract(X, D, step, T, r)
        if rough:
            trial, trial_scale = rough_value_and_gradient(rough_profile, T, H, r, single)
        else:
            trial, trial_scale = value_and_gradient(profile, T, H, r)
        noise = 4 * (_EPS_SINGLE if rough else _EPS) * (abs(value) + scale * math.sqrt(points))
        armijo = trial <= value + _DECREASE * step * slope
        flat = trial <= value + noise and abs(dot(H, D)) <= _CURVATURE * abs(slope)
        if (armijo or flat) and math.isfinite(trial):
            newest = (newest + 1) % memory
            s, y = S[newest], Y[newest]
            for k in range(dim):
                for j in range(points):
                    s[k, j] = T[k, j] - X[k, j]
                    y[k, j] = -G[k, j]
            project(T, s, r)
            project(T, y, r)
            add(y, 1.0, H)
            sy, yy, ss = dot(s, y), dot(y, y), dot(s, s)
            if sy > 1e-10 * math.sqrt(ss * yy):
                rho[newest], gamma = 1.0 / sy, sy / yy
                count = min(count + 1, memory)
            else:
                newest = (newest - 1) % memory
                gamma *= 2.0
            norm = math.sqrt(dot(H, H)) / max(trial_scale, _TINY)
            idle = 0 if trial < value - noise or norm < 0.9 * least else idle + 1
            least = min(least, norm)
            value, scale = trial, trial_scale
            X[:], G[:] = T, H
            failed = idle > _MOST_IDLE
            rejections, step = 0, 1.0
            slope = aim(X, G, S, Y, rho, weights, newest, count, gamma, D, r)
        else:
            rise = trial - value - step * slope
            shorter = -slope * step / (2 * rise) if rise > 0 and math.isfinite(rise) else 0.1
            step *= min(max(shorter, 0.1), 0.5)
            rejections += 1
            if rejections > _MOST_REJECTIONS:
                failed = count == 0
                count, rejections, step = 0, 0, 1.0
                slope = aim(X, G, S, Y, rho, weights, newest, count, gamma, D, r)
        if rough and (norm <= rough_tolerance or rejections > 2 or idle > 100):
            # From here on in float64, with the history so far.
            rough, failed = False, False
            value, scale = value_and_gradient(profile, X, G, r)
            norm = math.sqrt(dot(G, G)) / max(scale, _TINY)
            least, rejections, idle, step = norm, 0, 0, 1.0
            slope = aim(X, G, S, Y, rho, weights, newest, count, gamma, D, r)
    if rough:  # out of iterations on the way
        value, scale = value_and_gradient(profile, X, G, r)
        norm = math.sqrt(dot(G, G)) / max(scale, _TINY)
    return value, norm, scale, 1.0 if failed else 0.0, float(iteration), float(iteration + 1)


@jit
def search_each(profile, rough_profile, X, tolerance, rough_tolerance, max_iterations, memory, found):
    """``search`` from each of X (starts, dim, points); one row of ``found`` for what each returns."""
    for start in range(X.shape[0]):
        found[start] = search(profile, rough_profile, X[start], tolerance, rough_tolerance, max_iterations, memory)
