"""The method of ``solvers.lbfgs`` in compiled code, for any evaluator: a text for ``store``.

Each start runs by itself, its few vectors in the cache.  The rules of step and direction are those of ``solvers.lbfgs``,
which explains them and names their sources; a test holds the two together.  Far from a minimum a rough evaluator may
serve: the way down needs few digits, and its end is in float64 throughout.

A search can be interrupted after any iteration: all that it knows lies in the arrays of its start, and ``scalars`` has
the numbers, in the order of ``vectors``.
"""

# mypy: ignore-errors

from __future__ import annotations


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
    if far > LONGEST_STEP:
        factor *= LONGEST_STEP / far
        slope *= LONGEST_STEP / far
    for k in range(D.shape[0]):
        for j in range(D.shape[1]):
            D[k, j] *= factor
    return slope


_CUBE, _HISTORY = numba.float64[:, :, ::1], numba.float64[:, :, :, ::1]


@numba.njit(
    numba.void(
        EVALUATOR, EVALUATOR, _CUBE, _CUBE, _CUBE, _HISTORY, _HISTORY, MATRIX, MATRIX, MATRIX, VECTOR, VECTOR,
        numba.float64, numba.float64, numba.int64, numba.int64, numba.boolean,
    ),
    **OPTIONS,
)  # fmt: skip
def advance(
    evaluate, roughly, all_X, all_G, all_D, all_S, all_Y, all_rho, all_weights, all_scalars, parameters, work, tolerance,
    rough_tolerance, limit, iterations, logarithmic,
):  # fmt: skip
    """Up to so many iterations, ``limit`` in all, from each of the configurations (starts, dim, points) that is not done;
    they move.  Scalars of zeros begin a search.

    rough_tolerance: relative gradient norm down to which ``roughly`` serves, infinite for not at all.  logarithmic: the
    value is a logarithm, so that its gradient is relative already, and its unit is 1.
    """
    _, dim, points = all_X.shape
    r = np.empty(points)
    T, H = np.empty((dim, points)), np.empty((dim, points))
    for start in range(len(all_X)):
        X, G, D, S, Y = all_X[start], all_G[start], all_D[start], all_S[start], all_Y[start]
        rho, weights, scalars = all_rho[start], all_weights[start], all_scalars[start]
        if scalars[DONE] > 0:
            continue
        memory = len(rho)
        value, norm, scale, failed = scalars[VALUE], scalars[NORM], scalars[SCALE], scalars[FAILED] > 0
        iteration, evaluations = int(scalars[ITERATIONS]), int(scalars[EVALUATIONS])
        gamma, step, slope = scalars[GAMMA], scalars[STEP], scalars[SLOPE]
        newest, count = int(scalars[NEWEST]), int(scalars[COUNT])
        rejections, idle, least = int(scalars[REJECTIONS]), int(scalars[IDLE]), scalars[LEAST]
        rough = scalars[ROUGH] > 0
        # fresh: value and gradient at X are to be taken anew; turn: so is the direction.
        fresh = turn = evaluations == 0
        if fresh:
            rough = math.isfinite(rough_tolerance)
            newest, least, norm = -1, math.inf, math.inf
        stop = min(limit, iteration + iterations)
        while True:
            if fresh:
                value = roughly(X, G, parameters, work) if rough else evaluate(X, G, parameters, work)
                scale = tangent(X, G, 1.0 if logarithmic else value, r)
                norm = math.sqrt(dot(G, G)) / max(scale, TINY)
                if rough and not (norm > rough_tolerance and math.isfinite(value)):
                    rough = False
                    evaluations += 1
                    continue
                if evaluations == 0 or gamma == 0.0:
                    gamma = 0.1 / max(longest(G, r), TINY)
                evaluations += 1
                least, rejections, idle, failed = norm, 0, 0, False
                fresh, turn = False, True
            if turn:
                step, turn = 1.0, False
                slope = aim(X, G, S, Y, rho, weights, newest, count, gamma, D, r)
            if iteration >= stop or norm <= tolerance or failed:
                break
            iteration += 1
            evaluations += 1
            retract(X, D, step, T, r)
            trial = roughly(T, H, parameters, work) if rough else evaluate(T, H, parameters, work)
            trial_scale = tangent(T, H, 1.0 if logarithmic else trial, r)
            noise = 4 * (EPS_SINGLE if rough else EPS) * (abs(value) + scale * math.sqrt(points))
            armijo = trial <= value + DECREASE * step * slope
            flat = trial <= value + noise and abs(dot(H, D)) <= CURVATURE * abs(slope)
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
                norm = math.sqrt(dot(H, H)) / max(trial_scale, TINY)
                idle = 0 if trial < value - noise or norm < 0.9 * least else idle + 1
                least = min(least, norm)
                value, scale = trial, trial_scale
                X[:], G[:] = T, H
                failed = idle > MOST_IDLE
                rejections, turn = 0, True
            else:
                rise = trial - value - step * slope
                shorter = -slope * step / (2 * rise) if rise > 0 and math.isfinite(rise) else 0.1
                step *= min(max(shorter, 0.1), 0.5)
                rejections += 1
                if rejections > MOST_REJECTIONS:
                    failed = count == 0
                    count, rejections, turn = 0, 0, True
            if rough and (norm <= rough_tolerance or rejections > 2 or idle > 100 or iteration == limit):
                # From here on in float64, with the history so far.
                rough, fresh = False, True
        done = norm <= tolerance or failed or iteration >= limit or not math.isfinite(norm)
        scalars[VALUE], scalars[NORM], scalars[SCALE], scalars[FAILED] = value, norm, scale, 1.0 if failed else 0.0
        scalars[ITERATIONS], scalars[EVALUATIONS] = iteration, evaluations
        scalars[GAMMA], scalars[STEP], scalars[SLOPE], scalars[NEWEST], scalars[COUNT] = (
            gamma,
            step,
            slope,
            newest,
            count,
        )
        scalars[REJECTIONS], scalars[IDLE], scalars[LEAST] = rejections, idle, least
        scalars[ROUGH], scalars[DONE] = 1.0 if rough else 0.0, 1.0 if done else 0.0
