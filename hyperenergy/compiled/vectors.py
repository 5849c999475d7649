"""Vectors of compiled code: configurations (dim, points), coordinate by coordinate, so that loops over points vectorize.

This text is a part of every generated module (see ``store``), which supplies ``jit``, ``math``, ``np`` and ``numba``.
X, V: (dim, points); r: scratch of at least ``points`` numbers.
"""

# mypy: ignore-errors

from __future__ import annotations

# What a search knows of a start, in an array of numbers.
VALUE, NORM, SCALE, FAILED, ITERATIONS, EVALUATIONS, GAMMA, STEP, SLOPE = 0, 1, 2, 3, 4, 5, 6, 7, 8
NEWEST, COUNT, REJECTIONS, IDLE, LEAST, ROUGH, DONE = 9, 10, 11, 12, 13, 14, 15
SCALARS = 16
EPS, EPS_SINGLE, TINY = 2.220446049250313e-16, 1.1920929e-07, 2.2250738585072014e-308


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
def retract(X, D, step, out, r):
    """The points of the sphere nearest to X + step * D."""
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


@jit
def tangent(X, G, unit, r):
    """Make the gradient tangent; returns its scale, as ``Objective.value_and_gradient`` defines it."""
    squared = dot(G, G) + unit * unit / X.shape[1]
    project(X, G, r)
    return math.sqrt(squared)
