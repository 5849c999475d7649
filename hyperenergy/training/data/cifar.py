"""CIFAR-10 and CIFAR-100, in their binary versions."""

from __future__ import annotations

from pathlib import Path

import torch

from hyperenergy.training.data.images import Images
from hyperenergy.training.data.records import labels, records, tensor
from hyperenergy.training.data.sources import Root, Source

_SIDE = 32
_PIXELS = 3 * _SIDE**2
_TEN = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_HUNDRED = tuple(
    """apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
    caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant
    flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree
    motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate
    poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider
    squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle
    wardrobe whale willow_tree wolf woman worm""".split()
)


def _source(name: str, files: tuple[str, ...], archive: str) -> Source:
    how = f"unpack {archive}-binary.tar.gz, from the data set's page, and give its folder (--root FOLDER)"
    return Source(name, files, how, f"{archive}-{'batches-bin' if name == 'cifar10' else 'binary'}")


_BATCHES = tuple(f"data_batch_{k}.bin" for k in range(1, 6))
_SOURCE_10 = _source("cifar10", (*_BATCHES, "test_batch.bin"), "cifar-10")
_SOURCE_100 = _source("cifar100", ("train.bin", "test.bin"), "cifar-100")


def cifar10(root: Root | None = None) -> Images:
    """Images (N, 3, 32, 32): 50000 for training, 10000 for tests, of 10 classes.

    Files in ``root``, or its folder cifar-10-batches-bin, or else in $HYPERENERGY_DATA/cifar10.  ArgumentError for
    files that are missing or broken, by name.  Source: A. Krizhevsky, Learning multiple layers of features from tiny
    images, 2009.
    """
    return _read(_SOURCE_10, root, _TEN, ahead=0)


def cifar100(root: Root | None = None) -> Images:
    """As cifar10, of 100 classes, the fine ones; the folders are cifar-100-binary and $HYPERENERGY_DATA/cifar100."""
    return _read(_SOURCE_100, root, _HUNDRED, ahead=1)


def _read(source: Source, root: Root | None, classes: tuple[str, ...], ahead: int) -> Images:
    """``ahead``: so many bytes, of coarser classes, stand before the label."""
    *train, test = (_file(path, len(classes), ahead) for path in source.find(root))
    images, of_images = (torch.cat(parts) for parts in zip(*train, strict=True))
    return Images(source.name, classes, images, of_images, *test)


def _file(path: Path, count: int, ahead: int) -> tuple[torch.Tensor, torch.Tensor]:
    rows = records(path, ahead + 1 + _PIXELS)
    return tensor(rows[:, ahead + 1 :].reshape(-1, 3, _SIDE, _SIDE)), labels(path, rows[:, ahead], count)
