"""Riemannian trust regions with truncated conjugate gradients, in compiled code: a text for ``store``.

Where the Hessian is nearly degenerate, quasi-Newton steps creep; conjugate gradients with exact products find the
directions that matter.  Sources: Steihaug 1983; Absil, Baker and Gallivan 2007 (on manifolds).  On the sphere the Hessian
of a function with ambient gradient g and Hessian H sends a tangent v to P(H v) - (x.g) v, column by column.

Where conjugate gradients need many products, the whole Hessian costs no more.  Its Cholesky factor, in coordinates of the
tangent spaces that change with the points as smoothly as Householder's reflections do, makes them short for several steps;
the radius then bounds the norm that it defines.
"""

# mypy: ignore-errors

from __future__ import annotations

# Rayleigh quotients below this part of the largest one seen are round-off, and such directions flat.
FLAT = 1e-15
# Negative ones beyond this part are none, and such directions lead down.
BENT = 1e-10
SMALLEST_RADIUS = 1e-15
MEMORY = 8
# Predicted decreases of fewer units of round-off are judged by slopes.  Steps in a row that may come to nothing.
DROWNED, MOST_WASTED = 100, 30
# The part of the tolerance that a model's solution leaves.
ENOUGH = 0.1
# The most coordinates for which the Hessian is formed, and how many products for each coordinate that is worth.
MOST_DENSE, WORTH = 1024, 2.0
# What is added to the Hessian, relative to its largest entry: rotations leave the value as it is.
LEAST_SHIFT = 1e-11


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
def to_boundary(ss, sd, dd, radius):
    """tau >= 0 with |s + tau d| = radius."""
    a, b, c = dd, 2 * sd, ss - radius * radius
    root = math.sqrt(max(b * b - 4 * a * c, 0.0))
    return -2 * c / (b + root) if b > 0 else (root - b) / (2 * a)


@jit
def reflect(X, V, r):
    """Each column by the reflection that exchanges the first axis and the point's, up to sign."""
    dim, points = X.shape
    for j in range(points):
        r[j] = V[0, j] * math.copysign(1.0, X[0, j])
    for k in range(dim):
        for j in range(points):
            r[j] += X[k, j] * V[k, j]
    for j in range(points):
        r[j] /= 1.0 + abs(X[0, j])
        V[0, j] -= r[j] * math.copysign(1.0, X[0, j])
    for k in range(dim):
        for j in range(points):
            V[k, j] -= r[j] * X[k, j]


