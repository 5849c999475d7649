"""scikit-learn's handwritten digits: 1797 images of 8x8 pixels, there without a file."""

from __future__ import annotations

import numpy as np

from hyperenergy.training.data.images import Images
from hyperenergy.training.data.records import tensor
from hyperenergy.training.data.sources import library
from hyperenergy.training.data.stratify import chosen

_TEST, _GRAYS = 360, 16


def digits() -> Images:
    """1437 training and 360 test images (N, 1, 8, 8), values 0..16 as 0..255; the same parts always.

    Source: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository (1998);
    scikit-learn has its test part.  MissingExtra without scikit-learn.
    """
    pixels, stored = library("sklearn.datasets", "scikit-learn", "digits").load_digits(return_X_y=True)
    x = np.rint(pixels.reshape(-1, 1, 8, 8) * (255 / _GRAYS)).astype(np.uint8)
    y = stored.astype(np.int64)
    test = chosen(y, _TEST, 0)
    names = tuple(map(str, range(10)))
    return Images("digits", names, tensor(x[~test]), tensor(y[~test]), tensor(x[test]), tensor(y[test]))
