"""The rows of one thread of a sum over the pairs of one large configuration: a text for ``store``."""

# mypy: ignore-errors

from __future__ import annotations


@numba.njit(numba.float64(MATRIX, MATRIX, numba.int64, numba.int64, VECTOR, VECTOR), **OPTIONS)
def share(X, G, first, stride, parameters, work):
    """The rows first, first + stride, ... of ``energy``, for several threads; adds to G.  work: TILE numbers."""
    return add_rows(parameters[0], X, G, first, stride, work)
