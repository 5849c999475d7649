"""U1: the uniformity metric of Wasserstein's distance, over all sets of points."""

from __future__ import annotations

import math

from hyperenergy.checks import integer
from hyperenergy.kernels.polynomial import Polynomial
from hyperenergy.objectives.base import Energy
from hyperenergy.theorems.b19 import designs_exist
from hyperenergy.theorems.cases import chosen
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import Theorem


def least_w2(points: int, dim: int) -> float:
    """The lower bound of squared W2 uniformity: 2 - 2 sqrt(min(N-1, d)/d), exactly 0 where a 2-design may be."""
    points, dim = integer("points", points, 1), integer("dim", dim, 1)
    return 2 - 2 * math.sqrt(min(points - 1, dim) / dim)


def attained(points: int, dim: int) -> bool:
    """Whether some points have the bound: simplexes up to dim+1, 2-designs beyond where they exist."""
    return designs_exist(points, dim)


def _instances(grid: Grid) -> Instances:
    cases = [(2, 2), (2, 3), (2, 5), (3, 3), (3, 4), (3, 5), (3, 6), (3, 12), (4, 4), (4, 6), (5, 7), (8, 9), (8, 20)]
    if grid.full:
        cases += [(d, N) for d in (2, 3, 4, 5, 6, 7) for N in (*range(2, d + 4), 3 * d)]
    for dim, points in chosen(tuple(dict.fromkeys(cases)), grid):
        # Its minimizers are the simplex, and all 2-designs where there are some.
        yield How.COVARIANCE, Instance("U1", Energy(Polynomial(2), "mean"), points, dim)


THEOREM = Theorem(
    "U1",
    "Squared W2 uniformity is least at simplexes and 2-designs",
    "Let x_1, ..., x_N be unit vectors in R^d with mean m and covariance S = (1/N) sum (x_i-m)(x_i-m)^T. The squared "
    "Wasserstein-2 distance of N(m, S) from N(0, I/d) is 2 - (2/sqrt d) tr S^{1/2}, and at least 2 - 2 "
    "sqrt(min(N-1,d)/d); with equality exactly at regular simplexes for N <= d+1, and exactly at spherical 2-designs "
    "for N >= d+1. Of the second moment instead of S that is false: an orthonormal basis has 0.",
    Status.THEOREM,
    "the metric: Fang, Li, Sun and Wang, Rethinking the Uniformity Metric in Self-Supervised Learning, ICLR 2024; the "
    "distance of Gaussians: Dowson and Landau, The Frechet distance between multivariate normal distributions, Journal "
    "of Multivariate Analysis 12, 1982; the bound is proved in proofs_check",
    instances=_instances,
    formula=r"2 - \frac{2}{\sqrt{d}} \, \mathrm{tr} \, S^{1/2} \ge 2 - 2 \sqrt{\min(N-1,d)/d}, \quad S = \frac{1}{N} "
    r"\sum_i (x_i-m)(x_i-m)^\top",
)
