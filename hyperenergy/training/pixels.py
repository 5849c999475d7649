"""What is done to pixels, with other numbers for each image of a batch: seen elsewhere, recolored, blurred.

Images have shape (images, channels, rows, columns), float32; numbers have shape (images,).  No loop runs over images.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

Images = Float[Tensor, "images channels rows columns"]
Numbers = Float[Tensor, "images"]

# RGB to YIQ, as the NTSC has it: luma, and two coordinates of color in whose plane hue is the angle.
YIQ = ((0.299, 0.587, 0.114), (0.5959, -0.2746, -0.3213), (0.2115, -0.5227, 0.3112))


def _parts() -> Float[Tensor, "3 3 3"]:
    """A color is its luma, in gray, and the rest; the third map takes the rest alone, and turns it by a right angle."""
    yiq = torch.tensor(YIQ, dtype=torch.float64)
    luma = yiq[0].expand(3, 3)
    turn = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]], dtype=torch.float64)
    return torch.stack([luma, torch.eye(3, dtype=torch.float64) - luma, torch.linalg.inv(yiq) @ turn @ yiq]).float()


_PARTS = _parts()


def seen(
    images: Images, maps: Float[Tensor, "images 2 3"], size: tuple[int, int]
) -> Float[Tensor, "images channels height width"]:
    """What an affine map of coordinates sees of an image, interpolated linearly; beyond its edges it is reflected.

    maps: from the coordinates (x, y) of the result to those of the image, both from -1 to 1 from edge to edge.
    """
    grid = functional.affine_grid(maps, [*images.shape[:2], *size], align_corners=False)
    return functional.grid_sample(images, grid, "bilinear", "reflection", align_corners=False)


def recolored(images: Images, brightness: Numbers, contrast: Numbers, saturation: Numbers, hue: Numbers) -> Images:
    """One affine map of the colors for each image.

    With the luma y = 0.299 R + 0.587 G + 0.114 B of a pixel and its mean m over the image: brightness b maps x to b x,
    contrast c to c x + (1 - c) m, saturation s to s x + (1 - s) y, and hue h turns the plane of I and Q of YIQ by 2 pi h.
    Nothing is cut off.  Images of one channel have no saturation and no hue.
    Law: the four commute; hue and saturation leave luma as it is.
    """
    scale, offset = brightness * contrast, brightness * (1 - contrast)
    means = images.mean((2, 3))
    if images.shape[1] == 1:
        return torch.addcmul((offset * means[:, 0])[:, None, None, None], images, scale[:, None, None, None])
    parts, angle = _PARTS.to(images.device), 2 * torch.pi * hue
    weights = torch.stack([torch.ones_like(angle), saturation * angle.cos(), saturation * angle.sin()], 1)
    matrices = scale[:, None, None] * torch.tensordot(weights, parts, 1)
    offset = offset * (means @ parts[0, 0])
    return torch.baddbmm(offset[:, None, None], matrices, images.flatten(2)).view_as(images)


def blurred(images: Images, sigma: Numbers) -> Images:
    """Convolved with Gaussians of width sigma in pixels, cut off at a tenth of the image; edges are reflected.

    Law: an image of one color, and one whose sigma is 0, stays as it is.
    """
    half = max(1, min(images.shape[-2:]) // 20)
    squares = torch.arange(-half, half + 1, device=images.device).square()
    # As small as float32 may be squared; then the weights beside the middle are exp(-inf) = 0.
    weights = (-squares / (2 * sigma.clamp(min=1e-18).square()[:, None])).exp()
    weights = weights / weights.sum(1, keepdim=True)
    kernels = (weights[:, :, None] * weights[:, None, :]).repeat_interleave(images.shape[1], 0)
    # (Each channel of each image is a group.  At these widths that is faster than rows first and columns then.)
    padded = functional.pad(images, [half] * 4, "reflect").flatten(0, 1).unsqueeze(0)
    return functional.conv2d(padded, kernels.unsqueeze(1), groups=len(kernels)).view_as(images)
