"""The rows of one thread of a sum over the pairs of one large configuration: a text for ``store``, behind
``pair_rows``."""

# mypy: ignore-errors

from __future__ import annotations


@entry(numba.float64(MATRIX, MATRIX, numba.int64, numba.int64, VECTOR, VECTOR))
def share(X, G, first, stride, parameters, work):
    return some_rows(X, G, first, stride, parameters[0], work)
