"""The expectation level: values under the uniform law of the sphere."""

from hyperenergy.expectation.uniform import uniform_energy

__all__ = ["uniform_energy"]
