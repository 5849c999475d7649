"""Which images does an encoder learn from?  Read from files that are there; nothing is fetched.

>>> from hyperenergy.training import data
>>> parts = data.split(data.load("digits"), limit=500)
>>> len(parts.fit), len(parts.validation), len(parts.test)
(400, 100, 360)
"""

from hyperenergy.training.data.images import Images, Split, split
from hyperenergy.training.data.registry import NAMES, load

__all__ = ["NAMES", "Images", "Split", "load", "split"]
