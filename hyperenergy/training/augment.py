"""Random views of images, whole batches at a time: crop, flip, rotation, color and blur, as in SimCLR.

Source: Chen, Kornblith, Norouzi, Hinton, A simple framework for contrastive learning of visual representations (2020),
appendix A; where it is not followed, that is said.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Num
from torch import Tensor

from hyperenergy.checks import finite, integer
from hyperenergy.errors import ArgumentError, unknown_name
from hyperenergy.training.pixels import Numbers, blurred, recolored, seen

Given = Num[Tensor, "images channels height width"]
Views = Float[Tensor, "images channels rows columns"]

# Numbers drawn for an image: to place it, to color it, to blur it.  All are drawn always, so that views stay paired where
# a strength is another one.
_PLACE, _COLOR, _BLUR = 6, 6, 2
# Rows and columns of the images for which sigma is said.
_SAID = 224
_PROBABILITIES = ("flip", "color_probability", "gray", "blur")
_COLORS = ("brightness", "contrast", "saturation", "hue", "gray")


@dataclass(frozen=True)
class Augment:
    """Random views of images; by default they are the images.

    crop: least and most area of what is seen, relative to the image; ratio: least and most width over height of it.
    rotate: at most so many degrees.  brightness, contrast, saturation: of factors uniform in 1 -/+ strength, not below 0;
    hue: at most so much of a turn.  These four act with color_probability, all or none.  flip, gray, blur:
    probabilities.  sigma: least and most width of a blur, in pixels of images of 224 rows.  size: rows and columns of
    views; None for those of images.  Saturation, hue and gray do nothing where there is one channel.

    Unlike torchvision's: areas of crops are uniform, and so is the logarithm of the ratio among those with which the
    crop fits in; their places are not whole pixels; hue turns in YIQ, not in HSV; values are cut off at [0, 1] once, at
    the end, so that the order of colors does not matter and none is drawn.  What is made smaller is not smoothed before.

    Laws: ``Augment()(images, generator) == images / 255``; the same state of the generator and the same shape give the
    same views.  Raises ArgumentError for ranges that are empty, and for probabilities and strengths that are none.
    """

    crop: tuple[float, float] = (1.0, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    flip: float = 0.0
    rotate: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0
    color_probability: float = 0.8
    gray: float = 0.0
    blur: float = 0.0
    sigma: tuple[float, float] = (0.1, 2.0)
    size: int | None = None

    def __post_init__(self) -> None:
        for name in ("crop", "ratio", "sigma"):
            _check_range(name, getattr(self, name), 1 if name == "crop" else math.inf)
        limits = {**dict.fromkeys(_PROBABILITIES, 1.0), "rotate": 180.0, "hue": 0.5}
        for name in dict.fromkeys((*_PROBABILITIES, "rotate", *_COLORS)):
            _check_strength(name, getattr(self, name), limits.get(name, math.inf))
        if self.size is not None:
            integer("size", self.size, 2)

    def __call__(self, images: Given, generator: torch.Generator) -> Views:
        """A view of each image, float32 in [0, 1].

        images: of 1 or 3 channels, uint8, or floating-point in [0, 1].  generator: on their device.
        Raises ArgumentError for others.
        """
        x = _values(images, generator)
        draws = torch.rand(len(x), _PLACE + _COLOR + _BLUR, generator=generator, device=x.device)
        place, color, blur = draws.split([_PLACE, _COLOR, _BLUR], dim=1)
        height, width = x.shape[-2:]
        size = (height, width) if self.size is None else (self.size, self.size)
        # What is not asked for leaves the values as they are, to the last bit.
        if self.crop[0] < 1 or self.flip or self.rotate or size != (height, width):
            x = seen(x, self.maps(place, height, width), size)
        if any(getattr(self, name) for name in _COLORS):
            x = recolored(x, *self.colors(color))
        if self.blur:
            x = blurred(x, self.widths(blur) * (min(size) / _SAID))
        return x.clamp(0, 1)

    def views(self, images: Given, generator: torch.Generator) -> tuple[Views, Views]:
        """Two independent views of each image, as two calls give them: the positive pairs."""
        return self(images, generator), self(images, generator)

    def maps(self, draws: Float[Tensor, "images 6"], height: int, width: int) -> Float[Tensor, "images 2 3"]:
        """Where views look, as ``pixels.seen`` takes it, from draws uniform in [0, 1).

        Law: |det| of the linear part is the area of the crop, which is uniform in ``crop``.
        """
        area, shape, right, down, mirror, turn = draws.unbind(1)
        area = _between(self.crop, area)
        # Of relative width over relative height; so far from a square the crop would not fit in.
        most = -area.log()
        low, high = (most.clamp(max=math.log(end * height / width)).maximum(-most) for end in self.ratio)
        across = ((torch.lerp(low, high, shape) - most) / 2).exp().clamp(max=1)
        up = (area / across).clamp(max=1)
        angle = math.radians(self.rotate) * (2 * turn - 1)
        cos, sin = angle.cos(), angle.sin()
        mirrored = torch.where(mirror < self.flip, -across, across)
        first = (mirrored * cos, -up * sin * (height / width), (1 - across) * (2 * right - 1))
        second = (mirrored * sin * (width / height), up * cos, (1 - up) * (2 * down - 1))
        return torch.stack([*first, *second], 1).unflatten(1, (2, 3))

    def colors(self, draws: Float[Tensor, "images 6"]) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """Brightness, contrast, saturation and hue, as ``pixels.recolored`` takes them; gray is saturation 0."""
        swing = torch.where(draws[:, 4:5] < self.color_probability, 2 * draws[:, :4] - 1, 0.0)
        strengths = swing.new_tensor([self.brightness, self.contrast, self.saturation])
        brightness, contrast, saturation = (1 + strengths * swing[:, :3]).clamp(min=0).unbind(1)
        return brightness, contrast, torch.where(draws[:, 5] < self.gray, 0.0, saturation), self.hue * swing[:, 3]

    def widths(self, draws: Float[Tensor, "images 2"]) -> Numbers:
        """Widths of the blurs, 0 for none, in pixels of images of 224 rows."""
        chosen, width = draws.unbind(1)
        return torch.where(chosen < self.blur, _between(self.sigma, width), 0.0)


def _values(images: Tensor, generator: torch.Generator) -> Tensor:
    if images.ndim != 4 or images.shape[1] not in (1, 3) or min(images.shape[-2:]) < 2:
        allowed = "must have shape (images, 1 or 3 channels, rows, columns), with two rows and columns at least"
        raise ArgumentError("images", f"shape {tuple(images.shape)}", allowed)
    if generator.device.type != images.device.type:
        raise ArgumentError("generator", f"one on {generator.device}", f"must be where the images are, {images.device}")
    if images.dtype == torch.uint8:
        return images.float() / 255
    if not images.is_floating_point():
        raise ArgumentError("images", f"{images.dtype}", "must be uint8, or floating-point in [0, 1]")
    if not ((images >= 0) & (images <= 1)).all():
        raise ArgumentError("images", "values outside [0, 1]", "must be uint8, or floating-point in [0, 1]")
    return images.float()


def _between(ends: tuple[float, float], draws: Tensor) -> Tensor:
    return ends[0] + (ends[1] - ends[0]) * draws


def _check_strength(name: str, value: float, most: float) -> None:
    if not 0 <= finite(name, value) <= most:
        raise ArgumentError(name, repr(value), f"must be in [0, {most:g}]" if most < math.inf else "must be >= 0")


def _check_range(name: str, ends: tuple[float, float], most: float) -> None:
    if not (isinstance(ends, tuple) and len(ends) == 2 and 0 < finite(name, ends[0]) <= finite(name, ends[1]) <= most):
        bound = f"<= {most:g}" if most < math.inf else "finite"
        raise ArgumentError(name, repr(ends), f"must be (least, most) with 0 < least <= most, {bound}")


# Color distortion of strength 0.5.
_SIMCLR = Augment(crop=(0.08, 1.0), flip=0.5, brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1, gray=0.2)
_LARGER = replace(_SIMCLR, blur=0.5)
_PRESETS = {
    # Digits of 8 x 8 lose what they are where half is cut off, and mirrored they are others.
    "digits": Augment(crop=(0.5, 1.0), rotate=15, brightness=0.4, contrast=0.4),
    # At 28 x 28 SimCLR's blurs would be a quarter of a pixel at most, which is none; and clothes that are cut to less than
    # half are told apart worse.
    "fashion-mnist": Augment(crop=(0.7, 1.0), flip=0.5, brightness=0.4, contrast=0.4, blur=0.2, sigma=(0.8, 6.4)),
    "cifar10": _SIMCLR,
    "cifar100": _SIMCLR,
    "stl10": _LARGER,
    "folder": _LARGER,
}


def augmentation(name: str) -> Augment:
    """What is usual for a data set; ArgumentError for unknown names.  For images of 32 x 32 as in SimCLR, appendix B.9."""
    if name not in _PRESETS:
        raise unknown_name("augmentation", name, _PRESETS)
    return _PRESETS[name]
