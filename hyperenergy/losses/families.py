"""What losses are called on: pairs, labeled points, or several views.

``formula`` is the loss of unit rows, their mean, without checks and without putting anything on the sphere: for inner loops.
"""

from __future__ import annotations

import inspect
from abc import abstractmethod
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from hyperenergy.errors import ArgumentError
from hyperenergy.kernels import Kernel, declared
from hyperenergy.losses import calls
from hyperenergy.losses.base import Loss
from hyperenergy.losses.batch import ALONE, Batch

Views = Float[Tensor, "*batch views points dim"]


class PairLoss(Loss):
    """A loss of a batch of pairs.

    Called on anchors and positives (*batch, M, dim), row i of the one with row i of the other, or on (2M, dim), anchors over
    positives -> (*batch,).  Positives beyond the M-th are further negatives.  By keyword ids (M,): pairs of equal id are no
    negatives of each other; negatives (K, dim), a queue or hard ones: further negatives of each anchor, where the formula
    has a place for them.  A row without negatives has its alignment term alone, or 0 where that is log 1.
    """

    # Whether further negatives have a place in the formula.
    takes_negatives: ClassVar[bool] = True
    _takes_batch: ClassVar[bool] = False

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        declared.forget(cls, PairLoss, ("alignment_term",))
        cls._takes_batch = "batch" in inspect.signature(cls.formula).parameters

    @abstractmethod
    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        """The mean over pairs of unit vectors, without checks of the rows.  One that takes a third argument, ``batch``, says
        with it who is a negative of whom, and what becomes of the values; without, none of that can be asked for."""

    def forward(
        self, anchors: Tensor, positives: Tensor | None = None, *, ids: Any = None, negatives: Any = None
    ) -> Tensor:
        (u, v), batch = self.parsed(anchors, positives, ids=ids, negatives=negatives)
        return self.of(u, v, batch)

    def parsed(
        self, anchors: Any, positives: Any = None, *, ids: Any = None, negatives: Any = None
    ) -> tuple[tuple[Tensor, ...], Batch]:
        u, v, batch = calls.pairs(self, anchors, positives, ids, negatives)
        return (u, v), batch

    def of(self, u: Tensor, v: Tensor, batch: Batch) -> Tensor:
        """The loss of rows that are placed already."""
        if batch.negatives is not None and not self.takes_negatives:
            raise ArgumentError(
                "negatives",
                "some",
                f"{type(self).__name__} is a mean over the pairs of a batch; there is no place for others",
            )
        with calls.exact(u):
            if self._takes_batch:
                return self.formula(u, v, batch)  # type: ignore[call-arg]  # one that takes a batch
            for name, given in (("ids", batch.ids), ("negatives", batch.negatives)):
                if given is not None:
                    raise ArgumentError(
                        name, "some", f"the formula of {type(self).__name__} takes no batch, only pairs"
                    )
            if batch.reduction != "mean":
                raise ArgumentError(
                    "reduction",
                    repr(batch.reduction),
                    f"the formula of {type(self).__name__} takes no batch; allowed: 'mean'",
                )
            return self.formula(u, v)

    @property
    def alignment_term(self) -> tuple[float, Kernel] | None:
        """(weight, K_A) where the alignment term is -weight K_A(|u_i-v_i|^2); None for the linear ones, -s_i/tau."""
        return None


class LabeledLoss(Loss):
    """A loss of features (*batch, M, dim) with labels (M,) or (*batch, M) -> (*batch,)."""

    @abstractmethod
    def formula(self, features: Tensor, labels: Tensor, batch: Batch = ALONE) -> Tensor:
        """The loss, without checks of the arguments."""

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        (z, y), batch = self.parsed(features, labels)
        return self.of(z, y, batch)

    def parsed(self, features: Any, labels: Any) -> tuple[tuple[Tensor, ...], Batch]:
        calls.check_learned(self)
        z = calls.placed(calls.check_features(features, "features"), "features", self.normalize)
        y = calls.check_labels(z, labels)
        return (z, y), Batch(reduction=self.reduction, cast=torch.is_autocast_enabled(z.device.type))

    def check(self, labels: Tensor) -> None:
        """Raise ArgumentError for labels that the formula cannot do with."""

    def of(self, z: Tensor, labels: Tensor, batch: Batch) -> Tensor:
        """The loss of rows that are placed already."""
        self.check(batch.labels(labels))
        with calls.exact(z):
            return self.formula(z, labels, batch)


class MultiViewLoss(Loss):
    """A loss of all views of M objects, (*batch, views, M, dim) -> (*batch,)."""

    @abstractmethod
    def formula(self, views: Tensor, batch: Batch = ALONE) -> Tensor:
        """The loss, without checks of the rows."""

    def forward(self, views: Tensor) -> Tensor:
        (x,), batch = self.parsed(views)
        return self.of(x, batch)

    def parsed(self, views: Any) -> tuple[tuple[Tensor, ...], Batch]:
        calls.check_learned(self)
        x = calls.check_views(calls.check_features(views, "views", axes=3))
        x = calls.placed(x, "views", self.normalize)
        return (x,), Batch(reduction=self.reduction, cast=torch.is_autocast_enabled(x.device.type))

    def of(self, views: Tensor, batch: Batch) -> Tensor:
        """The loss of rows that are placed already."""
        with calls.exact(views):
            return self.formula(views, batch)
