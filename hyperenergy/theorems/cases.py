"""The sizes that instances run over, as far as the user chose them."""

from __future__ import annotations

from collections.abc import Iterator

from hyperenergy import codes
from hyperenergy.theorems.instances import Grid

LARGE_BATCHES = tuple(2**k for k in range(8, 15))
DIMS = (2, 3, 4, 5, 6, 7, 8)
TEMPERATURES = (0.05, 0.1, 0.5, 1.0)


# (dim, points) beyond the universal optima.
MISALIGNED_CASES = ((3, 5), (3, 7), (3, 9), (4, 6), (4, 7), (4, 9), (5, 7), (5, 14))


def chosen(cases: tuple[tuple[int, int], ...], grid: Grid) -> Iterator[tuple[int, int]]:
    """The cases (dim, points) less those that the user did not choose."""
    for dim, points in cases:
        if dim in grid.pick_dims((dim,)) and grid.pick_points((points,)):
            yield dim, points


def off_optima(grid: Grid, default: tuple[tuple[int, int], ...], full: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """(dim, points) with points > dim+1 at which no universal optimum is known."""
    if grid.dims or grid.points or grid.full:
        cases = [(d, M) for d in grid.pick_dims((3, 4, 5)) for M in grid.pick_points(grid.points or full)]
    else:
        cases = list(default)
    for dim, points in cases:
        if points > dim + 1 and codes.universal_optimum(points, dim) is None:
            yield dim, points


def dims_and_temperatures(grid: Grid, cases: tuple[tuple[int, float], ...]) -> Iterator[tuple[int, float]]:
    for dim, tau in cases:
        if dim in grid.pick_dims((dim,)) and tau in grid.pick_temperatures((tau,)):
            yield dim, tau
