"""Some of the images, of each class its share: the same for the same seed on every machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def chosen(labels: NDArray[np.int64], total: int, seed: int | tuple[int, int]) -> NDArray[np.bool_]:
    """A mask (N,) of ``total`` of the labels (N,), of each class its share, drawn with the seed.

    Each class has its exact share rounded down or up (the largest remainders up).  Of the same labels and seed, a
    class that has more in one draw than in another has in it all that it has in the other.
    """
    classes, counts = np.unique(labels, return_counts=True)
    # Not default_rng: NumPy keeps the stream of a bit generator, and may change that of a Generator's methods.
    order = np.argsort(np.random.PCG64(seed).random_raw(len(labels)), kind="stable")
    mask = np.zeros(len(labels), dtype=bool)
    for label, share in zip(classes, shares(counts, total), strict=True):
        mask[order[labels[order] == label][:share]] = True
    return mask


def shares(counts: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    """``total`` seats among classes of ``counts`` images (C,): largest remainders, of equal ones the first."""
    seats, remainders = np.divmod(counts * total, counts.sum())
    seats[np.argsort(-remainders, kind="stable")[: total - seats.sum()]] += 1
    return seats
