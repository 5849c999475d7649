"""Images with their classes, and the three parts that a run reads: to fit, to tune, and once at the end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from hyperenergy.checks import integer, positive
from hyperenergy.errors import ArgumentError
from hyperenergy.training.data.stratify import chosen


@dataclass(frozen=True, eq=False)
class Images:
    """``train`` and ``test`` (N, C, H, W) in uint8, their labels (N,) in int64, which index ``classes``.

    ``unlabeled`` is of the same kind, or None.
    """

    name: str
    classes: tuple[str, ...]
    train: torch.Tensor
    train_labels: torch.Tensor
    test: torch.Tensor
    test_labels: torch.Tensor
    unlabeled: torch.Tensor | None = None

    @property
    def channels(self) -> int:
        return self.train.shape[1]

    @property
    def size(self) -> int:
        """The side of an image, in pixels."""
        return self.train.shape[-1]


@dataclass(frozen=True, eq=False)
class Split:
    """What a run trains on, what it is tuned on, and what is read once: images (N, C, H, W) and labels (N,)."""

    fit: torch.Tensor
    fit_labels: torch.Tensor
    validation: torch.Tensor
    validation_labels: torch.Tensor
    test: torch.Tensor
    test_labels: torch.Tensor


def split(images: Images, *, validation: float = 0.2, seed: int = 0, limit: int | None = None) -> Split:
    """The training images in two parts, of each class its share, and the test images as they are.

    ``limit``: only so many of the training images, drawn before ``validation``, a part of those in (0, 1), is taken
    off.  The same seed gives the same parts on every machine; both keep the order of the training images.
    ArgumentError where the limit is above what there is, or a part would be without an image of some class.
    """
    seed, held = integer("seed", seed, 0), positive("validation", validation)
    if held >= 1:
        raise ArgumentError("validation", repr(validation), "must be in (0, 1), the part that is not trained on")
    labels = images.train_labels.cpu().numpy()
    for what, there in (("training", labels), ("test", images.test_labels.cpu().numpy())):
        _complete(images, there, "images", repr(images.name), f"among its {len(there)} {what} images")
    kept = _limited(images, labels, seed, limit)
    mask = chosen(labels[kept], round(held * len(kept)), (seed, 1))
    for what, part in (("train", kept[~mask]), ("validate", kept[mask])):
        wording = f"among the {len(part)} of {len(kept)} images left to {what} on"
        _complete(images, labels[part], "validation", repr(validation), wording)
    fit, tune = _taken(images, kept[~mask]), _taken(images, kept[mask])
    return Split(*fit, *tune, images.test, images.test_labels)


def _taken(images: Images, places: NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor]:
    """The training images at some places, and their labels."""
    index = torch.from_numpy(places).to(images.train.device)
    return images.train[index], images.train_labels[index]


def _limited(images: Images, labels: NDArray[np.int64], seed: int, limit: int | None) -> NDArray[np.int64]:
    """The places of the training images that are kept, in order."""
    if limit is None:
        return np.arange(len(labels))
    limit = integer("limit", limit, 1)
    if limit > len(labels):
        raise ArgumentError("limit", limit, f"{images.name} has {len(labels)} training images; take at most so many")
    kept = np.flatnonzero(chosen(labels, limit, (seed, 0)))
    _complete(images, labels[kept], "limit", limit, f"among so many of {len(labels)} training images")
    return kept


def _complete(images: Images, labels: NDArray[np.int64], argument: str, given: object, where: str) -> None:
    """ArgumentError where some class has no label."""
    for k in np.setdiff1d(np.arange(len(images.classes)), labels):
        fix = "take more images" if argument == "images" else "take another part, or a larger limit"
        raise ArgumentError(argument, given, f"no image of class {images.classes[k]!r} is {where}; {fix}")