@jit
def form(multiply, X, c, parameters, work, r, V, H, A):
    """The Hessian in coordinates into A; returns its largest entry."""
    points = X.shape[1]
    largest = 0.0
    for n in range(A.shape[0]):
        V[:] = 0.0
        V[1 + n // points, n % points] = 1.0
        reflect(X, V, r)
        riemannian_product(multiply, X, V, H, c, parameters, work, r)
        reflect(X, H, r)
        for m in range(A.shape[0]):
            A[n, m] = H[1 + m // points, m % points]
        largest = max(largest, abs(A[n, n]))
    return largest


@jit
def factor(A, diagonal, shift):
    """Cholesky's factor of A + shift, below the diagonal, and the inverses of its own diagonal; returns the first pivot that
    is not positive, or 1.  A is read above its diagonal, where it stays."""
    n = A.shape[0]
    for i in range(n):
        a = A[i]
        pivot = a[i] + shift
        for j in range(i):
            b, total = A[j], 0.0
            for k in range(j):
                total += a[k] * b[k]
            a[j] = (b[i] - total) * diagonal[j]
            pivot -= a[j] * a[j]
        if not pivot > 0.0:
            return pivot
        diagonal[i] = 1.0 / math.sqrt(pivot)
    return 1.0


@jit
def solve(A, diagonal, X, V, y, r):
    """V by the inverse of what was factored, in tangent spaces."""
    n, points = A.shape[0], X.shape[1]
    reflect(X, V, r)
    for m in range(n):
        y[m] = V[1 + m // points, m % points]
    for i in range(n):
        a, total = A[i], 0.0
        for k in range(i):
            total += a[k] * y[k]
        y[i] = (y[i] - total) * diagonal[i]
    for i in range(n - 1, -1, -1):
        a = A[i]
        y[i] *= diagonal[i]
        number = y[i]
        for k in range(i):
            y[k] -= number * a[k]
    for j in range(points):
        V[0, j] = 0.0
    for m in range(n):
        V[1 + m // points, m % points] = y[m]
    reflect(X, V, r)


@jit
def renew(multiply, X, c, parameters, work, r, d, Hd, A, diagonal, shift):
    """The Hessian anew in A, and factored under a shift that makes it positive; returns the shift, and whether one did."""
    most = form(multiply, X, c, parameters, work, r, d, Hd, A)
    shift = max(LEAST_SHIFT * most, 1e-2 * shift)
    while shift < most:
        pivot = factor(A, diagonal, shift)
        if pivot > 0.0:
            return shift, True
        shift = max(10.0 * shift, -2.0 * pivot)
    return shift, False


@jit
def precondition(z, residual, factored, A, diagonal, X, y, r):
    """z by the factor's inverse of the residual, where there is one; returns the product of the two."""
    z[:] = residual
    if factored:
        solve(A, diagonal, X, z, y, r)
    return dot(residual, z)


@jit
def model_step(
    multiply, X, G, c, parameters, work, r, s, d, residual, Hd, z, factored, A, diagonal, y, radius, target, most
):  # fmt: skip
    """Conjugate gradients for the model, into s; returns the decrease that it predicts, the length of s in the norm of the
    radius, whether they ended at the boundary, the radius, and the products.

    They end where the residual is below the target, and after so many products at most.
    """
    s[:] = 0.0
    residual[:] = G
    squared = precondition(z, residual, factored, A, diagonal, X, y, r)
    for k in range(X.shape[0]):
        for j in range(X.shape[1]):
            d[k, j] = -z[k, j]
    if radius == math.inf:
        radius = math.sqrt(squared)  # Newton's step, as far as the factor knows
    # Squares and product of s and d in the norm of the radius.
    ss, sd, dd = 0.0, 0.0, squared
    predicted, largest, products = 0.0, 0.0, 0
    for inner in range(2 * X.size + 10):
        riemannian_product(multiply, X, d, Hd, c, parameters, work, r)
        products += 1
        curvature, length = dot(d, Hd), dot(d, d)
        largest = max(largest, abs(curvature) / length)
        flat = curvature <= FLAT * largest * length
        if flat and curvature >= -BENT * largest * length and inner > 0:
            break
        alpha = 0.0 if flat else squared / curvature
        far = ss + 2 * alpha * sd + alpha * alpha * dd
        if flat or far >= radius * radius:
            step = to_boundary(ss, sd, dd, radius)
            predicted -= step * dot(residual, d) + 0.5 * step * step * curvature
            add(s, step, d)
            return predicted, radius, True, radius, products
        predicted += 0.5 * alpha * squared
        add(s, alpha, d)
        add(residual, alpha, Hd)
        ss = far
        if math.sqrt(dot(residual, residual)) <= target or products >= most:
            break
        now = precondition(z, residual, factored, A, diagonal, X, y, r)
        beta = now / squared
        squared = now
        sd, dd = beta * (sd + alpha * dd), now + beta * beta * dd
        for k in range(X.shape[0]):
            for j in range(X.shape[1]):
                d[k, j] = beta * d[k, j] - z[k, j]
        project(X, d, r)
    return predicted, math.sqrt(ss), False, radius, products


# What ``compare`` remembers of values: relative to the first the one now, the least, the one to compare with and the highest
# since the least; what was predicted since the last two, and how many steps did not lower the least.
NOW, LOWEST, TOP, HIGHEST, GAINED, HIGHEST_GAINED, UPS = 0, 1, 2, 3, 4, 5, 6


@jit
def remember(past, fall, predicted):
    """After a step that was accepted."""
    past[NOW] -= fall
    past[GAINED] += predicted
    if past[NOW] < past[LOWEST]:
        past[LOWEST] = past[HIGHEST] = past[NOW]
        past[UPS] = past[HIGHEST_GAINED] = 0.0
        return
    past[UPS] += 1
    past[HIGHEST_GAINED] += predicted
    if past[NOW] > past[HIGHEST]:
        past[HIGHEST], past[HIGHEST_GAINED] = past[NOW], 0.0
    if past[UPS] == MEMORY:
        past[TOP], past[GAINED] = past[HIGHEST], past[HIGHEST_GAINED]


@entry(
    numba.void(
        numba.int64, numba.int64, MATRIX, VECTOR, VECTOR, VECTOR, numba.float64, numba.int64, numba.int64, numba.int64
    )
)
def refine(evaluator, multiplier, X, scalars, parameters, work, tolerance, most_steps, most_products, logarithmic):
    """From X, which moves, to a stationary point; what came out goes to the first scalars."""
    dim, points = X.shape
    r, c, trial_c, past = np.empty(points), np.empty(points), np.empty(points), np.zeros(7)
    G, T, H = np.empty((dim, points)), np.empty((dim, points)), np.empty((dim, points))
    s, d, residual = np.empty((dim, points)), np.empty((dim, points)), np.empty((dim, points))
    Hd, z = np.empty((dim, points)), np.empty((dim, points))
    evaluate, multiply = evaluator_at(evaluator), product_at(multiplier)
    value = evaluate(X, G, parameters, work)
    radial(X, G, c)
    scale = tangent(X, G, 1.0 if logarithmic else value, r)
    size = math.sqrt(dot(G, G))
    norm, radius = size / max(scale, TINY), FIRST_RADIUS
    products, steps, idle, evaluations, failed = 0, 0, 0, 1, False
    # spent: products since the Hessian was formed last; factored: whether there is a factor.
    n, spent, factored, shift = (dim - 1) * points, 0, False, 0.0
    worth = int(WORTH * n) if n <= MOST_DENSE else most_products
    A, diagonal, y = np.empty((0, 0)), np.empty(n), np.empty(n)
    while not norm <= tolerance and not failed and steps < most_steps and products < most_products:
        steps += 1
        if spent >= worth:
            spent, products = 0, products + n
            A = A if len(A) else np.empty((n, n))
            shift, factored = renew(multiply, X, c, parameters, work, r, d, Hd, A, diagonal, shift)
            radius, worth = (math.inf, worth) if factored else (FIRST_RADIUS, most_products)
        # Superlinear convergence, without work in vain far away nor beyond the tolerance.
        target = max(size * min(0.1, math.sqrt(norm)), ENOUGH * tolerance * scale)
        predicted, length, at_boundary, radius, more = model_step(
            multiply, X, G, c, parameters, work, r, s, d, residual, Hd, z, factored, A, diagonal, y, radius, target,
            min(most_products - products, worth - spent),
        )  # fmt: skip
        products, spent, evaluations = products + more, spent + more, evaluations + 1
        retract(X, s, 1.0, T, r)
        trial = evaluate(T, H, parameters, work)
        radial(T, H, trial_c)
        trial_scale = tangent(T, H, 1.0 if logarithmic else trial, r)
        trial_size = math.sqrt(dot(H, H))
        trial_norm = trial_size / max(trial_scale, TINY)
        fall = value - trial
        if abs(predicted) <= DROWNED * round_off(value, scale, math.sqrt(points), EPS):
            # Differences of values drown in round-off; the mean slope at both ends does not.
            fall = -0.5 * (dot(G, s) + dot(H, s))
        ratio = max(fall / predicted, (past[TOP] - past[NOW] + fall) / (past[GAINED] + predicted))
        ratio = ratio if math.isfinite(trial) else 0.0
        if not ratio >= SHRINK:
            radius = min(length, radius) / 4
        elif ratio > GROW and at_boundary:
            radius = 2 * radius if factored else min(2 * radius, LARGEST_RADIUS * math.sqrt(points))
        if ratio > ACCEPT:
            remember(past, fall, predicted)
            idle = 0 if trial_norm < BETTER * norm or fall > 0.0 else idle + 1
            X[:], G[:], c[:] = T, H, trial_c
            value, scale, size, norm = trial, trial_scale, trial_size, trial_norm
        else:
            idle, evaluations = idle + 1, evaluations + 1
            evaluate(X, H, parameters, work)  # the products read what the last evaluation left
        failed = radius < SMALLEST_RADIUS or idle > MOST_WASTED or not math.isfinite(norm)
    scalars[VALUE], scalars[NORM], scalars[SCALE], scalars[FAILED] = value, norm, scale, 1.0 if failed else 0.0
    scalars[ITERATIONS] += steps
    scalars[EVALUATIONS] += evaluations + products
