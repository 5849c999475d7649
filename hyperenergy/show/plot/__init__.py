"""Figures: configurations and their inner products, searches and verifications, convergence to the limits, best laws of
a finite batch, spectra of kernels.  Importing it loads matplotlib."""

from hyperenergy.show.plot.configuration import configuration
from hyperenergy.show.plot.expectation import convergence, law, spectra
from hyperenergy.show.plot.pairs import gram, inner_products
from hyperenergy.show.plot.search import atlas, trace

__all__ = ["atlas", "configuration", "convergence", "gram", "inner_products", "law", "spectra", "trace"]
