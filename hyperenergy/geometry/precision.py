"""How far rows of numbers may be from the unit vectors that they stand for: what their digits and their norms tell."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Decimals that are looked for.  Of fewer nothing is left of most configurations; more err less than what is computed.
_DECIMALS = range(2, 11)
# The unit vector along small whole numbers, (1, 1, 0) / sqrt 2, is along (707, 707, 0), too: with a large common divisor.
_MOST_COMMON = 3
# Norms that scatter less are round-off, of single precision even.
_ROUND_OFF = 2e-7
# Noise of size s in each coordinate gives norms an error s, and rows one of s sqrt(dim) that rarely is exceeded by 3 s.
_RARE = 3.0


def row_error(rows: Array) -> tuple[float, bool]:
    """A bound on the distance of a row (points, dim) from the unit vector that it stands for, and whether digits tell it.

    Of rows whose entries were rounded to k decimals, whether or not they were scaled to norm 1 thereafter, it is
    sqrt(dim) / 2 10^-k.  Otherwise an estimate from the deviations of the norms from 1.  0 where neither tells an error.
    """
    half = math.sqrt(rows.shape[1]) / 2
    for decimals in _DECIMALS:
        if _rounded(rows, decimals):
            return half * 10.0**-decimals, True
    off = float(np.linalg.norm(rows, axis=1).std())
    return (off * (2 * half + _RARE), False) if off > _ROUND_OFF else (0.0, False)


def _rounded(rows: Array, decimals: int) -> bool:
    """Whether every row is a multiple, by a factor near 1, of one with so many decimals, and not of an exact unit vector.

    Entries a decade below the largest of the row are not looked at: with as many significant digits they have more decimals.
    """
    unit = 10.0**decimals
    single = bool((rows.astype(np.float32) == rows).all())
    allowed = 8 * float(np.finfo(np.float32 if single else np.float64).eps) * unit
    top = np.abs(rows).max(1)
    if allowed > 0.01 or not (np.isfinite(top).all() and (top > 0).all()):
        return False
    looked = np.abs(rows) >= (10.0 ** np.floor(np.log10(top) + 1e-12))[:, None]
    # Scaling changes norms by the rounding error at most, and the largest entry by about so many units.
    most = math.ceil(math.sqrt(rows.shape[1]) / 2) + 1
    found, inexact = np.zeros(len(rows), dtype=bool), False
    for step in sorted(range(-most, most + 1), key=abs):
        factor = (np.round(top * unit) + step) / top
        entries = rows * factor[:, None]
        whole = np.round(entries)
        fits = ((np.abs(entries - whole) <= allowed) | ~looked).all(1) & ~found & (factor > 0)
        common = np.gcd.reduce(np.where(looked, whole, 0)[fits].astype(np.int64), axis=1)
        off = np.abs(np.linalg.norm(np.where(looked, whole, entries)[fits], axis=1) / unit - 1)
        unscaled = np.abs(factor[fits] / unit - 1) <= allowed / unit
        inexact |= bool(((off > allowed / unit) & (unscaled | (common <= _MOST_COMMON))).any())
        found |= fits
    return bool(found.all()) and inexact
