"""Encoders of images, h = f(x), and projection heads, z = g(h), initialized from a seed of their own.

Sources: He, Zhang, Ren, Sun, Deep residual learning (2015), with stride in the 3 x 3 convolution of a bottleneck, as
torchvision has it; for small images a stem of 3 x 3 without pooling, as in SimCLR (2020), appendix B.9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from hyperenergy.checks import integer
from hyperenergy.errors import unknown_name

Images = Float[Tensor, "images channels height width"]

# Maps smaller than this are not halved again.
_HALVED = 7
_SEEDS = 2**63 - 1


class Encoder(nn.Module):
    """A body of convolutions, and the mean over places of what it gives.  features: the dimension of h."""

    def __init__(self, body: nn.Module, features: int) -> None:
        super().__init__()
        self.body, self.features = body, features

    def forward(self, images: Images) -> Float[Tensor, "images features"]:
        maps: Tensor = self.body(images)
        return maps.mean((2, 3))


class Head(nn.Module):
    """The projection head Linear, BatchNorm, ReLU, Linear; and BatchNorm where last_norm is set.

    hidden: as many as features, by default.  A Linear before a BatchNorm has no bias, which that would take off again.
    Law: the same seed gives the same head, and the global generator stays as it is.
    Raises ArgumentError for sizes below 1.
    """

    def __init__(
        self,
        features: int,
        *,
        hidden: int | None = None,
        out: int = 128,
        last_norm: bool = False,
        seed: int | torch.Generator = 0,
    ) -> None:
        super().__init__()
        features, out = integer("features", features, 1), integer("out", out, 1)
        hidden = features if hidden is None else integer("hidden", hidden, 1)
        with seeded(seed):
            first, last = nn.Linear(features, hidden, bias=False), nn.Linear(hidden, out, bias=not last_norm)
        norm = [nn.BatchNorm1d(out)] if last_norm else []
        self.layers = nn.Sequential(first, nn.BatchNorm1d(hidden), nn.ReLU(), last, *norm)

    def forward(self, h: Float[Tensor, "images features"]) -> Float[Tensor, "images out"]:
        result: Tensor = self.layers(h)
        return result


def encoder(name: str, channels: int, *, width: int | None = None, seed: int | torch.Generator = 0) -> Encoder:
    """An encoder of images with so many channels, on the CPU.

    name: conv4, four convolutions for 8 x 8 and more; resnet18 and resnet50 with a small stem, for images below 64;
    resnet18-large, with the stem for ImageNet.  width: channels of the first layer, 16 for conv4 and 64 for the others;
    features: 8 times that, 32 times for resnet50.
    Laws: the same seed gives the same weights, and the global generator stays as it is; a generator moves on.
    Raises ArgumentError for unknown names, and for a width or channels below 1.
    """
    if name not in _ENCODERS:
        raise unknown_name("encoder", name, _ENCODERS)
    build, usual, times = _ENCODERS[name]
    channels, width = integer("channels", channels, 1), integer("width", usual if width is None else width, 1)
    with seeded(seed):
        made = Encoder(build(channels, width), times * width)
        for module in made.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return made


@contextmanager
def seeded(seed: int | torch.Generator) -> Iterator[None]:
    """Inside, layers on the CPU are initialized from the seed; afterwards the global generator is as it was."""
    if isinstance(seed, torch.Generator):
        seed = int(torch.randint(_SEEDS, (), generator=seed, device=seed.device))
    with torch.random.fork_rng(devices=[]):
        # (torch.manual_seed would seed those of accelerators, too.)
        torch.random.default_generator.manual_seed(integer("seed", seed, 0, _SEEDS))
        yield


class _Halving(nn.Module):
    """A convolution with BatchNorm and ReLU, that halves what is large enough."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.convolution, self.norm = _convolution(inside, outside), nn.BatchNorm2d(outside)

    def forward(self, x: Images) -> Tensor:
        stride = 2 if min(x.shape[-2:]) >= _HALVED else 1
        result: Tensor = self.norm(functional.conv2d(x, self.convolution.weight, stride=stride, padding=1))
        return result.relu()


def _conv4(channels: int, width: int) -> nn.Module:
    return nn.Sequential(*(_Halving(a, b) for a, b in pairwise((channels, width, 2 * width, 4 * width, 8 * width))))


class _Block(nn.Module):
    """A residual block: relu(f(x) + x), where x is projected if the shape changes."""

    def __init__(self, inner: nn.Module, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.inner = inner
        same = inside == outside and stride == 1
        self.shortcut = nn.Identity() if same else _normed(inside, outside, 1, stride)

    def forward(self, x: Images) -> Tensor:
        result: Tensor = self.inner(x) + self.shortcut(x)
        return result.relu()


def _basic(inside: int, width: int, stride: int) -> tuple[nn.Module, int]:
    inner = nn.Sequential(_normed(inside, width, 3, stride), nn.ReLU(), _normed(width, width))
    return _Block(inner, inside, width, stride), width


def _bottleneck(inside: int, width: int, stride: int) -> tuple[nn.Module, int]:
    down, up = _normed(inside, width, 1), _normed(width, 4 * width, 1)
    inner = nn.Sequential(down, nn.ReLU(), _normed(width, width, 3, stride), nn.ReLU(), up)
    return _Block(inner, inside, 4 * width, stride), 4 * width


_MakeBlock = Callable[[int, int, int], tuple[nn.Module, int]]


def _resnet(make: _MakeBlock, depths: tuple[int, ...], large: bool) -> Callable[[int, int], nn.Module]:
    def build(channels: int, width: int) -> nn.Module:
        stem = [_normed(channels, width, 7, 2) if large else _normed(channels, width), nn.ReLU()]
        blocks: list[nn.Module] = [nn.MaxPool2d(3, 2, 1)] if large else []
        inside = width
        for stage, depth in enumerate(depths):
            for place in range(depth):
                block, inside = make(inside, width << stage, 2 if stage and not place else 1)
                blocks.append(block)
        return nn.Sequential(*stem, *blocks)

    return build


def _convolution(inside: int, outside: int, size: int = 3, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inside, outside, size, stride, size // 2, bias=False)


def _normed(inside: int, outside: int, size: int = 3, stride: int = 1) -> nn.Module:
    return nn.Sequential(_convolution(inside, outside, size, stride), nn.BatchNorm2d(outside))


# How it is built, its usual width, and how many times that it has features.
_ENCODERS: dict[str, tuple[Callable[[int, int], nn.Module], int, int]] = {
    "conv4": (_conv4, 16, 8),
    "resnet18": (_resnet(_basic, (2, 2, 2, 2), large=False), 64, 8),
    "resnet18-large": (_resnet(_basic, (2, 2, 2, 2), large=True), 64, 8),
    "resnet50": (_resnet(_bottleneck, (3, 4, 6, 3), large=False), 64, 32),
}
