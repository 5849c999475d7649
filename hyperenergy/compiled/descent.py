"""The method of ``solvers.lbfgs`` in compiled code, for any evaluator: a text for ``store``.

Each start runs by itself, its few vectors in the cache.  The rules of step and direction are those of ``solvers.rules``,
whose text goes before; a test holds this loop and that of ``solvers.lbfgs`` together.  Far from a minimum a rough
evaluator may serve: the way down needs few digits, and its end is in float64 throughout.

A search can be interrupted after any iteration: all that it knows lies in the block of its start, and ``scalars`` has the
numbers, in the order of ``vectors``.
"""

# mypy: ignore-errors

from __future__ import annotations

# Vectors are passed over as seldom as can be: of few points, as there are here, a pass costs little more than to begin it.


@inlined
def aim(X, G, squared, S, Y, rho, weights, newest, count, gamma, D, line, r, lengths):
    """D = H G by the two-loop recursion, tangent, an ascent direction, and capped; returns the slope against it.

    squared: that of G's norm.  line: D in one dimension, as S and Y have it.
    """
    dim, points = X.shape
    for k in range(dim):
        for j in range(points):
            D[k, j] = G[k, j]
    recur(S, Y, rho, weights, newest, count, gamma, line)
    radial(X, D, r)
    along = total = 0.0
    for k in range(dim):
        for j in range(points):
            d = D[k, j] - r[j] * X[k, j]
            D[k, j] = d
            along += d * G[k, j]
            total += d * d
            lengths[j] = d * d if k == 0 else lengths[j] + d * d
    if not descends(-along, math.sqrt(total * squared)):
        along = gamma * squared
        for k in range(dim):
            for j in range(points):
                d = gamma * G[k, j]
                D[k, j] = d
                lengths[j] = d * d if k == 0 else lengths[j] + d * d
    far = 0.0
    for j in range(points):
        far = max(far, lengths[j])
    if far > LONGEST_STEP * LONGEST_STEP:
        factor = LONGEST_STEP / math.sqrt(far)
        along *= factor
        for i in range(len(line)):
            line[i] *= factor
    return -along


@inlined
def recur(S, Y, rho, weights, newest, count, gamma, line):
    """The two-loop recursion on the line; each pass subtracts one vector and takes the product with the next."""
    memory, size = len(rho), len(line)
    k, product = newest, 0.0
    if count > 0:
        for i in range(size):
            product += S[k, i] * line[i]
    for back in range(count):
        weights[k] = weight = rho[k] * product
        after, product = k - 1 if k > 0 else memory - 1, 0.0
        if back < count - 1:
            for i in range(size):
                line[i] -= weight * Y[k, i]
                product += S[after, i] * line[i]
        else:
            after = k
            for i in range(size):
                line[i] = gamma * (line[i] - weight * Y[k, i])
                product += Y[k, i] * line[i]
        k = after
    for back in range(count - 1, -1, -1):
        weight = weights[k] - rho[k] * product
        after, product = k + 1 if k + 1 < memory else 0, 0.0
        if back > 0:
            for i in range(size):
                line[i] += weight * S[k, i]
                product += Y[after, i] * line[i]
        else:
            for i in range(size):
                line[i] += weight * S[k, i]
        k = after
    if count == 0:
        for i in range(size):
            line[i] *= gamma


@inlined
def radial(X, V, r):
    """The products of the columns."""
    for k in range(X.shape[0]):
        for j in range(X.shape[1]):
            r[j] = V[k, j] * X[k, j] if k == 0 else r[j] + V[k, j] * X[k, j]


@inlined
def arrive(X, G, D, unit, r):
    """Make the gradient tangent; returns its scale, as ``Objective.value_and_gradient`` defines it, its product with D and
    its square."""
    dim, points = X.shape
    before = along = squared = 0.0
    for k in range(dim):
        for j in range(points):
            g = G[k, j]
            before += g * g
            r[j] = g * X[k, j] if k == 0 else r[j] + g * X[k, j]
    for k in range(dim):
        for j in range(points):
            g = G[k, j] - r[j] * X[k, j]
            G[k, j] = g
            along += g * D[k, j]
            squared += g * g
    return math.sqrt(before + unit * unit / points), along, squared


