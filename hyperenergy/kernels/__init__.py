"""Which kernel?  One file each; ``base`` says what a kernel is, and how to write one of one's own."""

from hyperenergy.kernels.base import Kernel, examined
from hyperenergy.kernels.gaussian import Gaussian
from hyperenergy.kernels.inverse_multiquadric import InverseMultiquadric
from hyperenergy.kernels.laplace import Laplace
from hyperenergy.kernels.logarithmic import Logarithmic
from hyperenergy.kernels.polynomial import Polynomial
from hyperenergy.kernels.regularized_logarithmic import RegularizedLogarithmic
from hyperenergy.kernels.riesz import Riesz

__all__ = [
    "Gaussian",
    "InverseMultiquadric",
    "Kernel",
    "Laplace",
    "Logarithmic",
    "Polynomial",
    "RegularizedLogarithmic",
    "Riesz",
    "examined",
]
