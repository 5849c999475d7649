"""The first half of a row in any dimension: a text for ``store``, see ``pair_rows``."""

# mypy: ignore-errors

from __future__ import annotations


@inlined
def slopes(p, own, at, Z, width, inside, r):
    dim = Z.shape[0]
    one = Z.dtype.type(1)
    zero = energy = one - one
    for k in range(dim - 1):
        x, others = own[k, at], Z[k]
        if k == 0:
            for j in range(width):
                difference = others[j] - x
                r[j] = difference * difference
        else:
            for j in range(width):
                difference = others[j] - x
                r[j] += difference * difference
    if dim == 1:
        r[:width] = 0
    # The last coordinate and the profile in one pass: each pass costs a load and a store per pair.
    x, others = own[dim - 1, at], Z[dim - 1]
    for j in range(width):
        difference = others[j] - x
        squared = r[j] + difference * difference
        counts = inside[j]
        value, slope = profile(squared if counts > zero else one, p)
        energy += counts * value
        r[j] = counts * slope
    return energy
