"""Energies of the uniform law sigma: the mean of kappa(|x-y|^2) over independent uniform x, y on S^{d-1}.

The inner product of two independent uniform points has density proportional to (1-t^2)^{(d-3)/2} on [-1, 1].
"""

from __future__ import annotations

import math

import numpy as np

from hyperenergy.errors import ArgumentError, integer
from hyperenergy.kernels import Gaussian, InverseMultiquadric, Kernel, Logarithmic, Riesz
from hyperenergy.namespaces import NumpyNamespace, to_float

# Nodes of the Gauss-Jacobi rule: in |x-y| all kernels are analytic, and 100 nodes integrate them to round-off.
_NODES = 100


def uniform_energy(kernel: Kernel, dim: int) -> float:
    """The double integral of the kernel under the uniform law on S^{dim-1}: the limit of the mean energy of N points.

    Closed forms where there are (theory: section 3 of Koromilas et al. 2024, and Borodachov, Hardin and Saff,
    Discrete Energy on Rectifiable Sets, 2019), Gauss-Jacobi quadrature otherwise.
    Raises ArgumentError for dim < 2, and for Riesz s >= dim-1, where the integral is infinite.
    """
    from scipy import special

    if not isinstance(kernel, Kernel):
        raise ArgumentError("kernel", repr(kernel), "must be a kernel such as Gaussian(t=2)")
    dim = integer("dim", dim, 2)
    match kernel:
        case Gaussian(t=parameter):
            t = to_float(parameter)
            order = dim / 2 - 1
            if 2 * t <= order:
                return math.exp(-2 * t) * float(special.hyp0f1(dim / 2, t * t))
            # 0F1(;v+1;t^2) = Gamma(v+1) t^-v I_v(2t), whose growth e^{2t} the scaled Bessel function leaves out.
            return math.exp(math.lgamma(dim / 2) - order * math.log(t)) * float(special.ive(order, 2 * t))
        case InverseMultiquadric(c=parameter) if dim <= 64:  # beyond, SciPy's 2F1 gives NaN for small c
            c = to_float(parameter)
            return float(special.hyp2f1(0.5, (dim - 1) / 2, dim - 1, -4 / (c * c)))
        case Riesz(s=parameter):
            return math.copysign(_riesz(to_float(parameter), dim), to_float(parameter))
        case Logarithmic():
            return -0.5 * float(math.log(4) + special.digamma((dim - 1) / 2) - special.digamma(dim - 1))
    return _quadrature(kernel, dim)


def _riesz(s: float, dim: int) -> float:
    """Mean of |x-y|^{-s}: the Beta integral."""
    if s >= dim - 1:
        raise ArgumentError("s", s, f"the Riesz energy of the uniform law is infinite for s >= dim-1 = {dim - 1}")
    log_gamma = math.lgamma
    return math.exp(
        -s * math.log(2)
        + log_gamma((dim - 1 - s) / 2)
        + log_gamma(dim - 1)
        - log_gamma((dim - 1) / 2)
        - log_gamma(dim - 1 - s / 2)
    )


def _quadrature(kernel: Kernel, dim: int) -> float:
    """In v = |x-y|/2, which makes a cusp at coincidence analytic: t = 1 - 2v^2, and the density of v is proportional to
    v^{d-2} (1-v^2)^{(d-3)/2} on [0, 1]; the substitution leaves a Jacobi weight at both ends."""
    from scipy.special import roots_jacobi

    half = (dim - 3) / 2
    x, weights = roots_jacobi(_NODES, half, dim - 2)  # weight (1-x)^half (1+x)^{d-2} with v = (1+x)/2
    v = (1 + x) / 2
    smooth = (1 + v) ** half  # the rest of (1-v^2)^half
    values = kernel.profile(4 * v * v, NumpyNamespace)
    result = float(np.sum(weights * smooth * values) / np.sum(weights * smooth))
    if not math.isfinite(result):
        raise ArgumentError("dim", dim, f"the quadrature for {kernel.label} does not reach so far")
    return result
