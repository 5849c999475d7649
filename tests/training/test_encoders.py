"""Encoders and heads: shapes, counts of parameters, and a seed that is theirs alone."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from hyperenergy.errors import ArgumentError
from hyperenergy.training.encoders import Head, encoder

NAMES = ["conv4", "resnet18", "resnet18-large", "resnet50"]


def images(channels: int, size: int, count: int = 2) -> Tensor:
    return torch.rand(count, channels, size, size, generator=torch.Generator().manual_seed(2))


def count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [8, 28, 32, 96])
@pytest.mark.parametrize("channels", [1, 3])
def test_features_of_images_of_all_sizes(name: str, size: int, channels: int) -> None:
    made = encoder(name, channels, width=4)
    h = made(images(channels, size))
    assert h.shape == (2, made.features) and made.features == (128 if name == "resnet50" else 32)
    assert h.isfinite().all() and (h >= 0).all() and (h > 0).any()


@pytest.mark.parametrize(
    ("size", "sides"), [(8, [4, 4, 4, 4]), (28, [14, 7, 4, 4]), (32, [16, 8, 4, 4]), (96, [48, 24, 12, 6])]
)
def test_conv4_halves_what_is_large_enough(size: int, sides: list[int]) -> None:
    seen = []
    made = encoder("conv4", 1, width=2)
    for layer in made.body.children():
        layer.register_forward_hook(lambda module, given, result: seen.append(result.shape[-1]))
    made(images(1, size))
    assert seen == sides


def small_resnet(blocks: list[int], bottleneck: bool, stem: int) -> int:
    """Counted by hand: convolutions without bias, two numbers a channel of each norm."""
    total, inside = 3 * 64 * stem**2 + 2 * 64, 64
    for stage, depth in enumerate(blocks):
        width = 64 * 2**stage
        outside = 4 * width if bottleneck else width
        for place in range(depth):
            if bottleneck:
                total += inside * width + 9 * width**2 + width * outside + 2 * (2 * width + outside)
            else:
                total += 9 * inside * width + 9 * width**2 + 4 * width
            if place == 0 and (stage > 0 or bottleneck):
                total += inside * outside + 2 * outside
            inside = outside
    return total


def test_parameters_are_those_of_the_literature() -> None:
    """torchvision's have 11,689,512 and 25,557,032, of which 513,000 and 2,049,000 are the classifier's and
    9,408 the stem's of 7 x 7; that of 3 x 3 has 1,728."""
    counts = {name: count(encoder(name, 3)) for name in NAMES}
    assert counts["resnet18"] == 11_168_832 == small_resnet([2, 2, 2, 2], False, 3)
    assert counts["resnet18-large"] == 11_689_512 - 513_000 == small_resnet([2, 2, 2, 2], False, 7)
    assert counts["resnet50"] == 25_557_032 - 2_049_000 - 9_408 + 1_728 == small_resnet([3, 4, 6, 3], True, 3)
    assert counts["conv4"] == 9 * (3 * 16 + 16 * 32 + 32 * 64 + 64 * 128) + 2 * (16 + 32 + 64 + 128)
    assert [encoder(name, 3).features for name in ("conv4", "resnet18", "resnet18-large")] == [128, 512, 512]


def test_resnet50_is_that_of_torchvision() -> None:
    torchvision = pytest.importorskip("torchvision")
    theirs, ours = torchvision.models.resnet50(), encoder("resnet50", 3)
    assert count(theirs) - count(theirs.fc) - count(theirs.conv1) == count(ours) - 1_728


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides_and_is_theirs_alone(name: str) -> None:
    state = torch.get_rng_state()
    one, same, other = (encoder(name, 1, width=4, seed=seed).state_dict() for seed in (5, 5, 6))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(one[key], same[key]) for key in one)
    assert all(not torch.equal(one[key], other[key]) for key in one if one[key].ndim > 1)


def test_a_generator_moves_on() -> None:
    generator = torch.Generator().manual_seed(0)
    first, second = (Head(8, seed=generator).state_dict() for _ in range(2))
    again = Head(8, seed=torch.Generator().manual_seed(0)).state_dict()
    assert not torch.equal(first["layers.0.weight"], second["layers.0.weight"])
    assert all(torch.equal(first[key], again[key]) for key in first)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("last_norm", [False, True])
def test_gradients_reach_every_parameter(name: str, last_norm: bool) -> None:
    made = encoder(name, 1, width=4)
    head = Head(made.features, out=16, last_norm=last_norm)
    z = head(made(images(1, 28, 8)))
    (z * torch.randn(z.shape, generator=torch.Generator().manual_seed(0))).sum().backward()
    for key, parameter in [*made.named_parameters(), *head.named_parameters()]:
        assert parameter.grad is not None and parameter.grad.norm() > 1e-6, key


def test_a_head_is_what_it_says() -> None:
    h = torch.randn(6, 8, generator=torch.Generator().manual_seed(0))
    head = Head(8, hidden=12, out=5, last_norm=True, seed=1)
    first, last = head.get_parameter("layers.0.weight"), head.get_parameter("layers.3.weight")

    def normed(x: Tensor) -> Tensor:
        return (x - x.mean(0)) / (x.var(0, correction=0) + 1e-5).sqrt()

    torch.testing.assert_close(head(h), normed(normed(h @ first.T).relu() @ last.T))
    assert count(Head(8)) == 8 * 8 + 2 * 8 + 8 * 128 + 128
    assert count(head) == 8 * 12 + 2 * 12 + 12 * 5 + 2 * 5


def test_what_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"encoder: got 'resnet81'; did you mean resnet18"):
        encoder("resnet81", 3)
    with pytest.raises(ArgumentError, match=r"width: got 0; must be an integer >= 1"):
        encoder("conv4", 3, width=0)
    with pytest.raises(ArgumentError, match=r"channels: got 0"):
        encoder("conv4", 0)
    with pytest.raises(ArgumentError, match=r"seed: got -1"):
        encoder("conv4", 1, seed=-1)
    with pytest.raises(ArgumentError, match=r"features: got 0"):
        Head(0)
    with pytest.raises(ArgumentError, match=r"hidden: got 0"):
        Head(8, hidden=0)
    with pytest.raises(ArgumentError, match=r"out: got 0"):
        Head(8, out=0)
