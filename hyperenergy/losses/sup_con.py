"""SupCon: positives by label.  Formula, module and facts."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Int
from torch import Tensor

from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.sphere import Points
from hyperenergy.losses.base import Reduction, shown
from hyperenergy.losses.batch import ALONE, Batch, Keys, is_large, without_own
from hyperenergy.losses.checks import declaration, integer_or_none, one_of, positive_number
from hyperenergy.losses.engine.sums import log_sums
from hyperenergy.losses.families import LabeledLoss
from hyperenergy.losses.learnable import Learnable
from hyperenergy.losses.log_space import Loss, log_one_plus_exp


def sup_con(
    features: Points,
    labels: Int[Tensor, "*labeled points"],
    *,
    temperature: float = 0.1,
    singletons: str = "skip",
    ignore: int | None = None,
    batch: Batch = ALONE,
) -> Loss:
    """SupCon: mean over anchors i of the mean over the others p of i's class of
    -z_i.z_p/tau + log sum_{a!=i} exp(z_i.z_a/tau).

    features (*batch, M, dim) and labels, (M,) for all or (*batch, M), any integers.  Negatives: all of other classes, and in
    the denominator the positives, too.  Symmetric.  An anchor without a positive is left out of the mean, though not of the
    denominators; singletons="error" refuses it.  Rows labeled ``ignore`` are left out of everything.  "none": one value per
    feature, 0 for those that "mean" leaves out.
    Source: Khosla et al. 2020, the form with the mean outside the logarithm.  Minimum for K <= d+1 classes of n (B7):
    log(n-1 + n(K-1) e^{-K/((K-1) tau)}), with collapsed classes on a simplex.
    """
    everyone, classes = batch.keys(features), batch.labels(labels)
    ones = torch.ones((*classes.shape, 1), dtype=features.dtype, device=features.device)
    counts = _class_sums(ones, classes, labels).squeeze(-1)
    anchored, left_out = counts > 1.5, None
    if ignore is not None:
        anchored, left_out = anchored & (labels != ignore), classes == ignore
    if not is_large(everyone.points.shape[-2] * features.shape[-2]) and not batch.cast:
        values = _expression(features, labels, everyone, classes, temperature, left_out)
        values = batch.total(values.masked_fill(~anchored, 0.0))
    else:
        # The sum over the others of the class, from that of the whole class.
        mean = (_class_sums(everyone.points, classes, labels) - features) / (counts - 1).clamp(min=1).unsqueeze(-1)
        rows, keys = (features, everyone) if left_out is None else _without(features, everyone, left_out)
        logs = log_sums(rows, [keys], temperature, batch, weights=anchored.to(features.dtype))
        attraction = ((features * mean).sum(-1) / temperature).masked_fill(~anchored, 0.0)
        values = (logs if batch.fold else logs.masked_fill(~anchored, 0.0)) - batch.total(attraction)
    if not batch.fold:
        return values
    total = batch.everywhere(values)
    return total / batch.everywhere(anchored.sum(-1)).clamp(min=1) if batch.reduction == "mean" else total


def _class_sums(points: Tensor, classes: Tensor, labels: Tensor) -> Tensor:
    """For each of ``labels`` the sum of the points of that class, (*batch, M, dim).  A class goes by the place of its first
    point in the order of labels, so that no shape depends on how many there are."""
    order = classes.sort(-1).values
    place = torch.searchsorted(order, classes.contiguous()).unsqueeze(-1)
    sums = torch.zeros_like(points).scatter_add(-2, place.expand_as(points), points)
    own = torch.searchsorted(order, labels.contiguous()).unsqueeze(-1)
    return sums.gather(-2, own.expand(*points.shape[:-2], labels.shape[-1], points.shape[-1]))


def _without(features: Points, keys: Keys, left_out: Tensor) -> tuple[Tensor, Keys]:
    """Rows and keys with one more coordinate, in which the keys that are left out are far below all others."""
    far = left_out.to(features.dtype).mul(-_FAR).unsqueeze(-1).expand_as(keys.points[..., :1])
    ones = torch.ones_like(features[..., :1])
    return torch.cat([features, ones], -1), Keys(torch.cat([keys.points, far], -1), keys.own)


# exp(-_FAR/tau) is 0 at all temperatures below 100.
_FAR = 1e4


def _expression(
    z: Points, labels: Tensor, keys: Keys, classes: Tensor, temperature: float, left_out: Tensor | None
) -> Tensor:
    """The values of a small batch, of full relative accuracy also where they are small."""
    similarity = z @ keys.points.mT
    x = without_own(similarity, keys.own) / temperature
    same = without_own((labels.unsqueeze(-1) == classes.unsqueeze(-2)).expand_as(similarity), keys.own)
    # e^nothing is 0, also where a single class has no negatives at all, and unlike minus infinity it has derivatives.
    nothing = torch.finfo(x.dtype).min / 2
    if not x.shape[-1]:
        return x.sum(-1)
    others = ~same
    if left_out is not None:
        out = without_own(left_out.unsqueeze(-2).expand_as(similarity), keys.own)
        same, others = same & ~out, others & ~out
    # Relative to the mean positive.  With a single one, the sum over positives is then exactly 1.
    x = x - (x.where(same, 0.0).sum(-1) / same.sum(-1).clamp(min=1)).unsqueeze(-1)
    attraction = torch.logsumexp(x.masked_fill(~same, nothing), -1)
    repulsion = torch.logsumexp(x.masked_fill(~others, nothing), -1)
    return attraction + log_one_plus_exp(repulsion - attraction)


class SupCon(LabeledLoss):
    __doc__ = sup_con.__doc__
    positive = True
    hyperparameters = declaration(
        temperature=positive_number, singletons=one_of("skip", "error"), ignore=integer_or_none
    )

    def __init__(
        self,
        temperature: Learnable = 0.1,
        singletons: Literal["skip", "error"] = "skip",
        ignore: int | None = None,
        *,
        normalize: bool = True,
        reduction: Reduction = "mean",
    ) -> None:
        options = {"temperature": temperature, "singletons": singletons, "ignore": ignore}
        super().__init__(**options, normalize=normalize, reduction=reduction)

    def formula(self, features: Tensor, labels: Tensor, batch: Batch = ALONE) -> Tensor:
        return sup_con(features, labels, **self.options, batch=batch)

    def check(self, labels: Tensor) -> None:
        if self.singletons == "error" and not torch.compiler.is_compiling():
            alone = (labels.unsqueeze(-1) == labels.unsqueeze(-2)).sum(-1) < 2
            if bool(alone.any()):
                raise ArgumentError(
                    "labels",
                    f"a single feature of class {labels[alone][0].item()}",
                    'each class needs at least two; singletons="skip" leaves it out',
                )

    @property
    def label(self) -> str:
        more = "" if self.singletons == "skip" else f", singletons={self.singletons!r}"
        more += "" if self.ignore is None else f", ignore={self.ignore}"
        return f"SupCon(temperature={shown(self.temperature)}{more})"
