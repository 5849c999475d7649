"""The softmax losses (InfoNCE, SimCLR, NT-Xent, DCL, DHEL) in compiled code: a text for ``store``.

They are one formula.  An anchor a_i with its positive b_i and s_i = a_i.b_i has the negatives b_j (``cross``) and a_j
(``within``), j != i; with A_i = log sum exp((x - s_i)/tau) over them, its loss is log(1 + e^{A_i}) where the positive is in
the denominator (``own``), else A_i.  The value is the mean over i of the losses of u_i and of v_i, each times a weight, plus
``extra`` times s_i/tau.  X: (dim, 2M), anchors, then positives.  parameters: tau, weight of u, weight of v, own, cross,
within, extra.

With p the softmax over the negatives, sigma = 1 - 1/(1 + e^A) (1 where not ``own``) and t_j the derivative of
(x_j - s_i)/tau along a direction, the weight q_j = sigma p_j / tau of each negative in the gradient changes at the rate
q_j (t_j - sigma sum_k p_k t_k); from these the product with the Hessian follows.

Exponentials are relative to that of the largest product there is, 1, so that each unordered pair has one for both of its
points: q_ij = rate_i E_ij.  Where temperatures are so small that they would underflow, they are relative to the largest of
the anchor, and each anchor has its own (``shared`` is False).

work: E of the blocks u.u, v.v, u.v, v.u, and the rates of change of their products, (M, M) each, filled up as in ``tiles``;
numbers of each point; views of X, G, D and H; rows of scratch.
"""

# mypy: ignore-errors

from __future__ import annotations

SMALL = 1.0 / 300.0
# Numbers of each point.
MASS, TOP, RATE, TOTAL, SIGMA, MOMENT, SHIFT = 0, 1, 2, 3, 4, 5, 6


@exact
def exp_within(x):
    """exp of x in [-700, 0], as ``exp``, with fewer steps: the shift rounds to the exponent in the last bits."""
    shifted = x * 1.4426950408889634 + 6755399441055744.0
    k = shifted - 6755399441055744.0
    y = (x - k * 0.6931471803691238) - k * 1.9082149292705877e-10
    p = 1.0 / 6227020800.0
    p = p * y + 1.0 / 479001600.0
    p = p * y + 1.0 / 39916800.0
    p = p * y + 1.0 / 3628800.0
    p = p * y + 1.0 / 362880.0
    p = p * y + 1.0 / 40320.0
    p = p * y + 1.0 / 5040.0
    p = p * y + 1.0 / 720.0
    p = p * y + 1.0 / 120.0
    p = p * y + 1.0 / 24.0
    p = p * y + 1.0 / 6.0
    p = p * y + 0.5
    p = 1.0 + (y + y * y * p)
    return p * as_float((as_bits(shifted) << 52) + (np.int64(1023) << 52))


@jit
def parts(dim, points, work):
    """E and dx (4, wide, wide), numbers of points (7, 2, wide), views (4, 2, dim, wide), scratch (8, wide)."""
    wide, even = filled(points, 8), filled(dim, 2)
    square, ends = wide * wide, np.zeros(5, np.int64)
    for k, size in enumerate((4 * square, 4 * square, 14 * wide, 8 * even * wide, 8 * wide)):
        ends[k] = size + (ends[k - 1] if k > 0 else 0)
    E = work[: ends[0]].reshape((4, wide, wide))
    dx = work[ends[0] : ends[1]].reshape((4, wide, wide))
    numbers = work[ends[1] : ends[2]].reshape((7, 2, wide))
    views = work[ends[2] : ends[3]].reshape((4, 2, even, wide))
    return E, dx, numbers, views, work[ends[3] : ends[4]].reshape((8, wide))


@jit
def block(n, parameters):
    """Views of the rows and columns of block n, whether it is wanted, a triangle, and serves both of its points."""
    shared = parameters[0] >= SMALL
    a, b = n % 2, (n if n < 2 else 3 - n)
    wanted = parameters[5 if a == b else 4] > 0 and (parameters[1 + a] > 0 or (shared and n == 2))
    if shared and n == 3:
        wanted = False
    return a, b, wanted, shared and a == b, shared


