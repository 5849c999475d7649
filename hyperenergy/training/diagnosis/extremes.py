"""Where to look: the pairs that are furthest apart, the points that crowd, the classes that overlap."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hyperenergy.training.diagnosis.views import Views

SHOWN = 10
_BLOCK = 1024
# The density of points is weighed as uniformity does, by e^{-2 r}.
_T = 2.0


@dataclass(frozen=True)
class Apart:
    """A pair by its row, and |u - v|."""

    row: int
    distance: float


@dataclass(frozen=True)
class Crowded:
    """A point by its row; the mean of e^{-2 r} to the others over what the uniform law has; its nearest other point."""

    row: int
    density: float
    nearest: int
    similarity: float


@dataclass(frozen=True)
class Overlap:
    """Two classes; the share of the points of the one whose nearest other point is of the other, and the inner product of
    the directions of their means."""

    one: str
    other: str
    share: float
    similarity: float


def furthest(views: Views) -> tuple[Apart, ...]:
    """The pairs with the largest |u - v|, of all."""
    if views.positives is None:
        return ()
    distances = torch.cat([(u - v).norm(dim=-1).double() for _, u, v in views.blocks()])
    top = distances.topk(min(SHOWN, len(distances)))
    return tuple(Apart(int(i), float(x)) for x, i in zip(top.values, top.indices, strict=True))


def crowds(views: Views, sample: Tensor | None, uniform: float) -> tuple[tuple[Crowded, ...], tuple[Overlap, ...]]:
    """The points with the most others near, and the classes whose points are each other's nearest; of the sample, or of all.

    uniform: the mean of e^{-2 r} under the uniform law.
    """
    rows = torch.arange(views.points) if sample is None else sample
    x, _ = views.rows(rows)
    density, nearest, similarity = _near(x)
    top = density.topk(min(SHOWN, len(x))).indices
    crowded = tuple(
        Crowded(int(rows[i]), float(density[i]) / uniform, int(rows[nearest[i]]), float(similarity[i])) for i in top
    )
    if views.labels is None:
        return crowded, ()
    return crowded, _overlaps(x, views.labels[rows], nearest, views.names)


def _near(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean of e^{-t r} to the others, the nearest other, and the inner product with it."""
    found = []
    for start in range(0, len(x), _BLOCK):
        products = x[start : start + _BLOCK] @ x.mT
        own = torch.arange(len(products))
        products[own, start + own] = -2.0  # nearer than no point
        similarity, nearest = products.max(-1)
        weights = (products.clamp(max=1.0) * (2 * _T) - 2 * _T).exp()
        weights[own, start + own] = 0.0
        found.append((weights.sum(-1).double() / (len(x) - 1), nearest, similarity))
    density, nearest, similarity = (torch.cat(parts) for parts in zip(*found, strict=True))
    return density, nearest, similarity.double()


def _overlaps(x: Tensor, labels: Tensor, nearest: Tensor, names: tuple[str, ...]) -> tuple[Overlap, ...]:
    classes = len(names)
    counts = torch.zeros(classes, classes, dtype=torch.float64)
    counts.index_put_((labels, labels[nearest]), torch.ones(len(labels), dtype=torch.float64), accumulate=True)
    sizes = counts.sum(-1)
    shares = counts / sizes.clamp(min=1).unsqueeze(-1)
    shares.fill_diagonal_(0)
    means = torch.zeros(classes, x.shape[1], dtype=torch.float64).index_add_(0, labels, x.double())
    means = means / means.norm(dim=-1, keepdim=True).clamp(min=1e-300)
    top = shares.flatten().topk(min(SHOWN, shares.numel()))
    return tuple(
        Overlap(
            names[int(k) // classes],
            names[int(k) % classes],
            float(share),
            float(means[int(k) // classes] @ means[int(k) % classes]),
        )
        for share, k in zip(top.values, top.indices, strict=True)
        if share > 0
    )
