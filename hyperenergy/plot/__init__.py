"""Figures: convergence to the limits, best laws of a finite batch, spectra of kernels.  Importing it loads matplotlib."""

from hyperenergy.plot.expectation import convergence, law, spectra

__all__ = ["convergence", "law", "spectra"]