@jit
def find_tops(Z, points, parameters, tops):
    """The largest product of each anchor with its negatives."""
    tops[:] = -math.inf
    for n in range(4):
        a, b, wanted, _, _ = block(n, parameters)
        if wanted:
            for i in range(points):
                for j in range(points):
                    if j != i:
                        y = 0.0
                        for k in range(Z.shape[1]):
                            y += Z[a, k, i] * Z[b, k, j]
                        tops[a, i] = max(tops[a, i], y)


@jit
def fill(E, A, B, points, mass, other_mass, tops, scale, triangle, shared):
    """The exponentials of a block, and their sums."""
    wide = E.shape[1]
    for i in range(0, points, 4):
        first = begin(i, triangle)
        inner_products(A, i, B, first, E, False)
        for row in range(i, i + 4):
            if shared:
                for j in span(first, wide):
                    E[row, j] = exp_within((E[row, j] - 1.0) * scale)
            else:
                top = tops[row]
                for j in span(first, wide):
                    E[row, j] = exp((E[row, j] - top) * scale)
        mask(E, i, i, points, triangle)
        add_sums(E, i, i, first, mass, other_mass)


@jit
def weigh(E, i, first, rates, others, both, w):
    """w = (rate_i + rate_j) E_ij of four rows; the latter with ``both``."""
    r0, r1, r2, r3 = rates[i], rates[i + 1], rates[i + 2], rates[i + 3]
    if both:
        for j in span(first, E.shape[1]):
            c = others[j]
            w[0, j] = (r0 + c) * E[i, j]
            w[1, j] = (r1 + c) * E[i + 1, j]
            w[2, j] = (r2 + c) * E[i + 2, j]
            w[3, j] = (r3 + c) * E[i + 3, j]
    else:
        for j in span(first, E.shape[1]):
            w[0, j], w[1, j], w[2, j], w[3, j] = r0 * E[i, j], r1 * E[i + 1, j], r2 * E[i + 2, j], r3 * E[i + 3, j]


@jit
def pull_all(E, A, B, GA, GB, points, rates, other_rates, w, triangle, shared):
    """Adds the gradient."""
    for i in range(0, points, 4):
        first = begin(i, triangle)
        weigh(E, i, first, rates, other_rates, shared, w)
        pull(w, 0, i, A, B, GA, GB, first)


@evaluator
def softmax_loss(X, G, parameters, work):
    """work: what ``_softmax`` of ``compiled_search`` says, which ``softmax_product`` reads."""
    dim, points = X.shape[0], X.shape[1] // 2
    scale, own = 1.0 / parameters[0], parameters[3] > 0
    E, _, numbers, views, scratch = parts(dim, points, work)
    Z, F = views[0], views[1]
    load(X, Z)
    F[:] = 0.0
    numbers[:] = 0.0
    mass, tops, rates = numbers[MASS], numbers[TOP], numbers[RATE]
    if parameters[0] >= SMALL:
        tops[:] = 1.0
    else:
        find_tops(Z, points, parameters, tops)
    for n in range(4):
        a, b, wanted, triangle, shared = block(n, parameters)
        if wanted:
            other_mass = mass[b] if shared else scratch[0]
            fill(E[n], Z[a], Z[b], points, mass[a], other_mass, tops[a], scale, triangle, shared)
    value = 0.0
    for a in range(2):
        weight = parameters[1 + a] / points
        if weight > 0:
            for i in range(points):
                s = 0.0
                for k in range(dim):
                    s += Z[0, k, i] * Z[1, k, i]
                y = (tops[a, i] - s) * scale + log(mass[a, i])
                sigma = 1.0
                if own:
                    if y > 40.0:
                        value += weight * y
                    else:
                        e = math.exp(y)
                        value += weight * math.log1p(e)
                        sigma = e / (1.0 + e)
                else:
                    value += weight * y
                numbers[SIGMA, a, i] = sigma
                numbers[TOTAL, a, i] = weight * sigma * scale
                numbers[RATE, a, i] = weight * sigma * scale / mass[a, i]
    for n in range(4):
        a, b, wanted, triangle, shared = block(n, parameters)
        if wanted:
            pull_all(E[n], Z[a], Z[b], F[a], F[b], points, rates[a], rates[b], scratch, triangle, shared)
    c = parameters[6] * scale / points
    for k in range(dim):
        for i in range(points):
            factor = c - numbers[TOTAL, 0, i] - numbers[TOTAL, 1, i]
            value += c * Z[0, k, i] * Z[1, k, i]
            F[0, k, i] += factor * Z[1, k, i]
            F[1, k, i] += factor * Z[0, k, i]
    unload(F, G)
    return value


