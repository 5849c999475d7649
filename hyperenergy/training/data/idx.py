"""Fashion-MNIST, in the IDX files it is published in."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from hyperenergy.training.data.images import Images
from hyperenergy.training.data.records import labels, tensor
from hyperenergy.training.data.sources import Root, Source, broken

_CLASSES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
_SIDE = 28
# The second byte of a file's first number says that entries are bytes, the last how many axes there are.
_OF_BYTES = 0x0800
_SOURCE = Source(
    "fashion-mnist",
    tuple(f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")),
    "`apt-get install dataset-fashion-mnist` brings them, or give the folder that has the four (--root FOLDER)",
    endings=("", ".gz"),
    system="/usr/share/datasets/fashion-mnist",
)


def fashion_mnist(root: Root | None = None) -> Images:
    """Images (N, 1, 28, 28): 60000 for training, 10000 for tests.

    Files, plain or gzipped, in ``root``, or else in $HYPERENERGY_DATA/fashion-mnist, or else where Debian's package
    dataset-fashion-mnist has them.  ArgumentError for files that are missing or broken, by name.
    Source: H. Xiao, K. Rasul, R. Vollgraf, arXiv:1708.07747.
    """
    train, train_labels, test, test_labels = _SOURCE.find(root)
    return Images("fashion-mnist", _CLASSES, *_part(train, train_labels), *_part(test, test_labels))


def _part(images: Path, classes: Path) -> tuple[torch.Tensor, torch.Tensor]:
    x, y = read_idx(images, 3), read_idx(classes, 1)
    if x.shape[1:] != (_SIDE, _SIDE) or not len(x):
        raise broken(
            images, f"has {len(x)} images of {x.shape[1]}x{x.shape[2]} pixels; must be some, of {_SIDE}x{_SIDE}"
        )
    if len(x) != len(y):
        raise broken(classes, f"has {len(y)} labels, and {images.name} has {len(x)} images; fetch both again")
    return tensor(x[:, None]), labels(classes, y, len(_CLASSES))


def read_idx(path: Path, axes: int) -> NDArray[np.uint8]:
    """The array of ``axes`` axes in an IDX file of bytes; ArgumentError for any other, or one cut short or too long."""
    raw = _content(path)
    header = struct.Struct(f">{1 + axes}I")
    if len(raw) < header.size:
        raise broken(path, f"truncated: {len(raw)} bytes are less than the header of {header.size}; fetch it again")
    magic, *shape = header.unpack_from(raw)
    if magic != _OF_BYTES + axes:
        raise broken(
            path, f"begins with 0x{magic:08x}; an IDX file of {axes} axes begins with 0x{_OF_BYTES + axes:08x}"
        )
    there, said = len(raw) - header.size, math.prod(shape)
    if there < said:
        raise broken(path, f"truncated: {there} bytes of the {said} that its header says; fetch it again")
    if there > said:
        raise broken(path, f"has {there - said} bytes after the {said} that its header says; fetch it again")
    return np.frombuffer(raw, np.uint8, offset=header.size).reshape(shape)


def _content(path: Path) -> bytes:
    if path.suffix != ".gz":
        return path.read_bytes()
    try:
        with gzip.open(path) as stream:
            return stream.read()
    except EOFError:
        raise broken(path, "truncated: the gzip stream has no end; fetch it again") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise broken(path, f"is no sound gzip file ({error}); fetch it again") from error
