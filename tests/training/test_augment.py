"""Views of images: against naive loops over images and pixels, and what must hold of any."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor
from torch.nn import functional

from hyperenergy.errors import ArgumentError
from hyperenergy.training.augment import Augment, augmentation
from hyperenergy.training.pixels import YIQ, blurred, recolored, seen

NAMES = ["digits", "fashion-mnist", "cifar10", "cifar100", "stl10", "folder"]


def pictures(count: int, channels: int, rows: int, columns: int | None = None) -> Tensor:
    shape = (count, channels, rows, columns or rows)
    return torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(1), dtype=torch.uint8)


def seed(number: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(number)


@pytest.mark.parametrize("channels", [1, 3])
def test_nothing_asked_for_changes_nothing(channels: int) -> None:
    images = pictures(5, channels, 8, 11)
    torch.testing.assert_close(Augment()(images, seed()), images / 255, atol=0, rtol=0)
    torch.testing.assert_close(Augment()(images.double() / 255, seed()), images / 255, atol=1e-7, rtol=0)
    # What is asked for with strength 0, or never, goes through the arithmetic and comes back.
    ones = torch.ones(5)
    torch.testing.assert_close(recolored(images / 255, ones, ones, ones, 0 * ones), images / 255, atol=1e-6, rtol=0)
    torch.testing.assert_close(blurred(images / 255, 0 * ones), images / 255, atol=0, rtol=0)
    never = Augment(brightness=0.5, hue=0.5, gray=1e-9, color_probability=0, blur=1e-9)
    torch.testing.assert_close(never(images, seed()), images / 255, atol=1e-6, rtol=0)


def test_flips_are_those_of_torch() -> None:
    images = pictures(40, 3, 9, 12)
    always = Augment(flip=1)(images, seed())
    torch.testing.assert_close(always, images.flip(3) / 255, atol=1e-5, rtol=0)  # places are rounded, times 12 pixels
    views = Augment(flip=0.5)(images, seed())
    stays = (views - images / 255).abs().amax((1, 2, 3)) < 1e-5
    turns = (views - images.flip(3) / 255).abs().amax((1, 2, 3)) < 1e-5
    assert (stays ^ turns).all()
    assert 8 <= int(turns.sum()) <= 32  # binomial: less has probability 2e-4


@pytest.mark.parametrize("size", [None, 7])
def test_a_crop_of_whole_pixels_is_sliced_and_interpolated(size: int | None) -> None:
    """Rows 4 to 11 and columns 2 to 9 of 16; made no larger, so that nothing is read beyond their outermost pixels."""
    images = pictures(3, 3, 16) / 255
    maps = torch.tensor([[0.5, 0, -0.25], [0, 0.5, 0.0]]).expand(3, 2, 3)
    out = size or 8
    found = seen(images, maps, (out, out))
    wanted = functional.interpolate(images[:, :, 4:12, 2:10], (out, out), mode="bilinear", align_corners=False)
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=0)
    assert Augment(size=size)(images, seed()).shape[-1] == (size or 16)


def test_another_size_is_interpolated() -> None:
    images = pictures(3, 1, 16, 10)
    wanted = functional.interpolate(images / 255, (20, 20), mode="bilinear", align_corners=False)
    torch.testing.assert_close(Augment(size=20)(images, seed()), wanted, atol=1e-5, rtol=0)


@pytest.mark.parametrize("crop", [(0.08, 1.0), (0.5, 0.9), (0.3, 0.3)])
@pytest.mark.parametrize(("height", "width"), [(32, 32), (30, 50)])
def test_areas_and_ratios_of_crops(crop: tuple[float, float], height: int, width: int) -> None:
    """The area is uniform in its range, the ratio as asked where it fits, and no crop leaves the image."""
    maps = Augment(crop=crop, ratio=(0.75, 4 / 3)).maps(torch.rand(4000, 6, generator=seed()), height, width).double()
    assert (maps[:, 0, 1] == 0).all() and (maps[:, 1, 0] == 0).all()
    across, up = maps[:, 0, 0], maps[:, 1, 1]
    area, ratio = across * up, across * width / (up * height)
    assert area.min() >= crop[0] - 1e-6 and area.max() <= crop[1] + 1e-6
    if crop[0] < crop[1]:
        assert stats.kstest(area.numpy(), stats.uniform(crop[0], crop[1] - crop[0]).cdf).pvalue > 1e-3
    assert ((maps[:, :, 2].abs() + torch.stack([across, up], 1)) <= 1 + 1e-6).all()
    inside = (ratio >= 0.75 - 1e-5) & (ratio <= 4 / 3 + 1e-5)
    # Where it is another one, the crop is as wide or as high as the image.
    assert (inside | (across > 1 - 1e-5) | (up > 1 - 1e-5)).all()
    if height == width and crop[1] < 0.75:
        assert stats.kstest(ratio.log().numpy(), stats.uniform(math.log(0.75), 2 * math.log(4 / 3)).cdf).pvalue > 1e-3
    # Places are uniform in what is left.
    assert (
        stats.kstest((maps[:, 0, 2] / (1 - across).clamp(min=1e-9)).numpy()[across < 0.99], "uniform", (-1, 2))[1]
        > 1e-3
    )


def test_a_rotation_is_one_of_pixels() -> None:
    """Also where the image is no square: lengths in pixels stay as they are, and angles are uniform."""
    height, width = 20, 50
    maps = Augment(rotate=30).maps(torch.rand(2000, 6, generator=seed()), height, width).double()
    pixels = torch.diag(torch.tensor([width, height], dtype=torch.float64))
    matrices = pixels @ maps[:, :, :2] @ pixels.inverse()
    torch.testing.assert_close(matrices @ matrices.mT, torch.eye(2).double().expand(2000, 2, 2), atol=1e-5, rtol=0)
    angles = torch.rad2deg(torch.atan2(matrices[:, 1, 0], matrices[:, 0, 0]))
    assert stats.kstest(angles.numpy(), "uniform", (-30, 60)).pvalue > 1e-3


def test_a_quarter_turn_is_that_of_torch() -> None:
    images = pictures(2, 3, 10) / 255
    draws = torch.full((2, 6), 0.5)
    draws[:, 5] = 1.0  # the end of the range
    found = seen(images, Augment(rotate=90).maps(draws, 10, 10), (10, 10))
    torch.testing.assert_close(found, images.rot90(1, (2, 3)), atol=1e-5, rtol=0)


def naively_recolored(image: Any, brightness: float, contrast: float, saturation: float, hue: float) -> Any:
    """One after the other, pixel by pixel."""
    yiq = np.array(YIQ)
    out = np.array(image, dtype=np.float64)
    places = [(i, j) for i in range(out.shape[1]) for j in range(out.shape[2])]
    out *= brightness
    mean = sum(yiq[0] @ out[:, i, j] for i, j in places) / len(places)
    for i, j in places:
        out[:, i, j] = contrast * out[:, i, j] + (1 - contrast) * mean
    for i, j in places:
        out[:, i, j] = saturation * out[:, i, j] + (1 - saturation) * (yiq[0] @ out[:, i, j])
    turn = complex(math.cos(2 * math.pi * hue), math.sin(2 * math.pi * hue))
    for i, j in places:
        y, real, imaginary = yiq @ out[:, i, j]
        turned = complex(real, imaginary) * turn
        out[:, i, j] = np.linalg.solve(yiq, [y, turned.real, turned.imag])
    return out


def test_colors_are_those_of_a_naive_loop() -> None:
    images = pictures(6, 3, 5, 4) / 255
    numbers = torch.rand(6, 4, generator=seed()) * torch.tensor([2, 2, 2, 1]) - torch.tensor([0, 0, 0, 0.5])
    numbers[:4] = torch.tensor([[1.0, 1, 1, 0]] * 4) * (1 - torch.eye(4)) + numbers[:4] * torch.eye(4)  # each alone
    found = recolored(images, *numbers.unbind(1))
    for image, row, out in zip(images, numbers.tolist(), found, strict=True):
        np.testing.assert_allclose(out, naively_recolored(image.numpy(), *row), atol=5e-6)


def test_one_channel_has_brightness_and_contrast() -> None:
    images = pictures(4, 1, 6) / 255
    brightness, contrast, saturation, hue = torch.rand(4, 4, generator=seed()).unbind(1)
    found = recolored(images, brightness, contrast, saturation, hue)
    for n in range(4):
        bright = brightness[n] * images[n]
        torch.testing.assert_close(found[n], contrast[n] * bright + (1 - contrast[n]) * bright.mean())
    torch.testing.assert_close(Augment(hue=0.5, saturation=1, gray=1)(images, seed()), images, atol=1e-6, rtol=0)


def test_gray_has_the_luma_in_all_channels() -> None:
    images = pictures(4, 3, 6)
    luma = torch.einsum("c,nchw->nhw", torch.tensor(YIQ[0]), images / 255)
    torch.testing.assert_close(Augment(gray=1)(images, seed()), luma[:, None].expand(4, 3, 6, 6), atol=1e-6, rtol=0)


def test_strengths_are_ranges_of_factors() -> None:
    draws = torch.rand(5000, 6, generator=seed())
    augment = Augment(brightness=0.4, contrast=1.5, saturation=0.3, hue=0.1, color_probability=0.8, gray=0.2)
    brightness, contrast, saturation, hue = augment.colors(draws)
    untouched = (brightness == 1) & (contrast == 1) & (hue == 0)
    assert abs(untouched.float().mean() - 0.2) < 0.02  # 3.5 standard errors, as below
    assert abs((saturation == 0).float().mean() - 0.2) < 0.02
    acted = ~untouched
    assert stats.kstest(brightness[acted].numpy(), "uniform", (0.6, 0.8)).pvalue > 1e-3
    assert stats.kstest(hue[acted].numpy(), "uniform", (-0.1, 0.2)).pvalue > 1e-3
    assert contrast.min() == 0 and abs((contrast[acted] == 0).float().mean() - 1 / 6) < 0.02
    colored = saturation[acted & (saturation > 0)]
    assert stats.kstest(colored.numpy(), "uniform", (0.7, 0.6)).pvalue > 1e-3


@pytest.mark.parametrize(("channels", "rows", "columns", "half"), [(1, 8, 8, 1), (3, 41, 45, 2)])
def test_blurs_are_those_of_a_naive_loop(channels: int, rows: int, columns: int, half: int) -> None:
    images = pictures(3, channels, rows, columns) / 255
    sigma = [0.0, 0.7, 3.0]
    found = blurred(images, torch.tensor(sigma))
    places = range(-half, half + 1)
    for image, width, out in zip(images.numpy(), sigma, found, strict=True):
        weights = {
            (a, b): math.exp(-(a * a + b * b) / (2 * width**2)) if width else a == b == 0
            for a in places
            for b in places
        }
        padded = np.pad(image.astype(np.float64), [(0, 0), (half, half), (half, half)], mode="reflect")
        total = sum(
            weight * padded[:, half + a : half + a + rows, half + b : half + b + columns]
            for (a, b), weight in weights.items()
        )
        np.testing.assert_allclose(out, total / sum(weights.values()), atol=2e-6)


def test_blurs_are_as_wide_as_the_image_allows() -> None:
    """Of 112 rows sigma is half of what it is of 224; the same view is made of the widths drawn."""
    images = pictures(50, 1, 112)
    augment = Augment(blur=0.5, sigma=(1.0, 6.0))
    draws = torch.rand(50, 14, generator=seed())[:, 12:]
    widths = augment.widths(draws)
    assert 8 <= int((widths == 0).sum()) <= 42
    assert widths[widths > 0].min() >= 1 and widths.max() <= 6
    torch.testing.assert_close(augment(images, seed()), blurred(images / 255, widths / 2).clamp(0, 1))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [8, 28])
def test_views_of_the_presets(name: str, size: int) -> None:
    images = pictures(16, 1 if name in ("digits", "fashion-mnist") else 3, size)
    augment = augmentation(name)
    a, b = augment.views(images, seed(3))
    for view in (a, b):
        assert view.dtype == torch.float32 and view.shape == images.shape
        assert view.isfinite().all() and view.min() >= 0 and view.max() <= 1
    assert not torch.equal(a, b)
    again = augment.views(images, seed(3))
    assert torch.equal(a, again[0]) and torch.equal(b, again[1])
    assert not torch.equal(a, augment(images, seed(4)))


def test_what_is_drawn_does_not_depend_on_what_is_asked_for() -> None:
    """The generator is as far, and the crops are the same, whatever the strengths, the values and their type."""
    images = pictures(4, 3, 12)
    one, other = Augment(crop=(0.2, 0.5)), Augment(crop=(0.2, 0.5), brightness=0.5, gray=0.1, blur=1e-9)
    states = []
    for augment, given in ((one, images), (other, images), (one, images / 255), (Augment(), images)):
        generator = seed()
        augment(given, generator)
        states.append(generator.get_state())
    assert all(torch.equal(state, states[0]) for state in states)
    torch.testing.assert_close(replace(other, color_probability=0, gray=0)(images, seed()), one(images, seed()))


def test_images_are_left_as_they_are_and_so_is_the_global_generator() -> None:
    images = pictures(4, 3, 12) / 255
    before, state = images.clone(), torch.get_rng_state()
    for augment in (Augment(), augmentation("stl10")):
        augment(images, seed()).fill_(0)
    assert torch.equal(images, before) and torch.equal(torch.get_rng_state(), state)


def test_views_are_independent_of_each_other() -> None:
    """Brightness of the first says nothing about that of the second: a correlation of 1000 pairs is below 0.13."""
    a, b = Augment(brightness=0.5, color_probability=1).views(
        torch.full((1000, 1, 2, 2), 100, dtype=torch.uint8), seed()
    )
    both = torch.stack([a.mean((1, 2, 3)), b.mean((1, 2, 3))])
    assert abs(torch.corrcoef(both)[0, 1]) < 0.13
    assert both[0].std() > 0.05


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"crop": (0.5, 0.2)}, r"crop: got \(0\.5, 0\.2\); must be \(least, most\) with 0 < least <= most, <= 1"),
        ({"crop": (0.5, 1.2)}, "crop: "),
        ({"crop": (0.0, 1.0)}, "crop: "),
        ({"crop": 0.5}, "crop: "),
        ({"ratio": (2.0, 1.0)}, "ratio: "),
        ({"sigma": (0.1, math.inf)}, "sigma: "),
        ({"flip": 2}, r"flip: got 2; must be in \[0, 1\]"),
        ({"gray": -0.1}, "gray: "),
        ({"blur": math.nan}, "blur: "),
        ({"color_probability": 1.1}, "color_probability: "),
        ({"brightness": -1}, "brightness: got -1; must be >= 0"),
        ({"contrast": math.inf}, "contrast: "),
        ({"saturation": "a"}, "saturation: "),
        ({"hue": 0.6}, r"hue: got 0\.6; must be in \[0, 0\.5\]"),
        ({"rotate": 200}, "rotate: "),
        ({"size": 1}, "size: "),
    ],
)
def test_what_is_refused(bad: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Augment(**bad)
    assert set(bad) <= {field.name for field in fields(Augment)}


@pytest.mark.parametrize(
    "images",
    [
        torch.zeros(3, 8, 8),
        torch.zeros(2, 4, 8, 8),
        torch.zeros(2, 1, 1, 8),
        torch.zeros(2, 1, 8, 8, dtype=torch.int64),
        torch.full((2, 1, 8, 8), 255.0),
        torch.full((2, 1, 8, 8), math.nan),
    ],
)
def test_what_is_no_image_is_refused(images: Tensor) -> None:
    with pytest.raises(ArgumentError, match=r"images: got "):
        Augment()(images, seed())


def test_an_unknown_preset_is_named() -> None:
    with pytest.raises(ArgumentError, match=r"augmentation: got 'cifar'; did you mean"):
        augmentation("cifar")
