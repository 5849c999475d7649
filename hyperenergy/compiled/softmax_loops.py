"""The softmax losses (InfoNCE, SimCLR, NT-Xent, DCL, DHEL) in compiled code: a text for ``store``.

They are one formula.  An anchor a_i with its positive b_i and s_i = a_i.b_i has the negatives b_j (``cross``) and a_j
(``within``), j != i; with A_i = log sum exp((x - s_i)/tau) over them, its loss is log(1 + e^{A_i}) where the positive is in
the denominator (``own``), else A_i.  The value is the mean over i of the losses of u_i and of v_i, each times a weight, plus
``extra`` times s_i/tau.  X: (dim, 2M), anchors, then positives.  parameters: tau, weight of u, weight of v, own, cross,
within, extra.

With p the softmax over the negatives, sigma = 1 - 1/(1 + e^A) (1 where not ``own``) and t_j the derivative of
(x_j - s_i)/tau along a direction, the weight q_j = sigma p_j / tau of each negative in the gradient changes at the rate
q_j (t_j - sigma sum_k p_k t_k); from these the product with the Hessian follows.

work: q of u's cross and within negatives, then of v's, M x M each; sigma of u and v; rows of scratch.
"""

# mypy: ignore-errors

from __future__ import annotations


@jit
def inner_products(a, i, B, x):
    """x_j = a_i.b_j."""
    points = B.shape[1]
    for k in range(B.shape[0]):
        y = a[k, i]
        if k == 0:
            for j in range(points):
                x[j] = y * B[0, j]
        else:
            for j in range(points):
                x[j] += y * B[k, j]


@jit
def pull(q, i, A, B, GA, GB):
    """The gradient of sum_j q_j a_i.b_j, added."""
    points = B.shape[1]
    for k in range(A.shape[0]):
        a, total = A[k, i], 0.0
        for j in range(points):
            total += q[j] * B[k, j]
            GB[k, j] += q[j] * a
        GA[k, i] += total


@jit
def view_value(A, B, GA, GB, Q, sigma, x, y, weight, tau, own, cross, within):
    """The sum over the anchors A; Q: (2, M, M) receives the q, times the weight; adds the gradient."""
    points = A.shape[1]
    total = 0.0
    for i in range(points):
        s = 0.0
        for k in range(A.shape[0]):
            s += A[k, i] * B[k, i]
        top = -math.inf
        if cross:
            inner_products(A, i, B, x)
            x[i] = -2.0
            top = max(top, x.max())
        if within:
            inner_products(A, i, A, y)
            y[i] = -2.0
            top = max(top, y.max())
        scale = 1.0 / tau
        mass = 0.0
        if cross:
            q = Q[0, i]
            for j in range(points):
                q[j] = exp((x[j] - top) * scale)
            q[i] = 0.0
            mass += q.sum()
        if within:
            q = Q[1, i]
            for j in range(points):
                q[j] = exp((y[j] - top) * scale)
            q[i] = 0.0
            mass += q.sum()
        a = (top - s) * scale + math.log(mass)
        if own:
            total += weight * (a if a > 40.0 else math.log1p(math.exp(a)))
            sigma[i] = 1.0 / (1.0 + math.exp(-a)) if a > -700.0 else math.exp(a)
        else:
            total += weight * a
            sigma[i] = 1.0
        all_q = weight * sigma[i] * scale
        factor = all_q / mass
        if cross:
            q = Q[0, i]
            for j in range(points):
                q[j] *= factor
            pull(q, i, A, B, GA, GB)
        if within:
            q = Q[1, i]
            for j in range(points):
                q[j] *= factor
            pull(q, i, A, A, GA, GA)
        for k in range(A.shape[0]):
            GA[k, i] -= all_q * B[k, i]
            GB[k, i] -= all_q * A[k, i]
    return total


@jit
def parts(points, work):
    """Q of u and v, sigma of u and v, and two rows of scratch."""
    square = points * points
    Q = work[: 4 * square].reshape((2, 2, points, points))
    rest = work[4 * square : 4 * square + 4 * points].reshape((4, points))
    return Q, rest


