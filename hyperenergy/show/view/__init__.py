"""The interactive page: one HTML file that shows a configuration and works offline.

>>> from hyperenergy.show.view import load, page
>>> html = page(load("icosahedron"))
"""

from hyperenergy.show.view.load import Configuration, load
from hyperenergy.show.view.page import page, write

__all__ = ["Configuration", "load", "page", "write"]
