"""Riemannian trust regions with truncated conjugate gradients, in compiled code: a text for ``store``.

Where the Hessian is nearly degenerate, quasi-Newton steps creep; conjugate gradients with exact products find the
directions that matter.  Sources: Steihaug 1983; Absil, Baker and Gallivan 2007 (on manifolds).  On the sphere the Hessian
of a function with ambient gradient g and Hessian H sends a tangent v to P(H v) - (x.g) v, column by column.
"""

# mypy: ignore-errors

from __future__ import annotations

# Rayleigh quotients below this part of the largest one seen are round-off, and such directions flat.
FLAT = 1e-15
LARGEST_RADIUS, SMALLEST_RADIUS = 1.0, 1e-15
MEMORY = 8
# The part of the tolerance that a model's solution leaves.
ENOUGH = 0.1


@jit
def radial(X, G, c):
    """c_j = x_j.g_j."""
    dim, points = X.shape
    for j in range(points):
        c[j] = 0.0
    for k in range(dim):
        for j in range(points):
            c[j] += X[k, j] * G[k, j]


@jit
def riemannian_product(multiply, X, V, H, c, parameters, work, r):
    multiply(X, V, H, parameters, work)
    project(X, H, r)
    for k in range(X.shape[0]):
        for j in range(X.shape[1]):
            H[k, j] -= c[j] * V[k, j]


@jit
def to_boundary(s, d, radius):
    """tau >= 0 with |s + tau d| = radius."""
    a, b, c = dot(d, d), 2 * dot(s, d), dot(s, s) - radius * radius
    root = math.sqrt(max(b * b - 4 * a * c, 0.0))
    return -2 * c / (b + root) if b > 0 else (root - b) / (2 * a)


@numba.njit(
    numba.void(
        EVALUATOR, PRODUCT, MATRIX, VECTOR, VECTOR, VECTOR, numba.float64, numba.int64, numba.int64, numba.boolean
    ),
    **OPTIONS,
)  # fmt: skip
def refine(evaluate, multiply, X, scalars, parameters, work, tolerance, most_steps, most_products, logarithmic):
    """From X, which moves, to a stationary point; scalars receives value, relative norm, scale, whether it failed, steps and
    products."""
    dim, points = X.shape
    r, c, trial_c = np.empty(points), np.empty(points), np.empty(points)
    G, T, H = np.empty((dim, points)), np.empty((dim, points)), np.empty((dim, points))
    s, d, residual, Hd = (
        np.empty((dim, points)),
        np.empty((dim, points)),
        np.empty((dim, points)),
        np.empty((dim, points)),
    )
    value = evaluate(X, G, parameters, work)
    radial(X, G, c)
    scale = tangent(X, G, 1.0 if logarithmic else value, r)
    size = math.sqrt(dot(G, G))
    norm = size / max(scale, TINY)
    radius = 0.1
    # Values relative to the first: now, the least, the one to compare with, and what was predicted since then.
    current, lowest, top, gained, ups = 0.0, 0.0, 0.0, 0.0, 0
    candidate, candidate_gained = 0.0, 0.0
    products, steps, idle, evaluations = 0, 0, 0, 1
    failed = False
    most_inner = 2 * dim * points + 10
    while not norm <= tolerance and not failed and steps < most_steps and products < most_products:
        steps += 1
        # The residual falls to this part of the gradient: superlinear convergence without work in vain far away, nor beyond
        # the tolerance.
        target = max(size * min(0.1, math.sqrt(norm)), ENOUGH * tolerance * scale)
        s[:] = 0.0
        residual[:] = G
        for k in range(dim):
            for j in range(points):
                d[k, j] = -G[k, j]
        squared = size * size
        predicted, largest, at_boundary = 0.0, 0.0, False
        for inner in range(most_inner):
            riemannian_product(multiply, X, d, Hd, c, parameters, work, r)
            products += 1
            curvature, length = dot(d, Hd), dot(d, d)
            largest = max(largest, abs(curvature) / length)
            if curvature <= FLAT * largest * length:
                if curvature < -1e-10 * largest * length or inner == 0:
                    step = to_boundary(s, d, radius)
                    predicted -= step * dot(residual, d) + 0.5 * step * step * curvature
                    add(s, step, d)
                    at_boundary = True
                break
            alpha = squared / curvature
            far = dot(s, s) + 2 * alpha * dot(s, d) + alpha * alpha * length
            if far >= radius * radius:
                step = to_boundary(s, d, radius)
                predicted -= step * dot(residual, d) + 0.5 * step * step * curvature
                add(s, step, d)
                at_boundary = True
                break
            predicted += 0.5 * alpha * squared
            add(s, alpha, d)
            add(residual, alpha, Hd)
            now = dot(residual, residual)
            if math.sqrt(now) <= target or products >= most_products:
                break
            beta = now / squared
            squared = now
            for k in range(dim):
                for j in range(points):
                    d[k, j] = beta * d[k, j] - residual[k, j]
            project(X, d, r)
        length = math.sqrt(dot(s, s))
        retract(X, s, 1.0, T, r)
        trial = evaluate(T, H, parameters, work)
        evaluations += 1
        radial(T, H, trial_c)
        trial_scale = tangent(T, H, 1.0 if logarithmic else trial, r)
        trial_size = math.sqrt(dot(H, H))
        trial_norm = trial_size / max(trial_scale, TINY)
        noise = 4 * EPS * (abs(value) + scale * math.sqrt(points))
        fall = value - trial
        if abs(predicted) <= 100 * noise:
            # Differences of values drown in round-off; the mean slope at both ends does not.
            fall = -0.5 * (dot(G, s) + dot(H, s))
        ratio = 0.0
        if math.isfinite(trial):
            ratio = max(fall / predicted, (top - current + fall) / (gained + predicted))
        if not ratio >= 0.25:
            radius = 0.25 * min(length, radius)
        elif ratio > 0.75 and at_boundary:
            radius = min(2 * radius, LARGEST_RADIUS * math.sqrt(points))
        if ratio > 0.1:
            current -= fall
            gained += predicted
            if current < lowest:
                lowest, ups = current, 0
                candidate, candidate_gained = current, 0.0
            else:
                ups += 1
                candidate_gained += predicted
                if current > candidate:
                    candidate, candidate_gained = current, 0.0
                if ups == MEMORY:
                    top, gained = candidate, candidate_gained
            idle = 0 if trial_norm < 0.9 * norm or fall > 0.0 else idle + 1
            X[:], G[:], c[:] = T, H, trial_c
            value, scale, size, norm = trial, trial_scale, trial_size, trial_norm
        else:
            idle += 1
            evaluations += 1
            evaluate(X, H, parameters, work)  # the products read what the last evaluation left
        failed = radius < SMALLEST_RADIUS or idle > 30 or not math.isfinite(norm)
    scalars[VALUE], scalars[NORM], scalars[SCALE] = value, norm, scale
    scalars[FAILED] = 1.0 if failed else 0.0
    scalars[ITERATIONS] += steps
    scalars[EVALUATIONS] += evaluations + products
