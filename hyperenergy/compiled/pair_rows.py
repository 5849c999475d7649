"""One row of a sum over pairs, in compiled code: a text for ``store``, behind the profile of a kernel.

``profile(r, p)`` returns kappa(r) and 2 kappa'(r) for the kernel's parameter p.  The text serves twice, for profiles in
float64 and in float32.  r: scratch of length points.
"""

# mypy: ignore-errors

from __future__ import annotations

# Points of a tile: 1024 take 8 KiB per coordinate of points and of forces, which caches hold in dozens of dimensions.
TILE = 1024


@jit
def add_rows(p, X, G, first, stride, r):
    """Energy of the pairs i < j with i = first, first + stride, ...; adds its ambient gradient to G.

    Tile by tile of j, so that points and forces stay in the cache however many there are.  Sums of a row are in the
    precision of X, their total in float64: a single running sum of 2e10 pairs would lose seven digits.
    """
    points = X.shape[1]
    total = 0.0
    for left in range(0, points, TILE):
        right = min(left + TILE, points)
        for i in range(first, right - 1, stride):
            total += add_row(p, X, G, i, max(left, i + 1), right, r)
    return total


@jit
def add_row(p, X, G, i, begin, end, r):
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
        value, slope = profile(r[j] + difference * difference, p)
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