@inlined
def learn(X, G, T, H, S, Y, newest, r, q):
    """Put displacement and change of gradient from X to T, both tangent at T, into the history, and X, G there; returns
    sy, yy and ss.

    Of s = T - X the tangent part is (X.T) T - X, for T.T = 1; of y = H - G it is H - G + (G.T) T.
    """
    dim, points = X.shape
    radial(T, X, r)
    radial(T, G, q)
    sy = yy = ss = 0.0
    for k in range(dim):
        first = k * points
        for j in range(points):
            t = T[k, j]
            s = r[j] * t - X[k, j]
            y = H[k, j] - G[k, j] + q[j] * t
            S[newest, first + j] = s
            Y[newest, first + j] = y
            sy += s * y
            yy += y * y
            ss += s * s
            X[k, j] = t
            G[k, j] = H[k, j]
    return sy, yy, ss


@inlined
def vectors_of(block, dim, points, memory):
    """X, G, the direction and it in one dimension, T and H, the history, and scratch."""
    size = dim * points
    X, G = block[:size].reshape((dim, points)), block[size : 2 * size].reshape((dim, points))
    line = block[2 * size : 3 * size]
    D, T = line.reshape((dim, points)), block[3 * size : 4 * size].reshape((dim, points))
    H, rest = block[4 * size : 5 * size].reshape((dim, points)), block[5 * size :]
    S = rest[: memory * size].reshape((memory, size))
    Y, rest = rest[memory * size : 2 * memory * size].reshape((memory, size)), rest[2 * memory * size :]
    r, q, rest = rest[:points], rest[points : 2 * points], rest[2 * points :]
    return X, G, D, line, T, H, S, Y, r, q, rest[:memory], rest[memory:]


@inlined
def shortening(part):
    """What a rejected step is multiplied by."""
    return min(max(part, SHORTEST), LONGEST) if part > 0 else SHORTEST


@inlined
def remember(X, G, T, H, S, Y, rho, newest, count, gamma, r, q):
    """Move to T, and learn from the way there; returns the slot of what was learned, how many there are, and gamma."""
    slot = newest + 1 if newest + 1 < len(rho) else 0
    sy, yy, ss = learn(X, G, T, H, S, Y, slot, r, q)
    if not curved(sy, math.sqrt(ss * yy)):
        return newest if newest >= 0 else len(rho) - 1, count, 2.0 * gamma
    rho[slot] = 1.0 / sy
    return slot, min(count + 1, len(rho)), sy / yy


