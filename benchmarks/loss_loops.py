"""Losses with gradients written by hand for Numba, which keeps the compiled code on disk: what SciPy minimizes.

Every function takes free vectors x (2 M d), anchors over positives row by row, and is a function of their directions; g
receives its gradient with respect to x.  X and G are scratch of shape (d, 2M), in which loops over points vectorize.
"""

from __future__ import annotations

import math

import numba
import numpy as np

_FAST = {"fastmath": {"reassoc", "contract", "arcp", "nsz"}, "error_model": "numpy", "cache": True}


@numba.njit(**_FAST)
def _directions(x, X):
    dim, rows = X.shape
    for i in range(rows):
        square = 0.0
        for k in range(dim):
            square += x[dim * i + k] ** 2
        for k in range(dim):
            X[k, i] = x[dim * i + k] / math.sqrt(square)


@numba.njit(**_FAST)
def _of_directions(x, X, G, g):
    """The gradient with respect to free vectors from that with respect to their directions."""
    dim, rows = X.shape
    for i in range(rows):
        square, radial = 0.0, 0.0
        for k in range(dim):
            square += x[dim * i + k] ** 2
            radial += G[k, i] * X[k, i]
        for k in range(dim):
            g[dim * i + k] = (G[k, i] - radial * X[k, i]) / math.sqrt(square)


@numba.njit(**_FAST)
def _similarities(A, i, B, x, tau):
    """x_j = a_i.b_j / tau, and minus infinity at j = i."""
    for j in range(B.shape[1]):
        x[j] = 0.0
    for k in range(B.shape[0]):
        a = A[k, i] / tau
        for j in range(B.shape[1]):
            x[j] += a * B[k, j]
    x[i] = -math.inf


@numba.njit(**_FAST)
def _pull(q, i, A, B, GA, GB):
    """The gradient of sum_j q_j a_i.b_j, added."""
    for k in range(A.shape[0]):
        a, total = A[k, i], 0.0
        for j in range(B.shape[1]):
            total += q[j] * B[k, j]
            GB[k, j] += q[j] * a
        GA[k, i] += total


@numba.njit(**_FAST)
def _one_side(A, B, GA, GB, weight, tau, own, cross, within):
    """weight times sum_i [ -s_i/tau + log sum exp of the logits ]: of the positive (own), of the other b_j (cross), of the
    other a_j (within)."""
    dim, points = A.shape
    p, q = np.empty(points), np.empty(points)
    value = 0.0
    for i in range(points):
        s = 0.0
        for k in range(dim):
            s += A[k, i] * B[k, i]
        s /= tau
        top = s if own else -math.inf
        if cross:
            _similarities(A, i, B, p, tau)
            top = max(top, p.max())
        if within:
            _similarities(A, i, A, q, tau)
            top = max(top, q.max())
        # Without the positive first: where that is nearly all of the sum, the logarithm keeps the digits of the rest.
        mass = 0.0
        if cross:
            for j in range(points):
                p[j] = math.exp(p[j] - top)
            mass += p.sum()
        if within:
            for j in range(points):
                q[j] = math.exp(q[j] - top)
            mass += q.sum()
        positive = 0.0
        if own:
            positive = math.exp(s - top)
        if own and top == s:
            value += weight * math.log1p(mass)
        else:
            value += weight * (top - s + math.log(positive + mass))
        factor = weight / (tau * (positive + mass))
        if cross:
            for j in range(points):
                p[j] *= factor
            _pull(p, i, A, B, GA, GB)
        if within:
            for j in range(points):
                q[j] *= factor
            _pull(q, i, A, A, GA, GA)
        c = factor * mass
        for k in range(dim):
            GA[k, i] -= c * B[k, i]
            GB[k, i] -= c * A[k, i]
    return value


@numba.njit(**_FAST)
def softmax(x, g, X, G, tau, both, own, cross, within):
    """InfoNCE, SimCLR, DCL and DHEL; with ``both``, the mean over anchors and positives in either role, as in NT-Xent."""
    points = X.shape[1] // 2
    _directions(x, X)
    G[:] = 0.0
    U, V, GU, GV = X[:, :points], X[:, points:], G[:, :points], G[:, points:]
    weight = (0.5 if both else 1.0) / points
    value = _one_side(U, V, GU, GV, weight, tau, own, cross, within)
    if both:
        value += _one_side(V, U, GV, GU, weight, tau, own, cross, within)
    _of_directions(x, X, G, g)
    return value


@numba.njit(**_FAST)
def kcl(x, g, X, G, t, gamma):
    """-mean_i K(u_i, v_i) + gamma mean_{i != j} K(u_i, u_j) with K = exp(-t |x - y|^2)."""
    dim, points = X.shape[0], X.shape[1] // 2
    _directions(x, X)
    G[:] = 0.0
    U, V, GU, GV = X[:, :points], X[:, points:], G[:, :points], G[:, points:]
    q = np.empty(points)
    value = 0.0
    for i in range(points):
        s = 0.0
        for k in range(dim):
            s += U[k, i] * V[k, i]
        kernel = math.exp(-2.0 * t * (1.0 - s)) / points
        value -= kernel
        for k in range(dim):
            GU[k, i] -= 2.0 * t * kernel * V[k, i]
            GV[k, i] -= 2.0 * t * kernel * U[k, i]
    scale = gamma / (points * (points - 1))
    for i in range(points):
        _similarities(U, i, U, q, 1.0)
        for j in range(points):
            q[j] = scale * math.exp(-2.0 * t * (1.0 - q[j]))
        value += q.sum()
        for j in range(points):
            q[j] *= 2.0 * t
        _pull(q, i, U, U, GU, GU)
    _of_directions(x, X, G, g)
    return value
