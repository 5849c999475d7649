"""Sums over pairs of points as products of matrices, four rows by two coordinates at a time: a text for ``store``.

Views are copies (dim, points) with dim filled up with zeros to an even number, and points to a multiple of eight, so that
loops over points vectorize without a rest, and each number that is loaded serves several sums.
"""

# mypy: ignore-errors

from __future__ import annotations


@jit
def filled(number, unit):
    return -(-number // unit) * unit


@jit
def span(first, last):
    """Indices that are known not to count from the end, without which loops do not vectorize."""
    return range(np.uint64(first), np.uint64(last))


@jit
def load(X, views):
    """X (dim, views * points) into ``views`` (views, dim, points), filled up."""
    points = X.shape[1] // views.shape[0]
    for a in range(views.shape[0]):
        for k in range(views.shape[1]):
            for j in range(points):
                views[a, k, j] = X[k, a * points + j] if k < X.shape[0] else 0.0
            for j in range(points, views.shape[2]):
                views[a, k, j] = 0.0


@jit
def unload(views, X):
    points = X.shape[1] // views.shape[0]
    for a in range(views.shape[0]):
        for k in range(X.shape[0]):
            for j in range(points):
                X[k, a * points + j] = views[a, k, j]


@jit
def inner_products(A, i, B, first, x, more):
    """x_ij = a_i.b_j of four rows from i on, for j from ``first`` on; added with ``more``."""
    points = B.shape[1]
    for k in range(0, A.shape[0], 2):
        a0, a1, a2, a3 = A[k, i], A[k, i + 1], A[k, i + 2], A[k, i + 3]
        c0, c1, c2, c3 = A[k + 1, i], A[k + 1, i + 1], A[k + 1, i + 2], A[k + 1, i + 3]
        if more or k > 0:
            for j in span(first, points):
                b, d = B[k, j], B[k + 1, j]
                x[i, j] += a0 * b + c0 * d
                x[i + 1, j] += a1 * b + c1 * d
                x[i + 2, j] += a2 * b + c2 * d
                x[i + 3, j] += a3 * b + c3 * d
        else:
            for j in span(first, points):
                b, d = B[k, j], B[k + 1, j]
                x[i, j] = a0 * b + c0 * d
                x[i + 1, j] = a1 * b + c1 * d
                x[i + 2, j] = a2 * b + c2 * d
                x[i + 3, j] = a3 * b + c3 * d


@jit
def pull(w, at, i, A, B, GA, GB, first):
    """Of four rows of w from ``at`` on, adds sum_j w_pj b_j to column i + p of GA, and sum_p w_pj a_{i+p} to j of GB."""
    points = B.shape[1]
    for k in range(0, A.shape[0], 2):
        a0, a1, a2, a3 = A[k, i], A[k, i + 1], A[k, i + 2], A[k, i + 3]
        c0, c1, c2, c3 = A[k + 1, i], A[k + 1, i + 1], A[k + 1, i + 2], A[k + 1, i + 3]
        s0 = s1 = s2 = s3 = t0 = t1 = t2 = t3 = 0.0
        for j in span(first, points):
            b, d = B[k, j], B[k + 1, j]
            w0, w1, w2, w3 = w[at, j], w[at + 1, j], w[at + 2, j], w[at + 3, j]
            s0 += w0 * b
            s1 += w1 * b
            s2 += w2 * b
            s3 += w3 * b
            t0 += w0 * d
            t1 += w1 * d
            t2 += w2 * d
            t3 += w3 * d
            GB[k, j] += a0 * w0 + a1 * w1 + a2 * w2 + a3 * w3
            GB[k + 1, j] += c0 * w0 + c1 * w1 + c2 * w2 + c3 * w3
        GA[k, i] += s0
        GA[k, i + 1] += s1
        GA[k, i + 2] += s2
        GA[k, i + 3] += s3
        GA[k + 1, i] += t0
        GA[k + 1, i + 1] += t1
        GA[k + 1, i + 2] += t2
        GA[k + 1, i + 3] += t3


@jit
def begin(i, triangle):
    """From which j on row i of a block has pairs: of a triangle, from a multiple of eight."""
    return i - i % 8 if triangle else 0


@jit
def mask(w, at, i, points, triangle):
    """Of rows i to i + 3 of a block, in w from ``at`` on, keep j != i, or j > i of a triangle, and nothing filled up."""
    for p in range(4):
        row = i + p
        for j in range(points if row < points else begin(i, triangle), w.shape[1]):
            w[at + p, j] = 0.0
        if row < points:
            for j in range(begin(i, triangle) if triangle else row, row + 1):
                w[at + p, j] = 0.0


@jit
def add_sums(w, at, i, first, rows, columns):
    """Adds the sums of four rows of w from ``at`` on to ``rows`` from i on, and those of columns to ``columns``."""
    s0 = s1 = s2 = s3 = 0.0
    for j in span(first, w.shape[1]):
        w0, w1, w2, w3 = w[at, j], w[at + 1, j], w[at + 2, j], w[at + 3, j]
        s0 += w0
        s1 += w1
        s2 += w2
        s3 += w3
        columns[j] += (w0 + w1) + (w2 + w3)
    rows[i] += s0
    rows[i + 1] += s1
    rows[i + 2] += s2
    rows[i + 3] += s3
