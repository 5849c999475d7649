"""The sum over pairs of one kernel, in compiled code: a text for ``store``, behind ``pair_rows``."""

# mypy: ignore-errors

from __future__ import annotations


@evaluator
def energy(X, G, parameters, work):
    """The sum over j < i."""
    return some_rows(X, G, 0, 1, parameters[0], work)
