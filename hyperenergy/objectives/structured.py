"""Objectives with more structure than pairs: labeled points, and several views of each object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hyperenergy.checks import integer
from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.sphere import Points
from hyperenergy.losses.families import LabeledLoss, MultiViewLoss
from hyperenergy.losses.multi_view_dhel import MultiViewDHEL
from hyperenergy.losses.multi_view_info_nce import MultiViewInfoNCE
from hyperenergy.objectives.base import Objective, Rows

# The temperature of multi-view InfoNCE at which all views find together.
_WARM = 2.0


@dataclass(frozen=True, eq=False)
class Supervised(Objective):
    """A loss of labeled points as a function of the points, one per label.

    labels: a sequence or a tensor (points,) of integers, each of which occurs at least twice (ArgumentError otherwise).
    """

    loss: LabeledLoss
    labels: tuple[int, ...]

    def __init__(self, loss: LabeledLoss, labels: Sequence[int] | Tensor) -> None:
        if not isinstance(loss, LabeledLoss):
            raise ArgumentError("loss", repr(loss), "must be a loss of labeled points such as SupCon(0.1)")
        if isinstance(labels, Tensor):
            labels = labels.tolist()
        if not isinstance(labels, Sequence) or isinstance(labels, str) or not labels:
            raise ArgumentError("labels", repr(labels), "must be integers, one per point, such as [0, 0, 1, 1]")
        classes = tuple(integer("labels", label, -(2**63), 2**63 - 1) for label in labels)
        alone = sorted(c for c in set(classes) if classes.count(c) < 2)
        if alone:
            raise ArgumentError("labels", f"a single point of class {alone[0]}", "each class needs at least two")
        object.__setattr__(self, "loss", loss)
        object.__setattr__(self, "labels", classes)

    def _classes(self, z: Rows) -> Tensor:
        return torch.tensor(self.labels, device=z.device)

    def value(self, z: Rows) -> Tensor:
        return self.loss.formula(z, self._classes(z))

    def misalignment(self, z: Rows) -> Tensor:
        """Per point the distance from the first of its class."""
        first = torch.tensor([self.labels.index(label) for label in self.labels], device=z.device)
        return (z - z[..., first, :]).norm(dim=-1)

    def check(self, points: int, dim: int) -> None:
        if points != len(self.labels):
            raise ArgumentError("points", points, f"there are {len(self.labels)} labels")

    @property
    def positive(self) -> bool:
        return self.loss.positive

    @property
    def label(self) -> str:
        return f"Supervised({self.loss.label}, labels={list(self.labels)})"


@dataclass(frozen=True, eq=False)
class MultiView(Objective):
    """A loss of n_views >= 2 views of each object, all free.  ``points`` counts the objects.

    Rows are the objects of the first view, then those of the second, and so on; anchors and positives are the first two
    views.
    """

    loss: MultiViewLoss
    n_views: int

    def __post_init__(self) -> None:
        if not isinstance(self.loss, MultiViewLoss):
            raise ArgumentError("loss", repr(self.loss), "must be a loss of several views such as MultiViewDHEL(0.1)")
        object.__setattr__(self, "n_views", integer("n_views", self.n_views, 2))

    def rows(self, points: int) -> int:
        return self.n_views * points

    def all_views(self, z: Rows) -> Tensor:
        """The configuration as (*batch, views, points, dim)."""
        return z.unflatten(-2, (self.n_views, -1))

    def views(self, z: Rows) -> tuple[Points, Points]:
        first, second = self.all_views(z).unbind(-3)[:2]
        return first, second

    def assemble(self, anchors: Points, positives: Points) -> Rows:
        """The third and all further views are the positives, too."""
        return torch.cat([anchors, *[positives] * (self.n_views - 1)], -2)

    def value(self, z: Rows) -> Tensor:
        return self.loss.formula(self.all_views(z))

    def misalignment(self, z: Rows) -> Tensor:
        """Per object the largest distance of a view from the first."""
        views = self.all_views(z)
        return (views - views[..., :1, :, :]).norm(dim=-1).amax(-2)

    def easier(self, points: int, dim: int) -> tuple[Objective, ...]:
        """Multi-view InfoNCE at a high temperature: at low ones single views are caught among those of other objects.

        At (views, points, dim) = (8, 3, 2) and temperature 0.1, MultiViewDHEL reaches the minimum of B10 from 1 of 16
        random starts by its own values at temperature 2, and from all 16 by this way; MultiViewInfoNCE from none directly.
        """
        warm = MultiView(MultiViewInfoNCE(_WARM), self.n_views)
        if dim == 1 or type(self.loss) not in (MultiViewInfoNCE, MultiViewDHEL):
            return ()
        return () if type(self.loss) is MultiViewInfoNCE and self.loss.temperature >= _WARM else (warm,)

    @property
    def positive(self) -> bool:
        return self.loss.positive

    @property
    def label(self) -> str:
        return f"MultiView({self.loss.label}, n_views={self.n_views})"