@jit
def descend(
    evaluate, roughly, block, scalars, dim, points, memory, parameters, work, tolerance, rough_to, limit, more, logarithmic
):  # fmt: skip
    """``advance`` of one; rough_to: its rough_tolerance."""
    X, G, D, line, T, H, S, Y, r, q, rho, weights = vectors_of(block, dim, points, memory)
    value, norm, scale, failed = scalars[VALUE], scalars[NORM], scalars[SCALE], scalars[FAILED] > 0
    iteration, evaluations = int(scalars[ITERATIONS]), int(scalars[EVALUATIONS])
    squared, rough = (norm * max(scale, TINY)) ** 2, scalars[ROUGH] > 0
    gamma, step, slope = scalars[GAMMA], scalars[STEP], scalars[SLOPE]
    newest, count = int(scalars[NEWEST]), int(scalars[COUNT])
    rejections, idle, least = int(scalars[REJECTIONS]), int(scalars[IDLE]), scalars[LEAST]
    # fresh: value and gradient at X are to be taken anew; turn: so is the direction.
    fresh = turn = evaluations == 0
    if fresh:
        rough = math.isfinite(rough_to)
        newest, least, norm = -1, math.inf, math.inf
    stop = min(limit, iteration + more)
    while True:
        if fresh:
            value = roughly(X, G, parameters, work) if rough else evaluate(X, G, parameters, work)
            scale, _, squared = arrive(X, G, D, 1.0 if logarithmic else value, r)
            norm = math.sqrt(squared) / max(scale, TINY)
            evaluations += 1
            if rough and not (norm > rough_to and math.isfinite(value)):
                rough = False
                continue
            if gamma == 0.0:
                gamma = FIRST_STEP / max(longest(G, r), TINY)
            least, rejections, idle, failed, fresh, turn = norm, 0, 0, False, False, True
        if turn:
            step, turn = 1.0, False
            slope = aim(X, G, squared, S, Y, rho, weights, newest, count, gamma, D, line, r, q)
        if iteration >= stop or norm <= tolerance or failed:
            break
        iteration, evaluations = iteration + 1, evaluations + 1
        retract(X, D, -step, T, r)
        trial = roughly(T, H, parameters, work) if rough else evaluate(T, H, parameters, work)
        trial_scale, along, trial_squared = arrive(T, H, D, 1.0 if logarithmic else trial, r)
        noise = round_off(value, scale, math.sqrt(points), EPS_SINGLE if rough else EPS)
        if accepts(trial, value, step, slope, along, noise) and math.isfinite(trial):
            newest, count, gamma = remember(X, G, T, H, S, Y, rho, newest, count, gamma, r, q)
            squared, norm = trial_squared, math.sqrt(trial_squared) / max(trial_scale, TINY)
            idle = 0 if progresses(trial, value, noise, norm, least) else idle + 1
            least, value, scale = min(least, norm), trial, trial_scale
            failed, rejections, turn = idle > MOST_IDLE, 0, True
        else:
            step *= shortening(parabola(trial, value, step, slope))
            rejections += 1
            if rejections > MOST_REJECTIONS:
                failed = count == 0
                count, rejections, turn = 0, 0, True
        if rough and (norm <= rough_to or rejections > 2 or idle > MOST_IDLE or iteration == limit):
            # From here on in float64, with the history so far.
            rough, fresh = False, True
    scalars[VALUE], scalars[NORM], scalars[SCALE], scalars[FAILED] = value, norm, scale, 1.0 if failed else 0.0
    scalars[ITERATIONS], scalars[EVALUATIONS], scalars[NEWEST], scalars[COUNT] = iteration, evaluations, newest, count
    scalars[GAMMA], scalars[STEP], scalars[SLOPE] = gamma, step, slope
    scalars[REJECTIONS], scalars[IDLE], scalars[LEAST] = rejections, idle, least
    scalars[ROUGH] = 1.0 if rough else 0.0
    scalars[DONE] = 1.0 if norm <= tolerance or failed or iteration >= limit or not math.isfinite(norm) else 0.0


@entry(
    numba.void(
        numba.int64, numba.int64, MATRIX, MATRIX, numba.int64, numba.int64, VECTOR, VECTOR, numba.float64, numba.float64,
        numba.int64, numba.int64, numba.int64,
    )
)  # fmt: skip
def advance(
    evaluator, rough_evaluator, blocks, all_scalars, dim, memory, parameters, work, tolerance, rough_tolerance, limit,
    iterations, logarithmic,
):  # fmt: skip
    """Up to so many iterations, ``limit`` in all, from each of the configurations that is not done; they move.  Scalars of
    zeros begin a search.  Of the evaluators, addresses.

    blocks: of each start all of its vectors, X (dim, points) first.  They lie in one piece, because a loop that finds its
    vectors too near to each other adds up in another order: the same search is to give the same result to the last bit.
    rough_tolerance: relative gradient norm down to which ``roughly`` serves, infinite for not at all.  logarithmic: the
    value is a logarithm, so that its gradient is relative already, and its unit is 1.
    """
    evaluate, roughly = evaluator_at(evaluator), evaluator_at(rough_evaluator)
    points = (blocks.shape[1] - 2 * memory) // (dim * (5 + 2 * memory) + 2)
    for start in range(len(blocks)):
        if all_scalars[start, DONE] == 0:
            descend(
                evaluate, roughly, blocks[start], all_scalars[start], dim, points, memory, parameters, work, tolerance,
                rough_tolerance, limit, iterations, logarithmic,
            )  # fmt: skip
