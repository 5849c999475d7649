"""Who is a negative of whom."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

# Numbers rows x keys beyond which a batch is large, and goes by blocks: one expression, which keeps them all, is slower.
LARGE = 2**18


def is_large(numbers: int) -> bool:
    return numbers > LARGE


@dataclass(frozen=True, eq=False)
class Keys:
    """Points (*batch, K, dim) that are negatives of each row, but for its own.

    own: the column of row 0's own pair; that of row i is own + i.  None: every column counts.
    ids: (K,), or None; columns of a row's id do not count either.
    pairs: of both views of so many pairs, one over the other: the row's partner does not count either.
    """

    points: Tensor
    own: int | None = None
    ids: Tensor | None = None
    pairs: int | None = None


@dataclass(frozen=True, eq=False)
class Batch:
    """The negatives of M pairs in one process.

    ids: (M,); pairs of equal id are no negatives of each other.  negatives: (*batch, K, dim), further ones of each anchor.
    reduction: what becomes of the values of the anchors, "mean", "sum" or "none".
    cast: whether autocast is on around, whose state a backward pass takes from where it is called.
    """

    ids: Tensor | None = None
    negatives: Tensor | None = None
    reduction: str = "mean"
    cast: bool = False

    def keys(self, x: Tensor) -> Keys:
        """The points of one view of all pairs as negatives of the rows here."""
        return Keys(x, 0, self.ids)

    def gram(self, x: Tensor) -> Tensor:
        """sum_j x_j x_j^T over all pairs, (*batch, dim, dim)."""
        return x.mT @ x

    @property
    def further(self) -> list[Keys]:
        return [] if self.negatives is None else [Keys(self.negatives)]

    def pairs(self, x: Tensor) -> int:
        """How many pairs there are in all."""
        return x.shape[-2]

    @property
    def fold(self) -> bool:
        """Whether values of anchors are summed over them on the way, which a large batch does faster than apart."""
        return self.reduction != "none"

    def stackable(self, x: Tensor) -> bool:
        """Whether a symmetric loss of all points is faster with both views as one: in one process, without ids or further
        negatives, and where each pair of points can be taken once."""
        large = is_large(4 * x.shape[-2] ** 2)
        return type(self) is Batch and self.ids is None and self.negatives is None and large and self.fold

    def total(self, rows: Tensor) -> Tensor:
        """Values of anchors, (*batch, M), as the engine returns its own: summed where ``fold``."""
        return rows.sum(-1) if self.fold else rows

    @property
    def apart(self) -> Batch:
        """The same, with the values of the anchors one by one."""
        return replace(self, reduction="none")

    def over_negatives(self, value: Tensor, x: Tensor) -> Tensor:
        """Sums over the negatives of the anchors x, folded or not, divided so that the mean over anchors is that over all
        pairs (i, j) of which j is a negative of i; 0 where there are none."""
        pairs = self.pairs(x)
        if self.ids is None:
            return value / max(pairs - 1, 1)
        return value * (pairs / self.negative_pairs(x).clamp(min=1).to(value.dtype))

    def negative_pairs(self, x: Tensor) -> Tensor:
        """How many ordered pairs (i, j) there are of which j is a negative of i, by ids.  Those of an id are next to each
        other in order, so that no matrix of pairs is needed to count them."""
        assert self.ids is not None and self.row_ids is not None
        order, rows = self.ids.sort().values, self.row_ids.contiguous()
        alike = torch.searchsorted(order, rows, right=True) - torch.searchsorted(order, rows)
        return self.pairs(x) ** 2 - self.everywhere(alike.sum())

    @property
    def row_ids(self) -> Tensor | None:
        """The ids of the rows here."""
        return self.ids

    def everywhere(self, value: Tensor, final: bool = True) -> Tensor:
        """The sum of a value over all processes: the loss itself (``final``), or something that the anchors depend on."""
        return value

    def log_total(self, logs: Tensor, final: bool = True) -> Tensor:
        """The logarithm of the sum over all anchors of what ``logs`` (*batch, M) has the logarithms of."""
        return torch.logsumexp(logs, -1)

    def log_mean(self, logs: Tensor) -> Tensor:
        """The logarithm of the mean over all anchors, (*batch,)."""
        return self.log_total(logs, final=False) - math.log(self.pairs(logs.unsqueeze(-1)))

    def labels(self, labels: Tensor) -> Tensor:
        """The labels of all rows, in the order of ``keys``."""
        return labels

    def reduced(self, value: Tensor, x: Tensor) -> Tensor:
        """The loss, from what ``total`` and the engine return for the anchors x."""
        if not self.fold:
            return value
        value = self.everywhere(value)
        return value / self.pairs(x) if self.reduction == "mean" else value

    def both(self, loss: Callable[..., Tensor], u: Tensor, v: Tensor, **options: Any) -> Tensor:
        """A symmetrized loss: that of (u, v) and that of (v, u), their mean, their sum, or one after the other."""
        one, other = loss(u, v, batch=self, **options), loss(v, u, batch=self, **options)
        if self.reduction == "none":
            return torch.cat([one, other], -1)
        return (one + other) / 2 if self.reduction == "mean" else one + other


ALONE = Batch()


def masks(rows: int, keys: Keys, ids: Tensor | None) -> Tensor | None:
    """(rows, K): which columns do not count for their ids or as partners; None where there are none."""
    if keys.pairs is not None and keys.own is not None:
        row = torch.arange(keys.own, keys.own + rows, device=keys.points.device) % keys.pairs
        column = torch.arange(keys.points.shape[-2], device=keys.points.device) % keys.pairs
        return row.unsqueeze(-1) == column
    if ids is None or keys.ids is None:
        return None
    return ids.unsqueeze(-1) == keys.ids.unsqueeze(-2)


def without_own(square: Tensor, own: int | None) -> Tensor:
    """The columns of a (*batch, rows, K) matrix that are not the row's own pair, (*batch, rows, K - 1).

    Left out, not filled in: minus infinity on the diagonal makes every derivative that reaches it 0 * inf, not a number.
    """
    if own is None:
        return square
    rows, columns = square.shape[-2:]
    if own == 0 and rows == columns:
        # In row-major order the diagonal is the first of every M + 1 entries.
        rest = square.flatten(-2)[..., 1:].unflatten(-1, (rows - 1, rows + 1))[..., :-1]
        return rest.flatten(-2).unflatten(-1, (rows, rows - 1))
    column = torch.arange(columns - 1, device=square.device)
    first = torch.arange(own, own + rows, device=square.device).unsqueeze(-1)
    kept = (column + (column >= first)).expand(*square.shape[:-1], columns - 1)
    return square.gather(-1, kept)
