"""Data sets by name."""

from __future__ import annotations

from collections.abc import Callable

from hyperenergy.errors import ArgumentError, unknown_name
from hyperenergy.training.data.cifar import cifar10, cifar100
from hyperenergy.training.data.digits import digits
from hyperenergy.training.data.folder import folder
from hyperenergy.training.data.idx import fashion_mnist
from hyperenergy.training.data.images import Images
from hyperenergy.training.data.sources import Root
from hyperenergy.training.data.stl10 import stl10

_PUBLISHED: dict[str, Callable[[Root | None], Images]] = {
    "fashion-mnist": fashion_mnist,
    "cifar10": cifar10,
    "cifar100": cifar100,
    "stl10": stl10,
}
NAMES = ("digits", *_PUBLISHED, "folder")


def load(name: str, root: Root | None = None, *, size: int | None = None) -> Images:
    """The data set of this name, one of NAMES, all in memory.

    ``root``: the folder of its files; where it is None, $HYPERENERGY_DATA/NAME, or where the system has it.  digits
    has no files, and folder must be told.  ``size``: the side that images of a folder are resized to.
    ArgumentError for an unknown name, what does not go with it, and files that are missing or broken, by name;
    MissingExtra for digits without scikit-learn and a folder without Pillow.
    """
    if name not in NAMES:
        raise unknown_name("data", name, NAMES)
    if name == "folder":
        return folder(root, size)
    if size is not None:
        raise ArgumentError("size", repr(size), f"only images of a folder are resized, and those of {name} are not")
    if name != "digits":
        return _PUBLISHED[name](root)
    if root is not None:
        raise ArgumentError("root", repr(str(root)), "digits come with scikit-learn and have no folder; leave it out")
    return digits()
