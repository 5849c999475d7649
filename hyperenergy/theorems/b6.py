"""B6: minimal energies as the number of points grows."""

from __future__ import annotations

from fractions import Fraction

from hyperenergy.kernels.gaussian import Gaussian
from hyperenergy.kernels.inverse_multiquadric import InverseMultiquadric
from hyperenergy.kernels.laplace import Laplace
from hyperenergy.kernels.logarithmic import Logarithmic
from hyperenergy.kernels.regularized_logarithmic import RegularizedLogarithmic
from hyperenergy.kernels.riesz import Riesz
from hyperenergy.objectives.base import Energy
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import Theorem


def _instances(grid: Grid) -> Instances:
    bounded = (Gaussian(2), Laplace(1), InverseMultiquadric(1))
    for dim in (d for d in grid.pick_dims((2, 3, 4)) if d > 1):  # S^0 has no uniform density
        for points in grid.pick_points(range(2, 20 if grid.full else 11)):
            for kernel in (*bounded, Riesz(Fraction(1, 2)), Logarithmic(), RegularizedLogarithmic(1)):
                # The logarithms are positive definite only up to a constant: the upper bound is not claimed for them.
                parameters = {"bounded": kernel in bounded}
                yield How.MONOTONE, Instance("B6", Energy(kernel, "mean"), points, dim, parameters)


THEOREM = Theorem(
    "B6",
    "Minimal mean energies increase to the energy of the uniform law",
    "With e_M the least mean energy of M points and I the energy of the uniform law, e_M <= e_{M+1} <= I; and for a "
    "bounded positive definite kernel I - e_M <= (kappa(0) - I)/(M-1).",
    Status.THEOREM,
    "averaging over sub-configurations (Fekete; see Borodachov, Hardin and Saff 2019, chapter 2); the upper bound by "
    "comparing the full double sum of a configuration, which is at least M^2 I, with its diagonal",
    instances=_instances,
    formula=r"e_M \le e_{M+1} \le I, \quad I - e_M \le \frac{\kappa(0) - I}{M-1} \\ "
    r"e_M = \min\limits_{x_1,\dots,x_M} \frac{1}{M(M-1)} \sum_{i \ne j} \kappa(\left|x_i-x_j\right|^2), \quad I "
    r"= \iint \kappa(\left|x-y\right|^2) \, d\sigma(x) \, d\sigma(y)",
)