@jit
def changes(E, dx, A, B, dA, dB, points, moment, other_moment, triangle):
    """dx_ij = da_i.b_j + a_i.db_j of a block; adds the sums of E_ij dx_ij."""
    for i in range(0, points, 4):
        first = begin(i, triangle)
        inner_products(dA, i, B, first, dx, False)
        inner_products(A, i, dB, first, dx, True)
        s0 = s1 = s2 = s3 = 0.0
        for j in span(first, E.shape[1]):
            w0, w1 = E[i, j] * dx[i, j], E[i + 1, j] * dx[i + 1, j]
            w2, w3 = E[i + 2, j] * dx[i + 2, j], E[i + 3, j] * dx[i + 3, j]
            s0 += w0
            s1 += w1
            s2 += w2
            s3 += w3
            other_moment[j] += (w0 + w1) + (w2 + w3)
        moment[i] += s0
        moment[i + 1] += s1
        moment[i + 2] += s2
        moment[i + 3] += s3


@jit
def pull_changes(
    E, dx, A, B, dA, dB, HA, HB, points, rates, other_rates, shift, other_shift, w, dw, scale, triangle, shared
):  # fmt: skip
    """Adds the gradient's change: E_ij (rate_i + rate_j) changes at (rate_i (dx_ij - center_i) + ...) E_ij / tau."""
    for i in range(0, points, 4):
        first = begin(i, triangle)
        weigh(E, i, first, rates, other_rates, shared, w)
        weigh(E, i, first, shift, other_shift, shared, dw)
        for p in range(4):
            for j in span(first, E.shape[1]):
                dw[p, j] = scale * (w[p, j] * dx[i + p, j] - dw[p, j])
        pull(dw, 0, i, A, B, HA, HB, first)
        pull(w, 0, i, dA, dB, HA, HB, first)


@product
def softmax_product(X, D, H, parameters, work):
    dim, points = X.shape[0], X.shape[1] // 2
    scale = 1.0 / parameters[0]
    E, dx, numbers, views, scratch = parts(dim, points, work)
    w, dw = scratch[:4], scratch[4:]
    Z, dZ, F = views[0], views[2], views[3]
    load(D, dZ)
    F[:] = 0.0
    moment, shift, rates = numbers[MOMENT], numbers[SHIFT], numbers[RATE]
    moment[:] = 0.0
    for n in range(4):
        a, b, wanted, triangle, shared = block(n, parameters)
        if wanted:
            other_moment = moment[b] if shared else dw[0]
            changes(E[n], dx[n], Z[a], Z[b], dZ[a], dZ[b], points, moment[a], other_moment, triangle)
    c = parameters[6] * scale / points
    for i in range(points):
        ds = 0.0
        for k in range(dim):
            ds += dZ[0, k, i] * Z[1, k, i] + Z[0, k, i] * dZ[1, k, i]
        factor, change_factor = c, 0.0
        for a in range(2):
            rate, total, sigma = numbers[RATE, a, i], numbers[TOTAL, a, i], numbers[SIGMA, a, i]
            # q_ij changes at the rate q_ij (dx_ij - center)/tau.
            center = 0.0
            if rate > 0.0:
                center = sigma * moment[a, i] / numbers[MASS, a, i] + (1.0 - sigma) * ds
            factor -= total
            change_factor -= scale * (rate * moment[a, i] - center * total)
            shift[a, i] = rate * center
        for k in range(dim):
            F[0, k, i] += factor * dZ[1, k, i] + change_factor * Z[1, k, i]
            F[1, k, i] += factor * dZ[0, k, i] + change_factor * Z[0, k, i]
    for n in range(4):
        a, b, wanted, triangle, shared = block(n, parameters)
        if wanted:
            pull_changes(
                E[n], dx[n], Z[a], Z[b], dZ[a], dZ[b], F[a], F[b], points, rates[a], rates[b], shift[a], shift[b],
                w, dw, scale, triangle, shared,
            )  # fmt: skip
    unload(F, H)
