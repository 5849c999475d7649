"""L1: cross-polytopes are local minima of losses with a logarithm."""

from __future__ import annotations

from hyperenergy.losses.dhel import DHEL
from hyperenergy.losses.info_nce import InfoNCE
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import Theorem
from hyperenergy.theorems.subjects import softmax_losses


def _instances(grid: Grid) -> Instances:
    """At temperatures low and high; in the full grid all losses."""
    for dim in grid.pick_dims((2, 3, 4), (2, 3, 4, 5, 6)):
        for points in grid.pick_points((2 * dim,) if dim > 1 else ()):
            for tau in grid.pick_temperatures((0.1, 0.5), (0.05, 0.1, 0.5, 2.0)):
                for loss in softmax_losses(tau) if grid.full else (InfoNCE(tau), DHEL(tau)):
                    yield How.HESSIAN, Instance("L1", loss, points, dim)


THEOREM = Theorem(
    "L1",
    "Cross-polytopes are local minima at every temperature",
    "Let d >= 2, tau > 0 and L be InfoNCE, SimCLR, NT-Xent, DCL or DHEL, one-sided or symmetrized, DCL with or without "
    "the sum within views. The aligned cross-polytope of 2d points is a local minimizer of L, and up to one rotation "
    "of all points an isolated one: the second derivative is positive but along rotations. With u = 1/tau, w = e^{-u} "
    "and Z = 2d-2+w, that of M times DHEL among aligned pairs has the eigenvalues 8u^2/Z (d(d-1)/2 times), 4u(u-1+w)/Z "
    "(d(d-2) times), 4u(d-2+w+u(1-(d-1)/Z))/Z (d times) and 0 (rotations).",
    Status.THEOREM,
    "derived here",
    instances=_instances,
    formula=r"M \nabla^2 \mathrm{DHEL}: \quad \frac{8u^2}{Z}, \quad \frac{4u}{Z} (u-1+w), \quad "
    r"\frac{4u}{Z} \left(d-2+w+u\left(1-\frac{d-1}{Z}\right)\right), \\ "
    r"u = 1/\tau, \quad w = e^{-u}, \quad Z = 2d-2+w",
)
