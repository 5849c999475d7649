"""STL-10, in its binary files, of which the unlabeled images may be left out."""

from __future__ import annotations

from pathlib import Path

import torch

from hyperenergy.training.data.images import Images
from hyperenergy.training.data.records import labels, records, tensor
from hyperenergy.training.data.sources import Root, Source, broken

_SIDE = 96
_CLASSES = ("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck")
_UNLABELED = "unlabeled_X.bin"
_SOURCE = Source(
    "stl10",
    ("train_X.bin", "train_y.bin", "test_X.bin", "test_y.bin"),
    "unpack stl10_binary.tar.gz, from the data set's page, and give its folder (--root FOLDER)",
    "stl10_binary",
)


def stl10(root: Root | None = None) -> Images:
    """Images (N, 3, 96, 96): 5000 for training, 8000 for tests, 100000 without labels where their file is there.

    Files in ``root``, or its folder stl10_binary, or else in $HYPERENERGY_DATA/stl10.  ArgumentError for files that
    are missing or broken, by name.  Source: A. Coates, H. Lee, A. Y. Ng, AISTATS 2011.
    """
    train, train_labels, test, test_labels = _SOURCE.find(root)
    more = train.with_name(_UNLABELED)
    unlabeled = _images(more) if more.is_file() else None
    return Images("stl10", _CLASSES, *_part(train, train_labels), *_part(test, test_labels), unlabeled)


def _part(images: Path, classes: Path) -> tuple[torch.Tensor, torch.Tensor]:
    x, y = _images(images), labels(classes, records(classes, 1)[:, 0], len(_CLASSES), first=1)
    if len(x) != len(y):
        raise broken(classes, f"has {len(y)} labels, and {images.name} has {len(x)} images; fetch both again")
    return x, y


def _images(path: Path) -> torch.Tensor:
    """Each is stored column by column."""
    return tensor(records(path, 3 * _SIDE**2).reshape(-1, 3, _SIDE, _SIDE).swapaxes(2, 3))
