"""Sums over pairs in float32, for one kernel: a text for ``store``, behind the profile and rows in that type."""

# mypy: ignore-errors

from __future__ import annotations


@evaluator
def rough_energy(X, G, parameters, work):
    """The same with the pairs in float32; work: (dim + 1) points numbers."""
    dim, points = X.shape
    single = work.view(np.float32)
    x = single[: dim * points].reshape((dim, points))
    forces = single[dim * points : 2 * dim * points].reshape((dim, points))
    x[:], forces[:] = X, 0
    p = np.float32(parameters[0])
    value = rough_add_rows(p, x, forces, 0, 1, single[2 * dim * points :])
    G[:] = forces
    return value
