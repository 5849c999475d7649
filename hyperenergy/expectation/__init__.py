"""The expectation level: the law of inner products, spectra of kernels, values of the uniform law, limits and rates."""

from hyperenergy.expectation.finite import distance_to_limit, expected_uniform
from hyperenergy.expectation.law import InnerProductLaw
from hyperenergy.expectation.limits import limit, normalizer, rate
from hyperenergy.expectation.spectrum import Spectrum, spectrum
from hyperenergy.expectation.uniform import log_uniform_energy, uniform_energy

__all__ = [
    "InnerProductLaw",
    "Spectrum",
    "distance_to_limit",
    "expected_uniform",
    "limit",
    "log_uniform_energy",
    "normalizer",
    "rate",
    "spectrum",
    "uniform_energy",
]
