"""Your own images: a folder of folders, one a class."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hyperenergy.checks import integer
from hyperenergy.errors import ArgumentError
from hyperenergy.training.data.images import Images
from hyperenergy.training.data.records import tensor
from hyperenergy.training.data.sources import Root, broken, library
from hyperenergy.training.data.stratify import chosen

_SUFFIXES = {".png", ".jpg", ".jpeg"}
_SIDE, _TEST = 32, 0.2
# So that each class has one to test on, one to tune on, and some to train on.
_FEWEST = 5


def folder(root: Root | None = None, size: int | None = None) -> Images:
    """The images root/CLASS/*.png, .jpg or .jpeg, each resized to (C, size, size), 32 if not said; nothing is cropped.

    C = 1 where all are gray, and otherwise 3; transparency is dropped, and photographs are turned as their cameras
    say.  A fifth is for tests, of each class its share; the same files give the same parts.  Names that begin with a
    dot are passed over.  ArgumentError for fewer than two classes, a class of fewer than five images, and a file that
    is no image, by name; MissingExtra without Pillow.
    """
    side = _SIDE if size is None else integer("size", size, 1)
    classes = _classes(root)
    paths = [path for name in classes for path in _files(name)]
    x = np.stack([_read(path, side) for path in paths])
    if (x == x[:, :1]).all():
        x = x[:, :1]
    names = [name.name for name in classes]
    y = np.array([names.index(path.parent.name) for path in paths], dtype=np.int64)
    test = chosen(y, round(_TEST * len(y)), 0)
    return Images("folder", tuple(names), tensor(x[~test]), tensor(y[~test]), tensor(x[test]), tensor(y[test]))


def _classes(root: Root | None) -> list[Path]:
    if root is None or not Path(root).expanduser().is_dir():
        given = None if root is None else repr(str(root))
        raise ArgumentError("root", given, "must be a folder that has one folder of images a class (--root FOLDER)")
    entries = _entries(Path(root).expanduser())
    for path in entries:
        if path.suffix.lower() in _SUFFIXES and path.is_file():
            raise broken(path, "is in no class; move it into the folder of its class")
    classes = [path for path in entries if path.is_dir()]
    if len(classes) < 2:
        names = ", ".join(path.name for path in classes) or "none"
        raise ArgumentError("root", repr(str(root)), f"must have two folders at least, one a class; it has {names}")
    return classes


def _files(name: Path) -> list[Path]:
    paths = _entries(name)
    for path in paths:
        if path.suffix.lower() not in _SUFFIXES or not path.is_file():
            raise broken(path, "is no image; a class's folder must have PNG and JPEG files only")
    if len(paths) < _FEWEST:
        raise broken(name, f"class {name.name!r} has {len(paths)} images; each must have {_FEWEST} at least")
    return paths


def _entries(place: Path) -> list[Path]:
    return sorted(path for path in place.iterdir() if not path.name.startswith("."))


def _read(path: Path, side: int) -> NDArray[np.uint8]:
    """An image (3, side, side)."""
    pil, ops = library("PIL.Image", "pillow", "folder"), library("PIL.ImageOps", "pillow", "folder")
    try:
        with warnings.catch_warnings():
            # Pillow's guard against small files of huge images: at first only a warning.
            warnings.simplefilter("error", pil.DecompressionBombWarning)
            with pil.open(path, formats=("PNG", "JPEG")) as image:
                # Pillow would clip them.
                if image.mode.startswith(("I", "F")):
                    raise broken(path, f"is of mode {image.mode}; save it with 8 bits a channel")
                # A palette with transparency is warned about otherwise.
                clear = image.convert("RGBA") if "transparency" in image.info else image
                turned = ops.exif_transpose(clear).convert("RGB")
        small = turned.resize((side, side), pil.Resampling.BILINEAR)
    except ArgumentError:
        raise
    except Exception as error:  # of a broken file Pillow raises nearly anything: OSError, SyntaxError, struct.error
        raise broken(path, f"is no sound image ({error}); replace or remove it") from error
    return np.asarray(small).transpose(2, 0, 1)
