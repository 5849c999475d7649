"""Compiled loops over pairs and vectors; importing this module loads Numba.

A configuration is (dim, points), coordinate by coordinate, so that the loops over points run over contiguous memory and
vectorize; each unordered pair is visited once.  X, G, V: (dim, points); r: scratch of length points;
``profile(r)`` returns kappa(r) and 2 kappa'(r).
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"

from __future__ import annotations

import math

import numba
import numpy as np

# Sums may be reordered, which lets them vectorize.  Infinities and NaN keep their meaning: coincident points of a
# singular kernel have infinite energy.
jit = numba.njit(fastmath={"reassoc", "contract", "arcp", "nsz"}, error_model="numpy", nogil=True)


# Points of a tile: 1024 take 8 KiB per coordinate of points and of forces, which caches hold in dozens of dimensions.
TILE = 1024


@jit
def add_rows(profile, X, G, first, stride, r):
    """Energy of the pairs i < j with i = first, first + stride, ...; adds its ambient gradient to G.

    Tile by tile of j, so that points and forces stay in the cache however many there are.  Sums of a row are in the
    precision of X, their total in float64: a single running sum of 2e10 pairs would lose seven digits.
    """
    points = X.shape[1]
    total = 0.0
    for left in range(0, points, TILE):
        right = min(left + TILE, points)
        for i in range(first, right - 1, stride):
            total += _add_row(profile, X, G, i, max(left, i + 1), right, r)
    return total


@jit
def _add_row(profile, X, G, i, begin, end, r):
    """The pairs of i with begin <= j < end.  r: first squared distances, then slopes of the profile."""
    dim = X.shape[0]
    count = end - begin
    zero = X.dtype.type(0)
    for k in range(dim - 1):
        x, others = X[k, i], X[k, begin:end]
        if k == 0:
            for j in range(count):
                difference = others[j] - x
                r[j] = difference * difference
        else:
            for j in range(count):
                difference = others[j] - x
                r[j] += difference * difference
    if dim == 1:
        r[:count] = 0
    # The last coordinate and the profile in one pass: each pass costs a load and a store per pair.
    x, others = X[dim - 1, i], X[dim - 1, begin:end]
    energy = zero
    for j in range(count):
        difference = others[j] - x
        value, slope = profile(r[j] + difference * difference)
        energy += value
        r[j] = slope
    for k in range(dim):
        x, others, forces = X[k, i], X[k, begin:end], G[k, begin:end]
        pull = zero
        for j in range(count):
            force = r[j] * (others[j] - x)
            forces[j] += force
            pull += force
        G[k, i] -= pull
    return energy


@jit
def value_and_gradient(profile, X, G, r):
    """Energy over unordered pairs, and the scale of its gradient as ``Objective`` defines it; G becomes the Riemannian
    gradient."""
    G[:] = 0.0
    value = add_rows(profile, X, G, 0, 1, r)
    return value, _riemannian(X, G, value, r)


@jit
def rough_value_and_gradient(profile, X, G, r, single):
    """``value_and_gradient`` with the pairs in float32, for a profile in float32; single: float32 (2, dim, points)."""
    x, forces = single[0], single[1]
    x[:], forces[:] = X, 0
    value = add_rows(profile, x, forces, 0, 1, r.view(np.float32))
    G[:] = forces
    return value, _riemannian(X, G, value, r)


@jit
def _riemannian(X, G, value, r):
    """Make the gradient tangent; returns its scale."""
    scale = dot(G, G)
    project(X, G, r)
    return math.sqrt(scale + value * value / X.shape[1])


@jit
def values_and_gradients(profile, X, values, G, r):
    """``value_and_gradient`` of each of X (batch, dim, points)."""
    for k in range(X.shape[0]):
        values[k] = value_and_gradient(profile, X[k], G[k], r)[0]


@jit
def project(X, V, r):
    """Make the columns of V tangent at those of X."""
    dim, points = X.shape
    for j in range(points):
        r[j] = 0.0
    for k in range(dim):
        for j in range(points):
            r[j] += V[k, j] * X[k, j]
    for k in range(dim):
        for j in range(points):
            V[k, j] -= r[j] * X[k, j]


@jit
def longest(V, r):
    """The largest norm of a column."""
    dim, points = V.shape
    for j in range(points):
        r[j] = 0.0
    for k in range(dim):
        for j in range(points):
            r[j] += V[k, j] * V[k, j]
    return math.sqrt(r[:points].max())


@jit
def dot(x, y):
    total = 0.0
    for k in range(x.shape[0]):
        for j in range(x.shape[1]):
            total += x[k, j] * y[k, j]
    return total


@jit
def add(x, factor, y):
    """x += factor * y."""
    for k in range(x.shape[0]):
        for j in range(x.shape[1]):
            x[k, j] += factor * y[k, j]


@jit
def retract(X, D, step, out, r):
    dim, points = X.shape
    for j in range(points):
        r[j] = 0.0
    for k in range(dim):
        for j in range(points):
            out[k, j] = X[k, j] + step * D[k, j]
            r[j] += out[k, j] * out[k, j]
    for j in range(points):
        r[j] = 1.0 / math.sqrt(r[j])
    for k in range(dim):
        for j in range(points):
            out[k, j] *= r[j]
