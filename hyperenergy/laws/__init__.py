"""The expectation level: the law of inner products, spectra of kernels, values of the uniform law, limits and rates."""

from hyperenergy.laws.finite import distance_to_limit, expected_uniform
from hyperenergy.laws.law import InnerProductLaw
from hyperenergy.laws.limits import limit, normalizer, rate
from hyperenergy.laws.spectrum import Spectrum, spectrum
from hyperenergy.laws.uniform import log_uniform_energy, uniform_energy

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
