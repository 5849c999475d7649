"""Rows of a sum over pairs, in compiled code: a text for ``store``, behind the profile of a kernel and ``slopes``.

A configuration is (dim, points), coordinate by coordinate; each unordered pair is visited once.  The text serves twice, for
profiles in float64 and in float32.

In tiles of points, so that points and forces stay in the cache however many there are, and padded to a multiple of LANES,
so that no loop has a rest that does not vectorize: Z and H, points and forces, are (tiles, dim, points of a tile).
``slopes(p, own, at, Z, width, inside, r)`` (see ``pair_code``) returns the energy of the pairs of the point ``at`` of the
tile ``own`` with the first ``width`` points of the tile Z, and puts the slopes of the profile into r.  ``inside`` has 1
for those that count and 0 for the others, which are taken at r = 1: branches would not vectorize.
"""

# mypy: ignore-errors

from __future__ import annotations

# Numbers that loops pass over at a time.
LANES = 8
# 1024 points take 8 KiB per coordinate of points and of forces, which caches hold in dozens of dimensions.
TILE = 1024


@jit
def some_rows(X, G, first, stride, p, work):
    """Energy of the pairs j < i with i = first, first + stride, ..., and its ambient gradient; work: see
    ``pair_code.work``.

    Sums of a row are in the precision of ``work``, their total in float64: a single running sum of 2e10 pairs would lose
    seven digits.
    """
    dim, points = X.shape
    width = min((points + LANES - 1) // LANES * LANES, TILE)
    tiles = (points + width - 1) // width
    size = tiles * dim * width
    Z, H = work[:size].reshape((tiles, dim, width)), work[size : 2 * size].reshape((tiles, dim, width))
    rest = work[2 * size :]
    # So many ones as there are points, and LANES zeros.
    inside, r = rest[: points + LANES], rest[points + LANES :]
    work[: 2 * size] = 0
    inside[:points], inside[points:] = 1, 0
    for tile in range(tiles):
        left = tile * width
        for k in range(dim):
            for j in range(min(width, points - left)):
                Z[tile, k, j] = X[k, left + j]
    total = 0.0
    for own in range(tiles):
        begin = (first - own * width) % stride
        end = min(width, points - own * width)
        for tile in range(own + 1):
            total += block(p, Z[own], H[own], Z[tile], H[tile], begin, end, stride, tile == own, inside, r)
    for tile in range(tiles):
        left = tile * width
        for k in range(dim):
            for j in range(min(width, points - left)):
                G[k, left + j] = H[tile, k, j]
    return total


@jit
def block(p, own, own_forces, Z, forces, begin, end, stride, same, inside, r):
    """The points begin, begin + stride, ... of one tile with those of another, or with those before them in the same."""
    dim = Z.shape[0]
    total = 0.0
    for i in range(begin, end, stride):
        count = i if same else Z.shape[1]
        width = (count + LANES - 1) // LANES * LANES
        total += slopes(p, own, i, Z, width, inside[len(inside) - LANES - count :], r)
        for k in range(dim):
            x, others, sums = own[k, i], Z[k], forces[k]
            pull = Z.dtype.type(0)
            for j in range(width):
                force = r[j] * (others[j] - x)
                sums[j] += force
                pull += force
            own_forces[k, i] -= pull
    return total
