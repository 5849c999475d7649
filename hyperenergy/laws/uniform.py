"""Energies of the uniform law sigma: the mean of kappa(|x-y|^2) over independent uniform x, y on S^{d-1}.

The inner product of two independent uniform points has density proportional to (1-t^2)^{(d-3)/2} on [-1, 1].
"""

from __future__ import annotations

import math

import numpy as np

from hyperenergy.arithmetic.namespaces import NumpyNamespace, to_float
from hyperenergy.errors import ArgumentError, integer
from hyperenergy.kernels import Gaussian, InverseMultiquadric, Kernel, Logarithmic, Riesz, examined
from hyperenergy.laws.law import Floats, InnerProductLaw, gauss_jacobi
from hyperenergy.laws.special import log_0f1, log_gamma_ratio, log_inverse_multiquadric

# Nodes of the Gauss-Jacobi rule: in |x-y| all kernels are analytic, and 100 nodes integrate them to round-off.
_NODES = 100
# Dimensions in which a cusp of a kernel at coincidence is felt by Gauss' rule for the inner product.
CUSPED_BELOW = 16


def uniform_energy(kernel: Kernel, dim: int) -> float:
    """The double integral of the kernel under the uniform law on S^{dim-1}: the limit of the mean energy of N points.

    Closed forms where there are (theory: section 3 of Koromilas et al. 2024, and Borodachov, Hardin and Saff,
    Discrete Energy on Rectifiable Sets, 2019), Gauss-Jacobi quadrature otherwise.
    Raises ArgumentError for dim < 2, and for Riesz s >= dim-1, where the integral is infinite.
    """
    if isinstance(kernel, Kernel) and kernel.positive:
        return math.exp(log_uniform_energy(kernel, dim))
    from scipy import special

    dim = _checked(kernel, dim)
    match examined(kernel):
        case Riesz(s=parameter):
            s = to_float(parameter)
            return math.copysign(math.exp(_log_riesz(s, dim)), s)
        case Logarithmic():
            return -0.5 * float(math.log(4) + special.digamma((dim - 1) / 2) - special.digamma(dim - 1))
    return _quadrature(kernel, dim)


def log_uniform_energy(kernel: Kernel, dim: int) -> float:
    """log of ``uniform_energy`` for positive kernels, where the value itself may underflow or overflow.

    Raises ArgumentError for kernels that take other signs, and as ``uniform_energy`` does.
    """
    dim = _checked(kernel, dim)
    if not kernel.positive:
        raise ArgumentError("kernel", kernel.label, "must be positive to have a logarithm; use uniform_energy")
    match examined(kernel):
        case Gaussian(t=parameter):
            t = to_float(parameter)
            return float(log_0f1(dim / 2, t * t, scaled=True))
        case Riesz(s=parameter):
            return _log_riesz(to_float(parameter), dim)
        case InverseMultiquadric(c=parameter) if dim < CUSPED_BELOW:
            return float(log_inverse_multiquadric(to_float(parameter), dim, np.zeros(1))[0])
    return _log_mean(kernel, dim)


def check_finite_energy(kernel: Kernel, dim: int) -> None:
    """ArgumentError where the energy of the uniform law is infinite."""
    if type(kernel) is Riesz and to_float(kernel.s) >= dim - 1:
        raise ArgumentError(
            "s", kernel.s, f"the Riesz energy of the uniform law is infinite for s >= dim-1 = {dim - 1}"
        )


def _checked(kernel: object, dim: object) -> int:
    if not isinstance(kernel, Kernel):
        raise ArgumentError("kernel", repr(kernel), "must be a kernel such as Gaussian(t=2)")
    dim = integer("dim", dim, 2)
    check_finite_energy(kernel, dim)
    return dim


def _log_riesz(s: float, dim: int) -> float:
    """log of the mean of |x-y|^{-s}, a quotient of Beta functions."""
    half = (dim - 1) / 2
    return -s * math.log(2) + log_gamma_ratio(half, -s / 2) - log_gamma_ratio(2 * half, -s / 2)


def _log_mean(kernel: Kernel, dim: int) -> float:
    """log of the mean of a positive kernel, by the double-exponential rule in the angle theta with all in logarithms: to
    relative accuracy also where the kernel's decay moves the mass far into the tail of the law."""
    u = np.linspace(-3.5, 3.5, 4001)
    half = np.pi / 2 * np.sinh(u)
    # theta = pi / (1 + e^{-2 half}) and pi - theta, each to full accuracy near its end.
    theta = np.pi / (1 + np.exp(-2 * half))
    log_sine = np.log(np.sin(np.pi / (1 + np.exp(2 * abs(half)))))
    log_weight = np.log(np.cosh(u)) - 2 * np.log(np.cosh(half)) + (dim - 2) * log_sine
    with np.errstate(divide="ignore"):
        log_values = np.log(kernel.profile(4 * np.sin(theta / 2) ** 2, NumpyNamespace))
    return float(np.logaddexp.reduce(log_weight + log_values) - np.logaddexp.reduce(log_weight))


def _quadrature(kernel: Kernel, dim: int) -> float:
    _, r, weights = kernel_rule(dim, _NODES)
    return float(weights @ kernel.profile(r, NumpyNamespace))


def kernel_rule(dim: int, nodes: int) -> tuple[Floats, Floats, Floats]:
    """Inner products t, squared distances r = 2-2t, and weights of sum 1 of a rule that integrates kernels.

    In few dimensions in v = |x-y|/2, which makes a cusp at coincidence analytic: t = 1 - 2v^2, and the density of v is
    proportional to v^{d-2} (1-v^2)^{(d-3)/2} on [0, 1], of which a Jacobi weight at both ends takes all but a smooth
    factor.  In more dimensions Gauss' rule for t itself: the density vanishes at the cusp like (1-t)^{(d-3)/2}, and the
    error is of the order nodes^{-(d-1)} at worst.
    """
    if dim >= CUSPED_BELOW:
        t, weights = InnerProductLaw(dim).quadrature(nodes)
        return t, 2 - 2 * t, weights
    half = (dim - 3) / 2
    x, weights = gauss_jacobi(half, dim - 2.0, nodes)  # weight (1-x)^half (1+x)^{d-2} with v = (1+x)/2
    v = (1 + x) / 2
    weights = weights * (1 + v) ** half
    return 1 - 2 * v * v, 4 * v * v, weights / weights.sum()