@evaluator
def softmax_loss(X, G, parameters, work):
    """work: 4 M^2 + 4 M numbers, which ``softmax_product`` reads."""
    points = X.shape[1] // 2
    tau = parameters[0]
    own, cross, within = parameters[3] > 0, parameters[4] > 0, parameters[5] > 0
    Q, rest = parts(points, work)
    U, V, GU, GV = X[:, :points], X[:, points:], G[:, :points], G[:, points:]
    G[:] = 0.0
    value = 0.0
    if parameters[1] > 0:
        value += view_value(
            U, V, GU, GV, Q[0], rest[0], rest[2], rest[3], parameters[1] / points, tau, own, cross, within
        )  # fmt: skip
    if parameters[2] > 0:
        value += view_value(
            V, U, GV, GU, Q[1], rest[1], rest[2], rest[3], parameters[2] / points, tau, own, cross, within
        )  # fmt: skip
    if parameters[6] != 0.0:
        c = parameters[6] / (tau * points)
        for k in range(X.shape[0]):
            for i in range(points):
                value += c * U[k, i] * V[k, i]
                GU[k, i] += c * V[k, i]
                GV[k, i] += c * U[k, i]
    return value


@jit
def view_product(A, B, dA, dB, HA, HB, Q, sigma, x, y, tau, cross, within):
    points, dim = A.shape[1], A.shape[0]
    for i in range(points):
        ds = 0.0
        for k in range(dim):
            ds += dA[k, i] * B[k, i] + A[k, i] * dB[k, i]
        total, moment = 0.0, 0.0
        if cross:
            inner_products(dA, i, B, x)
            for k in range(dim):
                a = A[k, i]
                for j in range(points):
                    x[j] += a * dB[k, j]
            q = Q[0, i]
            for j in range(points):
                x[j] -= ds
                moment += q[j] * x[j]
                total += q[j]
        if within:
            inner_products(dA, i, A, y)
            for k in range(dim):
                a = A[k, i]
                for j in range(points):
                    y[j] += a * dA[k, j]
            q = Q[1, i]
            for j in range(points):
                y[j] -= ds
                moment += q[j] * y[j]
                total += q[j]
        if total == 0.0:
            continue
        mean = sigma[i] * moment / total
        dtotal = 0.0
        if cross:
            q = Q[0, i]
            for j in range(points):
                x[j] = q[j] * (x[j] - mean) / tau
                dtotal += x[j]
            pull(x, i, A, B, HA, HB)
            pull(q, i, dA, dB, HA, HB)
        if within:
            q = Q[1, i]
            for j in range(points):
                y[j] = q[j] * (y[j] - mean) / tau
                dtotal += y[j]
            pull(y, i, A, A, HA, HA)
            pull(q, i, dA, dA, HA, HA)
        for k in range(dim):
            HA[k, i] -= dtotal * B[k, i] + total * dB[k, i]
            HB[k, i] -= dtotal * A[k, i] + total * dA[k, i]


@product
def softmax_product(X, D, H, parameters, work):
    points = X.shape[1] // 2
    tau = parameters[0]
    cross, within = parameters[4] > 0, parameters[5] > 0
    Q, rest = parts(points, work)
    U, V, dU, dV = X[:, :points], X[:, points:], D[:, :points], D[:, points:]
    HU, HV = H[:, :points], H[:, points:]
    H[:] = 0.0
    if parameters[1] > 0:
        view_product(U, V, dU, dV, HU, HV, Q[0], rest[0], rest[2], rest[3], tau, cross, within)
    if parameters[2] > 0:
        view_product(V, U, dV, dU, HV, HU, Q[1], rest[1], rest[2], rest[3], tau, cross, within)
    if parameters[6] != 0.0:
        c = parameters[6] / (tau * points)
        for k in range(X.shape[0]):
            for i in range(points):
                HU[k, i] += c * dV[k, i]
                HV[k, i] += c * dU[k, i]


@evaluator
def aligned_softmax_loss(X, G, parameters, work):
    """The loss at positives equal to anchors, of X (dim, M).  work: that of ``softmax_loss``, then 4 M dim numbers."""
    dim, points = X.shape
    free = 4 * points * points + 4 * points
    both = work[free : free + 2 * dim * points].reshape((dim, 2 * points))
    gradient = work[free + 2 * dim * points : free + 4 * dim * points].reshape((dim, 2 * points))
    both[:, :points], both[:, points:] = X, X
    value = softmax_loss(both, gradient, parameters, work)
    for k in range(dim):
        for j in range(points):
            G[k, j] = gradient[k, j] + gradient[k, points + j]
    return value


@product
def aligned_softmax_product(X, D, H, parameters, work):
    dim, points = X.shape
    free = 4 * points * points + 4 * points
    both = np.empty((3, dim, 2 * points))
    both[0, :, :points], both[0, :, points:] = X, X
    both[1, :, :points], both[1, :, points:] = D, D
    softmax_product(both[0], both[1], both[2], parameters, work[:free])
    for k in range(dim):
        for j in range(points):
            H[k, j] = both[2, k, j] + both[2, k, points + j]
