"""Sums over pairs in compiled code, for one kernel: a text that ``store`` puts behind the kernel's profiles.

A configuration is (dim, points), coordinate by coordinate; each unordered pair is visited once.
"""

# mypy: ignore-errors

from __future__ import annotations


@evaluator
def energy(X, G, parameters, work):
    """The sum over i < j; work: points numbers."""
    G[:] = 0.0
    return add_rows(parameters[0], X, G, 0, 1, work)
