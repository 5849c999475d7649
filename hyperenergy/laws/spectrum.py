"""Gegenbauer expansions of kernels on S^{d-1}: kappa(2-2t) = sum_k multiplicity_k eigenvalue_k P_k(t), P_k(1) = 1.

eigenvalue_k = E[kappa(2-2T) P_k(T)], T the inner product with a fixed point of a uniform one (Funk and Hecke), is the
eigenvalue of the integral operator of the kernel on the harmonic polynomials of degree k, a space whose dimension is the
multiplicity.  The energy of a law is sum_k eigenvalue_k |moments of degree k|^2: where all eigenvalues of degree >= 1 are
positive, the uniform law alone minimizes it (E3).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from hyperenergy.arithmetic.gegenbauer import gegenbauer
from hyperenergy.arithmetic.namespaces import NumpyNamespace
from hyperenergy.checks import integer
from hyperenergy.errors import ArgumentError
from hyperenergy.kernels.base import Kernel
from hyperenergy.laws.law import Floats
from hyperenergy.laws.uniform import check_finite_energy, kernel_rule


@dataclass(frozen=True, eq=False)
class Spectrum:
    """eigenvalues, log_multiplicities: of the degrees 0..degree.  relative: whether the eigenvalues carry relative
    accuracy (closed forms), or absolute (quadrature, ``accuracy`` times the largest)."""

    kernel: Kernel
    dim: int
    eigenvalues: Floats
    log_multiplicities: Floats
    relative: bool
    accuracy: float

    @property
    def coefficients(self) -> Floats:
        """multiplicity_k eigenvalue_k, the coefficients of P_k; 0 where the eigenvalue underflows or is below the absolute
        accuracy, which the multiplicity would magnify."""
        resolved = np.where(self.resolved, self.eigenvalues, 0.0)
        with np.errstate(divide="ignore"):
            size = np.exp(self.log_multiplicities + np.log(abs(resolved)))
        return np.asarray(np.sign(resolved) * size)

    @property
    def resolved(self) -> NDArray[np.bool_]:
        """Which eigenvalues exceed their absolute accuracy; all where it is relative."""
        size = abs(self.eigenvalues)
        return np.ones(len(size), dtype=bool) if self.relative else size > self.accuracy * size.max()

    def __call__(self, t: Floats) -> Floats:
        """The expansion up to its degree at inner products t."""
        t = np.asarray(t, dtype=np.float64)
        total = np.zeros_like(t)
        for c, P in zip(self.coefficients, gegenbauer(t, self.dim), strict=False):
            total += c * P
        return total


def spectrum(kernel: Kernel, dim: int, degree: int) -> Spectrum:
    """The eigenvalues of a kernel on S^{dim-1} up to a degree.

    Closed forms for Gaussian (Bessel functions), inverse multiquadric (hypergeometric), Riesz and logarithmic kernels,
    Gauss-Jacobi quadrature otherwise.  Sources: Mueller, Spherical Harmonics (1966); Borodachov, Hardin and Saff 2019.
    Raises ArgumentError for dim < 2, degree < 0, and kernels like Riesz' with s >= dim-1, whose energy is infinite.
    """
    if not isinstance(kernel, Kernel):
        raise ArgumentError("kernel", repr(kernel), "must be a kernel such as Gaussian(t=2)")
    dim, degree = integer("dim", dim, 2), integer("degree", degree, 0)
    check_finite_energy(kernel, dim)
    values = kernel.eigenvalues(dim, degree)
    relative = values is not None
    if values is None:
        values = _quadrature(kernel, dim, degree)
    return Spectrum(kernel, dim, values, log_multiplicities(dim, degree), relative, 1e-13)


def log_multiplicities(dim: int, degree: int) -> Floats:
    """log of the dimension of the harmonic polynomials of degree k: (2k+d-2)/(k+d-2) binomial(k+d-2, k), and 1 for k = 0."""
    from scipy.special import gammaln

    k = np.arange(1, degree + 1, dtype=np.float64)
    logs = np.log((2 * k + dim - 2) / (k + dim - 2)) + gammaln(k + dim - 1) - gammaln(k + 1) - gammaln(dim - 1)
    return np.append(0.0, logs)


def _quadrature(kernel: Kernel, dim: int, degree: int) -> Floats:
    t, r, weights = kernel_rule(kernel, dim, degree + 100)
    values = weights * kernel.profile(r, NumpyNamespace)
    return np.array([values @ P for P in islice(gegenbauer(t, dim), degree + 1)])
