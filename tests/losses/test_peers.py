"""Values of other implementations where the formulas agree, to 1e-6 relative, in float32; an extra, ``peers``, has them."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

import hyperenergy as he

TAU = 0.1


def needs(module: str) -> Any:
    return pytest.mark.skipif(
        importlib.util.find_spec(module) is None, reason=f"{module} is not installed (extra: peers)"
    )


@pytest.fixture
def pair(draw) -> tuple[Tensor, Tensor]:
    return draw(64, 16).float() * 2, draw(64, 16).float()


def agree(ours: Tensor, theirs: Tensor) -> None:
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-6)


@needs("lightly")
@pytest.mark.filterwarnings("ignore")
def test_lightly(pair) -> None:
    from lightly.loss import DCLLoss, DCLWLoss, NTXentLoss

    agree(he.NTXent(TAU)(*pair), NTXentLoss(temperature=TAU)(*pair))
    # Its DCL has cross-view and within-view negatives apart from the positive, averaged over both sides.
    agree(he.DCL(TAU, symmetric=True)(*pair), DCLLoss(temperature=TAU)(*pair))
    agree(he.DCLW(TAU, sigma=0.5, symmetric=True)(*pair), DCLWLoss(temperature=TAU, sigma=0.5)(*pair))


@needs("lightly")
@pytest.mark.filterwarnings("ignore")
def test_lightlys_memory_bank(pair) -> None:
    """Its NT-Xent with a bank is one-sided InfoNCE against the bank alone; ours keeps the negatives of the batch."""
    U, V = pair
    ours = he.adapters.Lightly(he.NTXent(TAU), memory_bank_size=128)
    assert torch.equal(ours(U, V), he.NTXent(TAU)(U, V)) and ours.bank.shape == (64, 16)


@needs("pytorch_metric_learning")
@pytest.mark.filterwarnings("ignore")
def test_pytorch_metric_learning(pair) -> None:
    from pytorch_metric_learning.losses import NTXentLoss, SupConLoss

    both, labels = torch.cat(pair), torch.arange(64).repeat(2)
    agree(he.adapters.MetricLearning(he.NTXent(TAU))(both, labels), NTXentLoss(temperature=TAU)(both, labels))
    agree(he.SupCon(TAU)(both, labels % 7), SupConLoss(temperature=TAU)(both, labels % 7))


@needs("open_clip")
@pytest.mark.filterwarnings("ignore")
def test_open_clip(pair) -> None:
    from open_clip.loss import ClipLoss, SigLipLoss

    U, V = (he.normalize(x) for x in pair)
    scale, bias = torch.tensor(10.0), torch.tensor(-10.0)
    agree(he.SigLIP(10, -10)(U, V), SigLipLoss()(U, V, scale, bias))
    agree(he.InfoNCE(TAU, symmetric=True)(U, V), ClipLoss()(U, V, torch.tensor(1 / TAU)))


def test_torch(pair) -> None:
    U, V = (he.normalize(x) for x in pair)
    own = torch.arange(64)
    agree(he.InfoNCE(TAU)(U, V), torch.nn.functional.cross_entropy(U @ V.T / TAU, own))
    z = torch.cat([U, V])
    logits = (z @ z.T / TAU).fill_diagonal_(-torch.inf)
    agree(he.NTXent(TAU)(U, V), torch.nn.functional.cross_entropy(logits, torch.arange(128).roll(64)))


# Kernels of the published code as functions of the distance, by name, with ours and the factor of gamma.
PUBLISHED: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor], he.Kernel, he.Kernel, float]] = {
    "gaussian": (gaussian := lambda x: (-2 * x**2).exp(), gaussian, he.Gaussian(2), he.Gaussian(2), 1),
    "imq": (imq := lambda x: 2 / (4 + x**2).sqrt(), imq, he.InverseMultiquadric(2), he.InverseMultiquadric(2), 1),
    "log": (
        lambda x: -0.5 * (1 + 2 * x**2).log(),
        lambda x: -(1 + 2 * x**2).log(),
        he.RegularizedLogarithmic(2),
        he.RegularizedLogarithmic(2),
        0.5,
    ),
    "riesz": (riesz := lambda x: -(x**1.5), riesz, he.Riesz(-1.5), he.Riesz(-1.5), 1),
    "gaussian_riesz": (lambda x: x**-1.5, gaussian, he.Riesz(1.5), he.Gaussian(2), 1),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_kernels(name: str, draw) -> None:
    """2 times the alignment, and the energies of both views, as means over distances: the table of docs/training.md."""
    energy, alignment, kernel, aligning, factor = PUBLISHED[name]
    U, V = draw(9, 4), draw(9, 4)
    apart = (U - V).norm(dim=-1)
    expected = 16 * (energy(torch.pdist(U)).mean() + energy(torch.pdist(V)).mean()) - 2 * alignment(apart).mean()
    ours = he.KCL(kernel, 16 * factor, alignment_kernel=aligning, two_view=True)
    assert ours(torch.cat([U, V])).item() == pytest.approx(expected.item(), rel=1e-12)


def test_the_published_default_of_dhel(draw) -> None:
    U, V = draw(9, 4), draw(9, 4)
    sums = [((X @ X.T / 0.3).exp() * (1 - torch.eye(9))).sum(1).log() for X in (U, V)]
    expected = (sums[0] + sums[1] - (U * V).sum(1) / 0.3).mean()
    assert he.DHEL(0.3, two_view=True)(torch.cat([U, V])).item() == pytest.approx(expected.item(), rel=1e-12)
