"""Figures: configurations and their inner products, searches and verifications, convergence to the limits, best laws of
a finite batch, spectra of kernels.  Importing it loads matplotlib."""

from hyperenergy.plot.configuration import configuration
from hyperenergy.plot.expectation import convergence, law, spectra
from hyperenergy.plot.pairs import gram, inner_products
from hyperenergy.plot.search import atlas, trace

__all__ = ["atlas", "configuration", "convergence", "gram", "inner_products", "law", "spectra", "trace"]
