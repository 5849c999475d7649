"""The peers' compiled code for Thomson's problem, which Numba keeps on disk: coordinates X (3, N), gradients G."""

from __future__ import annotations

import math

import numba

_FAST = {"fastmath": True, "error_model": "numpy", "cache": True}


@numba.njit(cache=True)
def plain(X, G):
    """The sum over i < j of 1 / |x_i - x_j|, as one writes it."""
    N = X.shape[1]
    G[:] = 0.0
    total = 0.0
    for i in range(N):
        for j in range(i):
            x, y, z = X[0, i] - X[0, j], X[1, i] - X[1, j], X[2, i] - X[2, j]
            q = 1.0 / math.sqrt(x * x + y * y + z * z)
            total += q
            q = q * q * q
            G[0, i] -= q * x
            G[1, i] -= q * y
            G[2, i] -= q * z
            G[0, j] += q * x
            G[1, j] += q * y
            G[2, j] += q * z
    return total


@numba.njit(**_FAST)
def tuned(X, G):
    """The same over i != j, so that the compiler vectorizes it."""
    N = X.shape[1]
    total = 0.0
    for i in range(N):
        a, b, c = 0.0, 0.0, 0.0
        for j in range(N):
            if j != i:
                x, y, z = X[0, i] - X[0, j], X[1, i] - X[1, j], X[2, i] - X[2, j]
                q = 1.0 / math.sqrt(x * x + y * y + z * z)
                total += q
                q = q * q * q
                a, b, c = a - q * x, b - q * y, c - q * z
        G[0, i], G[1, i], G[2, i] = a, b, c
    return total / 2


@numba.njit(**_FAST)
def tuned_of_directions(x, g, X, G):
    """The same of the directions of free vectors x (3N), and the gradient g with respect to these; X, G: scratch (3, N)."""
    N = X.shape[1]
    for i in range(N):
        a, b, c = x[3 * i], x[3 * i + 1], x[3 * i + 2]
        s = 1.0 / math.sqrt(a * a + b * b + c * c)
        X[0, i], X[1, i], X[2, i] = s * a, s * b, s * c
    value = tuned(X, G)
    for i in range(N):
        a, b, c = x[3 * i], x[3 * i + 1], x[3 * i + 2]
        s = 1.0 / math.sqrt(a * a + b * b + c * c)
        radial = G[0, i] * X[0, i] + G[1, i] * X[1, i] + G[2, i] * X[2, i]
        for k in range(3):
            g[3 * i + k] = s * (G[k, i] - radial * X[k, i])
    return value
