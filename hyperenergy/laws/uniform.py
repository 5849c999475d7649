"""Energies of the uniform law sigma: the mean of kappa(|x-y|^2) over independent uniform x, y on S^{d-1}.

The inner product of two independent uniform points has density proportional to (1-t^2)^{(d-3)/2} on [-1, 1].
"""

from __future__ import annotations

import math

import numpy as np

from hyperenergy.arithmetic.namespaces import NumpyNamespace
from hyperenergy.checks import integer
from hyperenergy.errors import ArgumentError
from hyperenergy.kernels.base import Kernel, examined
from hyperenergy.laws.law import Floats, InnerProductLaw, gauss_jacobi

# Nodes of the Gauss-Jacobi rule: in |x-y| all kernels are analytic, and 100 nodes integrate them to round-off.
_NODES = 100
# Dimensions in which a cusp of a kernel at coincidence is felt by Gauss' rule for the inner product.
_CUSPED_BELOW = 16


def uniform_energy(kernel: Kernel, dim: int) -> float:
    """The double integral of the kernel under the uniform law on S^{dim-1}: the limit of the mean energy of N points.

    Closed forms where there are (theory: section 3 of Koromilas et al. 2024, and Borodachov, Hardin and Saff,
    Discrete Energy on Rectifiable Sets, 2019), Gauss-Jacobi quadrature otherwise.
    Raises ArgumentError for dim < 2, and for kernels like Riesz' with s >= dim-1, where the integral is infinite.
    """
    if isinstance(kernel, Kernel) and kernel.positive:
        return math.exp(log_uniform_energy(kernel, dim))
    dim = _checked(kernel, dim)
    closed = kernel.uniform_mean(dim)
    return _quadrature(kernel, dim) if closed is None else closed


def log_uniform_energy(kernel: Kernel, dim: int) -> float:
    """log of ``uniform_energy`` for positive kernels, where the value itself may underflow or overflow.

    Raises ArgumentError for kernels that take other signs, and as ``uniform_energy`` does.
    """
    dim = _checked(kernel, dim)
    if not kernel.positive:
        raise ArgumentError("kernel", kernel.label, "must be positive to have a logarithm; use uniform_energy")
    closed = kernel.log_uniform_mean(dim)
    return _log_mean(kernel, dim) if closed is None else closed


def check_finite_energy(kernel: Kernel, dim: int) -> None:
    """ArgumentError where the energy of the uniform law is infinite."""
    if not kernel.integrable(dim):
        raise ArgumentError(
            "kernel",
            kernel.label,
            f"the energy of the uniform law is infinite where a kernel grows like |x-y|^-s with s >= dim-1 = {dim - 1}",
        )


def _checked(kernel: object, dim: object) -> int:
    if not isinstance(kernel, Kernel):
        raise ArgumentError("kernel", repr(kernel), "must be a kernel such as Gaussian(t=2)")
    dim = integer("dim", dim, 2)
    check_finite_energy(kernel, dim)
    return dim


def _log_mean(kernel: Kernel, dim: int) -> float:
    """log of the mean of a positive kernel, with all in logarithms: to relative accuracy also where the kernel's decay moves
    the mass far into the tail of the law."""
    _, r, log_weights = _angles(dim)
    with np.errstate(divide="ignore"):
        log_values = np.log(kernel.profile(r, NumpyNamespace))
    return float(np.logaddexp.reduce(log_weights + log_values))


def _quadrature(kernel: Kernel, dim: int) -> float:
    _, r, weights = kernel_rule(kernel, dim, _NODES)
    return float(weights @ kernel.profile(r, NumpyNamespace))


def kernel_rule(kernel: Kernel, dim: int, nodes: int) -> tuple[Floats, Floats, Floats]:
    """Inner products t, squared distances r = 2-2t, and weights of sum 1 of a rule that integrates a kernel.

    This package's kernels are analytic in v = |x-y|/2, in few dimensions by Gauss' rule in v: t = 1 - 2v^2, and the density
    of v is proportional to v^{d-2} (1-v^2)^{(d-3)/2} on [0, 1], of which a Jacobi weight at both ends takes all but a smooth
    factor.  In more dimensions by Gauss' rule for t itself: the density vanishes at the cusp like (1-t)^{(d-3)/2}, and the
    error is of the order nodes^{-(d-1)} at worst.  Other kernels may have any power of |x-y| at coincidence.
    """
    if examined(kernel) is None:
        t, r, log_weights = _angles(dim)
        return t, r, np.exp(log_weights)
    if dim >= _CUSPED_BELOW:
        t, weights = InnerProductLaw(dim).quadrature(nodes)
        return t, 2 - 2 * t, weights
    half = (dim - 3) / 2
    x, weights = gauss_jacobi(half, dim - 2.0, nodes)  # weight (1-x)^half (1+x)^{d-2} with v = (1+x)/2
    v = (1 + x) / 2
    weights = weights * (1 + v) ** half
    return 1 - 2 * v * v, 4 * v * v, weights / weights.sum()


def _angles(dim: int) -> tuple[Floats, Floats, Floats]:
    """The double-exponential rule in the angle theta: t, r and logarithms of weights of sum 1.  Powers of |x-y| at either
    end do it no harm: it comes as near to it as theta = e^{-340}."""
    # The density sin^{d-2} theta is as narrow as 1 / sqrt d.
    u = np.linspace(-5.38, 5.38, 6001 * math.ceil(math.sqrt(dim / 1000)))
    half = np.pi / 2 * np.sinh(u)
    # theta = pi / (1 + e^{-2 half}) and pi - theta, each to full accuracy near its end.
    theta = np.pi / (1 + np.exp(-2 * half))
    log_sine = np.log(np.sin(np.pi / (1 + np.exp(2 * abs(half)))))
    log_weights = np.log(np.cosh(u)) - 2 * np.log(np.cosh(half)) + (dim - 2) * log_sine
    return np.cos(theta), 4 * np.sin(theta / 2) ** 2, log_weights - np.logaddexp.reduce(log_weights)
